//! Which columns a key goes to: the files `mapping/*.keys`.
//!
//! A line is `key = Column`, or `key = Column, Column` where several columns take the value. `#` begins a
//! comment.

use std::collections::HashMap;

use crate::Table;

pub const CEF: &str = include_str!("../../../mapping/cef.keys");
pub const LEEF: &str = include_str!("../../../mapping/leef.keys");

/// Keys and the places of their columns.
pub struct Keys(HashMap<&'static str, Box<[usize]>>);

impl Keys {
    /// Reads a file. The error names the line.
    pub fn parse(text: &'static str, table: &Table) -> Result<Self, String> {
        let mut keys = HashMap::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let error = |reason: &str| format!("line {}: {reason}: `{line}`", at + 1);
            let (key, columns) = line.split_once(" = ").ok_or_else(|| error("expected `key = Column`"))?;
            let places: Option<Box<[usize]>> =
                columns.split(',').map(|column| table.index_of(column.trim())).collect();
            let places = places.ok_or_else(|| error("there is no such column"))?;
            if keys.insert(key.trim(), places).is_some() {
                return Err(error("the key stands twice"));
            }
        }
        Ok(Self(keys))
    }

    /// The places of a key's columns; none for a key that no line names.
    pub fn columns(&self, key: &str) -> &[usize] {
        self.0.get(key).map_or(&[], |columns| columns)
    }
}
