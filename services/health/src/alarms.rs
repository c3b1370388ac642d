//! Figures that have crossed a line: a lagging consumer, a full disk. Told when the line is crossed and when it
//! is crossed back, with a distance between the two lines, so that a figure near one is not told of all day.

use std::{collections::HashSet, time::Duration};

use serde_json::json;

use crate::{ConsumerVital, DiskVital, events::Event, fill::Fill};

pub(crate) const LAG_BAD: Duration = Duration::from_secs(60);
pub(crate) const LAG_GOOD: Duration = Duration::from_secs(20);
/// Parts of a thousand of the disk that are free.
const FREE_BAD: u64 = 50;
const FREE_GOOD: u64 = 80;

/// What is known to be bad.
#[derive(Clone, Default)]
pub(crate) struct Alarms {
    bad: HashSet<String>,
}

impl Alarms {
    /// Writes a row for each line that was crossed.
    pub fn write(&mut self, fill: &mut Fill, consumers: &[ConsumerVital], disk: Option<&DiskVital>) {
        for consumer in consumers {
            let key = format!("lag {}", consumer.name);
            let seconds = consumer.lag.as_secs_f64();
            let is_bad = self.crosses(key, consumer.lag > LAG_BAD, consumer.lag <= LAG_GOOD);
            let Some(is_bad) = is_bad else { continue };
            let description = if is_bad {
                format!("the consumer lags {seconds:.0} s behind what comes in")
            } else {
                "the consumer has caught up".to_owned()
            };
            Event {
                operation: "Consumer status change",
                resource: &consumer.name,
                resource_type: "Consumer",
                kind: "",
                is_success: !is_bad,
                description: &description,
                reason: "",
                properties: json!({
                    "LagSeconds": seconds,
                    "LagRecords": consumer.lag_entries,
                    "Position": consumer.position,
                }),
            }
            .write(fill);
        }
        if let Some(disk) = disk {
            self.disk(fill, disk);
        }
    }

    fn disk(&mut self, fill: &mut Fill, disk: &DiskVital) {
        let permille = disk.free_bytes.saturating_mul(1_000) / disk.total_bytes.max(1);
        let key = format!("disk {}", disk.path);
        let Some(is_bad) = self.crosses(key, permille < FREE_BAD, permille >= FREE_GOOD) else {
            return;
        };
        let percent = permille as f64 / 10.0;
        let description = if is_bad {
            format!("only {percent:.1} % of the disk are free: make room, or shorten the retention of tables")
        } else {
            format!("{percent:.1} % of the disk are free again")
        };
        Event {
            operation: "Disk status change",
            resource: &disk.path,
            resource_type: "Disk",
            kind: "",
            is_success: !is_bad,
            description: &description,
            reason: "",
            properties: json!({ "FreeBytes": disk.free_bytes, "TotalBytes": disk.total_bytes }),
        }
        .write(fill);
    }

    /// Whether something has become bad (`true`) or good again (`false`).
    pub(crate) fn crosses(&mut self, key: String, is_bad: bool, is_good: bool) -> Option<bool> {
        if is_bad {
            return self.bad.insert(key).then_some(true);
        }
        (is_good && self.bad.remove(&key)).then_some(false)
    }
}
