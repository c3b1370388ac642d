//! Actions are carried out once, recorded, undone, and survive crashes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use phalanx_hub::{
    ActionCall, ActionDeclaration, ActionDone, ActionError, ActionId, ActionRecord, ActionRequest,
    ActionStatus, Hub, Parameter, ParameterKind, RequestError, Requester, Service, Target,
};
use phalanx_state::AuditQuery;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::*;

fn isolate() -> ActionDeclaration {
    ActionDeclaration::new("isolate-device", "device", "cuts a device off")
        .parameter(Parameter::with_default("minutes", ParameterKind::Integer, 60, "for how long"))
        .undoable()
        .retry(3, Duration::from_millis(5))
}

fn request(device: &str, key: &str) -> ActionRequest {
    let target = Target::new("device", device);
    ActionRequest::new(TENANT, "isolate-device", target, "ransomware was seen", key)
}

fn analyst() -> Requester {
    Requester::Principal("alice@contoso.example".into())
}

/// A service that carries `isolate-device` out.
fn endpoint<F>(
    declaration: ActionDeclaration,
    act: impl Fn(ActionCall) -> F + Send + Sync + 'static,
) -> Arc<dyn Service>
where
    F: Future<Output = Result<ActionDone, ActionError>> + Send + 'static,
{
    let fake = Fake::new(manifest("endpoint").provides_action(declaration));
    fake.act(move |_, call| act(call)).build()
}

/// The same, writing each call down.
fn recording() -> (Arc<dyn Service>, Log<ActionCall>) {
    let calls = Log::default();
    let noted = calls.clone();
    let service = endpoint(isolate(), move |call| {
        let done = match &call.undo {
            None => ActionDone::new("cut off").undo(json!({"ticket": 7})),
            Some(_) => ActionDone::new("let in again"),
        };
        noted.push(call);
        async { Ok(done) }
    });
    (service, calls)
}

async fn outcome(hub: &Hub, id: ActionId) -> ActionRecord {
    soon("the action ends", hub.actions().outcome(TENANT, id)).await.expect("it is known")
}

async fn ask(hub: &Hub, request: ActionRequest) -> ActionId {
    hub.actions().request(analyst(), request).await.expect("it is accepted")
}

#[tokio::test]
async fn an_action_is_carried_out_recorded_and_told_of() {
    let place = Place::new().await;
    let (service, calls) = recording();
    let hub = place.start([service]).await;
    let id = ask(&hub, request("pc1", "alert 1")).await;
    let record = outcome(&hub, id).await;
    assert_eq!(record.status, ActionStatus::Succeeded);
    assert_eq!(record.outcome.as_ref().map(|o| o.detail.as_str()), Some("cut off"));
    assert_eq!(record.undo_token, Some(json!({"ticket": 7})));

    let call = calls.all().remove(0);
    assert_eq!((call.attempt, &*call.target.id), (1, "pc1"));
    assert_eq!(call.parameters.get("minutes"), Some(&json!(60)), "defaults are filled in");
    assert_eq!((call.requested_by, call.idempotency_key), (analyst(), id.to_string()));

    let told = async || place.texts("PhalanxAction", "Outcome").await;
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    while told().await.len() < 2 && tokio::time::Instant::now() < until {
        tokio::task::yield_now().await;
    }
    assert_eq!(told().await, ["Asked", "Succeeded"]);
    assert_eq!(place.texts("PhalanxAction", "RequestedBy").await[1], "alice@contoso.example");

    let tenant = phalanx_state::TenantId::new(*TENANT.as_uuid());
    let audit = place.state.audit(&AuditQuery::new(tenant)).await.expect("the trail is there");
    let asked = &audit.records.last().expect("a record").change;
    assert_eq!(asked.by, "alice@contoso.example");
    assert_eq!(asked.reason.as_deref(), Some("ransomware was seen"));
    hub.shutdown().await;
}

#[tokio::test]
async fn asking_twice_is_asking_once() {
    let place = Place::new().await;
    let (service, calls) = recording();
    let hub = place.start([service]).await;
    let first = ask(&hub, request("pc1", "alert 1")).await;
    outcome(&hub, first).await;
    assert_eq!(ask(&hub, request("pc1", "alert 1")).await, first);
    let other = ask(&hub, request("pc1", "alert 2")).await;
    outcome(&hub, other).await;
    assert_ne!(first, other);
    assert_eq!(calls.len(), 2);
    let reused = hub.actions().request(analyst(), request("pc2", "alert 1")).await;
    let text = reused.expect_err("another device").to_string();
    assert_eq!(text, "the idempotency key `alert 1` was used for another request");
    hub.shutdown().await;
}

