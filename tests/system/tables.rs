//! Every known table takes a row and gives it back, by each of its columns; users' own tables do so too.

use serde_json::{Value, json};

use crate::context::{Api, Server};

#[tokio::test(flavor = "multi_thread")]
async fn every_table_takes_rows_and_shows_all_its_columns() {
    let server = Server::start().await;
    let mut api = server.client();
    let token = api.token().await;
    let catalog = server.platform.catalog().clone();
    let names = catalog.names();
    assert!(names.len() > 1_000, "{} tables are known", names.len());
    // The platform writes to some tables by itself: our row is the one of this time. A table without a time of
    // its own goes by when rows were received, and has our row alone.
    let stamp = "2026-01-02T03:04:05.123456Z";
    let time_of = |name: &str| {
        let table = catalog.table(name).expect("a table of the list");
        table.columns()[table.time()].name.to_string()
    };
    let ours = |name: &str, rows: &[Value]| -> Value {
        let time = time_of(name);
        let is_ours = |row: &&Value| time == "_TimeReceived" || row[&time] == stamp;
        let mut found = rows.iter().filter(is_ours);
        let row = found.next().unwrap_or_else(|| panic!("{name} has no row of ours")).clone();
        assert_eq!(found.count(), 0, "{name} has it once");
        row
    };
    for (at, name) in names.iter().enumerate() {
        if at % 100 == 0 {
            api = server.client();
        }
        let row = json!([{ &*time_of(name): stamp, "Nobody": { "knows": name } }]);
        let answer = api.upload(&token, &format!("Custom-{name}"), &row).await;
        assert_eq!(answer.status(), 204, "{name}");
        let shown = ours(name, &api.query(&token, &format!("select * from \"{name}\"")).await);
        let columns = catalog.table(name).expect("a table of the list").columns().len();
        assert_eq!(shown.as_object().map(serde_json::Map::len), Some(columns), "{name}");
        assert_eq!(shown["Type"], **name, "{name}");
    }
    // The same from files.
    let api = server.client();
    server.platform.lake().flush_all().await.expect("rows can be written");
    for name in names.iter().step_by(50).chain(names.iter().filter(|name| name.starts_with("Device"))) {
        let shown = ours(name, &api.query(&token, &format!("select * from \"{name}\"")).await);
        assert_eq!(shown["Type"], **name, "{name}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_differ_in_case_coexist() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let rows = json!([{ "LogonId": 1, "LogonID": 2, "DeviceName": "d" }]);
    assert_eq!(api.upload(&token, "Custom-DeviceProcessEvents", &rows).await.status(), 204);
    for _ in ["in memory", "in files"] {
        let found = api.query(&token, "select LogonId, LogonID from DeviceProcessEvents").await;
        assert_eq!(found, [json!({ "LogonId": 1, "LogonID": 2 })]);
        let found = api.query(&token, "select * from DeviceProcessEvents where LogonID = 2").await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["LogonId"], 1);
        server.platform.lake().flush_all().await.expect("rows can be written");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_table_is_declared_filled_asked_and_grows() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let columns = |more: &[(&str, &str)]| {
        let all =
            [("TimeGenerated", "datetime"), ("Badge", "string"), ("Opened", "bool"), ("For", "timespan")];
        let all = all.iter().chain(more).map(|(name, kind)| json!({ "name": name, "type": kind }));
        json!({ "name": "Door_CL", "columns": all.collect::<Vec<_>>() })
    };
    let row = |extra: Value| {
        let mut row = json!({ "Badge": "b", "Opened": true, "For": "00:00:01.5", "Price": "1.25" });
        row.as_object_mut().expect("an object").extend(extra.as_object().cloned().unwrap_or_default());
        json!([row])
    };
    assert_eq!(api.upload(&token, "Custom-Door_CL", &row(json!({}))).await.status(), 400, "not declared yet");
    assert_eq!(declare(&api, &token, "Door_CL", &columns(&[])).await, 200);
    assert_eq!(api.upload(&token, "Custom-Door_CL", &row(json!({}))).await.status(), 204);
    server.platform.lake().flush_all().await.expect("rows can be written");
    assert_eq!(
        declare(&api, &token, "Door_CL", &columns(&[("Price", "decimal"), ("Who", "guid")])).await,
        200
    );
    let who = "5D2B6F1E-0000-4000-8000-00000000000a";
    assert_eq!(api.upload(&token, "Custom-Door_CL", &row(json!({ "Who": who }))).await.status(), 204);
    let found =
        api.query(&token, "select Badge, Opened, \"For\", Price, Who from Door_CL order by Price").await;
    assert_eq!(found.len(), 2);
    let grown = found.iter().find(|row| !row["Price"].is_null()).expect("the row with the new columns");
    assert_eq!(grown["Who"], who.to_lowercase());
    assert_eq!(grown["For"], "00:00:01.5000000");
    let folder = server.stop().await;
    let server = Server::start_with(folder, crate::context::config()).await;
    let api = server.client();
    let token = api.token().await;
    assert_eq!(api.query(&token, "select * from Door_CL").await.len(), 2, "the declaration is kept");
    // As portals and scripts send it: with what is only shown, and the days that rows are kept.
    let body = json!({ "properties": {
        "retentionInDays": 7, "totalRetentionInDays": 30, "plan": "Analytics",
        "schema": { "name": "Door_CL", "displayName": "Doors", "columns": [
            { "name": "TimeGenerated", "type": "datetime", "description": "when", "isHidden": false },
        ] },
    } });
    let path = format!("{}/api/v1/tables/Door_CL", api.url);
    let answer = api.http.put(&path).bearer_auth(&token).json(&body).send().await.expect("an answer");
    let shown: Value = answer.json().await.expect("JSON");
    assert_eq!(shown["properties"]["retentionInDays"], 30, "{shown}");
    for bad in [
        json!({ "name": "Door_CL", "columns": [{ "name": "TimeGenerated", "type": "string" }] }),
        json!({ "name": "Other_CL", "columns": [{ "name": "A", "type": "text" }] }),
    ] {
        let status = declare(&api, &token, bad["name"].as_str().expect("a name"), &bad).await;
        assert!((400..500).contains(&status), "{bad} was answered with {status}");
    }
    server.stop().await;
}

async fn declare(api: &Api, token: &str, name: &str, body: &Value) -> u16 {
    let body = json!({ "properties": { "schema": body } });
    let request = api.http.put(format!("{}/api/v1/tables/{name}", api.url)).bearer_auth(token).json(&body);
    request.send().await.expect("an answer").status().as_u16()
}
