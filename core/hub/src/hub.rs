//! Starting, looking at, and stopping the loop.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::Mutex;
use phalanx_journal::{ConsumerError, Journal};
use phalanx_signal::{Catalog, TenantId};
use phalanx_state::{Author, ResumeToken, State};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    Actions, Chance, Clock, ContextStore, CursorError, HealthReports, HubSettings, HubStatus, Manifest,
    ManifestErrors, Matrix, Service, Source, actions, context,
    cursors::Cursors,
    emit::Emitter,
    health::HealthBus,
    manifest::{Parameter, ParameterError, nearest, validate},
    matrix::{Noun, Side, matrix_with},
    meter::Traffic,
    schedules::ScheduleSlot,
    shared::Shared,
    status,
    supervise::{CONSUMER_PREFIX, Condition, ServiceState, Slot, Traffics, consumer, supervise},
};

/// What the hub is given.
pub struct HubDeps {
    pub journal: Arc<dyn Journal>,
    pub state: Arc<dyn State>,
    pub catalog: Arc<Catalog>,
    /// The tenant of the platform's own signals.
    pub tenant: TenantId,
    /// What brings signals in without being a service.
    pub sources: Vec<Source>,
    /// The services' settings from the configuration, by service.
    pub service_settings: BTreeMap<String, Map<String, Value>>,
    pub settings: HubSettings,
    pub clock: Clock,
    pub chance: Chance,
}

/// The running loop. Dropping it ends the services at once; [`Hub::shutdown`] lets them finish.
pub struct Hub {
    shared: Arc<Shared>,
    slots: Vec<Arc<Slot>>,
    sources: Vec<Source>,
    /// Supervisors of the services.
    services: Mutex<Option<JoinSet<()>>>,
    /// The hub's own tasks.
    tasks: Mutex<Option<JoinSet<()>>>,
}

/// Why the loop can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the services don't fit together: {0}")]
    Manifests(#[from] ManifestErrors),
    #[error("there are settings for a service `{name}` that there is not{}", .nearest.as_deref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownService { name: String, nearest: Option<String> },
    #[error("settings of service `{service}`: {}", .errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings { service: String, errors: Vec<ParameterError> },
    #[error("the state can't be used")]
    State(#[from] phalanx_state::Error),
    #[error("the journal can't be used")]
    Journal(#[from] ConsumerError),
    #[error("the cursors of the sources can't be made out")]
    Cursors(#[from] CursorError),
}

impl Hub {
    /// Checks that the services fit together, loads what they believe, and starts them. They need not
    /// have come far when this returns: [`Hub::status`] tells.
    pub async fn start(services: Vec<Arc<dyn Service>>, deps: HubDeps) -> Result<Self, StartError> {
        let manifests: Vec<Manifest> = services.iter().map(|service| service.manifest()).collect();
        let sources = with_own(deps.sources);
        validate(&manifests, &sources, &deps.catalog)?;
        let service_settings = service_settings(&manifests, &deps.service_settings)?;

        let (journal, state, clock, settings) = (deps.journal, deps.state, deps.clock, deps.settings);
        // Taken before the documents are read, so that no change falls in between.
        let changes_from = state.head().await?;
        let lag = settings.subscriber_lag;
        let contexts = ContextStore::load(&manifests, state.clone(), lag, &clock).await?;
        let actions = Actions::open(&manifests, state.clone(), clock.clone()).await?;
        let cursors = Arc::new(Cursors::load(journal.clone(), state.clone()).await?);
        forget_removed(&*journal, &manifests).await?;
        let shared = Arc::new(Shared {
            emitter: Emitter::new(journal.clone(), clock.clone(), cursors),
            journal,
            state,
            catalog: deps.catalog,
            tenant: deps.tenant,
            began: tokio::time::Instant::now(),
            clock,
            chance: deps.chance,
            health: HealthBus::new(settings.subscriber_lag),
            settings,
            service_settings,
            contexts: Arc::new(contexts),
            actions: Arc::new(actions),
            shutdown: CancellationToken::new(),
        });

        let slots = services.into_iter().zip(manifests);
        let slots = slots.map(|(service, manifest)| slot(&shared, service, manifest));
        let slots: Vec<Arc<Slot>> = slots.collect::<Result<_, _>>()?;
        let mut supervisors = JoinSet::new();
        for slot in &slots {
            supervisors.spawn(supervise(slot.clone()));
        }
        let tasks = Mutex::new(Some(own_tasks(&shared, changes_from)));
        Ok(Self { shared, slots, sources, services: Mutex::new(Some(supervisors)), tasks })
    }

    /// Who feeds whom, and what has flowed since the start.
    pub fn matrix(&self) -> Matrix {
        let manifests: Vec<Manifest> = self.slots.iter().map(|slot| slot.manifest.clone()).collect();
        matrix_with(&manifests, &self.sources, |service, side, noun, what| {
            let slot = self.slots.iter().find(|slot| *slot.name == *service);
            slot.map(|slot| traffic(&slot.traffic, side, noun, what)).unwrap_or_default()
        })
    }

    /// How the services are.
    pub fn status(&self) -> HubStatus {
        let journal = self.shared.journal.status();
        let services = self.slots.iter().map(|slot| status::service(slot, &journal)).collect();
        HubStatus { services, contexts: self.shared.contexts.kinds() }
    }

    /// The manifests, in the order of the program's list.
    pub fn manifests(&self) -> Vec<&Manifest> {
        self.slots.iter().map(|slot| &slot.manifest).collect()
    }

    /// What is believed, for policy and APIs.
    pub fn contexts(&self) -> &Arc<ContextStore> {
        &self.shared.contexts
    }

    /// Asking for actions, for APIs.
    pub fn actions(&self) -> &Arc<Actions> {
        &self.shared.actions
    }

    /// The health reports since the start, as far as they are kept, and those to come.
    pub fn health(&self) -> HealthReports {
        self.shared.health.follow(0)
    }

    /// Lets every service finish what it is at, within a limit, and stops. What was not finished is gone on
    /// with at the next start. A second call does nothing.
    pub async fn shutdown(&self) {
        self.shared.shutdown.cancel();
        for tasks in [&self.services, &self.tasks] {
            let taken = tasks.lock().take();
            if let Some(mut tasks) = taken {
                while let Some(ended) = tasks.join_next().await {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a task of the hub did not end well");
                    }
                }
            }
        }
        if let Err(error) = self.shared.emitter.cursors.save().await {
            tracing::warn!(%error, "the cursors could not be saved, the next start reads further back");
        }
    }
}

fn slot(
    shared: &Arc<Shared>,
    service: Arc<dyn Service>,
    manifest: Manifest,
) -> Result<Arc<Slot>, StartError> {
    let name: Arc<str> = manifest.name.as_str().into();
    let schedules = manifest.schedules.iter().cloned().map(ScheduleSlot::new).collect();
    let condition = Condition {
        state: ServiceState::Start,
        since: shared.clock.now(),
        restarts: 0,
        abandoned: 0,
        last_failure: None,
        observe_failure: None,
    };
    Ok(Arc::new(Slot {
        author: Author::new(format!("service:{name}"))?,
        asked: shared.actions.asked(&name),
        name,
        service,
        manifest,
        shared: shared.clone(),
        traffic: Traffics::default(),
        trial: Mutex::default(),
        schedules,
        condition: Mutex::new(condition),
        sources: Mutex::default(),
    }))
}

fn own_tasks(shared: &Arc<Shared>, changes_from: ResumeToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let of = shared.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = context::follow(&of.contexts, changes_from) => {}
            () = of.shutdown.cancelled() => {}
        }
    });
    let of = shared.clone();
    tasks.spawn(async move {
        of.emitter.cursors.keep(of.settings.cursor_save, &of.shutdown).await;
    });
    tasks
}

