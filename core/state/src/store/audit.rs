//! The audit trail: the changes, newest first, with the content before each.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Store,
    rows::{self, Feed},
};
use crate::{
    AuditPage, AuditQuery, AuditRecord, Error, Result, TenantId,
    continuation::{fingerprint, seal, unseal},
    driver::{Row, Rows, Session, Sql},
};

/// A page of the audit trail.
pub(super) async fn audit(store: &Store, query: &AuditQuery) -> Result<AuditPage> {
    if query.id.is_some() && query.collection.is_none() {
        return Err(Error::invalid("the audit trail of a document needs its collection"));
    }
    let size = store.page_size(query.page_size)?;
    let fingerprint = fingerprint(&Identity::of(query));
    let before = query.after.as_ref().map(|after| unseal::<u64>(&fingerprint, after)).transpose()?;
    let mut session = store.driver.read().await?;
    let read = read(store, &mut *session, statement(query, before, size + 1)).await;
    session.rollback().await;
    let (feed, rows) = read?;
    let goes_on = rows.is_cut || rows.rows.len() > size;
    let records: Vec<AuditRecord> =
        rows.rows.into_iter().take(size).map(|row| record(row, &feed)).collect::<Result<_>>()?;
    let next = records.last().filter(|_| goes_on).map(|last| seal(&fingerprint, &last.change.token.position));
    Ok(AuditPage { records, next })
}

async fn read(store: &Store, session: &mut dyn Session, sql: Sql) -> Result<(Feed, Rows)> {
    let feed = Feed::read(session).await?;
    Ok((feed, session.rows_within(sql, store.options.limits.page_bytes_max).await?))
}

fn statement(query: &AuditQuery, before: Option<u64>, limit: usize) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(rows::CHANGE).push(
        ", (SELECT p.body FROM changes p
            WHERE p.tenant = c.tenant AND p.collection = c.collection AND p.id = c.id AND p.position < c.position
            ORDER BY p.position DESC LIMIT 1)
         FROM changes c WHERE c.tenant = ",
    );
    sql.bind(query.tenant);
    if let Some(collection) = &query.collection {
        sql.push(" AND c.collection = ").bind(collection.as_str());
    }
    if let Some(id) = &query.id {
        sql.push(" AND c.id = ").bind(id.as_str());
    }
    if let Some(by) = &query.by {
        sql.push(" AND c.author = ").bind(by.as_str());
    }
    if let Some(from) = query.from {
        sql.push(" AND c.at >= ").bind(ceiling(from));
    }
    if let Some(until) = query.until {
        sql.push(" AND c.at < ").bind(ceiling(until));
    }
    if let Some(before) = before {
        sql.push(" AND c.position < ").bind(before);
    }
    sql.push(" ORDER BY c.position DESC LIMIT ").bind(limit);
    sql
}

fn record(mut row: Row, feed: &Feed) -> Result<AuditRecord> {
    let change = rows::change(&mut row, feed)?;
    let body_before = row.optional_text()?.map(|text| rows::body(&change.key, &text)).transpose()?;
    Ok(AuditRecord { change, body_before })
}

/// The first whole microsecond that is not before a time; changes have whole microseconds.
fn ceiling(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros() + i64::from(!time.timestamp_subsec_nanos().is_multiple_of(1000))
}

/// What makes a query another one: all but the page.
#[derive(Serialize)]
struct Identity<'a> {
    tenant: TenantId,
    collection: Option<&'a str>,
    id: Option<&'a str>,
    by: Option<&'a str>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl<'a> Identity<'a> {
    fn of(query: &'a AuditQuery) -> Self {
        Self {
            tenant: query.tenant,
            collection: query.collection.as_deref(),
            id: query.id.as_deref(),
            by: query.by.as_deref(),
            from: query.from,
            until: query.until,
        }
    }
}
