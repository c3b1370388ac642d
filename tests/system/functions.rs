//! Saved functions: declared by commands and documents, called by queries, kept version by version.

use serde_json::{Value, json};

use crate::context::{Api, Server};

async fn command(api: &Api, token: &str, csl: &str) -> (u16, Value) {
    let request = api.http.post(format!("{}/v1/rest/mgmt", api.url)).bearer_auth(token);
    let answer = request.json(&json!({ "db": null, "csl": csl })).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn ask(api: &Api, token: &str, csl: &str) -> (u16, Value) {
    let request = api.http.post(format!("{}/v2/rest/query", api.url)).bearer_auth(token);
    let answer = request.json(&json!({ "db": null, "csl": csl })).send().await.expect("an answer");
    let status = answer.status().as_u16();
    let frames: Value = answer.json().await.expect("JSON");
    match status {
        200 => {
            let primary = frames.as_array().into_iter().flatten();
            let primary = primary.into_iter().find(|frame| frame["TableKind"] == "PrimaryResult");
            (status, primary.expect("a result")["Rows"].clone())
        }
        _ => (status, frames["error"]["@message"].clone()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_saved_called_and_kept_version_by_version() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let text = ".create-or-alter function with (docstring = 'Twice a number', folder = 'math') \
                Twice(x:long, times:long = 2) { x * times }";
    let (status, answer) = command(&api, &token, text).await;
    assert_eq!(status, 200, "{answer}");
    let row = answer["Tables"][0]["Rows"][0].clone();
    assert_eq!(
        (&row[0], &row[1], &row[4]),
        (&json!("Twice"), &json!("(x:long, times:long = 2)"), &json!("Twice a number"))
    );
    let (status, _) = command(
        &api,
        &token,
        ".create function Numbers(n:long) { range x from 1 to n step 1 | extend y = Twice(x) }",
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(ask(&api, &token, "Numbers(3) | summarize sum(y)").await, (200, json!([[12]])));
    assert_eq!(ask(&api, &token, "print Twice(5, times = 3)").await, (200, json!([[15]])));
    // What is new must be new, what is old must be there, and a mistake changes nothing.
    assert_eq!(command(&api, &token, ".create function Twice(x:long) { x }").await.0, 409);
    assert_eq!(command(&api, &token, ".alter function Nothing() { print 1 }").await.0, 400);
    let (status, answer) = command(&api, &token, ".create-or-alter function Twice(x:long) { x * }").await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(command(&api, &token, ".create-or-alter function strlen(x:string) { 1 }").await.0, 400);
    assert_eq!(ask(&api, &token, "print Twice(4)").await, (200, json!([[8]])));
    // As documents, with etags.
    let url = format!("{}/api/v1/functions/Twice", api.url);
    let got = api.http.get(&url).bearer_auth(&token).send().await.expect("an answer");
    let etag = got.headers()["etag"].to_str().expect("text").to_owned();
    let document: Value = got.json().await.expect("JSON");
    assert_eq!((&document["version"], &document["folder"]), (&json!(1), &json!("math")));
    let body = json!({ "parameters": "(x:long)", "body": "x + x", "docString": "Twice" });
    let put =
        |etag: String| api.http.put(&url).bearer_auth(&token).header("if-match", etag).json(&body).send();
    assert_eq!(put(etag.clone()).await.expect("an answer").status(), 200);
    assert_eq!(put(etag).await.expect("an answer").status(), 412, "somebody else was faster");
    assert_eq!(ask(&api, &token, "print Twice(4)").await, (200, json!([[8]])));
    let versions =
        api.http.get(format!("{url}/versions")).bearer_auth(&token).send().await.expect("an answer");
    let versions: Value = versions.json().await.expect("JSON");
    assert_eq!(versions["value"][0]["version"], 1, "{versions}");
    assert_eq!(versions["value"][0]["declaration"]["body"], "x * times");
    // Dropped, it is unknown, and the error names it.
    assert_eq!(command(&api, &token, ".drop function Twice").await.0, 200);
    let (status, message) = ask(&api, &token, "print Twice(4)").await;
    assert!(status == 400 && message.as_str().is_some_and(|text| text.contains("Twice")), "{message}");
    assert_eq!(command(&api, &token, ".drop function Twice").await.0, 404);
    assert_eq!(command(&api, &token, ".drop function Twice ifexists").await.0, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn built_in_functions_run() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let (_, answer) = command(&api, &token, ".show functions").await;
    let rows = answer["Tables"][0]["Rows"].as_array().expect("rows").clone();
    assert!(rows.len() >= 20, "{answer}");
    for row in rows {
        let name = row[0].as_str().expect("a name");
        let query = match name {
            "FileProfile" => {
                "DeviceProcessEvents | invoke FileProfile(SHA1, 1000) | project GlobalPrevalence, Signer"
                    .to_owned()
            }
            "_GetWatchlist" => "_GetWatchlist('vips') | project SearchKey".to_owned(),
            name => format!("{name} | take 1"),
        };
        let (status, answer) = ask(&api, &token, &query).await;
        assert_eq!(status, 200, "{name}: {answer}");
    }
    let item = |key: &str, status: &str, minute: u32| {
        json!({ "TimeGenerated": format!("2024-01-01T00:{minute:02}:00Z"), "LastUpdatedTimeUTC": format!("2024-01-01T00:{minute:02}:00Z"),
            "WatchlistAlias": "vips", "_DTItemId": key, "_DTItemStatus": status, "_DTItemType": "watchlist-item", "SearchKey": key,
            "WatchlistItem": { "User": key, "Level": minute } })
    };
    let rows = json!([
        item("a", "Create", 1),
        item("b", "Create", 2),
        item("a", "Update", 3),
        item("b", "Delete", 4)
    ]);
    assert_eq!(api.upload(&token, "Microsoft-Watchlist", &rows).await.status(), 204);
    let query = "_GetWatchlist('VIPS') | project SearchKey, User, Level";
    assert_eq!(ask(&api, &token, query).await, (200, json!([["a", "a", 3]])));
    server.stop().await;
}
