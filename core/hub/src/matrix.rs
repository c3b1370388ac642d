//! The matrix: who feeds whom, drawn from the manifests, with what has flowed so far.

use serde::Serialize;

use crate::{
    manifest::{EVERY_TABLE, Flow, FlowMeaning, Manifest, Source},
    meter::Traffic,
};

/// Who feeds whom.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// In the order of the program's list.
    pub services: Vec<MatrixService>,
    pub sources: Vec<Source>,
    /// Every way from one that provides to one that consumes.
    pub arrows: Vec<Arrow>,
    /// The numbered flows that the manifests name, in order.
    pub flows: Vec<FlowRow>,
}

/// A service as the matrix shows it.
#[derive(Clone, Debug, Serialize)]
pub struct MatrixService {
    pub name: String,
    pub original: String,
    pub summary: String,
    /// Flows that it is fed by, and flows by which it feeds others.
    pub flows_consumed: Vec<Flow>,
    pub flows_provided: Vec<Flow>,
}

/// What kind of thing goes along an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Noun {
    Signal,
    Context,
    Action,
}

/// A way from one that provides to one that consumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrow {
    pub noun: Noun,
    /// The table, the kind of context, the action.
    pub what: String,
    /// The service or source that it comes from; of an action, the one that requests it.
    pub from: String,
    /// The service that it goes to; `None` for signals that only the lake keeps.
    pub to: Option<String>,
    /// Numbered flows that the giver and the taker say this is.
    pub flows: Vec<Flow>,
    /// What the giver gave. Sources give to the journal and not through the hub, so theirs is nothing.
    pub given: Traffic,
    /// What the taker took; of signals, from all who give rows of this table.
    pub taken: Traffic,
}

/// Whether a numbered flow is alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowRow {
    pub flow: Flow,
    pub meaning: FlowMeaning,
    /// `service consumes signal DeviceInfo` and the like.
    pub parts: Vec<String>,
    /// Whether anything has gone along one of its arrows since the start.
    pub is_alive: bool,
    pub last_micros: Option<i64>,
}

/// The matrix of these manifests, with no traffic.
pub fn matrix(manifests: &[Manifest], sources: &[Source]) -> Matrix {
    matrix_with(manifests, sources, |_, _, _, _| Traffic::default())
}

/// Which side of an arrow a meter is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Given,
    Taken,
}

/// The matrix with traffic; `traffic` tells what a service gave or took of something.
pub(crate) fn matrix_with(
    manifests: &[Manifest],
    sources: &[Source],
    traffic: impl Fn(&str, Side, Noun, &str) -> Traffic,
) -> Matrix {
    let mut arrows = Vec::new();
    for manifest in manifests {
        signals(manifest, manifests, sources, &mut arrows);
        contexts(manifest, manifests, &mut arrows);
        actions(manifest, manifests, &mut arrows);
    }
    for arrow in &mut arrows {
        arrow.given = traffic(&arrow.from, Side::Given, arrow.noun, &arrow.what);
        if let Some(to) = &arrow.to {
            arrow.taken = traffic(to, Side::Taken, arrow.noun, &arrow.what);
        }
    }
    arrows.sort_by(|a, b| (a.noun, &a.what, &a.from, &a.to).cmp(&(b.noun, &b.what, &b.from, &b.to)));
    let services = manifests.iter().map(service).collect();
    let flows = flows(manifests, &traffic);
    Matrix { services, sources: sources.to_vec(), arrows, flows }
}

fn service(manifest: &Manifest) -> MatrixService {
    let mut service = MatrixService {
        name: manifest.name.clone(),
        original: manifest.original.clone(),
        summary: manifest.summary.clone(),
        flows_consumed: Vec::new(),
        flows_provided: Vec::new(),
    };
    for part in parts(manifest) {
        let (consumed, provided) = (&mut service.flows_consumed, &mut service.flows_provided);
        let list = if part.side == Side::Taken { consumed } else { provided };
        list.extend_from_slice(part.flows);
    }
    for list in [&mut service.flows_consumed, &mut service.flows_provided] {
        list.sort_unstable();
        list.dedup();
    }
    service
}

