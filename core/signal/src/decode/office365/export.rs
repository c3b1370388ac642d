//! The CSV files of an audit search.

use std::borrow::Cow;

use super::{HOLDERS, Records};
use crate::{
    decode::{
        Output,
        csv::{Line, RowDecoder},
    },
    mapping::Value,
};

/// Takes the record out of each line's `AuditData`.
pub(super) struct Export {
    records: Records,
}

impl Export {
    pub fn new() -> Self {
        Self { records: Records::new() }
    }
}

impl RowDecoder for Export {
    fn row(&mut self, names: &[String], line: Line<'_>, out: &mut Output) -> Result<(), Cow<'static, str>> {
        let mut record = None;
        let mut around = Vec::new();
        for (at, field) in line.fields().enumerate() {
            match names.get(at) {
                Some(name) if HOLDERS.contains(&&**name) => record = Some(field),
                Some(name) => around.push((Cow::Borrowed(&**name), Value::Text(field))),
                None => around.push((format!("column{}", at + 1).into(), Value::Text(field))),
            }
        }
        let record = record.filter(|record| !record.is_empty()).ok_or("a line without audit data")?;
        self.records.write_held(&record, &around, out)
    }
}
