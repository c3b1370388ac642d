//! Deadlines of what a service is doing, looked at from outside its thread.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::health::Activity;

/// What a life is doing and by when each of it must be done.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Watched>);

#[derive(Debug, Default)]
struct Watched {
    next: u64,
    doing: BTreeMap<u64, Doing>,
    /// What the thread was given to last; still set after a panic.
    polled: Option<Activity>,
}

#[derive(Debug)]
struct Doing {
    activity: Activity,
    limit: Option<Duration>,
    deadline: Option<Instant>,
}

impl Watch {
    /// Carries a call out under its deadline; `None` has none.
    pub async fn over<T>(
        &self,
        activity: Activity,
        limit: Option<Duration>,
        call: impl Future<Output = T>,
    ) -> T {
        let _entered = self.enter(activity.clone(), limit);
        let mut call = pin!(call);
        poll_fn(|cx| {
            self.0.lock().polled = Some(activity.clone());
            let result = call.as_mut().poll(cx);
            self.0.lock().polled = None;
            result
        })
        .await
    }

    /// A heartbeat: deadlines of this activity begin anew.
    pub fn renew(&self, activity: &Activity) {
        let now = Instant::now();
        for doing in self.0.lock().doing.values_mut() {
            if doing.activity == *activity {
                doing.deadline = doing.limit.map(|limit| now + limit);
            }
        }
    }

    /// Gives everything this much more time, since it is the platform that keeps it waiting.
    pub fn extend(&self, by: Duration) {
        for doing in self.0.lock().doing.values_mut() {
            doing.deadline = doing.deadline.map(|deadline| deadline + by);
        }
    }

    /// What should be done by now and isn't, and the time it had.
    pub fn overdue(&self, now: Instant) -> Option<(Activity, Duration)> {
        let watched = self.0.lock();
        let late = watched.doing.values().find(|d| d.deadline.is_some_and(|deadline| deadline <= now))?;
        Some((late.activity.clone(), late.limit.unwrap_or_default()))
    }

    /// What the thread was doing when it panicked.
    pub fn polled(&self) -> Option<Activity> {
        self.0.lock().polled.clone()
    }

    fn enter(&self, activity: Activity, limit: Option<Duration>) -> Entered<'_> {
        let mut watched = self.0.lock();
        let id = watched.next;
        watched.next += 1;
        let deadline = limit.map(|limit| Instant::now() + limit);
        watched.doing.insert(id, Doing { activity, limit, deadline });
        Entered { watch: self, id }
    }
}

struct Entered<'a> {
    watch: &'a Watch,
    id: u64,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.watch.0.lock().doing.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_overdue_until_it_ends() {
        let watch = Watch::default();
        let second = Duration::from_secs(1);
        let call = watch.over(Activity::Observe, Some(second), std::future::pending::<()>());
        assert!(tokio::time::timeout(second / 2, call).await.is_err());
        assert_eq!(watch.overdue(Instant::now() + second), None, "a dropped call is not watched");

        let call = watch.over(Activity::Observe, Some(second), async {
            assert_eq!(watch.polled(), Some(Activity::Observe));
            assert_eq!(watch.overdue(Instant::now() + second), Some((Activity::Observe, second)));
            watch.extend(second);
            assert_eq!(watch.overdue(Instant::now() + second), None);
            tokio::time::sleep(second * 3).await;
            assert!(watch.overdue(Instant::now()).is_some());
            watch.renew(&Activity::Observe);
            assert_eq!(watch.overdue(Instant::now()), None);
        });
        call.await;
        assert_eq!(watch.polled(), None);
    }
}
