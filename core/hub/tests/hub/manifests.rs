//! What the hub says of manifests that don't fit, and the matrix of those that do.

use phalanx_hub::{
    ActionDeclaration, ContextKind, Flow, Manifest, Noun, Parameter, ParameterKind, ScheduleDeclaration,
    Service, Source, StartError, Target, matrix, validate,
};
use phalanx_signal::Catalog;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{sync::Arc, time::Duration};

use crate::support::*;

#[derive(Serialize, Deserialize, PartialEq)]
struct Risk {
    level: String,
}

impl ContextKind for Risk {
    const NAME: &'static str = "user-risk";
}

/// Another type of the same name.
#[derive(Serialize, Deserialize, PartialEq)]
struct OtherRisk {
    score: f64,
}

impl ContextKind for OtherRisk {
    const NAME: &'static str = "user-risk";
}

#[derive(Serialize, Deserialize, PartialEq)]
struct Rusk {}

impl ContextKind for Rusk {
    const NAME: &'static str = "user-rusk";
}

fn check(manifests: &[Manifest], sources: &[Source], expected: &[&str]) {
    let result = validate(manifests, sources, &Catalog::new());
    let errors = result.map(|()| Vec::new()).unwrap_or_else(|errors| errors.0);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, expected);
}

fn isolate() -> ActionDeclaration {
    ActionDeclaration::new("isolate-device", "device", "cuts a device off")
}

#[test]
fn what_fits_together_is_accepted() {
    let giver = manifest("giver")
        .provides_signals(["DeviceInfo"], [Flow::new(6)])
        .provides_context::<Risk>([])
        .provides_action(isolate());
    let taker = manifest("taker")
        .consumes_signals(["DeviceInfo", "Syslog"], [])
        .consumes_context::<Risk>([])
        .requests_action("isolate-device", []);
    check(&[giver, taker], &[Source::of("syslog", "", ["Syslog"])], &[]);
}

#[test]
fn what_no_one_provides_is_an_error() {
    let taker = manifest("taker")
        .consumes_signals(["Syslog"], [])
        .consumes_context::<Rusk>([])
        .requests_action("isolate-devise", []);
    let giver = manifest("giver").provides_context::<Risk>([]).provides_action(isolate());
    check(
        &[taker, giver],
        &[],
        &[
            "service `taker` consumes signals of table `Syslog` that no service or source provides",
            "service `taker` consumes context `user-rusk` that no service provides; did you mean `user-risk`?",
            "service `taker` requests action `isolate-devise` that no service provides; did you mean `isolate-device`?",
        ],
    );
}

#[test]
fn unknown_tables_name_the_nearest() {
    let giver = manifest("giver").provides_signals(["DeviceInfos"], []);
    let taker = manifest("taker").consumes_signals(["Sislog"], []);
    let source = Source::of("files", "", ["DeviceFileEvent"]);
    check(
        &[giver, taker],
        &[source],
        &[
            "service `giver`: there is no table `DeviceInfos`; did you mean `DeviceInfo`?",
            "service `taker`: there is no table `Sislog`; did you mean `Syslog`?",
            "source `files`: there is no table `DeviceFileEvent`; did you mean `DeviceFileEvents`?",
        ],
    );
}

#[test]
fn nothing_has_two_owners() {
    let owner = |name: &str| manifest(name).provides_context::<Risk>([]).provides_action(isolate());
    check(
        &[owner("one"), owner("two")],
        &[],
        &[
            "services `one` and `two` both own context `user-risk`",
            "services `one` and `two` both provide action `isolate-device`",
        ],
    );
}

#[test]
fn context_has_one_type() {
    let owner = manifest("owner").provides_context::<Risk>([]);
    let taker = manifest("taker").consumes_context::<OtherRisk>([]);
    check(
        &[owner, taker],
        &[],
        &[
            "service `taker` takes values of context `user-risk` for `hub::manifests::OtherRisk`, its owner `owner` for `hub::manifests::Risk`",
        ],
    );
}

#[test]
fn names_are_names_and_used_once() {
    let every = |name| ScheduleDeclaration::every(Duration::from_secs(1), name, "");
    let odd = manifest("Odd Name").schedule(every("Twice")).schedule(every("Twice"));
    let never = ScheduleDeclaration::every(Duration::ZERO, "never", "");
    check(
        &[odd, manifest("same"), manifest("same").schedule(never)],
        &[],
        &[
            "`Odd Name` is no name for a service; it has 1 to 32 lower-case letters, digits and hyphens and begins with a letter",
            "`Twice` of service `Odd Name` is no name for schedule; it has 1 to 48 lower-case letters, digits and hyphens and begins with a letter",
            "service `Odd Name` names schedule `Twice` twice",
            "two services are called `same`",
            "schedule `never` of service `same` has an interval of nothing",
        ],
    );
}

#[tokio::test]
async fn a_hub_does_not_start_with_what_does_not_fit() {
    let place = Place::new().await;
    let taker = manifest("taker").requests_action("isolate-device", []);
    let error = place.try_start([Fake::new(taker).build()]).await.err().expect("an error");
    let text = error.to_string();
    assert!(text.starts_with("the services don't fit together: service `taker` requests"), "{text}");
}

