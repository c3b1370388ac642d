//! A process that appends is killed at any moment, again and again: what it said was acknowledged is there.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use phalanx_journal::{
    EmbeddedJournal, Journal, Limit, Position, ReadError, Start,
    testsuite::{batch, number_of},
};

const KILLS: u64 = 60;
const WRITERS: u64 = 8;
/// Tells the test binary, started again, that it is the victim: its folder and its first number.
const VICTIM: &str = "PHALANX_JOURNAL_VICTIM";

/// What the victim says, a line each.
#[derive(Debug)]
enum Said {
    Acknowledged { number: u64, position: Position },
    Consumed { number: u64, position: Position },
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_entries_survive_kills() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut acknowledged = BTreeMap::new();
    let mut consumed = BTreeMap::new();
    for round in 0..KILLS {
        for said in life(folder.path(), round * 1_000_000, Duration::from_micros(round * 1_777 % 40_000)) {
            let (seen, number, position) = match said {
                Said::Acknowledged { number, position } => (&mut acknowledged, number, position),
                Said::Consumed { number, position } => (&mut consumed, number, position),
            };
            let before = seen.insert(position, number);
            assert!(before.is_none_or(|before| before == number), "{position} was {before:?}, then {number}");
        }
        check(folder.path(), &acknowledged, &consumed).await;
    }
    assert!(acknowledged.len() > KILLS as usize, "only {} acknowledged", acknowledged.len());
    assert!(!consumed.is_empty());
    eprintln!("{KILLS} kills, {} acknowledged, {} consumed", acknowledged.len(), consumed.len());
}

/// Lets a victim live for a while after its first word.
fn life(folder: &Path, first: u64, time: Duration) -> Vec<Said> {
    let mut child = Killed(
        Command::new(env::current_exe().expect("the test's own path"))
            .args(["--exact", "kill::victim", "--nocapture", "--test-threads=1"])
            .env(VICTIM, format!("{first} {}", folder.display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test can be started again"),
    );
    let lines = BufReader::new(child.0.stdout.take().expect("a pipe")).lines();
    let (said, words) = mpsc::channel();
    let listener = thread::spawn(move || {
        // A killed process may leave half a line.
        for line in lines.map_while(Result::ok) {
            if let Some(word) = parse(&line) {
                let _ = said.send(word);
            }
        }
    });
    let mut heard = vec![words.recv_timeout(Duration::from_secs(60)).expect("the victim works")];
    thread::sleep(time);
    drop(child);
    listener.join().expect("it only listens");
    heard.extend(words.iter());
    heard
}

/// A process that is killed on drop, by its id.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().expect("it is ours");
        self.0.wait().expect("it is ours");
    }
}

/// A line ends with a full stop, so that half a number is none.
fn parse(line: &str) -> Option<Said> {
    let words: Vec<&str> = line.strip_suffix('.')?.split(' ').collect();
    let [what, number, position] = words[..] else { return None };
    let (number, position) = (number.parse().ok()?, Position(position.parse().ok()?));
    match what {
        "acknowledged" => Some(Said::Acknowledged { number, position }),
        "consumed" => Some(Said::Consumed { number, position }),
        _ => None,
    }
}

/// Every acknowledged entry is in the journal, once and in its place, or was consumed before it was dropped.
async fn check(folder: &Path, acknowledged: &BTreeMap<Position, u64>, consumed: &BTreeMap<Position, u64>) {
    let journal = EmbeddedJournal::open(super::config(folder)).expect("it opens after a kill");
    let committed = journal.committed("consumer").unwrap_or_default();
    let last_consumed = consumed.keys().last().copied().unwrap_or_default();
    journal.close().await.expect("it closes");
    let mut reader = journal.reader("check", Position::ZERO);
    let mut kept = BTreeMap::new();
    loop {
        let entries = match reader.next(Limit::default()).await {
            Ok(entries) => entries,
            Err(ReadError::Closed) => break,
            Err(error) => panic!("not readable: {error}"),
        };
        for entry in entries {
            let number = number_of(&entry.batches[0]);
            assert_eq!(kept.insert(entry.position, number), None, "{} is there twice", entry.position);
        }
    }
    let mut numbers: Vec<_> = kept.values().collect();
    numbers.sort();
    assert!(numbers.is_sorted_by(|a, b| a < b), "a number is there twice");
    // What the victim committed and could not say any more is not known here.
    assert!(committed <= last_consumed.max(kept.keys().last().copied().unwrap_or_default()));
    for (position, number) in acknowledged {
        match kept.get(position) {
            Some(found) => assert_eq!(found, number, "at {position}"),
            None => {
                assert!(*position <= committed, "{number} at {position} is lost, {committed} was committed")
            }
        }
    }
    for (position, number) in consumed {
        let known = kept.get(position).or(acknowledged.get(position));
        assert!(
            known.is_none_or(|known| known == number),
            "{number} at {position} was consumed, not {known:?}"
        );
    }
    let damage = journal.status().damage;
    assert_eq!(damage.lost_entries, 0, "{:?}", journal.status().damages);
}

/// Not a test but the process that is killed.
#[test]
fn victim() {
    let Ok(orders) = env::var(VICTIM) else { return };
    let (first, folder) = orders.split_once(' ').expect("a number and a folder");
    let first: u64 = first.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(work(first, Path::new(folder)));
}

async fn work(first: u64, folder: &Path) {
    let journal = EmbeddedJournal::open(super::config(folder)).expect("the last owner is dead");
    let journal = Arc::new(journal);
    let from = journal.register("consumer", Start::Oldest).await.expect("a good name");
    for writer in 0..WRITERS {
        let journal = journal.clone();
        tokio::spawn(async move {
            for number in (first + writer..).step_by(WRITERS as usize) {
                // Now and then an entry that takes several pages.
                let rows = if number % 50 == 7 { 3_000 } else { number as usize % 30 + 1 };
                let answer = journal.append(0, vec![batch(number, rows)]).await.expect("there is room");
                say(format!("acknowledged {number} {}.\n", answer.position()));
            }
        });
    }
    let mut reader = journal.reader("consumer", from);
    loop {
        let entries = reader.next(Limit { entries: 20, bytes: usize::MAX }).await.expect("it is readable");
        for entry in &entries {
            say(format!("consumed {} {}.\n", number_of(&entry.batches[0]), entry.position));
        }
        let last = entries.last().expect("never empty").position;
        journal.commit("consumer", last).expect("what was read can be committed");
    }
}

/// One write for a line, not through the test harness' capture.
fn say(line: String) {
    std::io::stdout()
        .lock()
        .write_all(line.as_bytes())
        .and_then(|()| std::io::stdout().flush())
        .expect("a pipe");
}
