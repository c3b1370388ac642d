//! Cursors: how far a service has read something outside (a log file, an audit API), known exactly, so that
//! what comes from there is in the journal once, whatever crashes when.
//!
//! A cursor is saved by the same write as the rows that it stands for: it travels as metadata of the entry's
//! first batch. So the journal is the truth, and after a crash there is no moment at which rows are in and
//! their cursor is not. A document in `state` holds all cursors as of some position, saved now and then;
//! at start the journal is read from that position on, and the cursors found there are the newer ones. A
//! consumer of the hub's own keeps the journal from forgetting those entries. What was read twice would be
//! emitted twice only if two programs read the same source, which the journal's lock prevents.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use phalanx_journal::{Acknowledged, AppendError, ConsumerError, Journal, Limit, Position, ReadError, Start};
use phalanx_signal::SignalBatch;
use phalanx_state::{Author, Key, Precondition, State, TenantId};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The journal's name for the hub as a reader of cursors.
pub(crate) const CONSUMER: &str = "hub/cursors";

const SOURCE_KEY: &str = "phalanx.source";
const CURSOR_KEY: &str = "phalanx.cursor";

/// Saved at least this often while anything comes in, so that the journal can forget.
const SAVE_AT_LEAST: Duration = Duration::from_secs(300);
/// Saved when so many entries have come in, however soon, for they would be read at a start.
const SAVE_ENTRIES: u64 = 5_000;
/// How often the above is looked at.
const TICK: Duration = Duration::from_secs(5);
/// An entry that the journal knows of and does not give within this time will not come: it is damaged.
const READ_WAIT: Duration = Duration::from_secs(10);