/// Arrows of the signals that a service provides or takes from sources.
fn signals(manifest: &Manifest, all: &[Manifest], sources: &[Source], arrows: &mut Vec<Arrow>) {
    let from = &manifest.name;
    for provided in manifest.signals_provided.iter().filter(|used| used.table != EVERY_TABLE) {
        let table = &provided.table;
        let takers = all.iter().filter_map(|taker| {
            let used = taker.signals_consumed.iter().find(|used| used.covers(table))?;
            Some((taker.name.clone(), &used.flows))
        });
        let before = arrows.len();
        for (to, flows) in takers {
            arrows.push(arrow(Noun::Signal, table, from, Some(to), &[&provided.flows, flows]));
        }
        if arrows.len() == before {
            arrows.push(arrow(Noun::Signal, table, from, None, &[&provided.flows]));
        }
    }
    for used in &manifest.signals_consumed {
        let takes_all = used.table == EVERY_TABLE;
        let sources = sources.iter().filter(|s| takes_all || s.provides_table(&used.table));
        // A service that may write any table is to its readers what a source is.
        let writers = all.iter().filter(|m| m.signals_provided.iter().any(|p| p.table == EVERY_TABLE));
        let givers = sources.map(|s| &s.name).chain(writers.map(|m| &m.name));
        for giver in givers {
            arrows.push(arrow(Noun::Signal, &used.table, giver, Some(from.clone()), &[&used.flows]));
        }
    }
}

fn contexts(manifest: &Manifest, all: &[Manifest], arrows: &mut Vec<Arrow>) {
    for provided in &manifest.context_provided {
        for taker in all {
            for used in taker.context_consumed.iter().filter(|used| used.kind == provided.kind) {
                let (from, to) = (&manifest.name, Some(taker.name.clone()));
                let flows: [&[Flow]; 2] = [&provided.flows, &used.flows];
                arrows.push(arrow(Noun::Context, provided.kind, from, to, &flows));
            }
        }
    }
}

fn actions(manifest: &Manifest, all: &[Manifest], arrows: &mut Vec<Arrow>) {
    for requested in &manifest.actions_requested {
        for owner in all {
            for action in owner.actions_provided.iter().filter(|a| a.name == requested.name) {
                let (from, to) = (&manifest.name, Some(owner.name.clone()));
                let flows: [&[Flow]; 2] = [&requested.flows, &action.flows];
                arrows.push(arrow(Noun::Action, &action.name, from, to, &flows));
            }
        }
    }
}

fn arrow(noun: Noun, what: &str, from: &str, to: Option<String>, flows: &[&[Flow]]) -> Arrow {
    let mut flows = flows.concat();
    flows.sort_unstable();
    flows.dedup();
    let (given, taken) = (Traffic::default(), Traffic::default());
    Arrow { noun, what: what.to_owned(), from: from.to_owned(), to, flows, given, taken }
}

/// One use of something by a service.
struct Part<'a> {
    side: Side,
    noun: Noun,
    what: &'a str,
    flows: &'a [Flow],
}

fn parts(manifest: &Manifest) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut add = |side, noun, what, flows| parts.push(Part { side, noun, what, flows });
    for used in &manifest.signals_consumed {
        add(Side::Taken, Noun::Signal, used.table.as_str(), used.flows.as_slice());
    }
    for used in &manifest.signals_provided {
        add(Side::Given, Noun::Signal, &used.table, &used.flows);
    }
    for used in &manifest.context_consumed {
        add(Side::Taken, Noun::Context, used.kind, &used.flows);
    }
    for used in &manifest.context_provided {
        add(Side::Given, Noun::Context, used.kind, &used.flows);
    }
    for used in &manifest.actions_requested {
        add(Side::Given, Noun::Action, &used.name, &used.flows);
    }
    for used in &manifest.actions_provided {
        add(Side::Taken, Noun::Action, &used.name, &used.flows);
    }
    parts
}

fn flows(manifests: &[Manifest], traffic: &impl Fn(&str, Side, Noun, &str) -> Traffic) -> Vec<FlowRow> {
    let mut rows: Vec<FlowRow> = Vec::new();
    for manifest in manifests {
        for Part { side, noun, what, flows } in parts(manifest) {
            let seen = traffic(&manifest.name, side, noun, what);
            let verb = match (noun, side) {
                (Noun::Action, Side::Given) => "requests action",
                (Noun::Action, Side::Taken) => "carries out action",
                (Noun::Signal, Side::Given) => "provides signal",
                (Noun::Signal, Side::Taken) => "consumes signal",
                (Noun::Context, Side::Given) => "provides context",
                (Noun::Context, Side::Taken) => "consumes context",
            };
            let part = format!("{} {verb} {what}", manifest.name);
            for flow in flows {
                match rows.iter_mut().find(|row| row.flow == *flow) {
                    Some(row) => {
                        row.parts.push(part.clone());
                        row.is_alive |= seen.count > 0;
                        row.last_micros = row.last_micros.max(seen.last_micros);
                    }
                    None => rows.push(FlowRow {
                        flow: *flow,
                        meaning: flow.meaning(),
                        parts: vec![part.clone()],
                        is_alive: seen.count > 0,
                        last_micros: seen.last_micros,
                    }),
                }
            }
        }
    }
    rows.sort_by_key(|row| row.flow);
    rows
}
