//! Reading: in order, waiting, each reader for itself.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{BRIEFLY, Context, PATIENCE, append, eventually, next, number};
use crate::{Journal, Limit, Position, Start};

pub async fn a_reader_waits_for_entries(context: Context) {
    let mut readers: Vec<_> = (0..5).map(|_| context.journal.reader("test", Position::ZERO)).collect();
    for number in 1..=50 {
        let journal = context.journal.clone();
        let appended = tokio::spawn(async move { append(&*journal, number).await });
        for reader in &mut readers {
            let entries = next(reader).await;
            assert_eq!(entries.iter().map(|entry| super::number(entry)).collect::<Vec<_>>(), [number]);
        }
        appended.await.expect("it is appended");
    }
    for reader in &mut readers {
        assert!(timeout(BRIEFLY / 10, reader.next(Limit::default())).await.is_err(), "nothing is left");
    }
}

pub async fn limits_hold_but_one_entry_is_always_given(mut context: Context) {
    context.append_all(1..=40).await;
    for _ in 0..2 {
        let entries = context.read(Position::ZERO, 40).await;
        let memory: usize = entries[..3].iter().map(|entry| entry.memory()).sum();
        for (limit, most) in [
            (Limit { entries: 7, bytes: usize::MAX }, 7),
            (Limit { entries: usize::MAX, bytes: memory }, 3),
            (Limit { entries: usize::MAX, bytes: memory - 1 }, 2),
            (Limit { entries: usize::MAX, bytes: 0 }, 1),
            (Limit { entries: 0, bytes: usize::MAX }, 1),
        ] {
            let mut reader = context.journal.reader("test", Position::ZERO);
            let first = reader.next(limit).await.expect("the journal is readable");
            assert!(!first.is_empty() && first.len() <= most, "{limit:?} gave {}", first.len());
            let mut at = first.len() as u64;
            while at < 40 {
                for entry in reader.next(limit).await.expect("the journal is readable") {
                    at += 1;
                    assert_eq!(entry.position, Position(at), "{limit:?}");
                }
            }
        }
        // Once more with nothing in memory.
        if !context.reopen().await {
            return;
        }
    }
}

pub async fn a_call_that_is_dropped_loses_nothing(mut context: Context) {
    const ENTRIES: u64 = 300;
    loop {
        let journal = context.journal.clone();
        let head = journal.head().0;
        let appending = tokio::spawn(async move {
            for number in head + 1..=ENTRIES {
                append(&*journal, number).await;
            }
        });
        let mut reader = context.journal.reader("test", Position::ZERO);
        let mut at = 0;
        let begun = std::time::Instant::now();
        while at < ENTRIES {
            assert!(begun.elapsed() < PATIENCE, "entries come");
            let wait = Duration::from_micros(at % 7 * 20);
            let few = Limit { entries: 3, bytes: usize::MAX };
            let Ok(entries) = timeout(wait, reader.next(few)).await else { continue };
            for entry in entries.expect("the journal is readable") {
                at += 1;
                assert_eq!((entry.position, number(&entry)), (Position(at), at));
            }
        }
        appending.await.expect("all are appended");
        // Once more with nothing in memory.
        if head == ENTRIES || !context.reopen().await {
            return;
        }
    }
}

pub async fn readers_start_anywhere(mut context: Context) {
    const ENTRIES: u64 = 150;
    context.append_all(1..=ENTRIES).await;
    for _ in 0..2 {
        for after in [0, 1, 2, 70, 71, 72, 148, 149] {
            let expected: Vec<_> = (after + 1..=ENTRIES).collect();
            assert_eq!(context.numbers(Position(after), expected.len()).await, expected);
        }
        let head = context.journal.head().0;
        for after in [head, head + 1, u64::MAX] {
            let mut reader = context.journal.reader("test", Position(after));
            assert!(timeout(BRIEFLY, reader.next(Limit::default())).await.is_err(), "nothing after {after}");
        }
        // A reader from beyond the head gets what comes after its position.
        let mut reader = context.journal.reader("test", Position(head + 2));
        context.append_all(head + 1..=head + 3).await;
        assert_eq!(next(&mut reader).await[0].position, Position(head + 3));
        if !context.reopen().await {
            return;
        }
    }
}

pub async fn a_slow_reader_delays_nobody(context: Context) {
    let mut slow = context.journal.reader("slow", Position::ZERO);
    let mut quick = context.journal.reader("quick", Position::ZERO);
    let one = Limit { entries: 1, bytes: usize::MAX };
    for number in 1..=400 {
        context.append(number).await;
        assert_eq!(super::number(&next(&mut quick).await[0]), number);
    }
    for number in 1..=400 {
        let entries = timeout(PATIENCE, slow.next(one)).await.expect("in time").expect("readable");
        assert_eq!(super::number(&entries[0]), number);
    }
}

/// A reader gives no entry before the journal knows it for durable: the commit would be refused.
pub async fn what_was_read_can_be_committed(context: Context) {
    const ENTRIES: u64 = 1_200;
    let mut tasks = Vec::new();
    for name in ["a", "b", "c"] {
        let journal = context.journal.clone();
        let from = journal.register(name, Start::Oldest).await.expect("a good name");
        tasks.push(tokio::spawn(async move { consume(&*journal, name, from, ENTRIES).await }));
    }
    for part in 0..4 {
        let journal = context.journal.clone();
        tasks.push(tokio::spawn(async move {
            for number in part * ENTRIES / 4..(part + 1) * ENTRIES / 4 {
                append(&*journal, number).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("it is read, and committed");
    }
    for name in ["a", "b", "c"] {
        assert_eq!(context.journal.committed(name), Some(Position(ENTRIES)));
    }
}

async fn consume(journal: &dyn Journal, name: &str, from: Position, entries: u64) {
    let mut reader = journal.reader(name, from);
    let mut at = from;
    while at.0 < entries {
        for entry in next(&mut reader).await {
            assert_eq!(entry.position, at.next());
            at = entry.position;
        }
        assert!(at <= journal.head());
        journal.commit(name, at).expect("what was read can be committed");
    }
}

pub async fn a_reader_that_belongs_to_none_goes_on_at_what_is_left(context: Context) {
    let journal: &Arc<dyn Journal> = &context.journal;
    journal.register("only", Start::Oldest).await.expect("a good name");
    context.append_all(1..=300).await;
    let mut begun = journal.reader("stray", Position::ZERO);
    let one = Limit { entries: 1, bytes: usize::MAX };
    assert_eq!(begun.next(one).await.expect("the journal is readable")[0].position, Position(1));
    journal.commit("only", Position(280)).expect("it is registered");
    eventually("entries are dropped", || journal.status().oldest > Position(1)).await;
    // One that begins now, and one that was under way, get the rest in order.
    let mut late = journal.reader("stray", Position::ZERO);
    for (reader, from) in [(&mut late, Position::ZERO), (&mut begun, Position(1))] {
        let mut at = from;
        while at < Position(300) {
            for entry in next(reader).await {
                assert!(entry.position == at.next() || at < Position(280), "what is not committed stays");
                assert!(entry.position > at && number(&entry) == entry.position.0);
                at = entry.position;
            }
        }
    }
}
