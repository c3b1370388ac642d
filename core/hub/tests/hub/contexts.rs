//! What is believed, by whom it is changed, and who is told.

use std::{sync::Arc, time::Duration};

use phalanx_hub::{ContextKind, ContextNews, ContextOwner, Hub};
use phalanx_state::{Author, Key, Precondition};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::*;

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
struct Compliance {
    is_compliant: bool,
    score: u32,
}

impl ContextKind for Compliance {
    const NAME: &'static str = "device-compliance";
}

fn score(score: u32) -> Compliance {
    Compliance { is_compliant: score > 50, score }
}

/// Starts a hub whose service `devices` owns the kind, and gives its capability out.
async fn owned(place: &Place) -> (Hub, ContextOwner<Compliance>) {
    let (give, mut take) = mpsc::unbounded_channel();
    let devices = Fake::new(manifest("devices").provides_context::<Compliance>([]));
    let devices = devices.run(move |ctx, ()| {
        let give = give.clone();
        async move {
            give.send(ctx.own::<Compliance>()?)?;
            ctx.shutdown().cancelled().await;
            Ok(())
        }
    });
    let hub = place.start([devices.build()]).await;
    let owner = soon("the owner is there", take.recv()).await.expect("the capability");
    (hub, owner)
}

#[tokio::test]
async fn a_change_is_read_at_once_and_after_a_restart() {
    let place = Place::new().await;
    let (hub, owner) = owned(&place).await;
    let reader = hub.contexts().reader::<Compliance>().expect("the kind is owned");
    assert!(reader.get(TENANT, "pc1").is_none());
    assert_eq!(owner.put(TENANT, "pc1", score(80)).await.expect("stored"), 1);
    let belief = reader.get(TENANT, "pc1").expect("believed");
    assert_eq!((belief.value.score, belief.version), (80, 1));
    assert_eq!(owner.put(TENANT, "pc1", score(80)).await.expect("the same"), 1);
    assert_eq!(owner.put(TENANT, "pc1", score(20)).await.expect("stored"), 2);
    owner.put(TENANT, "pc2", score(60)).await.expect("stored");
    owner.remove(TENANT, "pc2").await.expect("removed");
    assert!(reader.get(TENANT, "pc2").is_none());
    assert_eq!(hub.contexts().kinds(), [("device-compliance", 1)]);
    hub.shutdown().await;

    let (hub, owner) = owned(&place).await;
    let reader = hub.contexts().reader::<Compliance>().expect("the kind is owned");
    let belief = reader.get(TENANT, "pc1").expect("still believed");
    assert_eq!((belief.value.score, belief.version), (20, 2));
    assert!(reader.get(TENANT, "pc2").is_none());
    // What was deleted and comes again is newer than it ever was.
    assert!(owner.put(TENANT, "pc2", score(61)).await.expect("stored") > 2);
    let shown = hub.contexts().value(Compliance::NAME, TENANT, "pc1").expect("believed");
    assert_eq!(shown.value, json!({"is_compliant": false, "score": 20}));
    hub.shutdown().await;
}

