//! From a URL to a store.

use std::{path::Path, sync::Arc};

use crate::{
    Error, Options, Result, State,
    document::excerpt,
    driver::{Driver, postgres::PostgresDriver, sqlite::SqliteDriver},
    migrate::migrate,
    store::Store,
};

/// Opens the store at a URL, making or migrating its tables where needed.
///
/// - `sqlite:PATH` is a file, made if it is not there; its folder must be. Everything after the colon is the
///   path; a `//` before an absolute path may stand or not.
/// - `postgres://user:password@host/database` is a PostgreSQL server's database, with the parameters that
///   `psql` takes. The tables are in its schema `phalanx_state`.
pub async fn open(url: &str, options: Options) -> Result<Arc<dyn State>> {
    let driver: Arc<dyn Driver> = match url.split_once(':') {
        Some(("sqlite", path)) => {
            Arc::new(SqliteDriver::open(sqlite_path(path)?, options.readers_max).await?)
        }
        Some(("postgres" | "postgresql", _)) => {
            Arc::new(PostgresDriver::open(url, options.readers_max).await?)
        }
        // The URL may hold a password, so no more of it is shown.
        Some((scheme, _)) => {
            return Err(Error::invalid(format!(
                "state is kept at `sqlite:PATH` or `postgres://…`, found the scheme `{}`",
                excerpt(scheme)
            )));
        }
        None => {
            return Err(Error::invalid("state is kept at `sqlite:PATH` or `postgres://…`, found no scheme"));
        }
    };
    let layout = migrate(&*driver, options.lineage).await?;
    Ok(Arc::new(Store::new(driver, options, layout)))
}

fn sqlite_path(path: &str) -> Result<&Path> {
    let path = if path.starts_with("///") { &path[2..] } else { path };
    if path.is_empty() || path.ends_with('/') || path.starts_with("//") || path == ":memory:" {
        return Err(Error::invalid("state in SQLite is kept in a file, as in `sqlite:folder/state.db`"));
    }
    Ok(Path::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(url: &str, expected: &str) {
        let error = open(url, Options::default()).await.err().expect("the URL is wrong");
        assert_eq!(error.to_string(), expected, "{url}");
    }

    #[tokio::test]
    async fn wrong_urls_are_explained() {
        let known = "state is kept at `sqlite:PATH` or `postgres://…`";
        check("mysql://me:secret@there/db", &format!("{known}, found the scheme `mysql`")).await;
        check("state.db", &format!("{known}, found no scheme")).await;
        check("", &format!("{known}, found no scheme")).await;
        for no_file in ["sqlite:", "sqlite::memory:", "sqlite://", "sqlite://host", "sqlite:folder/"] {
            check(no_file, "state in SQLite is kept in a file, as in `sqlite:folder/state.db`").await;
        }
        let no_folder = open("sqlite:/no/such/folder/state.db", Options::default()).await.err();
        assert!(matches!(no_folder, Some(Error::Unavailable { .. })), "{no_folder:?}");
        let no_port = open("postgres://host:port/db", Options::default()).await.err();
        assert!(matches!(no_port, Some(Error::Invalid(_))), "{no_port:?}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_named_damaged() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("state.db");
        std::fs::write(&path, "this was never a database, though it is long enough. ".repeat(100))
            .expect("it is written");
        let error = open(&format!("sqlite:{}", path.display()), Options::default()).await.err();
        assert!(matches!(error, Some(Error::Corrupt(_))), "{error:?}");
    }

    #[test]
    fn sqlite_paths() {
        for (url, path) in
            [("a.db", "a.db"), ("/a/b.db", "/a/b.db"), ("///a/b.db", "/a/b.db"), ("a?b#c%20", "a?b#c%20")]
        {
            assert_eq!(sqlite_path(url).expect("it is a path"), Path::new(path));
        }
    }
}
