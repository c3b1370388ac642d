//! What a manifest must be, whatever the service.

use std::{collections::HashSet, sync::Arc, time::Duration};

use phalanx_signal::Catalog;
use serde_json::{Map, Value};

use super::Fixture;
use crate::{Direction, HubSettings, Manifest, Parameter, When, validate};

/// The hub asks once and holds the service to it for good.
pub(super) async fn it_is_always_the_same(fixture: Arc<dyn Fixture>) {
    let service = fixture.service();
    let shown = |manifest: Manifest| (serde_json::json!(manifest), manifest.limits);
    let first = shown(service.manifest());
    assert_eq!(first, shown(service.manifest()), "a second time");
    assert_eq!(first, shown(fixture.service().manifest()), "of a second one");
}

/// `phalanx services` and the reference are made of these texts.
pub(super) async fn it_explains_itself(fixture: Arc<dyn Fixture>) {
    let manifest = fixture.service().manifest();
    assert!(!manifest.original.trim().is_empty(), "which product's job it does");
    is_sentence("the service", &manifest.summary);
    for action in &manifest.actions_provided {
        is_sentence(&format!("action `{}`", action.name), &action.summary);
        assert!(!action.target.is_empty(), "action `{}` is done to something", action.name);
        explains(&action.parameters);
    }
    for schedule in &manifest.schedules {
        is_sentence(&format!("schedule `{}`", schedule.name), &schedule.summary);
    }
    explains(&manifest.settings);
}

pub(super) async fn it_fits_the_catalog_and_itself(fixture: Arc<dyn Fixture>) {
    let manifests: Vec<Manifest> =
        [fixture.service()].iter().chain(&fixture.others()).map(|service| service.manifest()).collect();
    if let Err(errors) = validate(&manifests, &fixture.sources(), &Catalog::new()) {
        panic!("{errors}");
    }
    let manifest = &manifests[0];
    for used in manifest.signals_consumed.iter().chain(&manifest.signals_provided) {
        are_once(&format!("flows of table `{}`", used.table), &used.flows);
    }
    are_once("consumed tables", &tables(manifest));
    let reads: Vec<&str> = manifest.context_consumed.iter().map(|used| used.kind).collect();
    are_once("consumed context", &reads);
    let requests: Vec<&str> = manifest.actions_requested.iter().map(|used| used.name.as_str()).collect();
    are_once("requested actions", &requests);
}

/// A flow is told from the side of one service, so its number says who gives and who takes.
pub(super) async fn its_flows_go_its_way(fixture: Arc<dyn Fixture>) {
    let manifest = fixture.service().manifest();
    let takes = manifest.signals_consumed.iter().map(|used| &used.flows);
    let takes = takes.chain(manifest.context_consumed.iter().map(|used| &used.flows));
    let gives = manifest.signals_provided.iter().map(|used| &used.flows);
    let gives = gives.chain(manifest.context_provided.iter().map(|used| &used.flows));
    for (is_taken, flows) in takes.map(|flows| (true, flows)).chain(gives.map(|flows| (false, flows))) {
        for flow in flows {
            let meaning = flow.meaning();
            let is_own = meaning.service == manifest.name;
            let fits = is_own == (is_taken == (meaning.direction == Direction::Consumes));
            assert!(fits, "{flow} is what {} {:?}: {}", meaning.service, meaning.direction, meaning.what);
        }
    }
}

pub(super) async fn its_defaults_are_settings_it_takes(fixture: Arc<dyn Fixture>) {
    let manifest = fixture.service().manifest();
    for parameters in
        [&manifest.settings].into_iter().chain(manifest.actions_provided.iter().map(|a| &a.parameters))
    {
        for parameter in parameters {
            let Some(default) = &parameter.default else { continue };
            assert!(!parameter.is_required, "`{}` has a default and need not be given", parameter.name);
            if let Err(error) = parameter.check(default) {
                panic!("the default: {error}");
            }
        }
    }
    let missing = Parameter::check_all(&manifest.settings, &Map::new());
    assert!(missing.is_ok(), "a service starts without being configured: {missing:?}");
    let given = Parameter::check_all(&manifest.settings, &fixture.settings());
    assert!(given.is_ok(), "the fixture's settings: {given:?}");
    let odd = Map::from_iter([("no such setting".to_owned(), Value::Null)]);
    assert!(Parameter::check_all(&manifest.settings, &odd).is_err(), "a mistyped name is told");
}

pub(super) async fn its_limits_are_limits(fixture: Arc<dyn Fixture>) {
    let (manifest, hub) = (fixture.service().manifest(), HubSettings::default());
    let limits = &manifest.limits;
    for (what, limit) in [("start", limits.start), ("observe", limits.observe), ("stop", limits.stop)] {
        assert!(limit > Duration::ZERO, "`{what}` has time");
    }
    assert!(limits.heartbeat.is_none_or(|limit| limit > hub.watch_interval), "heartbeats can be noticed");
    assert!(limits.stop < hub.drain, "`stop` must fit into the shutdown, which waits {:?}", hub.drain);
    for schedule in &manifest.schedules {
        assert!(schedule.timeout > Duration::ZERO, "schedule `{}` has time", schedule.name);
        if let When::Every(interval) = schedule.when {
            assert!(schedule.jitter <= interval, "schedule `{}` is due before the next", schedule.name);
        }
    }
    for action in &manifest.actions_provided {
        assert!(action.timeout > Duration::ZERO && action.attempts > 0, "action `{}` is tried", action.name);
    }
}

fn tables(manifest: &Manifest) -> Vec<&str> {
    manifest.signals_consumed.iter().map(|used| used.table.as_str()).collect()
}

fn explains(parameters: &[Parameter]) {
    for parameter in parameters {
        is_sentence(&format!("`{}`", parameter.name), &parameter.summary);
    }
}

/// One line, as all texts of the house: it goes into tables and after a colon.
fn is_sentence(of: &str, text: &str) {
    let is_one_line = !text.trim().is_empty() && text.trim() == text && !text.contains('\n');
    assert!(
        is_one_line && !text.ends_with('.'),
        "the summary of {of} is a line without a full stop: `{text}`"
    );
}

fn are_once<T: std::hash::Hash + Eq + std::fmt::Debug>(what: &str, things: &[T]) {
    let mut seen = HashSet::new();
    let twice = things.iter().find(|thing| !seen.insert(*thing));
    assert!(twice.is_none(), "{what} name {twice:?} twice");
}
