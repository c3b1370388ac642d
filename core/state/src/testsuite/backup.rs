//! Backups.

use std::{fs, path::Path, sync::Arc};

use serde_json::json;

use super::{Context, Fixture, tenant};
use crate::{
    Change, Document, Error, Filter, Index, IndexKind, Key, Precondition, Query, ResumeToken, State, TenantId,
};

fn indexes() -> [Index; 2] {
    [
        Index::new("name", "/name", IndexKind::TextCaseless).unique(),
        Index::new("tags", "/tags", IndexKind::Integer).multi(),
    ]
}

/// A store with something of everything.
async fn filled(fixture: &Arc<dyn Fixture>) -> Context {
    let context = Context::new(fixture).await;
    context.state.declare("things", &indexes()).await.expect("it fits");
    for number in 0..30 {
        context.put(&format!("é{number}"), json!({"name": format!("N{number}"), "tags": [number]})).await;
        context.clock.advance(std::time::Duration::from_secs(1));
    }
    context.delete("é3").await;
    context.put("é4", json!({"name": "\0 \u{10ffff}", "number": 0.1 + 0.2})).await;
    let other = Key::new(tenant(2), "others", "x").expect("it is well-formed");
    let author = context.author.clone().because("why not").expect("it is well-formed");
    context.state.put(&other, json!({}), Precondition::None, &author).await.expect("nothing forbids it");
    let before = super::Clock::now(&*context.clock) - std::time::Duration::from_secs(25);
    assert_eq!(context.state.prune(before).await.expect("it prunes"), 5);
    context
}

/// All documents of the tenants used here, and all changes that are kept, without the identity of the database.
async fn contents(state: &dyn State, kept_from: ResumeToken) -> (Vec<Document>, Vec<Change>) {
    let mut documents = Vec::new();
    for collection in ["things", "others"] {
        for tenant in state.tenants(collection).await.expect("it reads") {
            let query = Query::new(tenant, collection).page_size(1000);
            documents.extend(state.query(&query).await.expect("it reads").documents);
        }
    }
    let mut changes = state.changes(kept_from, 1000).await.expect("it reads").changes;
    for change in &mut changes {
        change.token.lineage = uuid::Uuid::nil();
    }
    (documents, changes)
}

async fn count_tag(state: &dyn State, tenant: TenantId, tag: i64) -> u64 {
    let query = Query::new(tenant, "things").filter(Filter::eq("tags", tag));
    state.count(&query).await.expect("the index is declared")
}

