//! The change feed: reading on from a token, waiting for more, forgetting the old.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout_at};

use super::{
    Store, conclude,
    rows::{self, Feed},
};
use crate::{
    Changes, Error, Result, ResumeToken,
    driver::{Session, Sql},
};

/// How often the database is asked for changes that another process made.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// So many changes are pruned in one transaction, for other writers wait meanwhile.
const PRUNE_BATCH: u64 = 10_000;

/// The token of the newest change.
pub(super) async fn head(store: &Store) -> Result<ResumeToken> {
    let mut session = store.driver.read().await?;
    let feed = Feed::read(&mut *session).await;
    session.rollback().await;
    feed.map(|feed| feed.token(feed.position))
}

/// The changes after a token.
pub(super) async fn changes(store: &Store, after: ResumeToken, limit: usize) -> Result<Changes> {
    let limit = store.page_size(limit)?;
    let mut session = store.driver.read().await?;
    let changes = changes_in(store, &mut *session, after, limit).await;
    session.rollback().await;
    changes
}

/// Waits until there is a change after the token.
pub(super) async fn wait_for_change(store: &Store, after: ResumeToken, timeout: Duration) -> Result<bool> {
    // Subscribing before the first look, so that no change falls between the two.
    let mut newest = store.newest.subscribe();
    let deadline = Instant::now().checked_add(timeout);
    let (mut position, after) = {
        let mut session = store.driver.read().await?;
        let places = places(&mut *session, after).await;
        session.rollback().await;
        places?
    };
    while position <= after {
        let next_look = Instant::now() + POLL_INTERVAL;
        let until = deadline.map_or(next_look, |deadline| deadline.min(next_look));
        let is_over = timeout_at(until, newest.wait_for(|newest| *newest > after)).await.is_err()
            && deadline.is_some_and(|deadline| Instant::now() >= deadline);
        position = newest_position(store).await?;
        if is_over {
            break;
        }
    }
    Ok(position > after)
}

/// Forgets the changes before a time.
pub(super) async fn prune(store: &Store, until: DateTime<Utc>) -> Result<u64> {
    let sql = "SELECT COALESCE((SELECT position - 1 FROM changes WHERE at >= $1 ORDER BY position LIMIT 1),
                               (SELECT position FROM feed))";
    let rows = store.driver.rows(Sql::new(sql).arg(until)).await?;
    let mut row = rows.into_iter().next().ok_or_else(|| Error::corrupt("the feed has no position"))?;
    let horizon = row.unsigned()?;
    let mut pruned = 0;
    loop {
        let mut session = store.driver.write().await?;
        let result = prune_batch(&mut *session, horizon).await;
        let Some(count) = conclude(session, result).await? else {
            return Ok(pruned);
        };
        pruned += count;
    }
}

async fn changes_in(
    store: &Store,
    session: &mut dyn Session,
    after: ResumeToken,
    limit: usize,
) -> Result<Changes> {
    let feed = Feed::read(session).await?;
    let after = resolve(session, &feed, after).await?;
    let mut sql = Sql::new("SELECT ");
    sql.push(rows::CHANGE).push(" FROM changes c WHERE c.position > $1 ORDER BY c.position LIMIT $2");
    let rows =
        session.rows_within(sql.arg(after).arg(limit), store.options.limits.page_bytes_max).await?.rows;
    let changes =
        rows.into_iter().map(|mut row| rows::change(&mut row, &feed)).collect::<Result<Vec<_>>>()?;
    let next = changes.last().map_or(feed.token(after), |last| last.token);
    Ok(Changes { changes, next })
}

/// The position of the newest change, and that of a token.
async fn places(session: &mut dyn Session, after: ResumeToken) -> Result<(u64, u64)> {
    let feed = Feed::read(session).await?;
    Ok((feed.position, resolve(session, &feed, after).await?))
}

async fn newest_position(store: &Store) -> Result<u64> {
    let rows = store.driver.rows(Sql::new("SELECT position FROM feed")).await?;
    let mut row =
        rows.into_iter().next().ok_or_else(|| Error::corrupt("the row of table `feed` is missing"))?;
    row.unsigned()
}

/// The position in this database at which a token stands.
async fn resolve(session: &mut dyn Session, feed: &Feed, token: ResumeToken) -> Result<u64> {
    let known_until = if token == ResumeToken::START {
        0
    } else if token.lineage == feed.lineage {
        feed.position
    } else {
        let sql = Sql::new("SELECT until FROM lineages WHERE lineage = $1").arg(token.lineage.to_string());
        session.row(sql).await?.ok_or(Error::UnknownToken)?.unsigned()?
    };
    if token.position > known_until {
        return Err(Error::UnknownToken);
    }
    if token.position < feed.pruned {
        return Err(Error::Expired);
    }
    Ok(token.position)
}

/// Prunes some changes up to a position; `None` if there are none left.
async fn prune_batch(session: &mut dyn Session, horizon: u64) -> Result<Option<u64>> {
    let feed = Feed::read(session).await?;
    if feed.pruned >= horizon {
        return Ok(None);
    }
    let until = horizon.min(feed.pruned + PRUNE_BATCH);
    let count = session.run(Sql::new("DELETE FROM changes WHERE position <= $1").arg(until)).await?;
    session.run(Sql::new("UPDATE feed SET pruned = $1").arg(until)).await?;
    Ok(Some(count))
}
