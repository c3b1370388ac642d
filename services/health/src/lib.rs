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

use crate::{alarms::Alarms, fill::Fill, refusals::Refusals, usage::Usage};

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

    fn consumers(&self, ctx: &ServiceContext) -> Result<Vec<SignalBatch>, ServiceError> {
        let consumers = self.vitals.consumers();
        let mut fill = Fill::new(ctx, "PhalanxConsumer")?;
        consumers::write(&mut fill, &consumers);
        let mut batches = fill.finish(ctx.tenant());
        let mut fill = Fill::new(ctx, "SentinelHealth")?;
        self.told.lock().alarms.write(&mut fill, &consumers, self.vitals.disk().as_ref());
        batches.extend(fill.finish(ctx.tenant()));
        Ok(batches)
    }

    fn refusals(&self, ctx: &ServiceContext) -> Result<Vec<SignalBatch>, ServiceError> {
        let mut fill = Fill::new(ctx, "PhalanxRefusal")?;
        let (refused, letters) = (self.vitals.refusals(), self.vitals.dead_letters());
        self.told.lock().refusals.write(&mut fill, refused, letters);
        Ok(fill.finish(ctx.tenant()))
    }

    fn usage(&self, ctx: &ServiceContext) -> Result<Vec<SignalBatch>, ServiceError> {
        let counts = self.vitals.usage();
        let host = host::Host::find();
        self.told.lock().usage.write(ctx, &counts, &host)
    }
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
                    events::write(&mut fill, &report);
                    report.number
                }
                HealthNews::Missed(missed) => {
                    events::write_missed(&mut fill, missed);
                    self.told.lock().reports + missed
                }
            };
            ctx.emit(fill.finish(ctx.tenant())).await?;
            self.told.lock().reports = number;
        }
    }

    async fn scheduled(&self, ctx: &ServiceContext, schedule: &str) -> Result<(), ServiceError> {
        let batches = match schedule {
            "heartbeat" => self.heartbeat(ctx)?,
            "consumers" => self.consumers(ctx)?,
            "refusals" => self.refusals(ctx)?,
            "usage" => self.usage(ctx)?,
            other => return Err(ServiceError::new(format!("there is no schedule `{other}`"))),
        };
        if !batches.is_empty() {
            let _durable = ctx.emit(batches).await?;
        }
        Ok(())
    }

    async fn stop(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        // The counts begin at nothing with the next start, so what is not told by now never is.
        let mut batches = self.refusals(ctx)?;
        batches.extend(self.usage(ctx)?);
        if !batches.is_empty() {
            let _durable = ctx.emit(batches).await?;
        }
        Ok(())
    }
}
