//! Answers in the formats that are exported, piece by piece while the rows are found.

use std::time::Duration;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_cast::cast;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use axum::body::Bytes;
use datafusion::error::DataFusionError;
use futures::Stream;
use phalanx_lake::QueryError;
use phalanx_signal::ColumnType;
use serde_json::{Map, Value, json};

use super::rows::RowFormat;
use crate::hunting::{Cut, Flow};

/// How often a reader of frames hears of a query that has no new rows.
const PROGRESS: Duration = Duration::from_secs(1);

/// An answer on its way to a client.
pub struct Export {
    flow: Flow,
    writer: Writer,
    stage: Stage,
    /// Whether the end has a frame of its own, and progress is told.
    is_framed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before a table.
    Head(usize),
    /// In its rows.
    Rows(usize),
    Tail,
    Over,
}

impl Export {
    pub fn new(flow: Flow, format: RowFormat) -> Self {
        let is_framed = format == RowFormat::Frames;
        Self { flow, writer: Writer { format, arrow: None, rows: 0 }, stage: Stage::Head(0), is_framed }
    }

    /// The next piece; `None` behind the last. The first rows come in the first piece, so that a query that fails at
    /// once gives an error and no beginning; of frames, whatever there is.
    ///
    /// # Errors
    /// The query failed, or a row can't be written.
    pub async fn first(&mut self) -> Result<Bytes, QueryError> {
        let mut pieces = Vec::new();
        while let Some(piece) = self.next().await? {
            pieces.extend_from_slice(&piece);
            if self.is_framed || self.flow.rows() > 0 {
                break;
            }
        }
        Ok(pieces.into())
    }

    async fn next(&mut self) -> Result<Option<Bytes>, QueryError> {
        let next = self.piece().await;
        if next.is_err() {
            self.stage = Stage::Over;
            self.flow.close().await;
        }
        next
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, QueryError> {
        let failed = |error: ArrowError| QueryError::from(DataFusionError::from(error));
        loop {
            let piece = match self.stage {
                Stage::Head(at) => match self.flow.schema(at) {
                    Some(schema) => {
                        self.stage = Stage::Rows(at);
                        self.writer.begin(&schema.clone()).map_err(failed)?
                    }
                    None => {
                        self.stage = Stage::Tail;
                        Vec::new()
                    }
                },
                Stage::Rows(at) => {
                    let next = self.flow.next(at);
                    let next = match self.is_framed {
                        true => match tokio::time::timeout(PROGRESS, next).await {
                            Ok(next) => next?,
                            Err(_) => return Ok(Some(self.progress())),
                        },
                        false => next.await?,
                    };
                    match next {
                        Some(batch) => self.writer.rows(&batch).map_err(failed)?,
                        None => {
                            self.stage = Stage::Head(at + 1);
                            self.writer.end().map_err(failed)?
                        }
                    }
                }
                Stage::Tail => {
                    self.stage = Stage::Over;
                    self.flow.close().await;
                    if self.is_framed { self.tail() } else { Vec::new() }
                }
                Stage::Over => return Ok(None),
            };
            // HTTP/2 clients take a flood of tiny frames for an attack.
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
        }
    }

    fn progress(&self) -> Bytes {
        line(json!({
            "frame": "progress",
            "seconds": self.flow.took().as_secs_f64(),
            "rows": self.flow.rows(),
            "rows_read": self.flow.rows_read(),
        }))
        .into()
    }

    fn tail(&self) -> Vec<u8> {
        let render = self.flow.render.as_ref().map(|(chart, properties)| {
            let properties: Map<String, Value> =
                properties.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
            json!({ "chart": chart, "properties": properties })
        });
        let cut = self.flow.cut.map(|cut| match cut {
            Cut::Rows(rows) => json!({ "rows": rows }),
            Cut::Bytes(bytes) => json!({ "bytes": bytes }),
        });
        line(json!({
            "frame": "end",
            "seconds": self.flow.took().as_secs_f64(),
            "rows": self.flow.rows(),
            "rows_read": self.flow.rows_read(),
            "cut": cut,
            "render": render,
        }))
    }

    /// What comes behind [`Self::first`]. A failure ends the stream in the midst, except that a reader of frames is
    /// told why.
    pub fn rest(self) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
        futures::stream::unfold(self, |mut export| async move {
            match export.next().await {
                Ok(Some(piece)) => Some((Ok(piece), export)),
                Ok(None) => None,
                Err(error) => {
                    tracing::warn!(%error, "a query failed behind its first rows");
                    let message = super::query::mistake(error).message().to_owned();
                    let piece = match export.is_framed {
                        true => Ok(line(json!({ "frame": "error", "message": message })).into()),
                        false => Err(std::io::Error::other(message)),
                    };
                    Some((piece, export))
                }
            }
        })
    }
}

