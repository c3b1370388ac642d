//! Table `Usage`: how much came in per table since the last row.

use std::{collections::HashMap, sync::Arc};

use phalanx_hub::{ServiceContext, ServiceError};
use phalanx_signal::{SignalBatch, TenantId};

use crate::{UsageCount, fill::Fill, host::Host};

const BYTES_PER_MB: f64 = 1_000_000.0;

/// The counts that were told already, and until when they were counted.
#[derive(Default)]
pub(crate) struct Usage {
    told: HashMap<(TenantId, Arc<str>), UsageCount>,
    until: Option<i64>,
}

impl Usage {
    /// Rows for each table of which something came in, each to its tenant.
    pub fn write(
        &mut self,
        ctx: &ServiceContext,
        counts: &[UsageCount],
        host: &Host,
    ) -> Result<Vec<SignalBatch>, ServiceError> {
        let now = ctx.clock().micros();
        let from = self.until.unwrap_or(now).min(now);
        let mut fills: HashMap<TenantId, Fill> = HashMap::new();
        for count in counts {
            let told = self.told.get(&(count.tenant, count.table.clone()));
            let since = |new: u64, of: fn(&UsageCount) -> u64| new.saturating_sub(told.map_or(0, of));
            let rows = since(count.rows, |c| c.rows);
            if rows == 0 {
                continue;
            }
            let bytes = since(count.bytes, |c| c.bytes);
            let batches = since(count.batches, |c| c.batches);
            let fill = match fills.entry(count.tenant) {
                std::collections::hash_map::Entry::Occupied(fill) => fill.into_mut(),
                std::collections::hash_map::Entry::Vacant(free) => free.insert(Fill::new(ctx, "Usage")?),
            };
            fill.row()
                .text("Computer", &host.name)
                .text("SourceSystem", "Phalanx")
                .text("DataType", &count.table)
                .text("Solution", "LogManagement")
                .text("Plan", "Analytics")
                .time("StartTime", from)
                .time("EndTime", now)
                .real("Quantity", bytes as f64 / BYTES_PER_MB)
                .text("QuantityUnit", "MBytes")
                .bool("IsBillable", false)
                .long("TotalBatches", batches)
                .long("BatchesWithinSla", batches)
                .long("BatchesOutsideSla", 0)
                .long("BatchesCapped", 0)
                .long("Rows", rows);
        }
        self.told = counts.iter().map(|c| ((c.tenant, c.table.clone()), c.clone())).collect();
        self.until = Some(now);
        Ok(fills.into_iter().flat_map(|(tenant, fill)| fill.finish(tenant)).collect())
    }
}
