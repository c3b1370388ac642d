//! A backup taken under load, restored elsewhere, answers the same queries.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use serde_json::json;

use crate::context::{Api, Folder, Program, Server, succeed};

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

/// While the archive is written, rows come, and some of them reach files and are done with for the journal.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_come_during_a_backup_are_there_or_not_but_never_with_a_gap() {
    use futures::StreamExt;
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let send = async |number: u64, noise: usize| {
        let noise: String = (0..noise).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
        let row = json!([{ "ReportId": number, "ProcessCommandLine": noise }]);
        assert_eq!(api.upload(&token, "Custom-DeviceProcessEvents", &row).await.status(), 204);
    };
    // More than the archive's way holds, so that nobody writes on until somebody reads.
    for number in 0..20 {
        send(number, 20_000).await;
    }
    server.platform.lake().flush_all().await.expect("rows can be written");
    let mut archive = server.platform.backups().begin().await.expect("a backup begins");
    send(20, 1).await;
    server.platform.lake().flush_all().await.expect("rows can be written");
    // The journal notes in a while how far the lake has come.
    let committed = server.platform.journal().committed("lake").expect("the lake reads the journal");
    let noted = format!("consumer {} lake\n", committed.0);
    let positions = server.folder.data.join("journal/positions");
    let begun = std::time::Instant::now();
    while !std::fs::read_to_string(&positions).is_ok_and(|text| text.contains(&noted)) {
        assert!(begun.elapsed() < crate::context::PATIENCE, "`{noted}` is never noted");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    send(21, 1).await;
    let mut bytes = Vec::new();
    while let Some(piece) = archive.next().await {
        bytes.extend_from_slice(&piece.expect("it is written to its end"));
    }
    let folder = server.stop().await;
    let file = folder.data.with_file_name("backup.tar.zst");
    std::fs::write(&file, bytes).expect("it can be written");
    let copy = folder.data.with_file_name("copy");
    succeed(&copy, &["restore", file.to_str().expect("UTF-8")]);
    let query = "select ReportId from DeviceProcessEvents order by ReportId";
    let rows = succeed(&copy, &["query", "--format", "csv", query]);
    let ids: Vec<usize> = rows.lines().skip(1).map(|line| line.trim().parse().expect("a number")).collect();
    let whole: Vec<usize> = (0..ids.len()).collect();
    assert_eq!(ids, whole, "no gap, and nothing twice");
    assert!(ids.len() >= 20, "what was there before is in the copy");
}
