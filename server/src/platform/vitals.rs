//! The platform's own figures: for readiness, for metrics, and for the service that watches its health.

use std::{sync::Arc, time::Duration};

use phalanx_health::{ConsumerVital, DeadLetterCount, DiskVital, RefusalCount, UsageCount};
use phalanx_journal::Journal;
use phalanx_lake::Lake;
use phalanx_signal::TenantId;
use phalanx_state::State;

use super::Platform;
use crate::{
    ingest::{Intake, now_micros},
    metrics::Metrics,
};

/// A cheap look at the parts.
#[derive(Clone)]
pub struct Vitals {
    journal: Arc<dyn Journal>,
    lake: Arc<Lake>,
    state: Arc<dyn State>,
    intake: Arc<Intake>,
    metrics: Arc<Metrics>,
    tenant: TenantId,
    folder: std::path::PathBuf,
}

impl Vitals {
    pub(super) fn new(platform: &Platform) -> Self {
        Self {
            journal: platform.journal.clone(),
            lake: platform.lake.clone(),
            state: platform.state.clone(),
            intake: platform.intake.clone(),
            metrics: platform.metrics.clone(),
            tenant: platform.folder.tenant(),
            folder: platform.folder.path().to_owned(),
        }
    }

    /// Why input can't be taken or queries can't be answered; `None` when all is well.
    pub async fn not_ready(&self) -> Option<String> {
        if let Err(error) = self.state.check().await {
            tracing::warn!(%error, "not ready");
            return Some("the store of documents does not answer".into());
        }
        if let Some(reason) = self.journal.status().full {
            return Some(format!("nothing can be taken in: {reason}"));
        }
        if !self.lake.wait_for(self.journal.head(), Duration::from_millis(500)).await {
            return Some("queries do not see everything that was accepted yet".into());
        }
        None
    }

    /// All metrics, gauges brought up to date.
    pub fn metrics(&self) -> String {
        let journal = self.journal.status();
        self.metrics.journal_head.set(journal.head.0 as i64);
        self.metrics.journal_bytes.set(journal.bytes as i64);
        self.metrics.journal_damage.set(journal.damage.places as i64);
        self.metrics.journal_lost.set(journal.damage.lost_entries as i64);
        for consumer in &journal.consumers {
            self.metrics.consumer_lag.with_label_values(&[&consumer.name]).set(consumer.lag_entries as i64);
        }
        let lake = self.lake.status();
        self.metrics.hot_rows.set(lake.hot_rows as i64);
        self.metrics.hot_bytes.set(lake.hot_bytes as i64);
        self.metrics.render()
    }
}

impl phalanx_health::Vitals for Vitals {
    fn consumers(&self) -> Vec<ConsumerVital> {
        let status = self.journal.status();
        let trouble = self.lake.status().trouble;
        let now = now_micros();
        let damage = status.damage;
        let damaged = (damage.places > 0).then(|| ConsumerVital {
            name: "journal".into(),
            position: status.head.0,
            head: status.head.0,
            lag_entries: 0,
            lag: Duration::ZERO,
            restarts: 0,
            failure: Some(format!(
                "{} places with {} bytes could not be read and were skipped; {} entries are lost",
                damage.places, damage.bytes, damage.lost_entries
            )),
        });
        status
            .consumers
            .iter()
            .map(|consumer| ConsumerVital {
                name: consumer.name.clone(),
                position: consumer.committed.0,
                head: status.head.0,
                lag_entries: consumer.lag_entries,
                lag: consumer.lag(now),
                restarts: 0,
                failure: (consumer.name == "lake").then(|| trouble.clone()).flatten(),
            })
            .chain(damaged)
            .collect()
    }

    fn refusals(&self) -> Vec<RefusalCount> {
        let refusals = self.intake.refusals().into_iter();
        refusals
            .map(|refusal| RefusalCount {
                source: refusal.interface.to_owned(),
                interface: refusal.interface.to_owned(),
                reason: refusal.reason,
                status_code: None,
                count: refusal.count,
            })
            .collect()
    }

    fn dead_letters(&self) -> Vec<DeadLetterCount> {
        let letters = self.intake.dead_letters().into_iter();
        letters
            .map(|(format, reason, count)| DeadLetterCount { source: format.clone(), format, reason, count })
            .collect()
    }

    fn usage(&self) -> Vec<UsageCount> {
        let usage = self.intake.usage().into_iter();
        usage
            .map(|(table, usage)| UsageCount {
                tenant: self.tenant,
                table,
                rows: usage.rows,
                bytes: usage.bytes,
                batches: usage.batches,
            })
            .collect()
    }

    fn disk(&self) -> Option<DiskVital> {
        let stat = rustix::fs::statvfs(&self.folder).ok()?;
        Some(DiskVital {
            path: self.folder.display().to_string(),
            free_bytes: stat.f_bavail * stat.f_frsize,
            total_bytes: stat.f_blocks * stat.f_frsize,
        })
    }
}
