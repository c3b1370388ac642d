//! The tests that every implementation of [`Journal`] must pass, with what they need.
//!
//! An implementation brings a [`Fixture`] that makes places for journals and calls [`run`]. The tests see a
//! journal only through the trait: each sentence of its doc has one. What only files can show (crashes,
//! damage, full disks) is tested beside the embedded journal.
//!
//! [`fuzz_segment`] is for the fuzzer: it takes any bytes for a segment file.

mod append;
mod batches;
mod closing;
mod consumers;
mod contents;
mod fuzz;
mod reading;
mod space;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

pub use batches::{batch, noise, number_of};
pub use fuzz::fuzz_segment;

use crate::{Entry, Journal, Limit, Position, Reader};

/// Every journal of a fixture is full when it holds about so many bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// No journal of a fixture takes an entry that has as much memory.
pub const TOO_LARGE_BYTES: usize = 8 << 20;

/// Makes places for the tests.
pub trait Fixture: Send + Sync {
    /// A place where no journal has been.
    fn create(&self) -> Box<dyn Place>;
}

/// Where a journal is.
pub trait Place: Send + Sync {
    /// Opens the journal, or makes it. Nobody else has it open.
    fn open(&self) -> Arc<dyn Journal>;
    /// Whether what was acknowledged is there when it is opened again.
    fn is_durable(&self) -> bool;
}

/// A test: it panics if the implementation fails it.
type Test = fn(Context) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! list {
    ($($module:ident :: $test:ident,)*) => {
        &[$((concat!(stringify!($module), "::", stringify!($test)), |context| Box::pin($module::$test(context))),)*]
    };
}

const TESTS: &[(&str, Test)] = list![
    append::a_new_journal_is_empty,
    append::positions_count_from_one,
    append::what_was_acknowledged_survives,
    append::concurrent_appends_get_a_position_each,
    append::an_entry_is_read_whole,
    append::an_entry_may_be_empty,
    append::any_time_is_kept_as_it_is,
    append::who_leaves_loses_only_the_answer,
    contents::all_types_come_back,
    contents::shapes_come_back,
    contents::slices_come_back_without_what_they_were_cut_from,
    reading::a_reader_waits_for_entries,
    reading::limits_hold_but_one_entry_is_always_given,
    reading::a_call_that_is_dropped_loses_nothing,
    reading::readers_start_anywhere,
    reading::a_slow_reader_delays_nobody,
    reading::what_was_read_can_be_committed,
    reading::a_reader_that_belongs_to_none_goes_on_at_what_is_left,
    consumers::a_new_consumer_starts_where_it_wishes,
    consumers::a_known_consumer_keeps_its_position,
    consumers::a_consumer_may_say_where_it_is,
    consumers::no_entry_gets_a_position_that_was_promised_away,
    consumers::a_commit_only_moves_forward,
    consumers::nobody_commits_what_is_not_there,
    consumers::names_are_checked,
    consumers::a_forgotten_consumer_holds_nothing_back,
    consumers::consumers_and_their_positions_survive,
    consumers::the_status_tells_who_lags,
    space::a_lagging_consumer_makes_it_full,
    space::without_a_consumer_it_fills_up,
    space::too_large_an_entry_is_refused,
    space::a_full_journal_loses_nothing,
    closing::a_closed_journal_takes_nothing,
    closing::readers_get_what_is_left,
    closing::who_waits_is_answered,
    closing::closing_twice_does_nothing,
];

/// Runs all tests, and panics at the end if one failed, naming all that did.
pub async fn run(fixture: &dyn Fixture) {
    let mut failed = Vec::new();
    for (name, test) in TESTS {
        let started = std::time::Instant::now();
        let outcome = tokio::spawn(test(Context::new(fixture.create()))).await;
        eprintln!("{} {name} in {:?}", if outcome.is_ok() { "passed" } else { "FAILED" }, started.elapsed());
        if outcome.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

/// So long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long it waits to see that something does not happen.
const BRIEFLY: Duration = Duration::from_millis(50);

/// A journal under test.
struct Context {
    journal: Arc<dyn Journal>,
    place: Box<dyn Place>,
}

impl Context {
    fn new(place: Box<dyn Place>) -> Self {
        Self { journal: place.open(), place }
    }

    /// Closes the journal and opens it again. False, and nothing happens, for one that keeps nothing.
    async fn reopen(&mut self) -> bool {
        if !self.place.is_durable() {
            return false;
        }
        self.journal.close().await.expect("it closes");
        self.journal = self.place.open();
        true
    }

    /// Appends an entry of one small batch, and waits while there is no room.
    async fn append(&self, number: u64) -> Position {
        append(&*self.journal, number).await
    }

    /// Appends one after the other; the first position is that of the first number.
    async fn append_all(&self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            self.append(number).await;
        }
    }

    /// Reads so many entries.
    async fn read(&self, after: Position, count: usize) -> Vec<Arc<Entry>> {
        let mut reader = self.journal.reader("test", after);
        let mut entries = Vec::new();
        while entries.len() < count {
            entries.extend(next(&mut reader).await);
        }
        entries.truncate(count);
        entries
    }

    /// The numbers of the small entries after a position.
    async fn numbers(&self, after: Position, count: usize) -> Vec<u64> {
        self.read(after, count).await.iter().map(|entry| number(entry)).collect()
    }
}

async fn append(journal: &dyn Journal, number: u64) -> Position {
    loop {
        match journal.append(number as i64, vec![batch(number, 3)]).await {
            Ok(acknowledged) => return acknowledged.position(),
            Err(error) if error.retry_after().is_some() => sleep(Duration::from_millis(1)).await,
            Err(error) => panic!("not appended: {error}"),
        }
    }
}

/// The next entries, which must come.
async fn next(reader: &mut Reader) -> Vec<Arc<Entry>> {
    let next = timeout(PATIENCE, reader.next(Limit::default())).await;
    let entries = next.expect("entries come in time").expect("the journal is readable");
    assert!(!entries.is_empty(), "a reader never gives nothing");
    entries
}

/// The number of an entry of one small batch.
fn number(entry: &Entry) -> u64 {
    assert_eq!(entry.batches.len(), 1);
    let number = number_of(&entry.batches[0]);
    assert_eq!(entry.received, number as i64);
    number
}

/// Waits until a condition holds.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(2)).await;
    }
}
