//! Actions: an enforcement asked of the service that owns it.
//!
//! A request is checked and stored before the requester has its answer, so it survives whatever happens
//! then. The id of an action is made from its tenant, requester, name and idempotency key: asking twice
//! finds the first. The owner's [`work`] loop carries actions out, in the order in which they were asked for
//! each target, and writes down each step *before* it is taken; after a crash the record tells whether an
//! action was begun. An undo is an action like any other, of the same name, with the token that the first
//! one left.
//!
//! Who asked what, when and why stands in the audit trail of `state`, and in the table `PhalanxAction`: a row
//! when an action is taken up and one when it ends (after a crash just then, the same row twice).

mod record;
mod request;
mod row;
mod shared_text;
mod work;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use phalanx_signal::TenantId;
use phalanx_state::{
    Author, Error, Etag, Filter, Index, IndexKind, Key, Order, Precondition, Query, State, Write,
};
use tokio::{
    sync::{Notify, broadcast},
    time::timeout,
};

pub use record::{ActionId, ActionOutcome, ActionRecord, ActionStatus};
pub use request::{
    ActionCall, ActionDone, ActionError, ActionRequest, RequestError, Requester, Target, Undo,
};
pub(crate) use row::TABLE;
pub(crate) use work::work;

use crate::{Manifest, manifest::ActionDeclaration, time::Clock};

const COLLECTION: &str = "hub.actions";
/// How often a waiter looks for itself, in case another process carried the action out.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Open actions that are looked at together.
const OPEN_AT_ONCE: usize = 500;

/// The actions of all services: asking for them, and what became of them.
pub struct Actions {
    state: Arc<dyn State>,
    clock: Clock,
    declared: HashMap<String, (Arc<str>, ActionDeclaration)>,
    asked: HashMap<Arc<str>, Arc<Notify>>,
    ended: broadcast::Sender<ActionId>,
    last_sequence: AtomicI64,
}

/// A record and the version it was read at.
#[derive(Clone, Debug)]
struct Versioned {
    record: ActionRecord,
    etag: Etag,
}

impl Actions {
    pub(crate) async fn open(
        manifests: &[Manifest],
        state: Arc<dyn State>,
        clock: Clock,
    ) -> Result<Self, Error> {
        let indexes = [
            Index::new("service", "/service", IndexKind::Text),
            Index::new("open", "/isOpen", IndexKind::Boolean),
            Index::new("sequence", "/sequence", IndexKind::Integer),
            Index::new("target", "/target/id", IndexKind::Text),
        ];
        state.declare(COLLECTION, &indexes).await?;
        let (mut declared, mut asked) = (HashMap::new(), HashMap::new());
        for manifest in manifests {
            let service: Arc<str> = manifest.name.as_str().into();
            asked.insert(service.clone(), Arc::default());
            for action in &manifest.actions_provided {
                declared.insert(action.name.clone(), (service.clone(), action.clone()));
            }
        }
        let (ended, _) = broadcast::channel(1_024);
        let last_sequence = AtomicI64::new(0);
        Ok(Self { state, clock, declared, asked, ended, last_sequence })
    }

    /// Asks for an action on behalf of a principal of an API; services ask through their context.
    pub async fn request(
        &self,
        requester: Requester,
        request: ActionRequest,
    ) -> Result<ActionId, RequestError> {
        let Some((service, declaration)) = self.declared.get(&request.action) else {
            return Err(RequestError::Unknown { action: request.action });
        };
        let now = self.clock.now();
        let request = request.check(declaration, now)?;
        let id = ActionId::of(&requester, &request);
        let record = ActionRecord::new(id, service, requester, request, now, self.sequence());
        self.store(record).await
    }

    /// Asks for the undo of an action that succeeded and left an undo token. Asking again gives the same
    /// undo, unless that failed: then it is tried anew.
    pub async fn undo(
        &self,
        requester: Requester,
        tenant: TenantId,
        action: ActionId,
        reason: &str,
    ) -> Result<ActionId, RequestError> {
        let of = self.get(tenant, action).await?.ok_or(RequestError::NoSuchAction(action))?;
        if of.status != ActionStatus::Succeeded || of.undo_token.is_none() {
            return Err(RequestError::NotUndoable(action));
        }
        for attempt in 0_u32.. {
            let id = ActionId::of_undo(action, attempt);
            match self.get(tenant, id).await? {
                Some(before) if before.status.is_failure() => {}
                Some(before) => return Ok(before.id),
                None => {
                    let sequence = self.sequence();
                    let record = of.undo(id, requester, reason, self.clock.now(), sequence);
                    return self.store(record).await;
                }
            }
        }
        Err(RequestError::NotUndoable(action))
    }

    /// An action as it is now.
    pub async fn get(
        &self,
        tenant: TenantId,
        action: ActionId,
    ) -> Result<Option<ActionRecord>, RequestError> {
        Ok(self.load(tenant, action).await?.map(|loaded| loaded.record))
    }

