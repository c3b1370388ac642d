//! A backup taken under load, restored elsewhere, answers the same queries.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use serde_json::json;

use crate::context::{Api, Folder, Program, succeed};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_answers_the_same() {
    let folder = Folder::new().await;
    let program = Program::serve(&folder.data, &[("PHALANX_LAKE__FLUSH_SECONDS", "1")]);
    let api = Arc::new(Api::new(&folder, program.url()));
    let token = api.token().await;
    let declared = json!({ "properties": { "schema": { "name": "Door_CL", "columns": [
        { "name": "TimeGenerated", "type": "datetime" }, { "name": "Badge", "type": "string" } ] } } });
    let answer = api
        .http
        .put(format!("{}/api/v1/tables/Door_CL", api.url))
        .bearer_auth(&token)
        .json(&declared)
        .send()
        .await
        .expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    for number in 0..40 {
        let doors = json!([{ "Badge": format!("badge {number}") }]);
        assert_eq!(api.upload(&token, "Custom-Door_CL", &doors).await.status(), 204);
    }
    let next = Arc::new(AtomicI64::new(0));
    let (done, sent) = (Arc::new(AtomicBool::new(false)), next.clone());
    let stop = done.clone();
    let (sender, sender_token) = (api.clone(), token.clone());
    let load = tokio::spawn(async move {
        while !stop.load(Ordering::SeqCst) {
            let row = json!([{ "ReportId": sent.load(Ordering::SeqCst), "DeviceName": "d" }]);
            let answer = sender.upload(&sender_token, "Custom-DeviceProcessEvents", &row).await;
            assert_eq!(answer.status(), 204, "a backup keeps nobody from sending");
            sent.fetch_add(1, Ordering::SeqCst);
        }
    });
    while next.load(Ordering::SeqCst) < 50 {
        tokio::task::yield_now().await;
    }
    let before = next.load(Ordering::SeqCst);
    let file = folder.data.with_file_name("backup.tar.zst");
    let (data, target) = (folder.data.clone(), file.clone());
    tokio::task::spawn_blocking(move || succeed(&data, &["backup", target.to_str().expect("UTF-8")]))
        .await
        .expect("the backup runs");
    let after = next.load(Ordering::SeqCst);
    done.store(true, Ordering::SeqCst);
    load.await.expect("the sender goes on");

    let copy = folder.data.with_file_name("copy");
    succeed(&copy, &["restore", file.to_str().expect("UTF-8")]);
    let restored = Program::serve(&copy, &[]);
    let copied = Api::new(&folder, restored.url());
    let copied_token = copied.token().await;
    let doors = "select Badge from Door_CL order by Badge";
    assert_eq!(copied.query(&copied_token, doors).await, api.query(&token, doors).await);
    let rows =
        copied.query(&copied_token, "select ReportId from DeviceProcessEvents order by ReportId").await;
    let ids: Vec<i64> = rows.iter().map(|row| row["ReportId"].as_i64().expect("a number")).collect();
    let whole: Vec<i64> = (0..ids.len() as i64).collect();
    assert_eq!(ids, whole, "the copy holds everything up to one moment, once");
    let held = ids.len() as i64;
    assert!(held >= before && held <= after + 1, "{held} rows, {before} before and {after} after the backup");
    assert!(restored.stop().success());
    assert!(program.stop().success());
}
