//! Any appends, any faults, any crash: what was acknowledged is there, once, in order, and nothing else.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use proptest::{collection::vec, option, prelude::*};

use super::{
    RUNTIME, config, read_all,
    sim::{Chance, Fault, SimDisk},
};
use crate::{
    Acknowledged, AppendError, EmbeddedJournal, Entry, Journal, Position, Start,
    testsuite::{batch, number_of},
};

/// What happens in a life of a journal.
#[derive(Clone, Debug)]
enum Step {
    /// Entries that are appended at the same time, by their rows.
    Append(Vec<usize>),
    /// The consumer commits a part of what is there, in percent.
    Commit(u64),
}

#[derive(Clone, Debug)]
struct Life {
    steps: Vec<Step>,
    faults: Vec<(usize, Fault)>,
    /// The operation from which on nothing succeeds.
    dies_at: Option<usize>,
    fails_to_truncate: bool,
    seed: u64,
}

fn life() -> impl Strategy<Value = Life> {
    let rows = prop_oneof![8 => 0..20usize, 1 => 100..400usize];
    let step =
        prop_oneof![4 => vec(rows, 1..6).prop_map(Step::Append), 1 => (0..=100u64).prop_map(Step::Commit)];
    let fault = prop_oneof![Just(Fault::Fail), (0..3_000usize).prop_map(Fault::Full)];
    let faults = vec((0..60usize, fault), 0..4);
    (vec(step, 1..14), faults, option::of(0..60usize), prop::bool::weighted(0.2), any::<u64>()).prop_map(
        |(steps, faults, dies_at, fails_to_truncate, seed)| Life {
            steps,
            faults,
            dies_at,
            fails_to_truncate,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn acknowledged_entries_survive_any_crash(lives in vec(life(), 1..4)) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        RUNTIME.block_on(async {
            let mut known = Known::default();
            for life in &lives {
                known.live(folder.path(), life).await;
                known.check(folder.path()).await;
            }
        });
    }
}

/// What one knows of the journal from its answers alone.
#[derive(Default)]
struct Known {
    /// Numbers given to entries so far.
    numbers: u64,
    acknowledged: BTreeMap<Position, u64>,
    /// Entries with no answer, or with an error that came too late to be kept.
    uncertain: Vec<u64>,
    committed: Position,
    /// Entries that were ever uncertain: holes in the last write before a crash stay where they are.
    ever_uncertain: u64,
}

impl Known {
    /// Opens, works, and dies.
    async fn live(&mut self, folder: &Path, life: &Life) {
        let disk = SimDisk::load(folder);
        let journal = Arc::new(
            EmbeddedJournal::open_on(config(folder), Arc::new(disk.clone())).expect("a journal always opens"),
        );
        journal.register("consumer", Start::Oldest).await.expect("a good name");
        disk.arm(life.faults.iter().copied(), life.dies_at);
        disk.fail_to_truncate(life.fails_to_truncate);
        // Refused since the last acknowledgement.
        let mut refused = Vec::new();
        for step in &life.steps {
            match step {
                Step::Append(rows) => {
                    let answers = self.append(&journal, rows).await;
                    if !disk.is_dead() && answers.iter().any(|(_, answer)| answer.is_ok()) {
                        // An acknowledgement behind an error: the journal has made sure of the error.
                        refused.clear();
                    }
                    for (number, answer) in answers {
                        match answer {
                            Ok(acknowledged) => {
                                let before = self.acknowledged.insert(acknowledged.position(), number);
                                assert_eq!(before, None, "{acknowledged:?} was given twice");
                            }
                            Err(_) if disk.is_dead() => self.uncertain.push(number),
                            Err(_) => refused.push(number),
                        }
                    }
                }
                Step::Commit(percent) => {
                    let position = Position(journal.head().0 * percent / 100);
                    journal.commit("consumer", position).expect("it is registered");
                    self.committed = self.committed.max(position);
                }
            }
        }
        if disk.truncate_failures() > 0 {
            self.uncertain.append(&mut refused);
        }
        self.ever_uncertain += self.uncertain.len() as u64;
        disk.die();
        // Closing would store the positions; it may or may not have come to that.
        drop(journal);
        disk.crash(folder, &mut Chance(life.seed));
    }

    async fn append(
        &mut self,
        journal: &Arc<EmbeddedJournal>,
        rows: &[usize],
    ) -> Vec<(u64, Result<Acknowledged, AppendError>)> {
        let mut tasks = Vec::new();
        for rows in rows {
            let (number, journal) = (self.numbers, journal.clone());
            let batches = vec![batch(number, rows + 1)];
            self.numbers += 1;
            tasks.push((number, tokio::spawn(async move { journal.append(number as i64, batches).await })));
        }
        let mut answers = Vec::new();
        for (number, task) in tasks {
            answers.push((number, task.await.expect("no panic")));
        }
        answers
    }

    /// Opens what is left, twice, and holds it against what is known.
    async fn check(&mut self, folder: &Path) {
        let first = self.read(folder).await;
        let numbers: BTreeMap<Position, u64> =
            first.iter().map(|entry| (entry.position, number(entry))).collect();
        for (position, number) in &self.acknowledged {
            let found = numbers.get(position);
            let is_needed = *position > self.committed;
            assert!(
                found == Some(number) || (found.is_none() && !is_needed),
                "{number} at {position}: {found:?}"
            );
        }
        for (position, number) in &numbers {
            let is_known = self.acknowledged.get(position) == Some(number) || self.uncertain.contains(number);
            assert!(is_known, "{number} at {position} was refused, or never appended");
        }
        let mut unique: Vec<_> = numbers.values().collect();
        unique.sort();
        assert!(unique.is_sorted_by(|a, b| a < b), "an entry is there twice");
        let second = self.read(folder).await;
        assert!(
            second.iter().map(|e| e.position).eq(first.iter().map(|e| e.position)),
            "opening again changes nothing"
        );
        // From now on they are as good as acknowledged.
        self.acknowledged = numbers;
        self.uncertain.clear();
    }

    async fn read(&self, folder: &Path) -> Vec<Arc<Entry>> {
        let journal = EmbeddedJournal::open(config(folder)).expect("a journal always opens");
        let entries = read_all(&journal).await;
        assert!(entries.is_sorted_by(|a, b| a.position < b.position));
        assert!(entries.last().is_none_or(|last| last.position <= journal.head()));
        assert!(journal.head() >= self.acknowledged.keys().last().copied().unwrap_or_default());
        let status = journal.status();
        assert!(status.damage.lost_entries <= self.ever_uncertain, "{:?}", status.damages);
        entries
    }
}

fn number(entry: &Entry) -> u64 {
    let number = number_of(&entry.batches[0]);
    assert_eq!((entry.batches.len(), entry.received), (1, number as i64));
    number
}
