//! One document, and several at once.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Context, Fixture, tenant};
use crate::{Author, Error, Etag, Filter, Index, IndexKind, Key, Precondition, Query, Write};

pub(super) async fn a_document_lives_and_dies(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    assert_eq!(context.state.get(&context.key("a")).await.expect("it reads"), None);

    let first = context.put("a", json!({"n": 1})).await;
    assert_eq!((first.version, &first.body, first.modified_by.as_str()), (1, &json!({"n": 1}), "tester"));
    assert_eq!(first.created, first.modified);
    assert_eq!(context.state.get(&context.key("a")).await.expect("it reads"), Some(first.clone()));

    context.clock.advance(std::time::Duration::from_secs(60));
    let second = context.put("a", json!({"n": 2})).await;
    assert_eq!((second.version, second.created), (2, first.created));
    assert_eq!((second.modified - first.modified).num_seconds(), 60);
    assert_ne!(second.etag, first.etag);
    assert_eq!(context.state.get(&context.key("a")).await.expect("it reads"), Some(second.clone()));

    assert_eq!(context.delete("a").await, Some(second));
    assert_eq!(context.state.get(&context.key("a")).await.expect("it reads"), None);
    assert_eq!(context.delete("a").await, None);
    context.finish().await;
}

pub(super) async fn preconditions_hold_or_nothing_changes(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let (state, author) = (&context.state, &context.author);
    let key = context.key("a");
    let stale: Etag = "0".repeat(32).parse().expect("it is an etag");

    let missing = state.put(&key, json!({}), Precondition::Matches(stale.clone()), author).await;
    assert!(matches!(missing, Err(Error::Conflict { current: None, .. })), "{missing:?}");
    let missing = state.delete(&key, Precondition::Matches(stale.clone()), author).await;
    assert!(matches!(missing, Err(Error::Conflict { current: None, .. })), "{missing:?}");

    let first = state.put(&key, json!({"n": 1}), Precondition::Absent, author).await.expect("it is absent");
    let again = state.put(&key, json!({"n": 2}), Precondition::Absent, author).await;
    assert!(
        matches!(&again, Err(Error::AlreadyExists { current, .. }) if *current == first.etag),
        "{again:?}"
    );
    let conflict = state.put(&key, json!({"n": 2}), Precondition::Matches(stale.clone()), author).await;
    assert!(
        matches!(&conflict, Err(Error::Conflict { current: Some(current), .. }) if *current == first.etag),
        "{conflict:?}"
    );
    let conflict = state.delete(&key, Precondition::Matches(stale), author).await;
    assert!(matches!(conflict, Err(Error::Conflict { current: Some(_), .. })), "{conflict:?}");
    let nonsense = state.delete(&key, Precondition::Absent, author).await;
    assert!(matches!(nonsense, Err(Error::Invalid(_))), "{nonsense:?}");
    assert_eq!(state.get(&key).await.expect("it reads"), Some(first.clone()));
    assert_eq!(state.head().await.expect("it reads").position(), 1, "only one change was made");

    let matches = Precondition::Matches(first.etag.clone());
    let second = state.put(&key, json!({"n": 2}), matches, author).await.expect("the etag matches");
    let matches = Precondition::Matches(second.etag.clone());
    assert_eq!(state.delete(&key, matches, author).await.expect("the etag matches"), Some(second));
    context.finish().await;
}

pub(super) async fn versions_go_on_after_a_deletion(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let body = json!({"same": true});
    let first = context.put("a", body.clone()).await;
    context.put("a", body.clone()).await;
    context.delete("a").await;
    let reborn = context.put("a", body).await;
    assert_eq!(reborn.version, 4);
    assert_ne!(reborn.etag, first.etag, "a writer that knows only the first life must not match the second");
    context.finish().await;
}

pub(super) async fn several_writes_are_one(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let (state, author) = (&context.state, &context.author);
    let kept = context.put("kept", json!({"n": 0})).await;
    let put =
        |id: &str, precondition| Write::Put { key: context.key(id), body: json!({"n": 1}), precondition };
    let delete = |id: &str| Write::Delete { key: context.key(id), precondition: Precondition::None };

    let failed = state
        .write(
            vec![
                put("new", Precondition::None),
                delete("kept"),
                put("x", Precondition::Matches(kept.etag.clone())),
            ],
            author,
        )
        .await;
    assert!(matches!(&failed, Err(Error::Conflict { key, .. }) if key.id() == "x"), "{failed:?}");
    assert_eq!(state.get(&context.key("new")).await.expect("it reads"), None);
    assert_eq!(state.get(&context.key("kept")).await.expect("it reads"), Some(kept.clone()));

    let twice = state.write(vec![put("new", Precondition::None), delete("new")], author).await;
    assert!(matches!(twice, Err(Error::Invalid(_))), "{twice:?}");

    let writes = vec![
        put("new", Precondition::Absent),
        delete("kept"),
        delete("never"),
        put("other", Precondition::None),
    ];
    let written = state.write(writes, author).await.expect("all preconditions hold");
    let ids: Vec<_> =
        written.iter().map(|document| document.as_ref().map(|document| document.key.id())).collect();
    assert_eq!(ids, [Some("new"), Some("kept"), None, Some("other")]);
    assert_eq!(written[1], Some(kept));
    assert_eq!(state.head().await.expect("it reads").position(), 4, "deleting nothing is no change");
    assert!(state.write(Vec::new(), author).await.expect("nothing to do").is_empty());
    context.finish().await;
}

