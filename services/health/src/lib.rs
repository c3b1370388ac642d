//! Watches the platform's own health.
//!
//! What the hub reports ([`phalanx_hub::HealthReport`]) and what the program measures ([`Vitals`]) become rows
//! of the tables that people already have queries and alerts for: a watcher that needed a dashboard of its
//! own would not be watched.
#![forbid(unsafe_code)]

mod alarms;
mod consumers;
mod events;
mod fill;
mod heartbeat;
mod host;
mod refusals;
mod standing;
#[cfg(test)]
mod tests;
mod usage;
mod vitals;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use phalanx_hub::{
    HealthNews, Manifest, MissedRuns, ScheduleDeclaration, Service, ServiceContext, ServiceError,
};
use phalanx_signal::SignalBatch;

pub use vitals::{ConsumerVital, DeadLetterCount, DiskVital, RefusalCount, UsageCount, Vitals};

use crate::{alarms::Alarms, fill::Fill, refusals::Refusals, standing::Standings, usage::Usage};

const MINUTE: Duration = Duration::from_secs(60);
const TABLES: [&str; 5] = ["Heartbeat", "Usage", "SentinelHealth", "PhalanxConsumer", "PhalanxRefusal"];

/// The service `health`.
pub struct Health {
    vitals: Arc<dyn Vitals>,
    version: String,
    /// What was told already outlives a failure of the service, for it is in the tables.
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// Number of the last health report.
    reports: u64,
    standings: Standings,
    refusals: Refusals,
    usage: Usage,
    alarms: Alarms,
}

impl Health {
    /// A watcher of these figures, in a program of this version.
    pub fn new(vitals: Arc<dyn Vitals>, version: impl Into<String>) -> Self {
        Self { vitals, version: version.into(), told: Mutex::default() }
    }

    fn heartbeat(&self, ctx: &ServiceContext) -> Result<Vec<SignalBatch>, ServiceError> {
        let mut fill = Fill::new(ctx, "Heartbeat")?;
        heartbeat::write(&mut fill, &host::Host::find(), &self.version);
        Ok(fill.finish(ctx.tenant()))
    }

    async fn tell_of_consumers(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        let (consumers, disk) = (self.vitals.consumers(), self.vitals.disk());
        let mut fill = Fill::new(ctx, "PhalanxConsumer")?;
        let mut alarms = {
            let told = self.told.lock();
            consumers::write(&mut fill, &consumers, &told.standings);
            told.alarms.clone()
        };
        let mut batches = fill.finish(ctx.tenant());
        let mut fill = Fill::new(ctx, "SentinelHealth")?;
        alarms.write(&mut fill, &consumers, disk.as_ref());
        batches.extend(fill.finish(ctx.tenant()));
        emit(ctx, batches).await?;
        self.told.lock().alarms = alarms;
        Ok(())
    }

    async fn tell_of_refusals(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        let (refused, letters) = (self.vitals.refusals(), self.vitals.dead_letters());
        let mut refusals = self.told.lock().refusals.clone();
        let mut fill = Fill::new(ctx, "PhalanxRefusal")?;
        refusals.write(&mut fill, refused, letters);
        emit(ctx, fill.finish(ctx.tenant())).await?;
        self.told.lock().refusals = refusals;
        Ok(())
    }

    async fn tell_of_usage(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        let counts = self.vitals.usage();
        let mut usage = self.told.lock().usage.clone();
        let batches = usage.write(ctx, &counts, &host::Host::find())?;
        emit(ctx, batches).await?;
        self.told.lock().usage = usage;
        Ok(())
    }
}

/// What was told counts as told only once this has returned.
async fn emit(ctx: &ServiceContext, batches: Vec<SignalBatch>) -> Result<(), ServiceError> {
    if !batches.is_empty() {
        let _durable = ctx.emit(batches).await?;
    }
    Ok(())
}

#[async_trait]
impl Service for Health {
    fn manifest(&self) -> Manifest {
        let each_minute =
            |name: &str, summary: &str| ScheduleDeclaration::every(MINUTE, name, summary).timeout(MINUTE);
        Manifest::new(
            "health",
            "Log Analytics workspace health, Sentinel health",
            "watches the platform itself: heartbeats, usage, lag, refusals, failing services and sources",
        )
        .provides_signals(TABLES, [])
        .schedule(each_minute("heartbeat", "tells that this machine is up"))
        .schedule(each_minute("consumers", "tells how far each consumer of the journal has come"))
        .schedule(each_minute("refusals", "counts refused and undecodable input"))
        .schedule(
            ScheduleDeclaration::every(MINUTE * 60, "usage", "tells how much came in per table")
                .missed(MissedRuns::Skip),
        )
    }

    async fn start(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        self.told.lock().usage.begin(ctx.clock().micros());
        Ok(())
    }

    async fn run(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        let told = self.told.lock().reports;
        let mut reports = ctx.health(told);
        loop {
            let news = tokio::select! {
                biased;
                news = reports.next() => news,
                () = ctx.shutdown().cancelled() => return Ok(()),
            };
            let mut fill = Fill::new(ctx, "SentinelHealth")?;
            let number = match news {
                HealthNews::Report(report) => {
                    self.told.lock().standings.take(&report);
                    events::write(&mut fill, &report);
                    report.number
                }
                HealthNews::Missed(missed) => {
                    events::write_missed(&mut fill, missed);
                    self.told.lock().reports + missed
                }
            };
            emit(ctx, fill.finish(ctx.tenant())).await?;
            self.told.lock().reports = number;
        }
    }

    async fn scheduled(&self, ctx: &ServiceContext, schedule: &str) -> Result<(), ServiceError> {
        match schedule {
            "heartbeat" => emit(ctx, self.heartbeat(ctx)?).await,
            "consumers" => self.tell_of_consumers(ctx).await,
            "refusals" => self.tell_of_refusals(ctx).await,
            "usage" => self.tell_of_usage(ctx).await,
            other => Err(ServiceError::new(format!("there is no schedule `{other}`"))),
        }
    }

    async fn stop(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        // The counts begin at nothing with the next start, so what is not told by now never is.
        self.tell_of_refusals(ctx).await?;
        self.tell_of_usage(ctx).await
    }
}
