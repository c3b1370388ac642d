//! Filters, orders and pages, judged by the naive model.

use std::{cmp::Ordering, ops::Bound, sync::Arc};

use chrono::{DateTime, Utc};
use proptest::{
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{Context, Fixture, model, tenant};
use crate::{
    Continuation, Error, Filter, FilterValue, Index, IndexKind, Key, Order, Precondition, Query, State, Write,
};

const TEXTS: &[&str] =
    &["", "a", "A", "ab", "aB", "abc", "b", "é", "É", "Σας", "σαΣ", "%", "_", "\\", "\0", "\u{10ffff}"];
const INTEGERS: &[i64] = &[i64::MIN, -256, -1, 0, 1, 2, 255, 256, i64::MAX];
const REALS: &[f64] = &[-1e300, -1.5, -1.0, -0.0, 0.0, 5e-324, 1.0, 1.5, 1e300];
const TIMES: &[&str] = &[
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999999Z",
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00.000000001Z",
    "2024-02-29T12:00:00Z",
    "9999-12-31T23:59:59Z",
];

fn model_indexes() -> Vec<Index> {
    vec![
        Index::new("text", "/text", IndexKind::Text),
        Index::new("caseless", "/deep/caseless", IndexKind::TextCaseless),
        Index::new("integer", "/integer", IndexKind::Integer),
        Index::new("real", "/real", IndexKind::Real),
        Index::new("boolean", "/boolean", IndexKind::Boolean),
        Index::new("time", "/time", IndexKind::DateTime),
        Index::new("texts", "/texts", IndexKind::TextCaseless).multi(),
        Index::new("integers", "/integers", IndexKind::Integer).multi(),
    ]
}

fn bodies() -> impl Strategy<Value = Value> {
    let maybe = |strategy: BoxedStrategy<Value>| prop_oneof![1 => Just(Value::Null), 4 => strategy].boxed();
    let text = || select(TEXTS).prop_map(|text| json!(text)).boxed();
    let integer = || select(INTEGERS).prop_map(|number| json!(number)).boxed();
    (
        maybe(text()),
        maybe(text()),
        maybe(integer()),
        maybe(select(REALS).prop_map(|number| json!(number)).boxed()),
        maybe(any::<bool>().prop_map(|truth| json!(truth)).boxed()),
        maybe(select(TIMES).prop_map(|time| json!(time)).boxed()),
        prop::collection::vec(maybe(text()), 0..4),
        prop::collection::vec(maybe(integer()), 0..4),
    )
        .prop_map(|(text, caseless, integer, real, boolean, time, texts, integers)| {
            json!({
                "text": text, "deep": {"caseless": caseless}, "integer": integer, "real": real, "boolean": boolean,
                "time": time, "texts": texts, "integers": integers,
            })
        })
}

/// An index's name and values to compare it with.
fn operands() -> impl Strategy<Value = (&'static str, Vec<FilterValue>)> {
    let some = |values: BoxedStrategy<FilterValue>| prop::collection::vec(values, 2..4);
    let text = || some(select(TEXTS).prop_map(FilterValue::from).boxed());
    let integer = || some(select(INTEGERS).prop_map(FilterValue::from).boxed());
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("the samples are times");
    prop_oneof![
        (select(&["text", "caseless", "texts"][..]), text()),
        (select(&["integer", "integers"][..]), integer()),
        (Just("real"), some(select(REALS).prop_map(FilterValue::from).boxed())),
        (Just("real"), some(Just(FilterValue::Integer(1)).boxed())),
        (Just("boolean"), some(any::<bool>().prop_map(FilterValue::from).boxed())),
        (Just("time"), some(select(TIMES).prop_map(move |text| FilterValue::from(time(text))).boxed())),
    ]
}

fn bound(kind: u8, value: &FilterValue) -> Bound<FilterValue> {
    match kind {
        0 => Bound::Unbounded,
        1 => Bound::Included(value.clone()),
        _ => Bound::Excluded(value.clone()),
    }
}

fn filters() -> impl Strategy<Value = Filter> {
    let names: Vec<String> = model_indexes().into_iter().map(|index| index.name).collect();
    let comparison = prop_oneof![
        operands().prop_map(|(name, values)| Filter::eq(name, values[0].clone())),
        operands().prop_map(|(name, values)| Filter::one_of(name, values)),
        (operands(), 0..3_u8, 0..3_u8).prop_map(|((name, values), from, to)| Filter::Range(
            name.to_owned(),
            bound(from, &values[0]),
            bound(to, &values[1])
        )),
        (select(&["text", "caseless", "texts"][..]), select(TEXTS))
            .prop_map(|(name, text)| Filter::prefix(name, text)),
        select(names.clone()).prop_map(Filter::is_null),
        select(names).prop_map(|name| Filter::In(name, Vec::new())),
    ];
    comparison.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::all),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::any),
            inner.prop_map(Filter::not),
        ]
    })
}