    /// Waits until an action has ended.
    pub async fn outcome(&self, tenant: TenantId, action: ActionId) -> Result<ActionRecord, RequestError> {
        let mut ended = self.ended.subscribe();
        loop {
            let record = self.get(tenant, action).await?;
            let record = record.ok_or(RequestError::NoSuchAction(action))?;
            if record.status.is_final() {
                return Ok(record);
            }
            // A look too many does no harm.
            let _ =
                timeout(LOOK_AGAIN, async { while ended.recv().await.is_ok_and(|id| id != action) {} }).await;
        }
    }

    /// Woken when something is asked of a service.
    pub(crate) fn asked(&self, service: &str) -> Arc<Notify> {
        self.asked.get(service).cloned().unwrap_or_default()
    }

    fn declaration(&self, action: &str) -> Option<&ActionDeclaration> {
        self.declared.get(action).map(|(_, declaration)| declaration)
    }

    fn sequence(&self) -> i64 {
        let now = self.clock.micros();
        let before = self
            .last_sequence
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(now.max(last + 1)));
        now.max(before.unwrap_or_default() + 1)
    }

    /// Stores a new record, or finds that it is there already.
    async fn store(&self, record: ActionRecord) -> Result<ActionId, RequestError> {
        let author = record.requested_by.author(&record.reason)?;
        let key = key(record.tenant, record.id)?;
        let body = record.body()?;
        match self.state.put(&key, body, Precondition::Absent, &author).await {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. }) => {
                let before = self.get(record.tenant, record.id).await?;
                if before.is_some_and(|before| !before.asks_the_same(&record)) {
                    return Err(RequestError::KeyReused { key: record.idempotency_key });
                }
            }
            Err(error) => return Err(error.into()),
        }
        self.asked(&record.service).notify_one();
        Ok(record.id)
    }

    async fn load(&self, tenant: TenantId, action: ActionId) -> Result<Option<Versioned>, RequestError> {
        let Some(document) = self.state.get(&key(tenant, action)?).await? else {
            return Ok(None);
        };
        let record = ActionRecord::read(document.body)?;
        Ok(Some(Versioned { record, etag: document.etag }))
    }

    /// The actions of a service that have not ended, in the order in which they were asked.
    async fn open_of(&self, service: &str) -> Result<Vec<Versioned>, RequestError> {
        let mut open = Vec::new();
        for tenant in self.state.tenants(COLLECTION).await? {
            let filter = Filter::all([Filter::eq("service", service), Filter::eq("open", true)]);
            let query = Query::new(tenant, COLLECTION).filter(filter);
            let query = query.order(Order::ascending("sequence")).page_size(OPEN_AT_ONCE);
            for document in self.state.query(&query).await?.documents {
                match ActionRecord::read(document.body) {
                    Ok(record) => open.push(Versioned { record, etag: document.etag }),
                    Err(error) => {
                        tracing::error!(key = %document.key, %error, "an action can't be read")
                    }
                }
            }
        }
        open.sort_by_key(|open| open.record.sequence);
        Ok(open)
    }

    /// Writes a step of an action down, and with the success of an undo that what it undid is undone.
    async fn step(
        &self,
        action: &Versioned,
        record: ActionRecord,
        author: &Author,
    ) -> Result<Versioned, RequestError> {
        let put = |record: &ActionRecord, etag: &Etag| -> Result<Write, RequestError> {
            let key = key(record.tenant, record.id)?;
            let precondition = Precondition::Matches(etag.clone());
            Ok(Write::Put { key, body: record.body()?, precondition })
        };
        let undid = record.undo_of.filter(|_| {
            record.status == ActionStatus::Succeeded && action.record.status != ActionStatus::Succeeded
        });
        let written = loop {
            let mut writes = vec![put(&record, &action.etag)?];
            if let Some(of) = undid
                && let Some(mut undone) = self.load(record.tenant, of).await?
            {
                undone.record.undone_by = Some(record.id);
                writes.push(put(&undone.record, &undone.etag)?);
            }
            match self.state.write(writes, author).await {
                // The action that was undone has changed meanwhile; this one is ours alone.
                Err(Error::Conflict { key, .. }) if key.id() != record.id.to_string() => {}
                written => break written?,
            }
        };
        let etag = written.into_iter().next().flatten().map(|document| document.etag);
        let etag = etag.ok_or_else(|| Error::Corrupt("a write gave no document back".into()))?;
        if record.status.is_final() {
            // Nobody waiting is no fault.
            let _ = self.ended.send(record.id);
        }
        Ok(Versioned { record, etag })
    }
}

fn key(tenant: TenantId, action: ActionId) -> Result<Key, Error> {
    Key::new(phalanx_state::TenantId::new(*tenant.as_uuid()), COLLECTION, action.to_string())
}
