//! The handle through which a service reaches the platform, and nothing else does.

use std::{fmt, sync::Arc};

use phalanx_journal::Position;
use phalanx_signal::{Catalog, RowsBuilder, SignalBatch, TenantId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    ActionError, ActionId, ActionRecord, ActionRequest, Clock, ContextError, ContextKind, ContextOwner,
    ContextReader, Documents, EmitError, HealthReports, Manifest, RequestError, ServiceError, SourceReport,
    actions::Requester, health::Activity, supervise::Life, time::Chance,
};

/// What a service is given: one for each of its lives. Cheap to clone.
#[derive(Clone)]
pub struct ServiceContext {
    life: Arc<Life>,
}

impl ServiceContext {
    pub(crate) fn new(life: Arc<Life>) -> Self {
        Self { life }
    }

    /// The service's name.
    pub fn name(&self) -> &Arc<str> {
        &self.life.slot.name
    }

    /// The service's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.life.slot.manifest
    }

    /// The tenant of the platform itself, to which signals about no other tenant belong.
    pub fn tenant(&self) -> TenantId {
        self.life.slot.shared.tenant
    }

    /// What time it is.
    pub fn clock(&self) -> &Clock {
        &self.life.slot.shared.clock
    }

    /// For jitter.
    pub fn chance(&self) -> &Chance {
        &self.life.slot.shared.chance
    }

    /// All tables.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.life.slot.shared.catalog
    }

    /// Cancelled when the platform shuts down: finish what you are at, begin nothing new.
    pub fn shutdown(&self) -> &CancellationToken {
        self.life.shutdown()
    }

    /// The service's settings from the configuration, defaults filled in. They were checked against the
    /// manifest when the hub started.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, ServiceError> {
        let given = self.life.slot.shared.service_settings.get(&**self.name());
        let settings = given.cloned().unwrap_or_default();
        serde_json::from_value(Value::Object(settings))
            .map_err(|error| ServiceError::from(error).context("the settings can't be read"))
    }

    /// A heartbeat of [`crate::Service::run`], for those whose manifest sets a limit.
    pub fn beat(&self) {
        self.life.watch.renew(&Activity::Run);
    }

    /// A builder for rows of a table that the manifest provides.
    pub fn rows(&self, table: &str) -> Result<RowsBuilder, EmitError> {
        self.check_table(table)?;
        let table = self.catalog().table(table).ok_or_else(|| self.not_provided(table))?;
        Ok(RowsBuilder::new(table))
    }

    /// Puts signals into the journal, as one entry; returns its position once it is durable. While the journal is
    /// overloaded or full this waits, and the call's deadline with it.
    pub async fn emit(&self, batches: Vec<SignalBatch>) -> Result<Position, EmitError> {
        self.check_tables(&batches)?;
        let rows = count(&batches);
        let emitter = &self.life.slot.shared.emitter;
        let acknowledged = emitter.emit(Some(&self.life), batches).await?;
        self.meter(rows);
        Ok(acknowledged.position())
    }

    /// As [`ServiceContext::emit`], and remembers with the same write how far the source was read. After
    /// a crash, [`ServiceContext::cursor`] tells exactly what has been emitted. Only one thing at a time
    /// may emit for a source. Without batches nothing is remembered: what gave no rows may be read again.
    pub async fn emit_with_cursor(
        &self,
        source: &str,
        cursor: &str,
        batches: Vec<SignalBatch>,
    ) -> Result<Option<Position>, EmitError> {
        if batches.is_empty() {
            return Ok(None);
        }
        self.check_tables(&batches)?;
        let (rows, source) = (count(&batches), self.source(source));
        let emitter = &self.life.slot.shared.emitter;
        let emitted = emitter.emit_with_cursor(Some(&self.life), &source, cursor, batches).await?;
        self.meter(rows);
        Ok(Some(emitted.position()))
    }

    /// How far a source of this service was read.
    pub async fn cursor(&self, source: &str) -> Option<String> {
        self.life.slot.shared.emitter.cursors.cursor(&self.source(source)).await
    }

    /// A reader of a kind of context that the manifest consumes or provides.
    pub fn context<K: ContextKind>(&self) -> Result<ContextReader<K>, ContextError> {
        let (slot, kind) = (&self.life.slot, K::NAME);
        let manifest = &slot.manifest;
        let mut named = manifest.context_consumed.iter().chain(&manifest.context_provided);
        if !named.any(|used| used.kind == kind) {
            return Err(ContextError::NotConsumed { service: slot.name.clone(), kind });
        }
        slot.shared.contexts.metered_reader(slot.traffic.context_in.of(kind))
    }

    /// The right to change a kind of context that the manifest provides.
    pub fn own<K: ContextKind>(&self) -> Result<ContextOwner<K>, ContextError> {
        let (slot, kind) = (&self.life.slot, K::NAME);
        if !slot.manifest.context_provided.iter().any(|used| used.kind == kind) {
            return Err(ContextError::NotOwner { service: slot.name.clone(), kind });
        }
        let contexts = &slot.shared.contexts;
        let (state, meter) = (contexts.state().clone(), slot.traffic.context_out.of(kind));
        let life = self.life.clone();
        Ok(ContextOwner::new(contexts.shelf()?, state, slot.author.clone(), life, meter))
    }

    /// Asks for an action that the manifest names as requested. It is carried out by its owner, soon,
    /// whatever happens in between; asking again with the same idempotency key gives the same action.
    pub async fn request(&self, request: ActionRequest) -> Result<ActionId, RequestError> {
        self.may_request(&request.action)?;
        let slot = &self.life.slot;
        let name = request.action.clone();
        let id = slot.shared.actions.request(Requester::Service(slot.name.clone()), request).await?;
        slot.traffic.actions_out.of(&name).add(1, self.clock().micros());
        Ok(id)
    }

    /// Asks for the undo of an action; it is itself an action.
    pub async fn undo(
        &self,
        tenant: TenantId,
        action: ActionId,
        reason: &str,
    ) -> Result<ActionId, RequestError> {
        let actions = &self.life.slot.shared.actions;
        let record = actions.get(tenant, action).await?.ok_or(RequestError::NoSuchAction(action))?;
        self.may_request(&record.action)?;
        let requester = Requester::Service(self.life.slot.name.clone());
        actions.undo(requester, tenant, action, reason).await
    }

    /// What became of an action so far.
    pub async fn action(
        &self,
        tenant: TenantId,
        action: ActionId,
    ) -> Result<Option<ActionRecord>, RequestError> {
        self.life.slot.shared.actions.get(tenant, action).await
    }

    /// Waits for the end of an action; give it a timeout if it matters.
    pub async fn outcome(&self, tenant: TenantId, action: ActionId) -> Result<ActionRecord, RequestError> {
        self.life.slot.shared.actions.outcome(tenant, action).await
    }

    /// The service's own documents.
    pub fn documents(&self) -> Documents {
        Documents::new(self.life.clone())
    }

    /// Tells the state of something outside that the service takes data from. Reported when it has
    /// changed, and shown in the hub's status.
    pub fn report(&self, report: SourceReport) {
        if self.life.check().is_ok() {
            self.life.slot.source(report);
        }
    }

    /// The health reports of all services after the one of this number; 0 for all that are kept.
    pub fn health(&self, after: u64) -> HealthReports {
        self.life.slot.shared.health.follow(after)
    }

    fn may_request(&self, action: &str) -> Result<(), RequestError> {
        let slot = &self.life.slot;
        self.life.check().map_err(|_| RequestError::Ended)?;
        if slot.manifest.actions_requested.iter().any(|used| used.name == action) {
            return Ok(());
        }
        Err(RequestError::NotRequested { service: slot.name.clone(), action: action.to_owned() })
    }

    fn check_tables(&self, batches: &[SignalBatch]) -> Result<(), EmitError> {
        batches.iter().try_for_each(|batch| self.check_table(&batch.table))
    }

    fn check_table(&self, table: &str) -> Result<(), EmitError> {
        if self.life.slot.manifest.provides_table(table) {
            return Ok(());
        }
        Err(self.not_provided(table))
    }

    fn not_provided(&self, table: &str) -> EmitError {
        EmitError::NotProvided { service: self.name().clone(), table: table.into() }
    }

    fn source(&self, source: &str) -> String {
        format!("{}/{source}", self.name())
    }

    fn meter(&self, rows: Vec<(Arc<str>, u64)>) {
        let now = self.clock().micros();
        for (table, rows) in rows {
            self.life.slot.traffic.signals_out.of(&table).add(rows, now);
        }
    }
}

impl fmt::Debug for ServiceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceContext({})", self.name())
    }
}

impl From<ServiceError> for ActionError {
    /// What fails for a reason of the moment may be tried again.
    fn from(error: ServiceError) -> Self {
        ActionError::retry(error.to_string())
    }
}

fn count(batches: &[SignalBatch]) -> Vec<(Arc<str>, u64)> {
    batches.iter().map(|batch| (batch.table.clone(), batch.rows.num_rows() as u64)).collect()
}
