//! What can go wrong, by what the caller would do about it.

use std::{io, path::PathBuf};

use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;

/// The lake could not do its work. The journal has every row that is not in a file.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    #[error("cannot {doing} `{}`", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot {doing} `{path}` in the lake")]
    Store { doing: &'static str, path: String, source: Box<object_store::Error> },
    #[error("the Delta table `{table}` cannot be {doing}")]
    Delta { doing: &'static str, table: String, source: Box<DeltaTableError> },
    #[error("rows cannot be brought into Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("rows cannot be brought into a table's form")]
    Arrow(#[from] arrow_schema::ArrowError),
    #[error("rows cannot be read")]
    Query(#[from] Box<DataFusionError>),
    /// Somebody changed the table in a way that what was to be committed no longer fits. Look again.
    #[error("the Delta table `{table}` was changed by somebody else in version {version}")]
    Conflict { table: String, version: u64 },
    /// Two lakes write the same tables. This one has stopped writing the table, for going on would double
    /// or lose rows.
    #[error("another lake writes the Delta table `{table}`: its version {version} is not ours")]
    Fenced { table: String, version: u64 },
    /// Compaction read other rows than the log promises; nothing was changed.
    #[error("the files of `{table}` hold {found} rows where its log says {expected}")]
    Rows { table: String, found: u64, expected: u64 },
    #[error("{0}")]
    NotSupported(String),
    #[error("the journal does not serve the lake")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a task of the lake has died")]
    Task(#[from] tokio::task::JoinError),
}

impl LakeError {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn store(
        doing: &'static str,
        path: &object_store::path::Path,
    ) -> impl FnOnce(object_store::Error) -> Self {
        let path = path.to_string();
        move |source| Self::Store { doing, path, source: Box::new(source) }
    }

    pub(crate) fn delta(
        doing: &'static str,
        table: &object_store::path::Path,
    ) -> impl FnOnce(DeltaTableError) -> Self {
        let table = table.to_string();
        move |source| Self::Delta { doing, table, source: Box::new(source) }
    }

    /// The error and its causes in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The query's own fault; the text is for its author.
    #[error("{0}")]
    Invalid(String),
    /// Something that queries can't do here.
    #[error("{0}")]
    NotSupported(String),
    #[error(
        "the query needs more memory than a query may have; ask for fewer columns, groups or rows at once"
    )]
    Memory(#[source] Box<DataFusionError>),
    #[error("the query took longer than {0} s")]
    Time(u64),
    #[error("the answer is larger than {0} bytes; ask for fewer rows or columns")]
    Bytes(usize),
    #[error("the query failed")]
    Engine(#[source] Box<DataFusionError>),
    #[error(transparent)]
    Lake(#[from] LakeError),
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        let error = match error {
            DataFusionError::External(other) => match other.downcast::<LakeError>() {
                Ok(lake) => return Self::Lake(*lake),
                Err(other) => DataFusionError::External(other),
            },
            other => other,
        };
        // The engine reports a full spill folder as a failed write.
        if error.to_string().contains("max_temp_directory_size") {
            return Self::Memory(Box::new(error));
        }
        match error.find_root() {
            DataFusionError::SQL(..) | DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => {
                Self::Invalid(for_users(&error))
            }
            DataFusionError::NotImplemented(_) => Self::NotSupported(for_users(&error)),
            DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => {
                Self::Invalid(for_users(&error))
            }
            DataFusionError::ResourcesExhausted(_) => Self::Memory(Box::new(error)),
            _ => Self::Engine(Box::new(error)),
        }
    }
}

/// The engine's message without its stack, its labels, and the name it gives our tables.
fn for_users(error: &DataFusionError) -> String {
    const LABELS: [&str; 6] = [
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "Arrow error: ",
        "Execution error: ",
        "This feature is not implemented: ",
    ];
    let text = error.find_root().strip_backtrace();
    let mut text = text.as_str();
    while let Some(rest) = LABELS.iter().find_map(|label| text.strip_prefix(label)) {
        text = rest;
    }
    no_such_column(text).unwrap_or_else(|| text.replace("phalanx.tables.", ""))
}

/// What the engine says of an unknown column names all columns there are, hundreds at times: the nearest one
/// is enough. `None` if the message is about something else.
fn no_such_column(text: &str) -> Option<String> {
    let said = text.strip_prefix("No field named ")?;
    let said = said.split("Valid fields are").next().unwrap_or(said);
    let (name, nearest) = said.split_once("Did you mean '").unwrap_or((said, ""));
    let plain = |quoted: &str| quoted.trim().trim_end_matches(['.', '\'', '?']).replace('"', "");
    let nearest = nearest.split("'?").next().map(plain).filter(|nearest| !nearest.is_empty());
    let hint = nearest.map_or_else(String::new, |nearest| {
        format!("; did you mean `{}`?", nearest.rsplit('.').next().unwrap_or_default())
    });
    Some(format!("there is no column `{}`{hint}", plain(name)))
}

#[cfg(test)]
mod tests {
    use super::no_such_column;

    #[test]
    fn an_unknown_column_is_told_with_the_nearest_alone() {
        let told = |text| no_such_column(text).expect("it is about a column");
        assert_eq!(
            told(
                "No field named \"DeviceNam\". Did you mean '\"Syslog\".\"DeviceName\"'?\nValid fields are a, b."
            ),
            "there is no column `DeviceNam`; did you mean `DeviceName`?"
        );
        assert_eq!(told("No field named a.\"B\". Valid fields are x."), "there is no column `a.B`");
        assert_eq!(told("No field named x."), "there is no column `x`");
        assert_eq!(no_such_column("table not found"), None);
    }
}