#[tokio::test]
async fn requests_are_checked() {
    let place = Place::new().await;
    let (service, calls) = recording();
    let hub = place.start([service]).await;
    let refuse = async |request: ActionRequest| {
        let result = hub.actions().request(analyst(), request).await;
        result.expect_err("it is refused").to_string()
    };
    let unknown = ActionRequest { action: "melt-device".into(), ..request("pc1", "k") };
    assert_eq!(refuse(unknown).await, "no service provides action `melt-device`");
    let user = ActionRequest { target: Target::new("user", "bob"), ..request("pc1", "k") };
    assert_eq!(refuse(user).await, "action `isolate-device` is done to a device, found a user");
    assert_eq!(refuse(request("", "k")).await, "action `isolate-device` needs the id of a device");
    let odd = request("pc1", "k").parameter("minutes", "x").parameter("minuets", 3);
    assert_eq!(
        refuse(odd).await,
        "there is no `minuets`; did you mean `minutes`?; `minutes` must be a whole number, found `\"x\"`"
    );
    let late = request("pc1", "k").expires(place.clock.now() - TimeDelta::seconds(1));
    assert_eq!(refuse(late).await, "the request has expired");
    let keyless = refuse(request("pc1", "")).await;
    assert_eq!(keyless, "an idempotency key has 1 to 200 bytes without control characters");
    assert_eq!(calls.len(), 0);
    hub.shutdown().await;
}

#[tokio::test]
async fn a_reason_may_be_a_page_and_the_trail_has_a_line_of_it() {
    let place = Place::new().await;
    let (service, calls) = recording();
    let hub = place.start([service]).await;
    let page = format!("first line\nsecond line\t{}", "é".repeat(3_000));
    let id = ask(&hub, ActionRequest { reason: page.clone(), ..request("pc1", "k") }).await;
    assert_eq!(outcome(&hub, id).await.reason, page);
    assert_eq!(calls.all()[0].reason, page);
    let tenant = phalanx_state::TenantId::new(*TENANT.as_uuid());
    let audit = place.state.audit(&AuditQuery::new(tenant)).await.expect("the trail is there");
    let line = audit.records.last().and_then(|record| record.change.reason.clone()).expect("a reason");
    assert!(line.starts_with("first line second line é"), "{line}");
    assert!((4_095..=4_096).contains(&line.len()), "it ends with a whole character, at {} bytes", line.len());
    hub.shutdown().await;
}

#[tokio::test]
async fn what_is_not_declared_undoable_is_not_undone() {
    let place = Place::new().await;
    let declaration = ActionDeclaration::new("wipe-device", "device", "erases a device");
    let service = endpoint(declaration, |_| async { Ok(ActionDone::new("erased").undo(json!("a token"))) });
    let hub = place.start([service]).await;
    let wipe = ActionRequest { action: "wipe-device".into(), ..request("pc1", "k") };
    let id = ask(&hub, wipe).await;
    assert_eq!(outcome(&hub, id).await.undo_token, None);
    let undone = hub.actions().undo(analyst(), TENANT, id, "it was the wrong one").await;
    assert!(matches!(undone, Err(RequestError::NotUndoable(_))), "{undone:?}");
    hub.shutdown().await;
}