pub(super) async fn a_restored_copy_is_the_same(fixture: Arc<dyn Fixture>) {
    let context = filled(&fixture).await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("backup.jsonl");
    let kept_from: ResumeToken = ResumeToken { position: 5, ..context.state.head().await.expect("it reads") };
    let expected = contents(&*context.state, kept_from).await;
    let counts = context.state.backup_to(&path).await.expect("it is written");
    assert_eq!((counts.indexes, counts.documents, counts.changes), (2, 30, 28));
    let twice = context.state.backup_to(&path).await;
    assert!(matches!(twice, Err(Error::Invalid(_))), "a backup overwrites nothing: {twice:?}");

    let head = context.state.head().await.expect("it reads");
    let restored = Context::new(&fixture).await;
    assert_eq!(restored.state.restore_from(&path).await.expect("it restores"), counts);
    assert_eq!(restored.state.verify().await.expect("it agrees"), counts);
    // A token of the backed up database is good in the restored one.
    assert_eq!(contents(&*restored.state, kept_from).await, expected);
    assert_eq!(count_tag(&*restored.state, context.tenant, 7).await, 1);
    let early = ResumeToken { position: 4, ..kept_from };
    assert!(matches!(restored.state.changes(early, 1).await, Err(Error::Expired)));

    // From here on the two go different ways, and know it.
    context.put("é0", json!({"name": "same"})).await;
    let ours = restored.put("é0", json!({"name": "same"})).await;
    let theirs = context.state.get(&context.key("é0")).await.expect("it reads").expect("it is there");
    assert_ne!(ours.etag, theirs.etag);
    let later = context.state.head().await.expect("it reads");
    assert!(matches!(restored.state.changes(later, 1).await, Err(Error::UnknownToken)));
    assert_eq!(restored.state.changes(head, 10).await.expect("it reads").changes.len(), 1);

    // A restored database can be backed up, and its copy knows both of its ancestors.
    let again = folder.path().join("again.jsonl");
    restored.state.backup_to(&again).await.expect("it is written");
    let third = Context::new(&fixture).await;
    third.state.restore_from(&again).await.expect("it restores");
    for token in [head, restored.state.head().await.expect("it reads")] {
        third.state.changes(token, 10).await.expect("it is of an ancestor");
    }
    let used = third.state.restore_from(&path).await;
    assert!(matches!(used, Err(Error::Invalid(_))), "{used:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("it is a folder").count(), 2, "nothing temporary is left");
    for context in [context, restored, third] {
        context.finish().await;
    }
}

pub(super) async fn damage_is_found_and_nothing_restored(fixture: Arc<dyn Fixture>) {
    let context = filled(&fixture).await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("backup.jsonl");
    context.state.backup_to(&path).await.expect("it is written");
    let whole = fs::read(&path).expect("it is there");
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let empty = Context::new(&fixture).await;
    let damaged = folder.path().join("damaged.jsonl");
    let check = async |bytes: Vec<u8>, what: &str| {
        fs::write(&damaged, bytes).expect("it is written");
        let refused = empty.state.restore_from(&damaged).await;
        assert!(matches!(refused, Err(Error::Corrupt(_))), "{what}: {refused:?}");
        assert_eq!(empty.state.head().await.expect("it reads").position(), 0);
    };
    check(Vec::new(), "empty").await;
    check(b"not a backup\n".to_vec(), "something else").await;
    check(whole[..whole.len() - 1].to_vec(), "cut by a byte").await;
    check(whole[..whole.len() / 2].to_vec(), "cut in half").await;
    check(lines[..lines.len() - 1].concat(), "without its end").await;
    for position in [1, lines.len() / 3, lines.len() / 2, lines.len() - 2] {
        let without: Vec<u8> = [&lines[..position], &lines[position + 1..]].concat().concat();
        check(without, &format!("without line {position}")).await;
        let doubled: Vec<u8> =
            [&lines[..position], &lines[position..=position], &lines[position..]].concat().concat();
        check(doubled, &format!("with line {position} twice")).await;
    }
    for step in 1..20 {
        let mut flipped = whole.clone();
        let at = whole.len() * step / 20;
        flipped[at] ^= 1;
        check(flipped, &format!("with byte {at} changed")).await;
    }
    let mut newer = lines.clone();
    let header =
        String::from_utf8(lines[0].to_vec()).expect("it is text").replace("\"format\":1", "\"format\":2");
    newer[0] = header.as_bytes();
    fs::write(&damaged, newer.concat()).expect("it is written");
    assert!(
        matches!(empty.state.restore_from(&damaged).await, Err(Error::Invalid(_))),
        "it is of a newer program"
    );
    let missing = empty.state.restore_from(Path::new("/no/such/file")).await;
    assert!(matches!(missing, Err(Error::Unavailable { .. })), "{missing:?}");

    empty.state.restore_from(&path).await.expect("the whole one restores still");
    empty.finish().await;
    context.finish().await;
}

pub(super) async fn a_store_in_use_can_be_backed_up(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for number in 0..50 {
        context.put(&number.to_string(), json!({})).await;
    }
    let writer = {
        let (state, author, keys) =
            (context.state.clone(), context.author.clone(), [context.key("0"), context.key("1")]);
        tokio::spawn(async move {
            for round in 0..100 {
                // Both documents always have the same body.
                let writes = super::feed::puts(keys.to_vec(), &json!({ "round": round }));
                state.write(writes, &author).await.expect("nothing forbids it");
            }
        })
    };
    let mut backups = Vec::new();
    for number in 0..4 {
        let path = folder.path().join(number.to_string());
        context.state.backup_to(&path).await.expect("it is written");
        backups.push(path);
    }
    writer.await.expect("it doesn't panic");
    for path in backups {
        let restored = Context::new(&fixture).await;
        restored.state.restore_from(&path).await.expect("it restores");
        let read = async |id: &str| {
            restored.state.get(&restored.key(id)).await.expect("it reads").expect("it is there")
        };
        assert_eq!(read("0").await.body, read("1").await.body);
        restored.finish().await;
    }
    context.finish().await;
}
