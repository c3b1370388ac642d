//! From a record's fields to its rows.

use std::{collections::HashMap, sync::LazyLock};

use crate::{
    decode::{Output, device::Device},
    mapping::{Mapper, Mapping, Record, RuleSet, Value},
    time,
};

/// What Zeek's records become, compiled from `mapping/zeek.map`.
pub fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        let files = [("zeek.map", include_str!("../../../mapping/zeek.map"))];
        Mapping::parse_files(&files, &HEADERS).expect("a test compiles the crate's own files")
    });
    &MAPPING
}

/// The header fields that rules may use. `Sensor` is the machine that Zeek runs on.
const HEADERS: [&str; 5] = ["Time", "Log", "Sensor", "DeviceName", "DeviceId"];

/// A record's fields, by the names that Zeek gives them.
pub type Fields<'a> = [(&'a str, Value<'a>)];

/// Writes the rows of one source.
pub struct RowWriter {
    mapper: Mapper<'static>,
    /// For each log the rules for it, then those for any: the first that give a row count.
    logs: HashMap<Box<str>, Vec<RuleSet>>,
    device: Device,
}

impl Default for RowWriter {
    fn default() -> Self {
        Self { mapper: Mapper::new(mapping()), logs: HashMap::new(), device: Device::default() }
    }
}

/// Logs that are remembered; there are some dozens, but a record may name any.
const LOGS_MAX: usize = 1024;

impl RowWriter {
    /// Writes the rows of a record of a log and counts it. The time is taken out of the fields, unless it
    /// can't be read.
    pub fn write(&mut self, log: &str, sensor: &str, fields: &mut Fields<'_>, out: &mut Output) {
        if !self.logs.contains_key(log) {
            if self.logs.len() >= LOGS_MAX {
                self.logs.clear();
            }
            let sets = [log, "*", "rest"].iter().filter_map(|name| mapping().rules(name)).collect();
            self.logs.insert(log.into(), sets);
        }
        self.device.set(sensor);
        let written = fields.iter_mut().find(|(name, _)| *name == "ts").map(|(_, value)| value);
        let time = written.and_then(|value| {
            let time = time_of(value)?;
            *value = Value::Null;
            Some(time)
        });
        let headers = [
            time.map_or(Value::Null, Value::Time),
            Value::text(log),
            Value::text(sensor),
            Value::text(self.device.name()),
            Value::text(self.device.id()),
        ];
        let record = Record { time, headers: &headers, fields, extras: &[] };
        for set in &self.logs[log] {
            if self.mapper.apply(&[*set], &record, out) > 0 {
                break;
            }
        }
        out.record();
    }
}

/// Zeek writes times as seconds since 1970 with a fraction, or in ISO 8601 where it is told to.
fn time_of(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Time(micros) => Some(*micros),
        Value::Long(seconds) => time::parse_epoch(itoa::Buffer::new().format(*seconds)),
        Value::Text(text) => time::parse_datetime(text),
        Value::Json(number) => time::parse_epoch(number).or_else(|| {
            // With an exponent; a real number is exact to microseconds for as long as years have four digits.
            let seconds: f64 = number.parse().ok()?;
            (seconds.abs() < 1e11).then_some((seconds * 1e6).round() as i64)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let micros = 1_588_205_198_899_710;
        for value in [
            Value::Json("1588205198.89971".into()),
            Value::Json("1.58820519889971e9".into()),
            Value::text("2020-04-30T00:06:38.899710Z"),
            Value::text("1588205198.899710"),
            Value::Time(micros),
        ] {
            assert_eq!(time_of(&value), Some(micros), "{value:?}");
        }
        assert_eq!(time_of(&Value::Long(1_588_205_198)), Some(1_588_205_198_000_000));
        assert_eq!(time_of(&Value::Json("1e300".into())), None);
        assert_eq!(time_of(&Value::Null), None);
    }
}
