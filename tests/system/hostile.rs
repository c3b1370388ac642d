//! Queries that would take all of the machine: a clear error or a bounded run, and others' queries go on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::context::{Api, Folder, Program};

/// The resident memory that the server may have had at its worst, in bytes: what it is allowed for queries
/// (`MEMORY`), and what a debug build takes for itself.
const RESIDENT_MAX: u64 = 1_800 << 20;
/// Bytes that queries may hold.
const MEMORY: &str = "268435456";
/// Seconds that a query may take.
const SECONDS: &str = "10";

async fn post(api: &Api, token: &str, csl: &str) -> (u16, Value) {
    let request = api.http.post(format!("{}/v2/rest/query", api.url)).bearer_auth(token);
    let answer = request.json(&json!({ "db": null, "csl": csl })).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_takes_the_server_down() {
    let folder = Folder::new().await;
    let environment = [("PHALANX_QUERY__MEMORY_BYTES_MAX", MEMORY), ("PHALANX_QUERY__SECONDS_MAX", SECONDS)];
    let program = Program::serve(&folder.data, &environment);
    let api = Api::new(&folder, program.url());
    let token = api.token().await;
    let nested = |open: &str, close: &str| format!("print {}1{}", open.repeat(10_000), close.repeat(10_000));
    let bomb =
        format!("range x from 1 to 1000 step 1 | where tostring(x) matches regex '{}'", "(a*)*".repeat(50));
    let hostile: Vec<(&str, String)> = vec![
        ("parentheses", nested("(", ")")),
        ("functions", nested("tostring(", ")")),
        ("minus signs", nested("-", "")),
        ("pipes", format!("print x = 1{}", " | extend x = x + 1".repeat(10_000))),
        ("subqueries", format!("{}print 1{}", "union (".repeat(5_000), ")".repeat(5_000))),
        ("a long range", "range x from 1 to 1000000000 step 1 | summarize count(), sum(x)".into()),
        ("a list of everything", "range x from 1 to 1000000000 step 1 | summarize make_list(strcat(x, 'abcdefgh'))".into()),
        ("a sort of everything", "range x from 1 to 200000000 step 1 | extend s = strcat(hash(x), '-', x) | sort by s asc | take 5".into()),
        ("many groups", "range x from 1 to 1000000000 step 1 | summarize count() by s = strcat('key-', x) | count".into()),
        ("a cross join", "range x from 1 to 1000000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 1000000 step 1 | extend k = 1) on k | count".into()),
        ("a regular expression bomb", bomb),
        ("a huge expression", "print 'x' matches regex @'(\\pL{1000}){1000}'".into()),
        ("a huge array", "print array_length(range(1, 100000000, 1))".into()),
        ("a huge string", "print strlen(strrep('abcdefghij', 1000000000))".into()),
        ("an explosion", "range x from 1 to 100000 step 1 | extend a = range(1, 100000, 1) | mv-expand a | mv-expand a | count".into()),
        ("all tables", "union * | summarize count() by Type".into()),
        ("ten megabytes", format!("print '{}'", "x".repeat(10 << 20))),
        ("many literals", format!("print x = 1 | where x in ({})", vec!["1"; 500_000].join(","))),
    ];
    for (what, text) in hostile {
        let begun = Instant::now();
        let asked = {
            let (api, token) = (api.clone(), token.clone());
            tokio::spawn(async move { post(&api, &token, &text).await })
        };
        // Somebody else asks meanwhile.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let (status, answer) = post(&api, &token, "print others = 1").await;
        assert_eq!(status, 200, "while {what} runs, others are answered: {answer}");
        let (status, answer) = tokio::time::timeout(Duration::from_secs(90), asked)
            .await
            .unwrap_or_else(|_| panic!("{what} has no end"))
            .expect("it does not panic");
        let shown: String = answer.to_string().chars().take(300).collect();
        println!(
            "{what}: {status} after {:?}, peak {} MiB: {shown}",
            begun.elapsed(),
            program.peak_memory() >> 20
        );
        assert!(status != 500 && status != 0, "{what}: {status} {shown}");
        if status != 200 {
            let error = answer["error"]["message"].as_str().unwrap_or_default();
            assert!(!error.is_empty(), "{what} is refused without a reason: {shown}");
        }
    }
    let peak = program.peak_memory();
    assert!(peak < RESIDENT_MAX, "the server has taken {} MiB", peak >> 20);
    let (status, _) = post(&api, &token, "print still = 1").await;
    assert_eq!(status, 200);
    assert!(program.stop().success());
}
