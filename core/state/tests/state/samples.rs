//! Old databases: a stored sample of every layout, which must become what a new database is.
//!
//! `tests/samples/<number>.<database>.sql` is a dump of a database of that layout, filled by the program of its
//! time (SQLite's `.dump`; `pg_dump --inserts --no-owner`), `tests/samples/<number>.jsonl` a backup of the same.
//! With a new migration comes a new sample; none is ever changed.

use std::{fs, path::PathBuf};

use phalanx_state::{
    AuditQuery, Error, Filter, Key, Options, Query, ResumeToken, State, TenantId, open, testsuite::Fixture,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

/// The number of the newest layout, and so of samples.
const LAYOUTS: u32 = 1;

pub async fn an_old_layout_becomes_the_new_one(fixture: &dyn Fixture, database: &str) {
    let fresh = fixture.create().await;
    let state = open(&fresh, Options::default()).await.expect("it opens");
    assert_eq!(state.check().await.expect("it answers").schema_version, LAYOUTS, "a layout without a sample");
    state.close().await;
    for number in 1..=LAYOUTS {
        let old = fixture.create().await;
        run(
            &old,
            fs::read_to_string(sample(&format!("{number}.{database}.sql"))).expect("the sample is there"),
        )
        .await;
        let state = open(&old, Options::default()).await.expect("it is migrated");
        check_contents(&*state).await;
        state.close().await;
        assert_eq!(layout(&old).await, layout(&fresh).await, "a migrated database is like a new one");

        let state = open(&fixture.create().await, Options::default()).await.expect("it opens");
        state.restore_from(&sample(&format!("{number}.jsonl"))).await.expect("it restores");
        check_contents(&*state).await;
        state.close().await;
    }
    run(&fresh, format!("UPDATE {}schema_version SET version = {}", schema(&fresh), LAYOUTS + 1)).await;
    let refused = open(&fresh, Options::default()).await.err();
    assert!(matches!(refused, Some(Error::Invalid(_))), "a database of the future: {refused:?}");
}

/// What the samples hold.
async fn check_contents(state: &dyn State) {
    let tenant: TenantId = "6f1e2d3c-0000-4000-8000-000000000001".parse().expect("it is an id");
    let counts = state.verify().await.expect("it agrees");
    assert_eq!((counts.indexes, counts.documents, counts.changes), (3, 3, 6));
    let ada = Key::new(tenant, "users", "ada").expect("it is well-formed");
    let document = state.get(&ada).await.expect("it reads").expect("it is there");
    assert_eq!(document.version, 2);
    assert_eq!(document.body, json!({"mail": "Ada@contoso.example", "age": 37, "groups": ["admins", "été"]}));
    assert_eq!(document.modified_by, "service:setup");
    let by_index = Query::new(tenant, "users").filter(Filter::all([
        Filter::eq("mail", "ada@CONTOSO.example"),
        Filter::gt("age", 36),
        Filter::eq("groups", "été"),
    ]));
    assert_eq!(state.query(&by_index).await.expect("it reads").documents, [document]);
    let trail = state.audit(&AuditQuery::of(&ada)).await.expect("it reads").records;
    assert_eq!(trail[0].change.reason.as_deref(), Some("birthday"));
    assert_eq!(trail[0].body_before.as_ref().map(|body| body["age"].clone()), Some(json!(36)));
    let token: ResumeToken = "4.5a0e0c3e00004000800000000000000a".parse().expect("it is a token");
    let changes = state.changes(token, 10).await.expect("tokens stay good").changes;
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[1].body, None, "the last change is a deletion");
}

async fn run(url: &str, sql: String) {
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.expect("it opens");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the sample is SQL");
        connection.close().await.expect("it closes");
    } else {
        let mut connection = PgConnection::connect(url).await.expect("it opens");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the sample is SQL");
        connection.close().await.expect("it closes");
    }
}

/// Tables, columns and indexes, as the database tells of them.
async fn layout(url: &str) -> Vec<String> {
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.expect("it opens");
        // Statistics are made as needed, and no part of the layout.
        let sql = "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema
                   WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1";
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("it answers");
        rows.iter()
            .map(|row| row.get::<String, _>(0).split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    } else {
        let mut connection = PgConnection::connect(url).await.expect("it opens");
        let sql = "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default, collation_name)
                   FROM information_schema.columns WHERE table_schema = 'phalanx_state'
                   UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'phalanx_state'
                   UNION ALL SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint
                   WHERE connamespace = 'phalanx_state'::regnamespace ORDER BY 1";
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("it answers");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

fn schema(url: &str) -> &'static str {
    if url.starts_with("sqlite:") { "" } else { "phalanx_state." }
}

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name)
}