#[tokio::test]
async fn a_service_asks_only_for_what_its_manifest_names() {
    let place = Place::new().await;
    let (service, calls) = recording();
    let results = Log::default();
    let asker = |name: &str, manifest: phalanx_hub::Manifest, results: Log<String>| {
        let key = name.to_owned();
        Fake::new(manifest)
            .run(move |ctx, ()| {
                let (results, key) = (results.clone(), key.clone());
                async move {
                    match ctx.request(request("pc1", &key)).await {
                        Ok(id) => {
                            let record = ctx.outcome(TENANT, id).await?;
                            results.push(format!("{:?} for {}", record.status, record.requested_by));
                        }
                        Err(error) => results.push(error.to_string()),
                    }
                    Ok(())
                }
            })
            .build()
    };
    let named = manifest("incidents").requests_action("isolate-device", []);
    let incidents = asker("incidents", named, results.clone());
    let siem = asker("siem", manifest("siem"), results.clone());
    let hub = place.start([service, incidents, siem]).await;
    eventually("both have an answer", || results.len() == 2).await;
    let mut results = results.all();
    results.sort();
    assert_eq!(
        results,
        [
            "Succeeded for service:incidents",
            "the manifest of `siem` does not name action `isolate-device` as requested",
        ]
    );
    assert_eq!(calls.len(), 1);
    hub.shutdown().await;
}

#[tokio::test]
async fn what_may_succeed_later_is_tried_again() {
    let place = Place::new().await;
    let tries = Log::default();
    let noted = tries.clone();
    let service = endpoint(isolate(), move |call| {
        noted.push((call.target.id.clone(), call.attempt));
        let result = match (&*call.target.id, call.attempt) {
            ("pc1", 1) => Err(ActionError::retry("the device sleeps")),
            ("pc1", _) => Ok(ActionDone::new("cut off")),
            ("pc2", _) => Err(ActionError::retry("the device sleeps")),
            _ => Err(ActionError::failed("there is no such device")),
        };
        async { result }
    });
    let hub = place.start([service]).await;
    let (one, two) = (ask(&hub, request("pc1", "a")).await, ask(&hub, request("pc2", "b")).await);
    let three = ask(&hub, request("pc3", "c")).await;
    let detail = |record: ActionRecord| record.outcome.map(|o| o.detail).unwrap_or_default();
    let (one, two) = (outcome(&hub, one).await, outcome(&hub, two).await);
    assert_eq!((one.status, one.attempts), (ActionStatus::Succeeded, 2));
    assert_eq!((two.status, two.attempts), (ActionStatus::Failed, 3));
    assert_eq!(detail(two), "3 tries failed, the last: the device sleeps");
    let three = outcome(&hub, three).await;
    assert_eq!((three.status, three.attempts), (ActionStatus::Failed, 1));
    assert_eq!(detail(three), "there is no such device");
    hub.shutdown().await;
}

#[tokio::test]
async fn a_try_that_takes_too_long_fails_or_is_repeated() {
    let place = Place::new().await;
    let hanging = |call: ActionCall| async move {
        if call.attempt == 1 {
            std::future::pending::<()>().await;
        }
        Ok(ActionDone::new("cut off"))
    };
    let short = || isolate().timeout(Duration::from_millis(50));
    let hub = place.start([endpoint(short(), hanging)]).await;
    let id = ask(&hub, request("pc1", "a")).await;
    let record = outcome(&hub, id).await;
    assert_eq!(record.status, ActionStatus::Failed);
    let detail = record.outcome.expect("an outcome").detail;
    assert_eq!(detail, "it was not done after 50ms, and whether it was carried out is unknown");
    hub.shutdown().await;

    let hub = place.start([endpoint(short().repeatable(), hanging)]).await;
    let id = ask(&hub, request("pc1", "b")).await;
    let record = outcome(&hub, id).await;
    assert_eq!((record.status, record.attempts), (ActionStatus::Succeeded, 2));
    hub.shutdown().await;
}

#[tokio::test]
async fn an_undo_is_an_action_with_the_token_of_the_first() {
    let place = Place::new().await;
    let (service, calls) = recording();
    let hub = place.start([service]).await;
    let id = ask(&hub, request("pc1", "alert 1")).await;
    outcome(&hub, id).await;
    let undo = async |of| hub.actions().undo(analyst(), TENANT, of, "false alarm").await;
    let back = undo(id).await.expect("it left a token");
    let record = outcome(&hub, back).await;
    assert_eq!((record.status, record.undo_of), (ActionStatus::Succeeded, Some(id)));
    let call = calls.all().remove(1);
    let undone = call.undo.expect("an undo");
    assert_eq!((undone.of, undone.token), (id, json!({"ticket": 7})));
    assert_eq!((&*call.target.id, &*call.reason), ("pc1", "false alarm"));
    let first = hub.actions().get(TENANT, id).await.expect("the state answers").expect("it is known");
    assert_eq!(first.undone_by, Some(back));

    assert_eq!(undo(id).await.expect("the same undo"), back);
    assert_eq!(calls.len(), 2);
    assert!(matches!(undo(back).await, Err(RequestError::NotUndoable(_))));
    let unknown = "00000000-0000-0000-0000-000000000001".parse().expect("an id");
    assert!(matches!(undo(unknown).await, Err(RequestError::NoSuchAction(_))));
    hub.shutdown().await;
}