#[tokio::test]
async fn updates_are_made_one_after_the_other() {
    let place = Place::new().await;
    let (hub, owner) = owned(&place).await;
    let owner = Arc::new(owner);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let owner = owner.clone();
        tasks.spawn(async move {
            let more = |known: Option<Compliance>| Some(score(known.map_or(0, |k| k.score) + 1));
            owner.update(TENANT, "pc1", more).await
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic").expect("updated");
    }
    assert_eq!(owner.get(TENANT, "pc1").map(|belief| belief.value.score), Some(8));
    owner.update(TENANT, "pc1", |_| None).await.expect("removed");
    assert!(owner.get(TENANT, "pc1").is_none());
    hub.shutdown().await;
}

#[tokio::test]
async fn many_are_stored_together() {
    let place = Place::new().await;
    let (hub, owner) = owned(&place).await;
    let values = |add: u32| (0..1_200).map(|n| (format!("pc{n}"), score(n + add))).collect();
    owner.put_all(TENANT, values(0)).await.expect("stored");
    owner.put_all(TENANT, values(0)).await.expect("nothing to do");
    let reader = hub.contexts().reader::<Compliance>().expect("the kind is owned");
    assert_eq!(reader.all(TENANT).len(), 1_200);
    assert_eq!(reader.get(TENANT, "pc7").map(|b| (b.value.score, b.version)), Some((7, 1)));
    hub.shutdown().await;
}

#[tokio::test]
async fn only_the_manifest_gives_rights() {
    let place = Place::new().await;
    let errors = Log::default();
    let noted = errors.clone();
    let devices = Fake::new(manifest("devices").provides_context::<Compliance>([]));
    let nosy = Fake::new(manifest("nosy")).run(move |ctx, ()| {
        noted.push(ctx.own::<Compliance>().err().map(|e| e.to_string()).unwrap_or_default());
        noted.push(ctx.context::<Compliance>().err().map(|e| e.to_string()).unwrap_or_default());
        async { Ok(()) }
    });
    let reader = manifest("reader").consumes_context::<Compliance>([]);
    let noted = errors.clone();
    let reader = Fake::new(reader).run(move |ctx, ()| {
        let noted = noted.clone();
        async move {
            assert!(ctx.context::<Compliance>()?.get(TENANT, "pc1").is_none());
            noted.push(ctx.own::<Compliance>().err().map(|e| e.to_string()).unwrap_or_default());
            Ok(())
        }
    });
    let hub = place.start([devices.build(), nosy.build(), reader.build()]).await;
    eventually("all were refused", || errors.len() == 3).await;
    let mut refusals = errors.all();
    refusals.sort();
    assert_eq!(
        refusals,
        [
            "context `device-compliance` is not owned by `nosy`",
            "context `device-compliance` is not owned by `reader`",
            "the manifest of `nosy` does not name context `device-compliance` as consumed",
        ]
    );
    hub.shutdown().await;
}

#[tokio::test]
async fn an_ended_owner_can_change_nothing() {
    let place = Place::new().await;
    let (hub, owner) = owned(&place).await;
    owner.put(TENANT, "pc1", score(1)).await.expect("stored");
    hub.shutdown().await;
    let refusal = owner.put(TENANT, "pc1", score(2)).await.expect_err("it has ended");
    assert_eq!(refusal.to_string(), "this run of the service has been ended");
}

#[tokio::test]
async fn subscribers_are_told_in_order_and_the_slow_to_read_anew() {
    let mut place = Place::new().await;
    place.settings.subscriber_lag = 4;
    let (hub, owner) = owned(&place).await;
    let reader = hub.contexts().reader::<Compliance>().expect("the kind is owned");
    let (mut quick, mut slow) = (reader.subscribe(), reader.subscribe());
    for number in 1..=3 {
        owner.put(TENANT, "pc1", score(number)).await.expect("stored");
    }
    owner.remove(TENANT, "pc1").await.expect("removed");
    let mut told = Vec::new();
    for _ in 0..4 {
        let Some(ContextNews::Change(change)) = soon("a change", quick.next()).await else {
            panic!("a change was expected")
        };
        assert_eq!((change.tenant, &*change.entity), (TENANT, "pc1"));
        told.push((change.version, change.belief.map(|belief| belief.value.score)));
    }
    assert_eq!(told, [(1, Some(1)), (2, Some(2)), (3, Some(3)), (4, None)]);

    for number in 10..30 {
        owner.put(TENANT, "pc2", score(number)).await.expect("the owner never waits");
    }
    assert!(matches!(soon("news", slow.next()).await, Some(ContextNews::Reread)));
    assert_eq!(reader.get(TENANT, "pc2").map(|belief| belief.value.score), Some(29));
    hub.shutdown().await;
}

#[tokio::test]
async fn what_another_process_changed_is_believed_within_a_second() {
    let place = Place::new().await;
    let (hub, owner) = owned(&place).await;
    owner.put(TENANT, "pc1", score(1)).await.expect("stored");
    let reader = hub.contexts().reader::<Compliance>().expect("the kind is owned");
    let mut changes = reader.subscribe();
    let elsewhere = open_state(&place.folder).await;
    let tenant = phalanx_state::TenantId::new(*TENANT.as_uuid());
    let key = Key::new(tenant, "context.device-compliance", "pc1").expect("a key");
    let author = Author::new("service:devices").expect("an author");
    let body = json!({"value": {"is_compliant": true, "score": 99}});
    let stored = std::time::Instant::now();
    elsewhere.put(&key, body, Precondition::None, &author).await.expect("stored");
    while let Some(ContextNews::Change(change)) = soon("a change", changes.next()).await {
        if change.belief.is_some_and(|belief| belief.value.score == 99) {
            break;
        }
    }
    assert!(stored.elapsed() < Duration::from_secs(1), "it took {:?}", stored.elapsed());
    assert_eq!(reader.get(TENANT, "pc1").map(|belief| belief.version), Some(2));
    // What can't be read as this kind counts as not believed.
    elsewhere.put(&key, json!({"value": "odd"}), Precondition::None, &author).await.expect("stored");
    eventually("it is not believed", || reader.get(TENANT, "pc1").is_none()).await;
    elsewhere.close().await;
    hub.shutdown().await;
}

/// What policy asks on every request. Without optimisation and beside other tests a read takes some hundred
/// nanoseconds; the bound is far above that, and far below anything that waits for a lock or a disk.
#[tokio::test]
async fn a_read_waits_for_nothing() {
    let place = Place::new().await;
    let (hub, owner) = owned(&place).await;
    let names: Vec<String> = (0..2_000).map(|number| format!("pc{number}")).collect();
    let values = names.iter().map(|name| (name.clone(), score(7))).collect();
    owner.put_all(TENANT, values).await.expect("stored");
    let reader = hub.contexts().reader::<Compliance>().expect("the kind is owned");
    // A writer goes on meanwhile.
    let writing = tokio::spawn(async move {
        for number in 0..200 {
            owner.put(TENANT, "pc0", score(number)).await.expect("stored");
        }
    });
    let mut rounds = Vec::new();
    while rounds.len() < 20 || !writing.is_finished() {
        let began = std::time::Instant::now();
        let scores: u32 =
            names.iter().filter_map(|name| reader.get(TENANT, name)).map(|b| b.value.score).sum();
        rounds.push(began.elapsed() / 2_000);
        assert!(scores >= 7 * 1_999, "all are believed");
        tokio::task::yield_now().await;
    }
    writing.await.expect("no panic");
    rounds.sort_unstable();
    let median = rounds[rounds.len() / 2];
    println!("a read takes {median:?}, of {} rounds", rounds.len());
    assert!(median < Duration::from_micros(20), "a read takes {median:?}");
    hub.shutdown().await;
}

#[tokio::test]
async fn tenants_are_apart() {
    let place = Place::new().await;
    let (hub, owner) = owned(&place).await;
    let other = phalanx_signal::TenantId::new(uuid::Uuid::from_u128(2));
    owner.put(TENANT, "pc1", score(1)).await.expect("stored");
    let reader = hub.contexts().reader::<Compliance>().expect("the kind is owned");
    assert!(reader.get(other, "pc1").is_none());
    assert!(reader.all(other).is_empty());
    hub.shutdown().await;
}
