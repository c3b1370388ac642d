//! What can go wrong, by what the caller would do about it.

use std::{io, path::PathBuf};

use datafusion::error::DataFusionError;
use deltalake::DeltaTableError;

/// The lake could not do its work. The journal has every row that is not in a file.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    #[error("cannot {doing} `{}`", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the Delta table in `{}` cannot be {doing}", path.display())]
    Delta { doing: &'static str, path: PathBuf, source: Box<DeltaTableError> },
    #[error("a Parquet file cannot be written")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("rows cannot be brought into a table's form")]
    Arrow(#[from] arrow_schema::ArrowError),
    #[error("rows cannot be read")]
    Query(#[from] Box<DataFusionError>),
    #[error("version {version} of the Delta table in `{}` was written by somebody else", path.display())]
    Conflict { path: PathBuf, version: u64 },
    #[error("the catalog has no table `{0}`")]
    NoTable(String),
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

    pub(crate) fn delta(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(DeltaTableError) -> Self {
        let path = path.into();
        move |source| Self::Delta { doing, path, source: Box::new(source) }
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
    #[error("the query needs more memory than is set aside for queries")]
    Memory(#[source] Box<DataFusionError>),
    #[error("the query took longer than {0} s")]
    Time(u64),
    #[error("the query failed")]
    Engine(#[source] Box<DataFusionError>),
    #[error(transparent)]
    Lake(#[from] LakeError),
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        match error.find_root() {
            DataFusionError::SQL(..) | DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => {
                Self::Invalid(first_line(&error))
            }
            DataFusionError::NotImplemented(_) => Self::NotSupported(first_line(&error)),
            DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => {
                Self::Invalid(first_line(&error))
            }
            DataFusionError::ResourcesExhausted(_) => Self::Memory(Box::new(error)),
            _ => Self::Engine(Box::new(error)),
        }
    }
}

/// The engine's message without its stack and labels.
fn first_line(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let text = text.trim_start_matches("Error during planning: ").trim_start_matches("SQL error: ");
    text.to_owned()
}