#[tokio::test]
async fn an_undo_that_failed_can_be_asked_for_again() {
    let place = Place::new().await;
    let undos = Arc::new(AtomicU32::new(0));
    let count = undos.clone();
    let service = endpoint(isolate(), move |call| {
        let is_broken = call.undo.is_some() && count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if is_broken {
                return Err(ActionError::failed("the device is away"));
            }
            Ok(ActionDone::new("done").undo(json!(1)))
        }
    });
    let hub = place.start([service]).await;
    let id = ask(&hub, request("pc1", "a")).await;
    outcome(&hub, id).await;
    let undo = async || hub.actions().undo(analyst(), TENANT, id, "").await.expect("undoable");
    let first = undo().await;
    assert_eq!(outcome(&hub, first).await.status, ActionStatus::Failed);
    let second = undo().await;
    assert_ne!(first, second);
    assert_eq!(outcome(&hub, second).await.status, ActionStatus::Succeeded);
    hub.shutdown().await;
}

/// Asks for an action, and ends the hub, as a crash would, while it is being carried out.
async fn cut_short(place: &Place, declaration: ActionDeclaration) -> ActionId {
    let entered = Arc::new(Notify::new());
    let at = entered.clone();
    let service = endpoint(declaration, move |_| {
        at.notify_one();
        std::future::pending()
    });
    let hub = place.start([service]).await;
    let id = ask(&hub, request("pc1", "a")).await;
    soon("it is begun", entered.notified()).await;
    place.kill(hub).await;
    id
}

#[tokio::test]
async fn after_a_crash_a_repeatable_action_is_repeated_with_its_key() {
    let place = Place::new().await;
    let id = cut_short(&place, isolate().repeatable()).await;
    let calls = Log::default();
    let noted = calls.clone();
    let service = endpoint(isolate().repeatable(), move |call| {
        noted.push(call);
        async { Ok(ActionDone::new("cut off")) }
    });
    let hub = place.start([service]).await;
    let record = outcome(&hub, id).await;
    assert_eq!((record.status, record.attempts), (ActionStatus::Succeeded, 2));
    let call = calls.all().remove(0);
    assert_eq!((call.attempt, call.idempotency_key), (2, id.to_string()));
    hub.shutdown().await;
}

#[tokio::test]
async fn after_a_crash_another_action_is_reported_failed_and_never_repeated() {
    let place = Place::new().await;
    let id = cut_short(&place, isolate()).await;
    let (service, calls) = recording();
    let hub = place.start([service]).await;
    let record = outcome(&hub, id).await;
    assert_eq!(record.status, ActionStatus::Failed);
    let detail = record.outcome.expect("an outcome").detail;
    assert_eq!(detail, "it was cut short, and whether it was carried out is unknown");
    assert_eq!(calls.len(), 0);
    hub.shutdown().await;
}

#[tokio::test]
async fn what_was_asked_before_a_crash_is_carried_out_after_it() {
    let place = Place::new().await;
    let entered = Arc::new(Notify::new());
    let at = entered.clone();
    // The first holds the target, so the second is asked for and not begun.
    let blocker = endpoint(isolate(), move |_| {
        at.notify_one();
        std::future::pending()
    });
    let hub = place.start([blocker]).await;
    ask(&hub, request("pc1", "a")).await;
    soon("the first is begun", entered.notified()).await;
    let second = ask(&hub, request("pc1", "b")).await;
    place.kill(hub).await;
    let (service, calls) = recording();
    let hub = place.start([service]).await;
    let record = outcome(&hub, second).await;
    assert_eq!((record.status, record.attempts), (ActionStatus::Succeeded, 1));
    assert_eq!(calls.len(), 1);
    hub.shutdown().await;
}

