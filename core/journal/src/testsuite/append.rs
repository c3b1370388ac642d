//! Appending: durable, whole, in order.

use std::collections::BTreeSet;

use super::{BRIEFLY, Context, append, batch, next, number_of};
use crate::{Limit, Position};

pub async fn a_new_journal_is_empty(context: Context) {
    let journal = &context.journal;
    assert_eq!(journal.head(), Position::ZERO);
    let status = journal.status();
    assert_eq!((status.head, status.oldest), (Position::ZERO, Position(1)));
    assert!(status.consumers.is_empty() && status.damages.is_empty());
    let mut reader = journal.reader("test", Position::ZERO);
    assert!(tokio::time::timeout(BRIEFLY, reader.next(Limit::default())).await.is_err(), "nothing to give");
}

pub async fn positions_count_from_one(context: Context) {
    for number in 1..=20 {
        assert_eq!(context.append(number).await, Position(number));
        assert_eq!(context.journal.head(), Position(number), "the head is durable and known");
    }
    assert_eq!(context.numbers(Position::ZERO, 20).await, (1..=20).collect::<Vec<_>>());
    assert_eq!(context.journal.status().oldest, Position(1));
}

pub async fn what_was_acknowledged_survives(mut context: Context) {
    for round in 0..3 {
        context.append_all(round * 100 + 1..=round * 100 + 100).await;
        if !context.reopen().await {
            return;
        }
        let all = (round + 1) * 100;
        assert_eq!(context.journal.head(), Position(all));
        assert_eq!(context.numbers(Position::ZERO, all as usize).await, (1..=all).collect::<Vec<_>>());
    }
    assert!(context.journal.status().damages.is_empty());
}

pub async fn concurrent_appends_get_a_position_each(context: Context) {
    const APPENDS: u64 = 300;
    let mut tasks = Vec::new();
    for number in 1..=APPENDS {
        let journal = context.journal.clone();
        tasks.push((number, tokio::spawn(async move { append(&*journal, number).await })));
    }
    let mut numbers = vec![0; APPENDS as usize];
    for (number, task) in tasks {
        let position = task.await.expect("it is appended");
        let known = std::mem::replace(&mut numbers[position.0 as usize - 1], number);
        assert_eq!(known, 0, "position {position} was given twice");
    }
    assert_eq!(context.numbers(Position::ZERO, numbers.len()).await, numbers);
}

pub async fn an_entry_is_read_whole(context: Context) {
    let batches: Vec<_> = (1..=7).map(|number| batch(number, number as usize * 10)).collect();
    let rows = batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>();
    let _ = context.journal.append(5, batches).await.expect("there is room");
    let entries = context.read(Position::ZERO, 1).await;
    let numbers: Vec<_> = entries[0].batches.iter().map(number_of).collect();
    assert_eq!(numbers, (1..=7).collect::<Vec<_>>());
    assert_eq!((entries.len(), entries[0].rows(), entries[0].received), (1, rows, 5));
}

pub async fn an_entry_may_be_empty(mut context: Context) {
    let _ = context.journal.append(7, Vec::new()).await.expect("there is room");
    context.append(2).await;
    for _ in 0..2 {
        let entries = context.read(Position::ZERO, 2).await;
        assert_eq!((entries[0].batches.len(), entries[0].received), (0, 7));
        assert_eq!((entries[0].position, entries[1].position), (Position(1), Position(2)));
        if !context.reopen().await {
            return;
        }
    }
}

/// The clock of the platform may jump. The journal keeps the order of the appends.
pub async fn any_time_is_kept_as_it_is(mut context: Context) {
    let times = [i64::MAX, 0, i64::MIN, -1, 1_700_000_000_000_000, 3];
    context.journal.register("slow", crate::Start::Oldest).await.expect("a good name");
    for (number, received) in times.into_iter().enumerate() {
        let _ = context.journal.append(received, vec![batch(number as u64, 1)]).await.expect("there is room");
        context.journal.status();
    }
    for _ in 0..2 {
        let entries = context.read(Position::ZERO, times.len()).await;
        assert_eq!(entries.iter().map(|entry| entry.received).collect::<Vec<_>>(), times);
        let lag = context.journal.status().consumers[0].lag(i64::MIN);
        assert!(lag.is_zero(), "a clock that jumped back makes no lag");
        if !context.reopen().await {
            return;
        }
    }
}

pub async fn who_leaves_loses_only_the_answer(context: Context) {
    let mut tasks = Vec::new();
    for number in 1..=200 {
        let journal = context.journal.clone();
        // Small and large entries go different ways.
        let batches = vec![batch(number, 2), batch(number + 1_000, if number % 4 == 0 { 2_000 } else { 1 })];
        tasks.push(tokio::spawn(async move { journal.append(0, batches).await.is_ok() }));
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
        let leaver = &tasks[number as usize / 2];
        leaver.abort();
    }
    let mut answered = 0;
    for task in tasks {
        answered += usize::from(task.await.is_ok_and(|is_appended| is_appended));
    }
    // Whatever the others left behind comes before this one, or is in the middle of nowhere.
    context.append(9_999).await;
    let mut seen = BTreeSet::new();
    let mut reader = context.journal.reader("test", Position::ZERO);
    let mut at = Position::ZERO;
    'all: loop {
        for entry in next(&mut reader).await {
            assert_eq!(entry.position, at.next());
            at = entry.position;
            let numbers: Vec<_> = entry.batches.iter().map(number_of).collect();
            if numbers == [9_999] {
                break 'all;
            }
            assert_eq!(numbers, [numbers[0], numbers[0] + 1_000], "an entry is whole");
            assert!(seen.insert(numbers[0]), "entry {} is there twice", numbers[0]);
        }
    }
    assert!(seen.len() >= answered, "{} entries for {answered} answers", seen.len());
}
