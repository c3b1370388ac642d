//! Queries in KQL as people and other interfaces ask them.

use serde_json::{Value, json};

use crate::context::{Api, Folder, Server, run, succeed};

async fn filled() -> (Server, Api, String) {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let rows: Vec<Value> = (0..6)
        .map(|n| {
            json!({
                "Timestamp": format!("2020-01-0{}T00:00:00Z", n + 1), "DeviceName": format!("host-{}", n % 2),
                "FileName": if n == 5 { "powershell.exe" } else { "cmd.exe" }, "ProcessId": n,
                "AdditionalFields": { "Depth": n, "Nested": { "Name": "x" } },
            })
        })
        .collect();
    assert_eq!(api.upload(&token, "Microsoft-DeviceProcessEvents", &json!(rows)).await.status(), 204);
    (server, api, token)
}

async fn post(api: &Api, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = api.http.post(format!("{}{path}", api.url)).bearer_auth(token).json(body);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn advanced_hunting_answers_as_graph_does() {
    let (server, api, token) = filled().await;
    let path = "/v1.0/security/runHuntingQuery";
    let text = "DeviceProcessEvents | where ProcessId >= 4 | project Timestamp, ProcessId, AdditionalFields \
                | sort by ProcessId asc";
    let body = json!({ "Query": text, "Timespan": "2020-01-01/2020-02-01" });
    let (status, answer) = post(&api, &token, path, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["schema"][2], json!({ "name": "AdditionalFields", "type": "Object" }));
    let rows = answer["results"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{answer}");
    assert_eq!(rows[0]["Timestamp"], "2020-01-05T00:00:00.0000000Z");
    assert_eq!(rows[0]["AdditionalFields"]["Nested"]["Name"], "x");
    // Thirty days is what counts without a time span.
    let (_, answer) = post(&api, &token, path, &json!({ "Query": "DeviceProcessEvents" })).await;
    assert_eq!(answer["results"], json!([]));
    let (status, answer) = post(&api, &token, path, &json!({ "Query": "DeviceProcesEvents" })).await;
    assert_eq!(status, 400);
    let message = answer["error"]["message"].as_str().expect("a message");
    assert!(message.contains("DeviceProcessEvents"), "the nearest name: {message}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kusto_answers_in_both_versions_and_charts_are_told() {
    let (server, api, token) = filled().await;
    let text = "DeviceProcessEvents | summarize n = count() by DeviceName | sort by DeviceName asc \
                | render piechart with (title = 'hosts')";
    let body = json!({ "db": "NetDefaultDB", "csl": text });
    let (status, frames) = post(&api, &token, "/v2/rest/query", &body).await;
    assert_eq!(status, 200, "{frames}");
    let kinds: Vec<&str> = frames
        .as_array()
        .expect("frames")
        .iter()
        .map(|frame| frame["TableKind"].as_str().or(frame["FrameType"].as_str()).unwrap_or_default())
        .collect();
    let expected = [
        "DataSetHeader",
        "QueryProperties",
        "PrimaryResult",
        "QueryCompletionInformation",
        "DataSetCompletion",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(frames[2]["Rows"], json!([["host-0", 3], ["host-1", 3]]));
    let chart: Value = serde_json::from_str(frames[1]["Rows"][0][2].as_str().expect("JSON")).expect("JSON");
    assert_eq!((&chart["Visualization"], &chart["Title"]), (&json!("piechart"), &json!("hosts")));
    let (_, answer) = post(&api, &token, "/v1/rest/query", &body).await;
    let tables = answer["Tables"].as_array().expect("tables");
    assert_eq!(tables.len(), 4, "{answer}");
    assert_eq!(tables[0]["Columns"][1]["DataType"], "Int64");
    let contents = tables[3]["Rows"].as_array().expect("rows");
    let told: Vec<&str> = contents.iter().filter_map(|row| row[1].as_str()).collect();
    assert_eq!(told, ["QueryResult", "QueryProperties", "QueryStatus"]);
    let command = json!({ "db": "x", "csl": ".drop table SecurityEvent" });
    let (status, answer) = post(&api, &token, "/v1/rest/mgmt", &command).await;
    assert!(status >= 400, "nothing is changed here: {answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_s_rows_and_foreign_data_are_out_of_reach() {
    let (server, api, token) = filled().await;
    for text in [
        "externaldata(a:string)['https://192.0.2.1/x.csv']",
        "cluster('other').database('x').T",
        "evaluate http_request('https://192.0.2.1')",
    ] {
        let (status, answer) =
            post(&api, &token, "/v2/rest/query", &json!({ "db": null, "csl": text })).await;
        assert_eq!(status, 400, "{text}: {answer}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_written_down() {
    let (server, api, token) = filled().await;
    let (_, _) = post(&api, &token, "/v2/rest/query", &json!({ "csl": "print asked = 1" })).await;
    let (_, _) = post(&api, &token, "/v2/rest/query", &json!({ "csl": "print (" })).await;
    let rows = api
        .query(&token, "LAQueryLogs | where QueryText startswith 'print' | project QueryText, ResponseCode, ResponseRowCount | sort by QueryText asc")
        .await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!((&rows[0]["ResponseCode"], &rows[1]["ResponseCode"]), (&json!(400), &json!(200)), "{rows:?}");
    assert_eq!(rows[1]["ResponseRowCount"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_asks_in_kql_and_underlines_mistakes() {
    let folder = Folder::new().await;
    let answer =
        succeed(&folder.data, &["query", "--format", "csv", "print a = 1, b = 'x' | extend c = a + 1"]);
    assert_eq!(answer, "a,b,c\r\n1,x,2\r\n");
    let limited =
        succeed(&folder.data, &["query", "--format", "jsonl", "--limit", "2", "range x from 1 to 5 step 1"]);
    assert_eq!(limited, "{\"x\":1}\n{\"x\":2}\n");
    let output = run(&folder.data, &["query", "SecurityEvnt | count"]);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("SecurityEvent") && error.contains("^^^^^^^^^^^^"), "{error}");
}
