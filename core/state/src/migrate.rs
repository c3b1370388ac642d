//! The layout of the tables, and how an old one becomes the new one.
//!
//! A migration is a list of statements per database (`src/migrations`), numbered from 1. Opening a database
//! carries out those it hasn't had, all in one transaction: it is wholly of the new layout or wholly of the old.
//! A migration that was released is never changed; a new layout is a new migration, and the samples of all
//! earlier layouts in `tests/samples` are migrated by the tests.

use tracing::info;
use uuid::Uuid;

use crate::{
    Error, Result,
    driver::{Driver, Session, Sql},
};

/// Brings a database to the newest layout, and names it if it is new. Returns the number of the layout.
pub(crate) async fn migrate(driver: &dyn Driver, lineage: Uuid) -> Result<u32> {
    let steps = driver.migrations();
    let newest = u32::try_from(steps.len()).expect("there are few migrations");
    let mut reader = driver.read().await?;
    let current = layout(&mut *reader, driver.table_exists()).await;
    reader.rollback().await;
    if current? == newest {
        return Ok(newest);
    }
    let mut session = driver.write().await?;
    match carry_out(&mut *session, driver.table_exists(), steps, lineage).await {
        Ok(()) => session.commit().await?,
        Err(error) => {
            session.rollback().await;
            return Err(error);
        }
    }
    Ok(newest)
}

async fn carry_out(
    session: &mut dyn Session,
    table_exists: &'static str,
    steps: &'static [&'static str],
    lineage: Uuid,
) -> Result<()> {
    let current = layout(session, table_exists).await?;
    if current as usize > steps.len() {
        return Err(Error::invalid(format!(
            "the database has layout {current}, made by a newer program; this one knows up to {}",
            steps.len()
        )));
    }
    for (number, step) in (1_u64..).zip(steps).skip(current as usize) {
        session.script(step).await?;
        session.run(Sql::new("DELETE FROM schema_version")).await?;
        session.run(Sql::new("INSERT INTO schema_version (version) VALUES ($1)").arg(number)).await?;
        info!(layout = number, "the state database was migrated");
    }
    if current == 0 {
        let name = "INSERT INTO feed (one, lineage, position, pruned) VALUES (1, $1, 0, 0)";
        session.run(Sql::new(name).arg(lineage.to_string())).await?;
    }
    Ok(())
}

/// The number of the layout a database has; 0 if it has none.
async fn layout(session: &mut dyn Session, table_exists: &'static str) -> Result<u32> {
    if session.row(Sql::new(table_exists).arg("schema_version")).await?.is_none() {
        return Ok(0);
    }
    let version = session.number(Sql::new("SELECT version FROM schema_version")).await?;
    u32::try_from(version).map_err(|_| Error::corrupt(format!("no layout has number {version}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::sqlite::SqliteDriver;

    const FEED: &str = "CREATE TABLE schema_version (version INTEGER NOT NULL);
        CREATE TABLE feed (one INTEGER, lineage TEXT, position INTEGER, pruned INTEGER)";

    async fn carry(driver: &SqliteDriver, steps: &'static [&'static str]) -> Result<u32> {
        let mut session = driver.write().await?;
        carry_out(&mut *session, driver.table_exists(), steps, Uuid::nil()).await?;
        let layout = layout(&mut *session, driver.table_exists()).await?;
        session.commit().await?;
        Ok(layout)
    }

    #[tokio::test]
    async fn only_missing_steps_are_carried_out_and_wholly() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let driver = SqliteDriver::open(&folder.path().join("state"), 1).await.expect("it opens");
        assert_eq!(carry(&driver, &[FEED]).await.expect("the first step works"), 1);
        assert_eq!(carry(&driver, &[FEED]).await.expect("nothing is left to do"), 1);

        let broken =
            carry(&driver, &[FEED, "CREATE TABLE two (a INTEGER)", "CREATE TABLE two (a INTEGER)"]).await;
        assert!(matches!(broken, Err(Error::Database(_))), "{broken:?}");
        assert_eq!(
            carry(&driver, &[FEED, "CREATE TABLE two (a INTEGER)"]).await.expect("two was taken back"),
            2
        );

        let older_program = carry(&driver, &[FEED]).await.expect_err("the layout is too new");
        assert_eq!(
            older_program.to_string(),
            "the database has layout 2, made by a newer program; this one knows up to 1"
        );
        driver.close().await;
    }
}