/// Why the cursors could not be made out.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    #[error("the saved cursors can't be read")]
    State(#[from] phalanx_state::Error),
    #[error("the saved cursors are no cursors")]
    Decode(#[from] serde_json::Error),
    #[error("the journal can't be read for newer cursors")]
    Read(#[from] ReadError),
    #[error("the journal does not keep entries for the cursors")]
    Consumer(#[from] ConsumerError),
}

/// The cursors of all sources.
pub(crate) struct Cursors {
    journal: Arc<dyn Journal>,
    state: Arc<dyn State>,
    known: Mutex<Known>,
    answered: Notify,
}

#[derive(Default)]
struct Known {
    cursors: BTreeMap<String, String>,
    /// Appends without an answer yet: the source, and the head when they began.
    in_flight: BTreeMap<u64, (String, Position)>,
    next: u64,
    /// Up to where the document has everything.
    saved: Position,
    is_changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    position: u64,
    cursors: BTreeMap<String, String>,
}

impl Cursors {
    /// Reads the saved cursors, and the journal from there on.
    pub async fn load(journal: Arc<dyn Journal>, state: Arc<dyn State>) -> Result<Self, CursorError> {
        let saved = match state.get(&key()?).await? {
            Some(document) => Some(serde_json::from_value::<Saved>(document.body)?),
            None => None,
        };
        let start = saved.as_ref().map_or(Start::Oldest, |s| Start::After(Position(s.position)));
        let from = journal.register(CONSUMER, start).await?;
        let cursors = saved.map(|saved| saved.cursors).unwrap_or_default();
        let known = Mutex::new(Known { cursors, saved: from, ..Known::default() });
        let this = Self { journal, state, known, answered: Notify::new() };
        this.catch_up(from).await?;
        Ok(this)
    }

    /// How far a source was read; waits for appends of it that are still under way.
    pub async fn cursor(&self, source: &str) -> Option<String> {
        loop {
            let answered = self.answered.notified();
            {
                let known = self.known.lock();
                if !known.in_flight.values().any(|(flying, _)| flying == source) {
                    return known.cursors.get(source).cloned();
                }
            }
            answered.await;
        }
    }

    /// Appends batches with the cursor that they bring the source to. Once called it runs to its end, even
    /// if the caller goes away: a half known outcome would make the next cursor a guess.
    pub async fn append(
        self: &Arc<Self>,
        received: i64,
        source: &str,
        cursor: &str,
        mut batches: Vec<SignalBatch>,
    ) -> Result<Acknowledged, AppendError> {
        if let Some(first) = batches.first_mut() {
            mark(first, source, cursor);
        }
        let (this, source, cursor) = (self.clone(), source.to_owned(), cursor.to_owned());
        let ticket = this.take_off(&source);
        let flight = tokio::spawn(async move {
            let _landing = Landing { cursors: &this, ticket };
            let acknowledged = this.journal.append(received, batches).await?;
            let mut known = this.known.lock();
            known.cursors.insert(source, cursor);
            known.is_changed = true;
            Ok(acknowledged)
        });
        flight.await.unwrap_or(Err(AppendError::Closed))
    }

    /// Saves the cursors now and then, until the hub shuts down.
    pub async fn keep(&self, interval: Duration, shutdown: &CancellationToken) {
        let mut saved_at = Instant::now();
        loop {
            tokio::select! {
                () = sleep(TICK.min(interval)) => {}
                () = shutdown.cancelled() => return,
            }
            let is_due = {
                let known = self.known.lock();
                let news = self.journal.head().0.saturating_sub(known.saved.0);
                let waited = saved_at.elapsed();
                news > 0
                    && (news >= SAVE_ENTRIES
                        || waited >= SAVE_AT_LEAST
                        || (known.is_changed && waited >= interval))
            };
            if is_due {
                saved_at = Instant::now();
                if let Err(error) = self.save().await {
                    tracing::warn!(%error, "the cursors could not be saved, it is tried again");
                }
            }
        }
    }

    /// Writes the document and lets the journal forget what it covers.
    pub async fn save(&self) -> Result<(), CursorError> {
        let (saved, position) = {
            let mut known = self.known.lock();
            // Every append that has no answer began after its head was durable, and every one that
            // begins from now on gets a later position. So up to here nothing is missing.
            let flying = known.in_flight.values().map(|(_, head)| *head).min();
            let position = flying.unwrap_or_else(|| self.journal.head()).max(known.saved);
            known.is_changed = false;
            (Saved { position: position.0, cursors: known.cursors.clone() }, position)
        };
        let author = Author::new("hub")?;
        let body = serde_json::to_value(&saved)?;
        if let Err(error) = self.state.put(&key()?, body, Precondition::None, &author).await {
            self.known.lock().is_changed = true;
            return Err(error.into());
        }
        self.known.lock().saved = position;
        self.journal.commit(CONSUMER, position)?;
        Ok(())
    }

    async fn catch_up(&self, from: Position) -> Result<(), CursorError> {
        let head = self.journal.head();
        let mut reader = self.journal.reader(CONSUMER, from);
        let mut at = from;
        while at < head {
            let Ok(read) = timeout(READ_WAIT, reader.next(Limit::default())).await else {
                tracing::warn!(%at, %head, "the end of the journal can't be read for cursors");
                break;
            };
            for entry in read? {
                at = entry.position;
                let marks = entry.batches.iter().filter_map(marked);
                let mut known = self.known.lock();
                for (source, cursor) in marks {
                    known.cursors.insert(source, cursor);
                    known.is_changed = true;
                }
            }
        }
        Ok(())
    }

    fn take_off(&self, source: &str) -> u64 {
        let mut known = self.known.lock();
        let ticket = known.next;
        known.next += 1;
        let head = self.journal.head();
        if let Entry::Vacant(free) = known.in_flight.entry(ticket) {
            free.insert((source.to_owned(), head));
        }
        ticket
    }
}

/// Ends a flight however the append ends.
struct Landing<'a> {
    cursors: &'a Cursors,
    ticket: u64,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.cursors.known.lock().in_flight.remove(&self.ticket);
        self.cursors.answered.notify_waiters();
    }
}

fn mark(batch: &mut SignalBatch, source: &str, cursor: &str) {
    let mut metadata: HashMap<String, String> = batch.rows.schema().metadata().clone();
    metadata.insert(SOURCE_KEY.to_owned(), source.to_owned());
    metadata.insert(CURSOR_KEY.to_owned(), cursor.to_owned());
    let schema = batch.rows.schema().as_ref().clone().with_metadata(metadata);
    batch.rows =
        batch.rows.clone().with_schema(Arc::new(schema)).expect("metadata was added and nothing taken away");
}

fn marked(batch: &SignalBatch) -> Option<(String, String)> {
    let schema = batch.rows.schema_ref();
    let (source, cursor) = (schema.metadata().get(SOURCE_KEY)?, schema.metadata().get(CURSOR_KEY)?);
    Some((source.clone(), cursor.clone()))
}

fn key() -> Result<Key, phalanx_state::Error> {
    Key::new(TenantId::PLATFORM, "hub.cursors", "sources")
}