fn line(value: Value) -> Vec<u8> {
    let mut text = value.to_string();
    text.push('\n');
    text.into_bytes()
}

/// Rows as bytes of a format.
struct Writer {
    format: RowFormat,
    arrow: Option<StreamWriter<Vec<u8>>>,
    /// Rows of this table so far.
    rows: usize,
}

impl Writer {
    fn begin(&mut self, schema: &Schema) -> Result<Vec<u8>, ArrowError> {
        self.rows = 0;
        match self.format {
            RowFormat::Json => Ok(b"[".to_vec()),
            RowFormat::Frames => Ok(line(json!({ "frame": "columns", "columns": columns(schema) }))),
            RowFormat::Arrow if self.arrow.is_some() => Err(ArrowError::InvalidArgumentError(
                "a stream of Arrow has one table, the answer several".into(),
            )),
            RowFormat::Arrow => {
                let mut writer = StreamWriter::try_new(Vec::new(), &plain_schema(schema))?;
                let head = std::mem::take(writer.get_mut());
                self.arrow = Some(writer);
                Ok(head)
            }
            format => Ok(format.header(schema).into_bytes()),
        }
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let mut text = String::with_capacity(batch.num_rows() * 128);
        match (self.format, &mut self.arrow) {
            (RowFormat::Arrow, Some(writer)) => {
                writer.write(&plain(batch)?)?;
                return Ok(std::mem::take(writer.get_mut()));
            }
            (RowFormat::Json, _) => {
                let mut lines = String::new();
                RowFormat::Jsonl.write(batch, &mut lines)?;
                for (at, object) in lines.lines().enumerate() {
                    text.push_str(if self.rows + at == 0 { "\n" } else { ",\n" });
                    text.push_str(object);
                }
            }
            (RowFormat::Frames, _) => RowFormat::Table.write(batch, &mut text)?,
            (format, _) => format.write(batch, &mut text)?,
        }
        self.rows += batch.num_rows();
        Ok(text.into_bytes())
    }

    fn end(&mut self) -> Result<Vec<u8>, ArrowError> {
        match (self.format, &mut self.arrow) {
            (RowFormat::Arrow, Some(writer)) => {
                writer.finish()?;
                Ok(std::mem::take(writer.get_mut()))
            }
            (RowFormat::Json, _) => Ok(b"\n]\n".to_vec()),
            _ => Ok(Vec::new()),
        }
    }
}

fn columns(schema: &Schema) -> Vec<Value> {
    let column = |field: &std::sync::Arc<Field>| {
        let kind = ColumnType::of(field)
            .map_or_else(|| field.data_type().to_string(), |kind| kind.name().to_owned());
        json!({ "name": field.name(), "type": kind })
    };
    schema.fields().iter().map(column).collect()
}

/// Texts as every reader of Arrow knows them.
fn plain_schema(schema: &Schema) -> Schema {
    let field = |field: &std::sync::Arc<Field>| match field.data_type() {
        DataType::Utf8View => field.as_ref().clone().with_data_type(DataType::Utf8),
        _ => field.as_ref().clone(),
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}

fn plain(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = std::sync::Arc::new(plain_schema(&batch.schema()));
    let columns = batch.columns().iter().zip(schema.fields()).map(|(array, field)| {
        if array.data_type() == field.data_type() {
            Ok(array.clone())
        } else {
            cast(array, field.data_type())
        }
    });
    let columns = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}