fn orders() -> impl Strategy<Value = Order> {
    let single: Vec<String> =
        model_indexes().into_iter().filter(|index| !index.multi).map(|index| index.name).collect();
    (prop::option::of(select(single)), any::<bool>())
        .prop_map(|(index, descending)| Order { index, descending })
}

async fn all_pages(state: &dyn State, mut query: Query) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = state.query(&query).await.expect("the query is well-formed");
        ids.extend(page.documents.into_iter().map(|document| document.key.id().to_owned()));
        let Some(next) = page.next else { return ids };
        // A continuation goes through a URL and back.
        query.after = Some(next.to_string().parse::<Continuation>().expect("it is what was given"));
    }
}

pub(super) async fn filters_are_those_of_the_model(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut documents: Vec<(String, Value)> = Vec::new();
    for number in 0..90 {
        let body = bodies().new_tree(&mut runner).expect("there are bodies").current();
        documents.push((format!("{}{number}", TEXTS[number % 5]), body));
    }
    // Half of them are there before the indexes.
    for (position, (id, body)) in documents.iter().enumerate() {
        if position == documents.len() / 2 {
            context.state.declare("things", &model_indexes()).await.expect("all bodies fit");
        }
        context.put(id, json!({"text": "not this"})).await;
        context.put(id, body.clone()).await;
        let other = Key::new(tenant(9), "things", id.as_str()).expect("the key is well-formed");
        context
            .state
            .put(&other, body.clone(), Precondition::None, &context.author)
            .await
            .expect("nothing forbids it");
    }
    let (state, of, handle) = (context.state.clone(), context.tenant, Handle::current());
    let judge = move || {
        let ran = runner.run(&(filters(), orders(), 1..40_usize), |(filter, order, page_size)| {
            let query =
                Query::new(of, "things").filter(filter.clone()).order(order.clone()).page_size(page_size);
            let found = handle.block_on(all_pages(&*state, query.clone()));
            let expected = expected(&documents, &filter, &order);
            prop_assert_eq!(&found, &expected);
            let count = handle.block_on(state.count(&query)).expect("the query is well-formed");
            prop_assert_eq!(count, expected.len() as u64);
            Ok(())
        });
        ran.map_err(|difference| difference.to_string())
    };
    let judgement = tokio::task::spawn_blocking(judge).await.expect("the judge doesn't panic");
    if let Err(difference) = judgement {
        panic!("{difference}");
    }
    context.finish().await;
}

fn expected(documents: &[(String, Value)], filter: &Filter, order: &Order) -> Vec<String> {
    let indexes = model_indexes();
    let mut passing: Vec<&(String, Value)> =
        documents.iter().filter(|(_, body)| model::passes(&indexes, body, filter)).collect();
    passing.sort_by(|a, b| {
        let ordering: Ordering = model::order(&indexes, order.index.as_deref(), (&a.0, &a.1), (&b.0, &b.1));
        if order.descending { ordering.reverse() } else { ordering }
    });
    passing.into_iter().map(|(id, _)| id.clone()).collect()
}

