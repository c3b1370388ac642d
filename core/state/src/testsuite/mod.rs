//! The tests that every implementation of [`State`] must pass, with what they need.
//!
//! An implementation brings a [`Fixture`] that makes empty databases and calls [`run`]. A test sees a database
//! only through the trait; what only one database can show (power loss, a server that goes away) is tested
//! beside it.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::{FutureExt, future::BoxFuture};
use serde_json::Value;
use uuid::Uuid;

use crate::{Author, Clock, Document, Key, Options, Precondition, State, TenantId, open};

mod audit;
mod backup;
mod concurrency;
mod documents;
mod feed;
mod indexes;
mod model;
pub mod postgres;
mod queries;

/// Makes databases for the tests.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The URL of a database that is new and empty, for [`open`].
    async fn create(&self) -> String;
}

/// A test: it panics if the implementation fails it.
type Test = fn(Arc<dyn Fixture>) -> BoxFuture<'static, ()>;

macro_rules! list {
    ($($module:ident :: $test:ident,)*) => {
        &[$((concat!(stringify!($module), "::", stringify!($test)), |fixture| $module::$test(fixture).boxed()),)*]
    };
}

const TESTS: &[(&str, Test)] = list![
    documents::a_document_lives_and_dies,
    documents::preconditions_hold_or_nothing_changes,
    documents::versions_go_on_after_a_deletion,
    documents::several_writes_are_one,
    documents::unique_values_may_be_swapped,
    documents::what_is_too_big_or_misnamed_is_refused,
    documents::every_text_and_number_comes_back,
    documents::documents_may_be_huge,
    documents::what_looks_like_sql_is_data,
    documents::tenants_are_apart,
    indexes::a_declaration_can_be_repeated,
    indexes::an_index_is_built_from_what_is_stored,
    indexes::an_index_that_does_not_fit_is_not_declared,
    indexes::indexes_can_be_changed_and_dropped,
    indexes::unique_indexes_hold,
    indexes::fields_must_fit_their_index,
    queries::filters_are_those_of_the_model,
    queries::pages_follow_each_other,
    queries::a_page_ends_when_it_is_big,
    queries::wrong_queries_are_explained,
    queries::indexes_are_used,
    feed::changes_come_in_order_and_once,
    feed::deletions_are_tombstones,
    feed::a_change_wakes_who_waits,
    feed::a_change_by_another_process_is_noticed,
    feed::pruning_forgets_the_oldest,
    feed::foreign_tokens_are_refused,
    audit::every_change_is_accounted_for,
    audit::the_trail_can_be_narrowed,
    backup::a_restored_copy_is_the_same,
    backup::damage_is_found_and_nothing_restored,
    backup::a_store_in_use_can_be_backed_up,
    concurrency::no_update_is_lost,
    concurrency::crossing_writes_all_succeed,
    concurrency::readers_see_whole_transactions,
    concurrency::a_caller_that_leaves_does_not_stop_its_write,
];

/// Runs all tests, and panics at the end if one failed, naming all that did.
pub async fn run(fixture: Arc<dyn Fixture>) {
    let mut failed = Vec::new();
    for (name, test) in TESTS {
        let started = std::time::Instant::now();
        let outcome = AssertUnwindSafe(test(fixture.clone())).catch_unwind().await;
        eprintln!("{} {name} in {:?}", if outcome.is_ok() { "passed" } else { "FAILED" }, started.elapsed());
        if outcome.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

/// So long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store with a clock that stands still until a test moves it.
struct Context {
    state: Arc<dyn State>,
    url: String,
    clock: Arc<TestClock>,
    tenant: TenantId,
    author: Author,
}

impl Context {
    async fn new(fixture: &Arc<dyn Fixture>) -> Self {
        Self::with(fixture, |_| ()).await
    }

    /// A context whose options were adjusted.
    async fn with(fixture: &Arc<dyn Fixture>, adjust: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(TestClock::new());
        let mut options = Options { clock: clock.clone(), ..Options::default() };
        adjust(&mut options);
        let url = fixture.create().await;
        let state = open(&url, options).await.expect("a new database opens");
        let author = Author::new("tester").expect("the name is well-formed");
        Self { state, url, clock, tenant: tenant(1), author }
    }

    /// The same database, opened once more as another process would.
    async fn other_process(&self) -> Arc<dyn State> {
        let options = Options { clock: self.clock.clone(), ..Options::default() };
        open(&self.url, options).await.expect("a database opens twice")
    }

    fn key(&self, id: &str) -> Key {
        self.key_in("things", id)
    }

    fn key_in(&self, collection: &str, id: &str) -> Key {
        Key::new(self.tenant, collection, id).expect("the key is well-formed")
    }

    async fn put(&self, id: &str, body: Value) -> Document {
        self.state
            .put(&self.key(id), body, Precondition::None, &self.author)
            .await
            .expect("nothing forbids it")
    }

    async fn delete(&self, id: &str) -> Option<Document> {
        self.state.delete(&self.key(id), Precondition::None, &self.author).await.expect("nothing forbids it")
    }

    /// Checks that the database agrees with itself, and closes it.
    async fn finish(self) {
        self.state.verify().await.expect("the database agrees with itself");
        self.state.close().await;
    }
}

struct TestClock(AtomicI64);

impl TestClock {
    fn new() -> Self {
        Self(AtomicI64::new(1_700_000_000_000_000))
    }

    fn advance(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).expect("tests advance by little");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).expect("tests stay in our time")
    }
}

fn tenant(number: u128) -> TenantId {
    TenantId::new(Uuid::from_u128(number))
}
