//! The store: [`State`] over a [`Driver`], one file per thing it does.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    AuditPage, AuditQuery, Author, Changes, Counts, Document, Health, Index, Key, Options, Page,
    Precondition, Query, Result, ResumeToken, State, TenantId, Write,
    driver::{Driver, Session},
};

mod audit;
mod backup;
mod declare;
mod entries;
mod feed;
mod plan;
mod portable;
mod read;
mod restore;
mod rows;
#[cfg(test)]
mod tests;
mod verify;
mod write;

/// A store over a database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    driver: Arc<dyn Driver>,
    options: Options,
    /// The number of the tables' layout.
    layout: u32,
    /// The position of the newest change this process knows of, to wake who waits for one.
    newest: Arc<watch::Sender<u64>>,
}

impl Store {
    pub(crate) fn new(driver: Arc<dyn Driver>, options: Options, layout: u32) -> Self {
        Self { driver, options, layout, newest: Arc::new(watch::Sender::new(0)) }
    }

    /// The time of a change, as precise as it is stored.
    fn now(&self) -> DateTime<Utc> {
        self.options.clock.now().trunc_subsecs(6)
    }

    fn page_size(&self, asked: usize) -> Result<usize> {
        if asked == 0 {
            return Err(crate::Error::invalid("a page has at least 1 entry, asked for 0"));
        }
        Ok(asked.min(self.options.limits.page_size_max))
    }

    /// Tells who waits that there are changes up to this position.
    fn announce(&self, position: u64) {
        self.newest.send_if_modified(|newest| {
            let is_newer = position > *newest;
            *newest = position.max(*newest);
            is_newer
        });
    }
}

/// Ends a session that wrote: keeps all of it or nothing.
async fn conclude<T>(session: Box<dyn Session>, result: Result<T>) -> Result<T> {
    match result {
        Ok(value) => session.commit().await.map(|()| value),
        Err(error) => {
            session.rollback().await;
            Err(error)
        }
    }
}

/// Runs work to its end even if the caller stops waiting.
async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(crate::Error::unavailable("the program is shutting down")),
        },
    }
}

#[async_trait]
impl State for Store {
    async fn declare(&self, collection: &str, indexes: &[Index]) -> Result<()> {
        let (store, collection, indexes) = (self.clone(), collection.to_owned(), indexes.to_vec());
        uninterrupted(async move { declare::declare(&store, &collection, &indexes).await }).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Document>> {
        read::get(self, key).await
    }

    async fn put(
        &self,
        key: &Key,
        body: Value,
        precondition: Precondition,
        author: &Author,
    ) -> Result<Document> {
        let write = Write::Put { key: key.clone(), body, precondition };
        let written = self.write(vec![write], author).await?;
        Ok(written.into_iter().flatten().next().expect("a put yields its document"))
    }

    async fn delete(
        &self,
        key: &Key,
        precondition: Precondition,
        author: &Author,
    ) -> Result<Option<Document>> {
        let write = Write::Delete { key: key.clone(), precondition };
        Ok(self.write(vec![write], author).await?.into_iter().flatten().next())
    }

    async fn write(&self, writes: Vec<Write>, author: &Author) -> Result<Vec<Option<Document>>> {
        let (store, author) = (self.clone(), author.clone());
        uninterrupted(async move { write::write(&store, writes, &author).await }).await
    }

    async fn query(&self, query: &Query) -> Result<Page> {
        read::query(self, query).await
    }

    async fn count(&self, query: &Query) -> Result<u64> {
        read::count(self, query).await
    }

    async fn explain(&self, query: &Query) -> Result<String> {
        read::explain(self, query).await
    }

    async fn tenants(&self, collection: &str) -> Result<Vec<TenantId>> {
        read::tenants(self, collection).await
    }

    async fn head(&self) -> Result<ResumeToken> {
        feed::head(self).await
    }

    async fn changes(&self, after: ResumeToken, limit: usize) -> Result<Changes> {
        feed::changes(self, after, limit).await
    }

    async fn wait_for_change(&self, after: ResumeToken, timeout: Duration) -> Result<bool> {
        feed::wait_for_change(self, after, timeout).await
    }

    async fn audit(&self, query: &AuditQuery) -> Result<AuditPage> {
        audit::audit(self, query).await
    }

    async fn prune(&self, until: DateTime<Utc>) -> Result<u64> {
        let store = self.clone();
        uninterrupted(async move { feed::prune(&store, until).await }).await
    }

    async fn check(&self) -> Result<Health> {
        verify::check(self).await
    }

    async fn verify(&self) -> Result<Counts> {
        verify::verify(self).await
    }

    async fn backup_to(&self, path: &Path) -> Result<Counts> {
        backup::backup_to(self, path).await
    }

    async fn restore_from(&self, path: &Path) -> Result<Counts> {
        let (store, path) = (self.clone(), path.to_owned());
        uninterrupted(async move { restore::restore_from(&store, &path).await }).await
    }

    async fn close(&self) {
        self.driver.close().await;
    }
}