pub(super) async fn pages_follow_each_other(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    context.state.declare("things", &[Index::new("n", "/n", IndexKind::Integer)]).await.expect("it fits");
    for number in 0..10 {
        context.put(&number.to_string(), json!({"n": number / 3})).await;
    }
    let query = Query::new(context.tenant, "things").order(Order::descending("n")).page_size(4);
    let ids = all_pages(&*context.state, query.clone()).await;
    assert_eq!(ids, ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]);

    let exact = context.state.query(&query.clone().page_size(10)).await.expect("it reads");
    assert!(exact.next.is_none(), "ten of ten is the last page");
    let first = context.state.query(&query).await.expect("it reads");
    let next = first.next.expect("there are more");
    // What changes behind the reader doesn't disturb it, what changes before it is seen.
    context.put("9", json!({"n": 100})).await;
    context.delete("5").await;
    context.put("new", json!({"n": 1})).await;
    let rest = all_pages(&*context.state, query.clone().after(next.clone())).await;
    assert_eq!(rest, ["new", "4", "3", "2", "1", "0"]);

    let by_id = Query::new(context.tenant, "things").page_size(4).after(next);
    assert_eq!(
        context.state.query(&by_id).await.expect_err("it is of another query").to_string(),
        "the continuation is of another query"
    );
    for text in ["", "x", "AAAA", "W10", "ü"] {
        let query = query.clone().after(text.parse().expect("any text may be tried"));
        assert!(matches!(context.state.query(&query).await, Err(Error::Invalid(_))), "{text}");
    }
    context.finish().await;
}

pub(super) async fn a_page_ends_when_it_is_big(fixture: Arc<dyn Fixture>) {
    let context = Context::with(&fixture, |options| options.limits.page_bytes_max = 10_000).await;
    for number in 0..20 {
        context.put(&format!("{number:02}"), json!({"text": "x".repeat(3000)})).await;
    }
    let query = Query::new(context.tenant, "things");
    let page = context.state.query(&query).await.expect("it reads");
    assert!((1..20).contains(&page.documents.len()), "{} documents", page.documents.len());
    assert_eq!(all_pages(&*context.state, query).await.len(), 20);
    let mut after = crate::ResumeToken::START;
    let mut seen = 0;
    while seen < 20 {
        let changes = context.state.changes(after, 100).await.expect("it reads");
        assert!((1..20).contains(&changes.changes.len()));
        seen += changes.changes.len();
        after = changes.next;
    }
    context.finish().await;
}

pub(super) async fn wrong_queries_are_explained(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let indexes = [
        Index::new("text", "/text", IndexKind::Text),
        Index::new("real", "/real", IndexKind::Real),
        Index::new("many", "/many", IndexKind::Integer).multi(),
    ];
    context.state.declare("things", &indexes).await.expect("it fits");
    let all = Query::new(context.tenant, "things");
    let check = async |query: Query, expected: &str| {
        let error = context.state.query(&query).await.expect_err("the query is wrong");
        assert_eq!(error.to_string(), expected);
    };
    check(all.clone().filter(Filter::eq("none", 1)), "collection `things` has no index `none`").await;
    check(
        all.clone().filter(Filter::not(Filter::is_null("none"))),
        "collection `things` has no index `none`",
    )
    .await;
    check(all.clone().order(Order::ascending("none")), "collection `things` has no index `none`").await;
    check(all.clone().filter(Filter::eq("text", 1)), "index `text` compares with text").await;
    check(all.clone().filter(Filter::gt("real", f64::NAN)), "index `real` compares with a number").await;
    check(
        all.clone().filter(Filter::prefix("real", "1")),
        "index `real` is not of text, so its values have no prefix",
    )
    .await;
    check(
        all.clone().order(Order::ascending("many")),
        "index `many` has several values per document, so it gives no order",
    )
    .await;
    check(all.clone().page_size(0), "a page has at least 1 entry, asked for 0").await;
    check(
        Query::new(context.tenant, "no such"),
        "the name of a collection is 1 to 64 ASCII letters, digits or `.-_`, beginning with a letter, found `no such`",
    )
    .await;
    let deep = (0..20).fold(Filter::eq("text", "x"), |filter, _| Filter::not(filter));
    check(all.clone().filter(deep), "a filter has at most 200 conditions, nested at most 16 deep").await;
    let wide = Filter::any((0..200_i64).map(|number| Filter::eq("real", number)));
    check(all.clone().filter(wide), "a filter has at most 200 conditions, nested at most 16 deep").await;
    let long = Filter::one_of("real", 0..2001_i64);
    check(all.clone().filter(long), "a filter compares with at most 2000 values").await;

    // As big and as deep as is allowed does work.
    let deep = (0..14).fold(Filter::eq("many", 1), |filter, _| {
        Filter::any([Filter::all([filter, Filter::ge("many", 0)]), Filter::eq("text", "x")])
    });
    let deep_error = context.state.query(&all.clone().filter(deep)).await;
    assert!(matches!(deep_error, Err(Error::Invalid(_))), "28 levels are too deep");
    let deep = (0..7).fold(Filter::eq("many", 1), |filter, _| {
        Filter::any([Filter::all([filter, Filter::ge("many", 0)]), Filter::eq("text", "x")])
    });
    context.put("a", json!({"text": "x"})).await;
    assert_eq!(context.state.count(&all.clone().filter(deep)).await.expect("it is allowed"), 1);
    let wide = Filter::all((0..99_i64).map(|number| Filter::ne("many", number)));
    assert_eq!(context.state.count(&all.clone().filter(wide)).await.expect("it is allowed"), 1);
    let wide = Filter::any((0..99).map(|number: i32| Filter::not(Filter::eq("text", number.to_string()))));
    assert_eq!(context.state.count(&all.clone().filter(wide)).await.expect("it is allowed"), 1);
    let long = Filter::all([
        Filter::not(Filter::one_of("many", 0..1000_i64)),
        Filter::not(Filter::one_of("real", 0..1000_i64)),
    ]);
    assert_eq!(context.state.count(&all.filter(long)).await.expect("it is allowed"), 1);
    context.finish().await;
}

