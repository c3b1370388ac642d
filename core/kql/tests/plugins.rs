//! What plugins make of tables, from text to rows.

mod support;

use std::sync::Arc;

use datafusion::{
    execution::{
        context::SessionContext,
        memory_pool::{GreedyMemoryPool, MemoryPool},
        runtime_env::RuntimeEnvBuilder,
    },
    prelude::SessionConfig,
};
use phalanx_kql::{bind::Settings, prepare};
use support::{Memory, check};

const VISITS: &str = "let visits = datatable(who: string, at: datetime, kind: string) [
    'a', datetime(2024-01-01), 'x', 'b', datetime(2024-01-01 05:00), 'y', 'a', datetime(2024-01-02), 'x',
    'c', datetime(2024-01-02), 'x', '', datetime(2024-01-03), 'y', 'b', datetime(2024-01-09), 'y'];";

fn over_visits(query: &str) -> String {
    format!("{VISITS} {query}")
}

#[tokio::test]
async fn activity_counts() {
    let of = |end: &str, rest: &str| {
        over_visits(&format!(
            "visits | evaluate activity_counts_metrics(who, at, datetime(2024-01-01), datetime({end}), 1d{rest}) \
             | project-away at"
        ))
    };
    let cases = [
        (of("2024-01-03", ""), "[[2,2,2,2],[2,2,1,3],[1,1,1,4]]"),
        (of("2024-01-02", ", kind"), r#"[["x",1,1,1,1],["y",1,1,1,1],["x",2,2,1,2]]"#),
        (over_visits("visits | evaluate activity_counts_metrics(who, at)"), "takes an id, a time"),
        (
            over_visits("visits | evaluate activity_counts_metrics(who, kind, now(), now(), 1d)"),
            "`kind` must be a datetime",
        ),
        (
            over_visits("visits | evaluate activity_counts_metrics(who, at, now(), now(), 0d)"),
            "the window must be a timespan longer than nothing",
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn rows_near() {
    let cases = [
        ("range x from 1 to 9 step 1 | sort by x asc | evaluate rows_near(x == 4, 1)", "[[3],[4],[5]]"),
        ("range x from 1 to 9 step 1 | sort by x desc | evaluate rows_near(x == 4, 0, 2)", "[[4],[3],[2]]"),
        ("print x = 1 | where x > 1 | serialize | evaluate rows_near(x == 1, 1)", "[]"),
        (
            "range x from 1 to 9 step 1 | summarize by x | evaluate rows_near(x == 4, 1)",
            "needs rows in an order",
        ),
        ("range x from 1 to 9 step 1 | sort by x | evaluate rows_near(x == 4, -1)", "must be 0 or more"),
        (
            "range x from 1 to 6 step 1 | extend odd = x % 2 | partition by odd (sort by x asc \
             | evaluate rows_near(x == 3, 1)) | sort by x asc",
            "[[1,1],[3,1],[5,1]]",
        ),
    ];
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn rolling_percentile() {
    let of = |arguments: &str| {
        format!(
            "range x from 1 to 4 step 1 | extend at = datetime(2024-01-01) + 1d * x \
             | evaluate rolling_percentile({arguments}) | project-away at"
        )
    };
    let cases = [
        (of("x, 100, at, 1d, 2"), "[[1],[2],[3],[4]]"),
        (of("x, 0, at, 1d, 2"), "[[1],[1],[2],[3]]"),
        (of("x, 101, at, 1d, 2"), "from 0 to 100"),
        (of("x, 50, at, 1d, 0"), "must be 1 or more"),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

/// What is collected counts against the query's memory.
#[tokio::test]
async fn collected_rows_are_limited() {
    let query = "range x from 1 to 1000000 step 1 | sort by x asc | evaluate rows_near(x == 4, 1)";
    let settings = Settings::default();
    let tables = Memory::default();
    for (bytes, is_enough) in [(1 << 20, false), (1 << 28, true)] {
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(&pool)).build_arc();
        let config = SessionConfig::new().with_target_partitions(2);
        let context = SessionContext::new_with_config_rt(config, runtime.expect("an environment"));
        let prepared = prepare(query, &tables, &settings, |_| async { Ok(Vec::new()) }).await;
        let plan = prepared.expect("the query binds").results.remove(0).plan;
        let rows = async { context.execute_logical_plan(plan).await?.count().await }.await;
        match is_enough {
            true => assert_eq!(rows.expect("there is room"), 3),
            false => assert!(rows.expect_err("there is no room").to_string().contains("Resources exhausted")),
        }
        assert_eq!(pool.reserved(), 0, "memory is given back");
    }
}

const SALES: &str = "let sales = datatable(shop: string, kind: string, paid: bool, n: long) [
    'a', 'x', true, 1, 'a', 'x', true, 2, 'a', 'y', true, 3, 'b', 'y', true, 4, 'c', 'z', false, 10];";

#[tokio::test]
async fn frequent_sets() {
    let over = |query: &str| format!("{SALES} sales | project-away n | {query}");
    let weighted = |query: &str| format!("{SALES} sales | {query}");
    let cases = [
        // `paid` follows from `a`, so that `a` alone is no set.
        (
            over("evaluate basket(0.4)"),
            r#"[[0,4,80.0,"","",true],[1,3,60.0,"a","",true],[2,2,40.0,"a","x",true],[3,2,40.0,"","y",true]]"#,
        ),
        (
            over("evaluate basket(0.4, '~', 1, '*') | where Count == 2 | project shop, kind"),
            r#"[["a","x"],["*","y"]]"#,
        ),
        (weighted("evaluate basket(0.5, n)"), r#"[[0,10,50.0,"c","z",false],[1,10,50.0,"","",true]]"#),
        (over("where shop == 'none' | evaluate basket()"), "[]"),
        (over("evaluate basket(0.001)"), "from 0.015 to 1"),
        (over("evaluate basket(0.5, shop)"), "a weight must be a number"),
        (over("evaluate autocluster() | summarize sum(Count)"), "[[5]]"),
        (over("evaluate autocluster(1.0) | take 1 | project Count, paid"), "[[4,true]]"),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn common_values_of_sketches() {
    let over =
        |query: &str| format!("range x from 1 to 9 step 1 | summarize a = hll(x), b = hll(x + 3) | {query}");
    let cases = [
        (over("evaluate dcount_intersect(a, b)"), "[[9,6]]"),
        (over("evaluate dcount_intersect(a)"), "takes 2 to 16 columns"),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn reduce() {
    const LINES: &str =
        "let lines = datatable(n: long, line: string) [1, 'user a in', 2, 'user b in', 3, 'done'];";
    let over = |query: &str| format!("{LINES} lines | {query}");
    let cases = [
        (over("reduce by line"), r#"[["user * in",2,"user a in"],["others",1,""]]"#),
        (
            over("reduce kind=source by line | project n, Pattern"),
            r#"[[1,"user * in"],[2,"user * in"],[3,"others"]]"#,
        ),
        (over("partition by n (reduce by line) | count"), "[[3]]"),
        (over("reduce by line with threshold=0.9"), r#"[["others",3,""]]"#),
        (over("reduce by line with threshold=2.0"), "from 0 to 1"),
        (over("reduce by line with thresholds=0.5"), "the options of `reduce`"),
        (over("reduce kind=other by line"), "not `other`"),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn moving_windows() {
    let sliding = |rest: &str| {
        over_visits(&format!(
            "visits | evaluate sliding_window_counts(who, at, datetime(2024-01-02), datetime(2024-01-04), {rest})"
        ))
    };
    let active = |periods: &str| {
        over_visits(&format!(
            "visits | evaluate active_users_count(who, at, datetime(2024-01-01), datetime(2024-01-31), 9d, 1d, \
             {periods}, 7d) | project dcount"
        ))
    };
    let cases = [
        // Rows before the start count where the window reaches back to them.
        (sliding("2d, 1d") + "| project Count, Dcount", "[[4,3],[3,3],[1,1]]"),
        (sliding("1d, 1d, kind") + "| project kind, Count", r#"[["x",2],["y",1]]"#),
        (sliding("0d, 1d"), "the window must be a timespan longer than nothing"),
        (active("2"), "[[1],[1]]"),
        (active("1"), "[[4],[1]]"),
        (active("0"), "must be 1 or more"),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn cells_and_previews() {
    let cases = [
        (
            "datatable(a: long, b: string) [1, 'x', 2, ''] | evaluate narrow()",
            r#"[[0,"a","1"],[0,"b","x"],[1,"a","2"],[1,"b",""]]"#,
        ),
        ("range x from 1 to 9 step 1 | evaluate preview(2)", "[[9]]"),
        ("range x from 1 to 9 step 1 | evaluate preview(2) | count", "[[2]]"),
        ("print 1 | evaluate narrow(1)", "takes nothing, not 1 arguments"),
    ];
    check(&Memory::default(), &cases).await;
}
