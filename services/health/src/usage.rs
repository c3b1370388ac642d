//! Table `Usage`: how much came in per table since the last row.
//!
//! Columns mean what the public table says: megabytes are millions of bytes, `IsBillable` separates what the
//! original charges for from what it takes in for nothing, so that the queries people have for either keep
//! their sense here, where nothing is charged.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use phalanx_hub::{ServiceContext, ServiceError};
use phalanx_signal::{Catalog, SignalBatch, TenantId, schema::Family};

use crate::{UsageCount, fill::Fill, host::Host};

const BYTES_PER_MB: f64 = 1_000_000.0;

/// Tables that the original takes in for nothing.
const FREE: [&str; 8] = [
    "AzureActivity",
    "Heartbeat",
    "OfficeActivity",
    "Operation",
    "SecurityAlert",
    "SecurityIncident",
    "SentinelHealth",
    "Usage",
];

/// The counts that were told already, and until when they were counted.
#[derive(Clone, Default)]
pub(crate) struct Usage {
    told: HashMap<(TenantId, Arc<str>), UsageCount>,
    until: Option<i64>,
}

impl Usage {
    /// Counting begins now, unless it has.
    pub fn begin(&mut self, now: i64) {
        self.until.get_or_insert(now);
    }

    /// Rows for each table of which something came in, each to its tenant.
    pub fn write(
        &mut self,
        ctx: &ServiceContext,
        counts: &[UsageCount],
        host: &Host,
    ) -> Result<Vec<SignalBatch>, ServiceError> {
        let now = ctx.clock().micros();
        // A clock that was set back must not make a period that ends before it begins.
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
                Entry::Occupied(fill) => fill.into_mut(),
                Entry::Vacant(free) => free.insert(Fill::new(ctx, "Usage")?),
            };
            fill.row()
                .text("Computer", &host.name)
                .text("SourceSystem", "OMS")
                .text("DataType", &count.table)
                .text("Solution", solution(ctx.catalog(), &count.table))
                .text("Plan", "Analytics")
                .time("StartTime", from)
                .time("EndTime", now)
                .real("Quantity", bytes as f64 / BYTES_PER_MB)
                .text("QuantityUnit", "MBytes")
                .bool("IsBillable", is_billable(&count.table))
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

fn is_billable(table: &str) -> bool {
    // What the platform tells of itself has no counterpart there, and nobody sent it.
    !FREE.contains(&table) && !table.starts_with("Phalanx")
}

/// The part of the original that brings the table: two have a name of their own in reports of usage.
fn solution(catalog: &Catalog, table: &str) -> &'static str {
    let is_hunting =
        catalog.table(table).is_some_and(|table| table.families().contains(&Family::AdvancedHunting));
    match table {
        "SecurityEvent" | "CommonSecurityLog" => "Security",
        "OfficeActivity" | "AWSCloudTrail" | "SentinelHealth" | "SentinelAudit" => "SecurityInsights",
        _ if is_hunting || table.starts_with("ASim") => "SecurityInsights",
        _ => "LogManagement",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_charged_and_grouped_as_in_the_original() {
        let catalog = Catalog::new();
        for (table, solution_of, billable) in [
            ("SecurityEvent", "Security", true),
            ("Syslog", "LogManagement", true),
            ("DeviceProcessEvents", "SecurityInsights", true),
            ("ASimDnsActivityLogs", "SecurityInsights", true),
            ("Mine_CL", "LogManagement", true),
            ("Heartbeat", "LogManagement", false),
            ("SentinelHealth", "SecurityInsights", false),
            ("PhalanxDeadLetter", "LogManagement", false),
        ] {
            assert_eq!((solution(&catalog, table), is_billable(table)), (solution_of, billable), "{table}");
        }
        for free in FREE {
            assert!(catalog.table(free).is_some(), "{free} is a table");
        }
    }
}
