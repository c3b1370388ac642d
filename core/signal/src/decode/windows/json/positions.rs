//! Data whose names the shipper has left out: names by position, or read from the rendered message.

use std::{collections::HashMap, sync::LazyLock};

use super::{add_field, dump};
use crate::{
    decode::windows::event::{FieldKind, Slot, WindowsEvent},
    mapping::Value,
};

/// Lists of names by provider and event id; versions of an event differ in how many names they have.
type Lists = HashMap<&'static str, Vec<Vec<&'static str>>>;

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let text = include_str!("../../../../data/windows-positions.tsv");
    let mut lists = Lists::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((source, names)) = line.split_once('\t') else { continue };
        lists.entry(source).or_default().push(names.split(' ').collect());
    }
    lists
});

/// The name of a value that has none, as event log files have it.
const UNNAMED: &str = "Data";

/// Adds values of an array as fields without a name.
pub(super) fn add(value: &Value<'_>, event: &mut WindowsEvent) {
    let items = match value {
        Value::Json(json) => serde_json::from_str::<Vec<serde_json::Value>>(json).ok(),
        _ => None,
    };
    let Some(items) = items else {
        if !value.is_empty() {
            add_field(event, UNNAMED, value);
        }
        return;
    };
    for item in &items {
        match item {
            // `Get-WinEvent` wraps each value.
            serde_json::Value::Object(members) if members.len() == 1 && members.contains_key("Value") => {
                dump::nested(event, UNNAMED, &members["Value"]);
            }
            item => dump::nested(event, UNNAMED, item),
        }
    }
}

/// Gives the fields their names, where the event is one whose names are known.
pub(super) fn name(event: &mut WindowsEvent) {
    let Some(view) = event.view() else { return };
    let provider = view.slot_text(Slot::Provider);
    if event.fields.is_empty() {
        // Sysmon's message is a list of its data.
        if provider == "Microsoft-Windows-Sysmon" {
            let lines: Vec<(String, String)> = view
                .slot_text(Slot::Message)
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
                .collect();
            for (name, value) in lines {
                event.add_field(&name, &value, FieldKind::Text);
            }
        }
        return;
    }
    // The Security channel has one great provider, which not all shippers name.
    let provider = match (provider, view.slot_text(Slot::Channel)) {
        ("", "Security") => "Microsoft-Windows-Security-Auditing",
        (provider, _) => provider,
    };
    let Some(id) = view.number(Slot::EventId) else { return };
    let lists = LISTS.get(format!("{provider}/{id}").as_str());
    let unnamed: Vec<usize> =
        view.fields().enumerate().filter(|(_, field)| field.0 == UNNAMED).map(|(at, _)| at).collect();
    let names = lists.and_then(|lists| lists.iter().find(|names| names.len() == unnamed.len()));
    for (name, at) in names.into_iter().flatten().zip(unnamed) {
        event.fields[at].name = event.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::LISTS;

    #[test]
    fn an_event_has_one_list_for_each_number_of_values() {
        for (source, lists) in LISTS.iter() {
            let mut lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
            lengths.sort_unstable();
            lengths.dedup();
            assert_eq!(lengths.len(), lists.len(), "{source}");
        }
        assert!(LISTS.contains_key("Microsoft-Windows-Security-Auditing/4688"));
    }
}