#[tokio::test]
async fn a_panic_over_an_action_ends_it_and_the_service_goes_on() {
    let place = Place::new().await;
    let service = endpoint(isolate(), |call| async move {
        assert_ne!(call.target.id, "cursed", "never touch it");
        Ok(ActionDone::new("cut off"))
    });
    let hub = place.start([service]).await;
    let cursed = ask(&hub, request("cursed", "a")).await;
    let good = ask(&hub, request("pc1", "b")).await;
    assert_eq!(outcome(&hub, cursed).await.status, ActionStatus::Failed);
    // The good one may have been under way when the service went down, and then nobody knows.
    let record = outcome(&hub, good).await;
    let is_known = record.status == ActionStatus::Succeeded || record.attempts == 1;
    assert!(is_known, "{record:?}");
    let later = ask(&hub, request("pc2", "c")).await;
    assert_eq!(outcome(&hub, later).await.status, ActionStatus::Succeeded);
    assert_eq!(hub.status().services[0].restarts, 1);
    hub.shutdown().await;
}

#[tokio::test]
async fn what_expired_before_it_was_begun_is_not_done() {
    let place = Place::new().await;
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (at, wait) = (entered.clone(), go.clone());
    let service = endpoint(isolate(), move |_| {
        let (at, wait) = (at.clone(), wait.clone());
        async move {
            at.notify_one();
            wait.notified().await;
            Ok(ActionDone::new("cut off"))
        }
    });
    let hub = place.start([service]).await;
    let first = ask(&hub, request("pc1", "a")).await;
    soon("the first is begun", entered.notified()).await;
    let late = request("pc1", "b").expires(place.clock.now() + TimeDelta::hours(1));
    let second = ask(&hub, late).await;
    place.clock.jump(TimeDelta::hours(2));
    go.notify_one();
    assert_eq!(outcome(&hub, first).await.status, ActionStatus::Succeeded);
    let record = outcome(&hub, second).await;
    assert_eq!((record.status, record.attempts), (ActionStatus::Expired, 0));
    hub.shutdown().await;
}

#[tokio::test]
async fn actions_on_one_target_keep_their_order_and_others_do_not_wait() {
    let place = Place::new().await;
    let go = Arc::new(Notify::new());
    let (wait, done) = (go.clone(), Log::default());
    let noted = done.clone();
    let service = endpoint(isolate(), move |call| {
        let (wait, noted) = (wait.clone(), noted.clone());
        async move {
            if call.target.id == "pc1" && call.parameters.get("minutes") == Some(&json!(0)) {
                wait.notified().await;
            }
            noted.push(format!("{} {}", call.target.id, call.parameters["minutes"]));
            Ok(ActionDone::new("cut off"))
        }
    });
    let hub = place.start([service]).await;
    let mut ids = Vec::new();
    for minutes in 0..4 {
        let key = format!("pc1 {minutes}");
        ids.push(ask(&hub, request("pc1", &key).parameter("minutes", minutes)).await);
    }
    let other = ask(&hub, request("pc2", "b").parameter("minutes", 9)).await;
    outcome(&hub, other).await;
    assert_eq!(done.all(), ["pc2 9"]);
    go.notify_one();
    for id in ids {
        assert_eq!(outcome(&hub, id).await.status, ActionStatus::Succeeded);
    }
    assert_eq!(done.all(), ["pc2 9", "pc1 0", "pc1 1", "pc1 2", "pc1 3"]);
    hub.shutdown().await;
}

#[tokio::test]
async fn shutting_down_lets_an_action_finish() {
    let place = Place::new().await;
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (at, wait) = (entered.clone(), go.clone());
    let service = endpoint(isolate(), move |_| {
        let (at, wait) = (at.clone(), wait.clone());
        async move {
            at.notify_one();
            wait.notified().await;
            Ok(ActionDone::new("cut off"))
        }
    });
    let hub = Arc::new(place.start([service]).await);
    let id = ask(&hub, request("pc1", "a")).await;
    soon("it is begun", entered.notified()).await;
    let stopping = tokio::spawn({
        let hub = hub.clone();
        async move { hub.shutdown().await }
    });
    go.notify_one();
    soon("the hub stops", stopping).await.expect("no panic");
    let record = hub.actions().get(TENANT, id).await.expect("the state answers");
    assert_eq!(record.map(|record| record.status), Some(ActionStatus::Succeeded));
}
