//! Context that another process changed comes in through the change feed of `state`.

use std::{collections::HashSet, time::Duration};

use phalanx_signal::TenantId;
use phalanx_state::{Error, ResumeToken};

use super::{AnyShelf, ContextStore, apply};

/// How long one wait for a change lasts; the store itself notices changes sooner.
const WAIT: Duration = Duration::from_secs(10);
/// Wait before the store is asked again after it failed.
const RETRY: Duration = Duration::from_secs(1);
const CHANGES_AT_ONCE: usize = 500;

/// Takes over changes after `token` for as long as it is polled. What is read twice does no harm.
pub(crate) async fn follow(store: &ContextStore, mut token: ResumeToken) {
    loop {
        match advance(store, token).await {
            Ok(next) => token = next,
            Err(Error::Expired | Error::UnknownToken) => match reread(store).await {
                Ok(next) => token = next,
                Err(error) => fail(&error).await,
            },
            Err(error) => fail(&error).await,
        }
    }
}

async fn advance(store: &ContextStore, token: ResumeToken) -> Result<ResumeToken, Error> {
    if !store.state.wait_for_change(token, WAIT).await? {
        return Ok(token);
    }
    let changes = store.state.changes(token, CHANGES_AT_ONCE).await?;
    for change in changes.changes {
        if let Some(shelf) = store.shelf_of_collection(change.key.collection()) {
            let (tenant, entity) = (change.key.tenant(), change.key.id());
            apply(&**shelf, tenant, entity, change.version, change.body, change.at);
        }
    }
    Ok(changes.next)
}

/// The feed has a gap: read all documents, and drop beliefs whose document is gone.
async fn reread(store: &ContextStore) -> Result<ResumeToken, Error> {
    tracing::warn!("the change feed has a gap, all context is read anew");
    let token = store.state.head().await?;
    for shelf in store.shelves.values() {
        store.fill(&**shelf).await?;
        drop_unstored(store, &**shelf).await?;
    }
    Ok(token)
}

async fn drop_unstored(store: &ContextStore, shelf: &dyn AnyShelf) -> Result<(), Error> {
    let collection = super::collection(shelf.kind());
    for tenant in shelf.tenants() {
        let stored = stored_ids(store, &collection, tenant).await?;
        for entity in shelf.entities(tenant) {
            if !stored.contains(&*entity) {
                shelf.forget(tenant, &entity);
            }
        }
    }
    Ok(())
}

async fn stored_ids(
    store: &ContextStore,
    collection: &str,
    tenant: TenantId,
) -> Result<HashSet<String>, Error> {
    let tenant = phalanx_state::TenantId::new(*tenant.as_uuid());
    let mut query = phalanx_state::Query::new(tenant, collection).page_size(1_000);
    let mut ids = HashSet::new();
    loop {
        let page = store.state.query(&query).await?;
        ids.extend(page.documents.iter().map(|document| document.key.id().to_owned()));
        let Some(next) = page.next else {
            return Ok(ids);
        };
        query = query.after(next);
    }
}

async fn fail(error: &Error) {
    tracing::warn!(%error, "the change feed can't be read, it is tried again");
    tokio::time::sleep(RETRY).await;
}