pub(super) async fn unique_values_may_be_swapped(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let index = Index::new("name", "/name", IndexKind::TextCaseless).unique();
    context.state.declare("things", &[index]).await.expect("the index is well-formed");
    context.put("a", json!({"name": "Left"})).await;
    context.put("b", json!({"name": "right"})).await;
    let put = |id: &str, name: &str| Write::Put {
        key: context.key(id),
        body: json!({ "name": name }),
        precondition: Precondition::None,
    };
    context.state.write(vec![put("a", "RIGHT"), put("b", "LEFT")], &context.author).await.expect("they swap");
    let left = Query::new(context.tenant, "things").filter(Filter::eq("name", "left"));
    let found = context.state.query(&left).await.expect("it reads").documents;
    assert_eq!(found.iter().map(|document| document.key.id()).collect::<Vec<_>>(), ["b"]);

    let same = context.state.write(vec![put("c", "same"), put("d", "Same")], &context.author).await;
    assert!(matches!(&same, Err(Error::Duplicate { index, .. }) if index == "name"), "{same:?}");
    assert_eq!(context.state.get(&context.key("c")).await.expect("it reads"), None);
    context.finish().await;
}

pub(super) async fn what_is_too_big_or_misnamed_is_refused(fixture: Arc<dyn Fixture>) {
    let context = Context::with(&fixture, |options| {
        options.limits.body_bytes_max = 100;
        options.limits.depth_max = 3;
        options.limits.writes_max = 2;
    })
    .await;
    let check = async |body: Value, expected: &str| {
        let refused = context.state.put(&context.key("a"), body, Precondition::None, &context.author).await;
        assert_eq!(refused.expect_err("it is too much").to_string(), expected);
    };
    check(json!([]), "the body of document `things/a` must be a JSON object").await;
    check(json!("x"), "the body of document `things/a` must be a JSON object").await;
    check(json!({"a": [[1, [2]]]}), "the body of document `things/a` is nested deeper than 3 levels").await;
    check(
        json!({"a": "x".repeat(93)}),
        "the body of document `things/a` has 101 bytes, at most 100 are allowed",
    )
    .await;
    context.put("a", json!({"a": "x".repeat(92)})).await;
    context.put("a", json!({"a": [[1]]})).await;

    let delete = |id: &str| Write::Delete { key: context.key(id), precondition: Precondition::None };
    let many = context.state.write(vec![delete("a"), delete("b"), delete("c")], &context.author).await;
    assert_eq!(many.expect_err("it is too much").to_string(), "at most 2 writes at once, found 3");

    for (collection, id) in
        [("", "a"), ("a b", "a"), ("1a", "a"), ("things", ""), ("things", "a\nb"), ("things", "\0")]
    {
        assert!(
            matches!(Key::new(context.tenant, collection, id), Err(Error::Invalid(_))),
            "{collection} {id}"
        );
    }
    assert!(Key::new(context.tenant, "things", "x".repeat(257)).is_err());
    assert!(Key::new(context.tenant, "x".repeat(65), "a").is_err());
    assert!(Author::new("").is_err() && Author::new("a\0").is_err());
    context.finish().await;
}

pub(super) async fn every_text_and_number_comes_back(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let body = json!({
        "": "empty", "nul": "\0\u{1}", "quote": "'\"\\; DROP TABLE documents; --", "text": "ÄöÜ Σς ı 😀 \u{10ffff} \u{feff}",
        "numbers": [0, -1, i64::MIN, i64::MAX, u64::MAX, 0.1 + 0.2, 5e-324, 1.797_693_134_862_315_7e308, -0.0],
        "nested": {"null": null, "yes": true, "empty": [{}, []]},
        "ordered": {"b": 1, "a": 2},
    });
    for id in
        ["a", "user@contoso.example", "/subscriptions/1/resourceGroups/x", "%_'\"\\$1", "日本", "ﬁ", " "]
    {
        let stored = context.put(id, body.clone()).await;
        let read = context.state.get(&context.key(id)).await.expect("it reads");
        assert_eq!(read.as_ref(), Some(&stored), "{id}");
        assert_eq!(read.expect("it is there").body.to_string(), body.to_string(), "{id}");
    }
    let longest = "é".repeat(128);
    context.put(&longest, json!({})).await;
    assert_eq!(context.state.count(&Query::new(context.tenant, "things")).await.expect("it counts"), 8);
    context.finish().await;
}