/// The hub itself brings rows about actions in.
fn with_own(mut sources: Vec<Source>) -> Vec<Source> {
    sources.push(Source::of("hub", "tells of every action and its outcome", [actions::TABLE]));
    sources
}

/// Checks the configuration's settings against the manifests and fills in defaults.
fn service_settings(
    manifests: &[Manifest],
    given: &BTreeMap<String, Map<String, Value>>,
) -> Result<HashMap<String, Map<String, Value>>, StartError> {
    if let Some(name) = given.keys().find(|name| !manifests.iter().any(|m| m.name == **name)) {
        let nearest = nearest(name, manifests.iter().map(|m| m.name.as_str()));
        return Err(StartError::UnknownService { name: name.clone(), nearest });
    }
    let nothing = Map::new();
    let check = |manifest: &Manifest| {
        let given = given.get(&manifest.name).unwrap_or(&nothing);
        let service = manifest.name.clone();
        match Parameter::check_all(&manifest.settings, given) {
            Ok(settings) => Ok((service, settings)),
            Err(errors) => Err(StartError::Settings { service, errors }),
        }
    };
    manifests.iter().map(check).collect()
}

/// The journal keeps entries for every consumer it knows, so those of services that are no more must go.
async fn forget_removed(journal: &dyn Journal, manifests: &[Manifest]) -> Result<(), ConsumerError> {
    for known in journal.status().consumers {
        let is_wanted =
            manifests.iter().any(|m| consumer(&m.name) == known.name && !m.signals_consumed.is_empty());
        if known.name.starts_with(CONSUMER_PREFIX) && !is_wanted {
            tracing::info!(consumer = known.name, "the journal forgets a consumer that is no more");
            journal.unregister(&known.name).await?;
        }
    }
    Ok(())
}

fn traffic(of: &Traffics, side: Side, noun: Noun, what: &str) -> Traffic {
    let meters = match (noun, side) {
        (Noun::Signal, Side::Given) => &of.signals_out,
        (Noun::Signal, Side::Taken) => &of.signals_in,
        (Noun::Context, Side::Given) => &of.context_out,
        (Noun::Context, Side::Taken) => &of.context_in,
        (Noun::Action, Side::Given) => &of.actions_out,
        (Noun::Action, Side::Taken) => &of.actions_in,
    };
    meters.read(what)
}
