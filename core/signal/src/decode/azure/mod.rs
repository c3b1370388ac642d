//! Azure, Microsoft Entra and Defender logs as JSON, in the shapes in which they leave the cloud.
//!
//! - Diagnostic settings write records with an envelope (`time`, `category`, `properties`, …), one a line or in
//!   `{"records": […]}` (Azure Monitor, "resource logs schema"). The category tells the table: Entra's
//!   categories, the activity log's, those that are named as their table, and `AdvancedHunting-…`, which
//!   Defender's streaming API writes; other resource logs are rows of `AzureDiagnostics`.
//! - Microsoft Graph answers sign-ins, directory audits and risks as `{"value": […]}`, and the Resource Manager
//!   the activity log.
//!
//! Which member becomes which column is in `mapping/azure-*.map`.

mod named;
mod resource;
mod shape;
mod table_logs;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use resource::Resource;
use shape::Shape;
use table_logs::TableLogs;

use super::{
    Confidence, Format, Output, Sample,
    json::{self, Flat, JsonDecoder, JsonRecords, Kind, Members},
    json_lines::Rows,
};
use crate::{
    Table,
    mapping::{Mapper, Mapping, Record, RuleSet, Value},
};

pub static FORMAT: Format = Format {
    name: "azure",
    title: "Azure, Entra and Defender logs (diagnostic settings, Graph, activity log)",
    guess,
    open: |_| Box::new(JsonRecords::new(Azure::new())),
    split: json::split,
};

/// Members whose array holds the records: of Event Hubs and storage, and of the APIs.
const WRAPPERS: [&str; 3] = ["records", "Records", "value"];

/// What stands in front of the category that names a table of advanced hunting.
const HUNTING: &str = "AdvancedHunting-";

fn guess(sample: &Sample<'_>) -> Confidence {
    let record = json::first_record(sample, &WRAPPERS);
    match record.and_then(|(text, members)| Shape::of(text, &members)) {
        Some(_) if sample.table.is_none() => Confidence::Certain,
        Some(_) => Confidence::Possible,
        None => Confidence::No,
    }
}

/// What records become, compiled from `mapping/azure-*.map`.
pub fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        let files = [
            ("azure-entra.map", include_str!("../../../mapping/azure-entra.map")),
            ("azure-activity.map", include_str!("../../../mapping/azure-activity.map")),
            ("azure-graph.map", include_str!("../../../mapping/azure-graph.map")),
            ("azure-diagnostics.map", include_str!("../../../mapping/azure-diagnostics.map")),
        ];
        Mapping::parse_files(&files, &HEADERS).expect("a test compiles the crate's own files")
    });
    &MAPPING
}

/// The header fields that rules may use: parts of the resource's id, and the properties whole.
const HEADERS: [&str; 6] =
    ["SubscriptionId", "ResourceGroup", "ResourceProvider", "ResourceType", "Resource", "Properties"];

struct Azure {
    mapper: Mapper<'static>,
    /// What becomes of each category that was seen.
    ways: HashMap<Box<str>, Way>,
    /// Rows of advanced-hunting tables, in the order of [`Way::Hunting`].
    hunting: Vec<Rows>,
    /// Rows of tables that are named as a category, in the order of [`Way::Table`].
    tables: Vec<TableLogs>,
    diagnostics: RuleSet,
    flat: Flat,
    inner: Members,
}

/// What becomes of a category's records.
#[derive(Clone, Copy)]
enum Way {
    /// What the mapping says; where no rule applies, as without one.
    Mapped(RuleSet),
    Hunting(usize),
    Table(usize),
    /// A hunting table that does not exist.
    Unknown,
    Diagnostics,
}

/// More categories than that are looked up each time, so that the memory stays small.
const WAYS_MAX: usize = 1024;

impl Azure {
    fn new() -> Self {
        let rules = |source: &str| mapping().rules(source).expect("the mapping has rules for it");
        Self {
            mapper: Mapper::new(mapping()),
            ways: HashMap::new(),
            hunting: Vec::new(),
            tables: Vec::new(),
            diagnostics: rules("diagnostics/record"),
            flat: Flat::default(),
            inner: Members::default(),
        }
    }

    fn way(&mut self, category: &str, out: &mut Output) -> Way {
        if let Some(way) = self.ways.get(category) {
            return *way;
        }
        let way = self.find_way(category, out);
        if self.ways.len() < WAYS_MAX {
            self.ways.insert(category.into(), way);
        }
        way
    }