#[tokio::test]
async fn settings_are_checked_against_the_manifest() {
    let place = Place::new().await;
    let minutes = Parameter::with_default("minutes", ParameterKind::Integer, 5, "how long");
    let service = || Fake::new(manifest("polite").setting(minutes.clone())).build();
    let start = async |name: &str, settings: serde_json::Value| {
        let mut deps = place.deps();
        let settings = settings.as_object().expect("an object").clone();
        deps.service_settings.insert(name.to_owned(), settings);
        let services: Vec<Arc<dyn Service>> = vec![service()];
        phalanx_hub::Hub::start(services, deps).await.err().map(|error: StartError| error.to_string())
    };
    assert_eq!(start("polite", json!({"minutes": 7})).await, None);
    assert_eq!(
        start("polit", json!({})).await.as_deref(),
        Some("there are settings for a service `polit` that there is not; did you mean `polite`?")
    );
    assert_eq!(
        start("polite", json!({"minuts": 7})).await.as_deref(),
        Some("settings of service `polite`: there is no `minuts`; did you mean `minutes`?")
    );
    assert_eq!(
        start("polite", json!({"minutes": "x"})).await.as_deref(),
        Some("settings of service `polite`: `minutes` must be a whole number, found `\"x\"`")
    );
}

#[test]
fn the_matrix_has_an_arrow_for_each_way() {
    let devices = manifest("devices")
        .provides_signals(["DeviceInfo"], [Flow::new(9)])
        .provides_context::<Risk>([Flow::new(8)]);
    let identity = manifest("identity")
        .consumes_context::<Risk>([Flow::new(2)])
        .consumes_signals(["SigninLogs"], [Flow::new(1)])
        .requests_action("isolate-device", []);
    let endpoint = manifest("endpoint").provides_action(isolate().flows([Flow::new(22)]));
    let siem = manifest("siem").consumes_every_signal([Flow::new(57)]);
    let source = Source::of("api", "", ["SigninLogs"]);
    let matrix = matrix(&[devices, identity, endpoint, siem], &[source]);

    let arrows: Vec<String> = matrix
        .arrows
        .iter()
        .map(|arrow| {
            let to = arrow.to.as_deref().unwrap_or("lake");
            let flows: Vec<String> = arrow.flows.iter().map(ToString::to_string).collect();
            format!("{:?} {}: {} > {to} {}", arrow.noun, arrow.what, arrow.from, flows.join(" "))
        })
        .collect();
    assert_eq!(
        arrows,
        [
            "Signal *: api > siem F57",
            "Signal DeviceInfo: devices > siem F9 F57",
            "Signal SigninLogs: api > identity F1",
            "Context user-risk: devices > identity F2 F8",
            "Action isolate-device: identity > endpoint F22",
        ]
    );
    let flows: Vec<String> = matrix.flows.iter().map(|row| row.flow.to_string()).collect();
    assert_eq!(flows, ["F1", "F2", "F8", "F9", "F22", "F57"]);
    assert_eq!(matrix.flows[1].parts, ["identity consumes context user-risk"]);
    assert_eq!((matrix.flows[1].meaning.service, matrix.flows[1].is_alive), ("identity", false));
    let identity = &matrix.services[1];
    assert_eq!(identity.flows_consumed, [Flow::new(1), Flow::new(2)]);
    assert!(identity.flows_provided.is_empty());
}

#[tokio::test]
async fn the_matrix_of_a_hub_counts_what_flows() {
    let place = Place::new().await;
    let giver = manifest("giver")
        .provides_signals(["DeviceInfo"], [Flow::new(9)])
        .requests_action("isolate-device", [Flow::new(53)]);
    let giver = Fake::new(giver).run(|ctx, ()| async move {
        let batch = row(ctx.catalog(), "DeviceInfo", "one");
        ctx.emit(vec![batch]).await?;
        let target = Target::new("device", "d1");
        let request = phalanx_hub::ActionRequest::new(TENANT, "isolate-device", target, "", "key");
        ctx.request(request).await?;
        Ok(())
    });
    let taker = manifest("taker").consumes_signals(["DeviceInfo"], []).provides_action(isolate());
    let taker = Fake::new(taker).act(|_, _| async { Ok(phalanx_hub::ActionDone::new("cut off")) });
    let hub = place.start([giver.build(), taker.build()]).await;

    let arrow = |noun: Noun| {
        let arrows = hub.matrix().arrows;
        arrows.into_iter().find(|arrow| arrow.noun == noun && arrow.from == "giver").expect("an arrow")
    };
    eventually("the signal was taken", || arrow(Noun::Signal).taken.count == 1).await;
    eventually("the action was taken", || arrow(Noun::Action).taken.count == 1).await;
    let signal = arrow(Noun::Signal);
    assert_eq!((signal.given.count, signal.to.as_deref()), (1, Some("taker")));
    assert!(signal.taken.latency_p99_micros.is_some_and(|micros| micros < 10_000_000));
    assert_eq!(arrow(Noun::Action).given.count, 1);
    let alive: Vec<(String, bool)> =
        hub.matrix().flows.iter().map(|row| (row.flow.to_string(), row.is_alive)).collect();
    assert_eq!(alive, [("F9".to_owned(), true), ("F53".to_owned(), true)]);
    hub.shutdown().await;
}
