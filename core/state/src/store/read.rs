//! Reading documents: one, a page, how many.

use serde::Serialize;

use super::{
    Store,
    plan::{self, Place},
    rows,
};
use crate::{
    Document, Error, Filter, Key, Order, Page, Query, Result, TenantId,
    continuation::{fingerprint, seal, unseal},
    document::check_collection,
    driver::{Rows, Session, Sql},
};

/// The document at a key.
pub(super) async fn get(store: &Store, key: &Key) -> Result<Option<Document>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(rows::DOCUMENT)
        .push(" FROM documents d WHERE d.collection = $1 AND d.tenant = $2 AND d.id = $3");
    let sql = sql.arg(key.collection()).arg(key.tenant()).arg(key.id());
    let row = store.driver.rows(sql).await?.into_iter().next();
    row.map(|mut row| rows::document(&mut row)).transpose()
}

/// A page of a query.
pub(super) async fn query(store: &Store, query: &Query) -> Result<Page> {
    check_collection(&query.collection)?;
    let size = store.page_size(query.page_size)?;
    let mut session = store.driver.read().await?;
    let rows = page_rows(store, &mut *session, query, size).await;
    session.rollback().await;
    page(query, rows?, size)
}

/// How many documents a query has.
pub(super) async fn count(store: &Store, query: &Query) -> Result<u64> {
    check_collection(&query.collection)?;
    let mut session = store.driver.read().await?;
    let count = count_in(&mut *session, query).await;
    session.rollback().await;
    count
}

/// How the database would carry out a query.
pub(super) async fn explain(store: &Store, query: &Query) -> Result<String> {
    check_collection(&query.collection)?;
    let size = store.page_size(query.page_size)?;
    let mut session = store.driver.read().await?;
    let statement = page_statement(&mut *session, query, size).await;
    session.rollback().await;
    store.driver.explain(statement?).await
}

/// The tenants that have documents in a collection.
pub(super) async fn tenants(store: &Store, collection: &str) -> Result<Vec<TenantId>> {
    check_collection(collection)?;
    // One look into the primary key per tenant, however many documents each has.
    let sql = "WITH RECURSIVE t(tenant) AS (
                   SELECT MIN(tenant) FROM documents WHERE collection = $1
                   UNION ALL
                   SELECT (SELECT MIN(d.tenant) FROM documents d WHERE d.collection = $1 AND d.tenant > t.tenant)
                   FROM t WHERE t.tenant IS NOT NULL
               )
               SELECT tenant FROM t WHERE tenant IS NOT NULL ORDER BY tenant";
    let rows = store.driver.rows(Sql::new(sql).arg(collection)).await?;
    rows.into_iter()
        .map(|mut row| {
            let tenant = row.text()?;
            tenant.parse().map_err(|_| Error::corrupt(format!("the tenant of a document is `{tenant}`")))
        })
        .collect()
}

async fn page_rows(store: &Store, session: &mut dyn Session, query: &Query, size: usize) -> Result<Rows> {
    let statement = page_statement(session, query, size).await?;
    session.rows_within(statement, store.options.limits.page_bytes_max).await
}

/// The statement for one document more than the page has, which tells whether there is a next page.
async fn page_statement(session: &mut dyn Session, query: &Query, size: usize) -> Result<Sql> {
    let declared = rows::declared(session, &query.collection).await?;
    let Some(after) = &query.after else {
        return plan::page(query, &declared, None, size + 1);
    };
    // Making the statement bounds the filter, which the fingerprint then walks.
    plan::page(query, &declared, None, size + 1)?;
    let place: Place = unseal(&fingerprint(&Identity::of(query)), after)?;
    plan::page(query, &declared, Some(&place), size + 1)
}

async fn count_in(session: &mut dyn Session, query: &Query) -> Result<u64> {
    let declared = rows::declared(session, &query.collection).await?;
    session.number(plan::count(query, &declared)?).await
}

fn page(query: &Query, rows: Rows, size: usize) -> Result<Page> {
    let goes_on = rows.is_cut || rows.rows.len() > size;
    let mut documents: Vec<Document> = Vec::with_capacity(rows.rows.len().min(size));
    let mut value = None;
    for mut row in rows.rows.into_iter().take(size) {
        documents.push(rows::document(&mut row)?);
        if query.order.index.is_some() {
            value = Some(row.bytes()?);
        }
    }
    let next = documents.last().filter(|_| goes_on).map(|last| {
        let place: Place = (value, last.key.id().to_owned());
        seal(&fingerprint(&Identity::of(query)), &place)
    });
    Ok(Page { documents, next })
}

/// What makes a query another one: all but the page.
#[derive(Serialize)]
struct Identity<'a> {
    tenant: TenantId,
    collection: &'a str,
    filter: Option<&'a Filter>,
    order: &'a Order,
}

impl<'a> Identity<'a> {
    fn of(query: &'a Query) -> Self {
        Self {
            tenant: query.tenant,
            collection: &query.collection,
            filter: query.filter.as_ref(),
            order: &query.order,
        }
    }
}