/// As big as is allowed, and more of them than go into one page.
pub(super) async fn documents_may_be_huge(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let index = Index::new("n", "/n", IndexKind::Integer);
    context.state.declare("things", &[index]).await.expect("the index is well-formed");
    let limits = crate::Limits::default();
    let body = |number: u64| {
        // Text that no compression makes small, and that escaping makes bigger.
        let filler = limits.body_bytes_max - json!({"n": number, "text": ""}).to_string().len();
        let text: String = (0..)
            .map(|at: u64| char::from(b'!' + 2 + (at * at % 89 + number % 2) as u8))
            .filter(|c| *c != '\\')
            .take(filler)
            .collect();
        json!({"n": number, "text": text})
    };
    for number in 0..10 {
        let body = body(number);
        assert_eq!(body.to_string().len(), limits.body_bytes_max);
        let stored = context.put(&number.to_string(), body).await;
        let read = context.state.get(&stored.key).await.expect("it reads");
        assert_eq!(read.as_ref(), Some(&stored));
    }
    let mut query = Query::new(context.tenant, "things").filter(Filter::ge("n", 0));
    let mut seen = 0;
    loop {
        let page = context.state.query(&query).await.expect("it reads");
        let bytes: usize = page.documents.iter().map(|document| document.body.to_string().len()).sum();
        assert!(bytes <= limits.page_bytes_max + limits.body_bytes_max, "{bytes} bytes in a page");
        seen += page.documents.len();
        let Some(next) = page.next else { break };
        query = query.after(next);
    }
    assert_eq!(seen, 10);
    context.finish().await;
}

/// Names and values go to the database beside the statement and never into it.
pub(super) async fn what_looks_like_sql_is_data(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let odd = [
        "'; DROP TABLE documents; --",
        "\" OR \"\"=\"",
        "$1",
        "\\'",
        "/**/",
        "%",
        "_",
        "{}",
        "E'\\x27'",
        "０＇",
    ];
    let path = "/it's \"odd\"; --/$1";
    let index = Index::new("odd", path, IndexKind::Text);
    context.state.declare("things", &[index]).await.expect("a path is any text");
    for text in odd {
        let author =
            Author::new(text).and_then(|author| author.because(text)).expect("an author is any text");
        let body = json!({"it's \"odd\"; --": {"$1": text}});
        let key = context.key(text);
        context.state.put(&key, body, Precondition::None, &author).await.expect("nothing forbids it");
    }
    for text in odd {
        let ids = async |filter: Filter| {
            let query = Query::new(context.tenant, "things").filter(filter);
            let page = context.state.query(&query).await.expect("it reads");
            page.documents.into_iter().map(|document| document.key.id().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(Filter::eq("odd", text)).await, [text]);
        assert!(ids(Filter::prefix("odd", text)).await.iter().all(|id| id.starts_with(text)), "no wildcards");
        let unknown = Query::new(context.tenant, "things").filter(Filter::eq(text, "x"));
        let refused = context.state.query(&unknown).await;
        assert!(matches!(refused, Err(Error::NotIndexed { .. })), "{refused:?}");
        assert!(Key::new(context.tenant, text, "a").is_err(), "a collection has a plain name");
        let trail = context.state.audit(&crate::AuditQuery::of(&context.key(text))).await.expect("it reads");
        assert_eq!((trail.records.len(), trail.records[0].change.by.as_str()), (1, text));
    }
    context.finish().await;
}

pub(super) async fn tenants_are_apart(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let index = Index::new("name", "/name", IndexKind::Text).unique();
    context.state.declare("things", &[index]).await.expect("the index is well-formed");
    for number in [3, 1, 2] {
        let key = Key::new(tenant(number), "things", "a").expect("the key is well-formed");
        let body = json!({"name": "same", "n": number as u64});
        context
            .state
            .put(&key, body, Precondition::Absent, &context.author)
            .await
            .expect("tenants are apart");
    }
    for number in [1, 2, 3] {
        let query = Query::new(tenant(number), "things").filter(Filter::eq("name", "same"));
        let found = context.state.query(&query).await.expect("it reads").documents;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].body["n"], json!(number as u64));
    }
    let tenants = context.state.tenants("things").await.expect("it reads");
    assert_eq!(tenants, [tenant(1), tenant(2), tenant(3)]);
    assert!(context.state.tenants("others").await.expect("it reads").is_empty());
    context.finish().await;
}