    fn find_way(&mut self, category: &str, out: &mut Output) -> Way {
        let table = |name: &str, out: &Output| -> Option<Arc<Table>> { out.session().catalog.table(name) };
        if let Some(name) = category.strip_prefix(HUNTING) {
            let Some(table) = table(name, out) else { return Way::Unknown };
            let known = self.hunting.iter().position(|rows| rows.name() == name);
            return Way::Hunting(known.unwrap_or_else(|| {
                self.hunting.push(Rows::new(&table, out));
                self.hunting.len() - 1
            }));
        }
        if let Some(rules) = mapping().rules(&format!("category/{category}")) {
            return Way::Mapped(rules);
        }
        match table(category, out).and_then(|table| TableLogs::new(&table)) {
            Some(logs) => {
                let known = self.tables.iter().position(|known| known.table() == category);
                Way::Table(known.unwrap_or_else(|| {
                    self.tables.push(logs);
                    self.tables.len() - 1
                }))
            }
            None => Way::Diagnostics,
        }
    }

    fn diagnostic(
        &mut self,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        let category = members.get(text, "category").map(|field| field.text()).unwrap_or_default();
        match self.way(&category, out) {
            Way::Hunting(at) => return self.hunting(at, text, members, out),
            Way::Unknown => return Err(format!("there is no table `{}`", &category[HUNTING.len()..]).into()),
            Way::Mapped(rules) if self.mapped(rules, text, members, is_properties, out) > 0 => {}
            Way::Table(at) => {
                let fields = self.flat.fields(text, members, is_properties);
                self.tables[at].write(&fields, out);
            }
            Way::Mapped(_) | Way::Diagnostics => self.resource_log(text, members, out),
        }
        out.record();
        Ok(())
    }

    /// Writes the rows that rules give, and tells how many.
    fn mapped(
        &mut self,
        rules: RuleSet,
        text: &str,
        members: &Members,
        opens: fn(&str) -> bool,
        out: &mut Output,
    ) -> usize {
        let properties = members.get(text, "properties");
        let properties = properties.map(|field| json::flatten::value(field.raw, field.kind));
        let id = members.get(text, "resourceId").map(|id| id.text()).unwrap_or_default();
        let resource = Resource::of(&id);
        let headers = headers(&resource, properties.unwrap_or_default());
        let fields = self.flat.fields(text, members, opens);
        let record = Record { time: None, headers: &headers, fields: &fields, extras: &[] };
        self.mapper.apply(&[rules], &record, out)
    }

    /// A row of a hunting table: the properties are its columns, and the envelope is kept beside them.
    fn hunting(
        &mut self,
        at: usize,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        let properties = members.get(text, "properties").filter(|field| field.kind == Kind::Object);
        let properties = properties.ok_or("a row of advanced hunting without its properties")?;
        self.inner.parse(properties.raw).map_err(|error| error.to_string())?;
        // The category is the table's name, and is kept as that.
        let envelope = members.iter(text).filter(|field| {
            field.raw.as_ptr() != properties.raw.as_ptr() && field.plain_name() != Some("category")
        });
        self.hunting[at].write_with(properties.raw, &self.inner, envelope, out);
        out.record();
        Ok(())
    }

    fn resource_log(&mut self, text: &str, members: &Members, out: &mut Output) {
        let id = members.get(text, "resourceId").map(|id| id.text()).unwrap_or_default();
        let resource = Resource::of(&id);
        let headers = headers(&resource, Value::Null);
        let fields = self.flat.fields(text, members, |_| true);
        let slot = out.slot("AzureDiagnostics").expect("a built-in table");
        let table = out.table(slot).clone();
        let mut names = vec![String::new(); fields.len()];
        for (name, (field, value)) in names.iter_mut().zip(&fields) {
            named::column_name(&table, field, value, name);
        }
        let fields: Vec<_> =
            names.iter().zip(fields.iter()).map(|(name, (_, value))| (&**name, value.clone())).collect();
        let record = Record { time: None, headers: &headers, fields: &fields, extras: &[] };
        self.mapper.apply(&[self.diagnostics], &record, out);
    }
}

fn headers<'a>(resource: &'a Resource<'a>, properties: Value<'a>) -> [Value<'a>; HEADERS.len()] {
    let Resource { subscription, group, provider, kind, name } = resource;
    let [subscription, group, provider, name] =
        [subscription, group, provider, name].map(|part| Value::text(part));
    [subscription, group, provider, Value::text(kind), name, properties]
}

impl JsonDecoder for Azure {
    fn wrappers(&self) -> &[&str] {
        &WRAPPERS
    }

    fn record(
        &mut self,
        _offset: u64,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        match Shape::of(text, members) {
            Some(Shape::Diagnostic) => self.diagnostic(text, members, out),
            Some(Shape::Answer(answer)) => {
                let rules = mapping().rules(answer.source).expect("the mapping has rules for each answer");
                self.mapped(rules, text, members, answer.opens, out);
                out.record();
                Ok(())
            }
            None => Err("no log of Azure: it has neither a time and category nor what an answer has".into()),
        }
    }
}

fn is_properties(name: &str) -> bool {
    name == "properties"
}