/// No table is read from end to end where an index narrows it.
pub(super) async fn indexes_are_used(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    for batch in 0..10_u64 {
        let put = |number: u64| Write::Put {
            key: context.key(&format!("{number:05}")),
            body: json!({"name": format!("name {number:05}"), "n": number, "tags": [number, number + 1], "kind": number % 2}),
            precondition: Precondition::None,
        };
        let writes = (batch * 500..(batch + 1) * 500).map(put).collect();
        context.state.write(writes, &context.author).await.expect("nothing forbids it");
    }
    let indexes = [
        Index::new("name", "/name", IndexKind::TextCaseless).unique(),
        Index::new("n", "/n", IndexKind::Integer),
        Index::new("tags", "/tags", IndexKind::Integer).multi(),
        Index::new("kind", "/kind", IndexKind::Integer),
    ];
    context.state.declare("things", &indexes).await.expect("it fits");
    let all = Query::new(context.tenant, "things").page_size(10);
    for (query, count) in [
        (all.clone(), 10),
        (all.clone().order(Order::descending("n")), 10),
        (all.clone().filter(Filter::eq("name", "NAME 00017")), 1),
        (all.clone().filter(Filter::prefix("name", "name 0001")), 10),
        (
            all.clone()
                .filter(Filter::all([Filter::ge("n", 100), Filter::lt("n", 105)]))
                .order(Order::ascending("n")),
            5,
        ),
        (all.clone().filter(Filter::one_of("n", [1_i64, 2, 3])), 3),
        (all.clone().filter(Filter::eq("tags", 7)), 2),
        (
            all.clone().filter(Filter::Range(
                "tags".into(),
                Bound::Included(7.into()),
                Bound::Included(8.into()),
            )),
            3,
        ),
        (all.clone().filter(Filter::any([Filter::eq("n", 1), Filter::eq("tags", 100)])), 3),
        (all.clone().filter(Filter::all([Filter::eq("kind", 1), Filter::eq("n", 7)])), 1),
        (all.clone().filter(Filter::all([Filter::eq("n", 7), Filter::ne("kind", 1)])), 0),
        (all.clone().filter(Filter::eq("kind", 1)), 10),
        (all.clone().filter(Filter::eq("n", 8)).order(Order::descending("name")), 1),
        (all.clone().filter(Filter::is_null("n")), 0),
    ] {
        let plan = context.state.explain(&query).await.expect("the query is well-formed");
        // SQLite says `SCAN <table>`, and `… USING …` if it is an index that it scans; PostgreSQL says `Seq Scan on`.
        let scans = |line: &&str| {
            let line = line.trim();
            let of_ours = line.strip_prefix("SCAN ").is_some_and(|rest| {
                ["d", "a", "s", "e0", "e1", "e2"].contains(&rest.split(' ').next().unwrap_or_default())
            });
            of_ours || line.contains("Seq Scan")
        };
        eprintln!("PLAN {:?} {:?}\n{plan}", query.filter, query.order);
        let scan = plan.lines().find(scans);
        assert!(scan.is_none(), "{query:?} is carried out as\n{plan}");
        assert_eq!(context.state.query(&query).await.expect("it reads").documents.len(), count, "{query:?}");
    }
    context.finish().await;
}
