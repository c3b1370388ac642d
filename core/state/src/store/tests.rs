//! What only a look behind the trait can show.

use std::sync::Arc;

use serde_json::json;

use super::Store;
use crate::{
    Author, Error, Key, Options, Precondition, State, TenantId,
    driver::{Driver, sqlite::SqliteDriver},
    migrate::migrate,
};

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_space() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let driver = Arc::new(SqliteDriver::open(&folder.path().join("state.db"), 2).await.expect("it opens"));
    let layout = migrate(&*driver, uuid::Uuid::from_u128(1)).await.expect("it is new");
    let store = Store::new(driver.clone(), Options::default(), layout);
    let author = Author::new("tester").expect("it is well-formed");
    let put = async |number: u32| {
        let key = Key::new(TenantId::PLATFORM, "things", number.to_string()).expect("it is well-formed");
        store.put(&key, json!({"text": "x".repeat(2000)}), Precondition::None, &author).await
    };
    limit(&*driver, "PRAGMA max_page_count = 60").await;
    let mut written = 0;
    let refused = loop {
        match put(written).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&refused, Error::Unavailable { reason, .. } if reason == "the disk is full"),
        "{refused:?}"
    );
    assert!(written > 0);
    let counts = store.verify().await.expect("it agrees");
    assert_eq!((counts.documents, counts.changes), (written.into(), written.into()));

    limit(&*driver, "PRAGMA max_page_count = 1000000").await;
    put(written).await.expect("there is space again");
    assert_eq!(store.verify().await.expect("it agrees").documents, u64::from(written) + 1);
    store.close().await;
}

async fn limit(driver: &dyn Driver, pragma: &'static str) {
    let mut session = driver.write().await.expect("no one else writes");
    session.script(pragma).await.expect("it is a pragma");
    session.commit().await.expect("nothing was written");
}
