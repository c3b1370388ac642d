//! Questions in the Kusto Query Language over the lake, whichever interface they come through.
//!
//! ```text
//! Question ─ core/kql: parse, bind, plan ─▶ core/lake: run ─▶ Answer ─ api/: as each interface writes it
//!                   ▲ what must be known first │
//!                   └──────────────────────────┘
//! ```
//!
//! Each question sees the tables of one tenant and nothing else. What it costs is bounded ([`Limits`]), and that
//! it was asked is a row of `LAQueryLogs`.

pub mod cells;
mod flow;
pub mod functions;
mod log;
mod permits;
mod tables;

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Schema};
use datafusion::{error::DataFusionError, logical_expr::LogicalPlan};
use futures::TryStreamExt;
use phalanx_kql::{
    bind::{Host, Settings},
    syntax::{Span, diagnostic::render},
};
use phalanx_lake::{Lake, QueryError, QueryLimits};
use phalanx_signal::{ColumnType, TenantId};

pub use self::{flow::Flow, permits::TooMany};
use self::{
    functions::{FunctionError, Functions},
    log::{End, Record},
    permits::Permits,
    tables::LakeTables,
};
use crate::{
    config,
    ingest::{Intake, now_micros},
    metrics::Metrics,
    platform::Platform,
};

/// What is asked, by whom and how.
#[derive(Clone, Debug)]
pub struct Question {
    pub tenant: TenantId,
    pub text: String,
    /// Rows of tables outside of it are not seen, in microseconds since 1970.
    pub time_range: Option<Range<i64>>,
    /// Values of `declare query_parameters`, as literals of the language.
    pub parameters: Vec<(String, String)>,
    pub limits: Limits,
    /// Who asks, and through what.
    pub asker: Asker,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    /// The client's or user's id.
    pub id: String,
    pub name: String,
    /// The program, as it names itself.
    pub application: String,
    /// The interface, such as `/v2/rest/query`.
    pub target: &'static str,
}

/// What the tenant's tables together are called as a database.
pub const DATABASE: &str = "NetDefaultDB";

/// How much a question may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most rows of an answer.
    pub rows: usize,
    /// Most bytes of an answer, in memory.
    pub bytes: usize,
    pub time: Duration,
}

/// Kusto's own limits of an answer: 500,000 rows and 64 MB.
pub const ROWS_MAX: usize = 500_000;
pub const BYTES_MAX: usize = 64 << 20;

/// As many rows as the other limits allow.
pub const UNLIMITED: usize = usize::MAX / 4;

/// Rows with the names and types of their columns.
#[derive(Clone, Debug)]
pub struct Rows {
    pub columns: Vec<(Arc<str>, ColumnType)>,
    pub batches: Vec<RecordBatch>,
}

/// What a question is answered with.
#[derive(Clone, Debug)]
pub struct Answer {
    /// One for each statement that has an answer.
    pub results: Vec<Rows>,
    /// The chart that the author wants, and its properties.
    pub render: Option<(String, Vec<(String, String)>)>,
    /// Which limit the answer was cut at; without it, it is whole.
    pub cut: Option<Cut>,
    /// Whether rows are missing that were acknowledged before.
    pub is_current: bool,
    pub took: Duration,
    /// Of that, the time from the text to plans that run.
    pub planning: Duration,
}

/// The limit at which an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Rows(usize),
    Bytes(usize),
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    /// The text is wrong.
    #[error("{}", .0.message)]
    Text(Problem),
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The saved functions can't be read at the moment.
    #[error(transparent)]
    Functions(FunctionError),
    #[error(transparent)]
    Run(#[from] QueryError),
}

/// What is wrong with a query's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `SYN…` for the language itself, `SEM…` for names and types.
    pub code: String,
    pub message: String,
    /// Line and column of the place, from 1.
    pub line: usize,
    pub column: usize,
    /// The place, as bytes of the text.
    pub span: Range<usize>,
    /// Message and place, the place underlined, for a terminal.
    pub drawn: String,
}

impl Problem {
    fn new(text: &str, code: &str, message: &str, span: Span) -> Self {
        let before = &text[..text.floor_char_boundary(span.start as usize)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span: span.range(),
            drawn: render(code, message, span, text),
        }
    }

    /// Whether the language itself is at fault, and not the names in the query.
    pub fn is_syntax(&self) -> bool {
        self.code.starts_with("SYN")
    }

    fn of(text: &str, error: phalanx_kql::Error) -> HuntError {
        match error {
            phalanx_kql::Error::Syntax(diagnostics) => match diagnostics.first() {
                Some(first) => {
                    HuntError::Text(Self::new(text, first.code.as_str(), &first.message, first.span))
                }
                None => HuntError::Run(QueryError::Invalid("the query can't be read".into())),
            },
            phalanx_kql::Error::Semantic(error) => {
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let span = Span { start: place(error.span.start), end: place(error.span.end) };
                HuntError::Text(Self::new(text, error.code.text(), &error.message, span))
            }
            phalanx_kql::Error::Engine(DataFusionError::External(error)) => {
                match error.downcast::<QueryError>() {
                    Ok(error) => HuntError::Run(*error),
                    Err(other) => HuntError::Run(DataFusionError::External(other).into()),
                }
            }
            phalanx_kql::Error::Engine(error) => HuntError::Run(error.into()),
        }
    }
}

/// Answers questions.
pub struct Hunting {
    lake: Arc<Lake>,
    intake: Arc<Intake>,
    metrics: Arc<Metrics>,
    functions: Functions,
    permits: Arc<Permits>,
}

impl Hunting {
    pub fn new(platform: &Platform, config: &config::Query) -> Self {
        Self {
            lake: platform.lake().clone(),
            intake: platform.intake().clone(),
            metrics: platform.metrics().clone(),
            functions: Functions::new(platform.state().clone()),
            permits: Permits::new(config.concurrent_max, config.concurrent_max_each),
        }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// See [`HuntError`]; none of them changes anything.
    pub async fn ask(&self, question: &Question) -> Result<Answer, HuntError> {
        let begun = Instant::now();
        let mut record = self.record(question, begun);
        let answered = self.answer(question, begun).await;
        record.close(End::of(&answered)).await;
        answered
    }

    fn record(&self, question: &Question, begun: Instant) -> Record {
        Record::new(self.intake.clone(), self.metrics.clone(), question.clone(), begun)
    }

    /// The tables that somebody of a tenant may ask for.
    ///
    /// # Errors
    /// [`HuntError::Functions`]
    pub async fn tables(
        &self,
        tenant: TenantId,
    ) -> Result<impl phalanx_kql::bind::Tables + use<>, HuntError> {
        let functions = self.functions.of(tenant).await.map_err(HuntError::Functions)?;
        Ok(LakeTables::new(self.lake.clone(), self.intake.catalog().clone(), tenant, functions))
    }

    async fn answer(&self, question: &Question, begun: Instant) -> Result<Answer, HuntError> {
        let _permit = self.permits.take(question.tenant, &question.asker.id)?;
        let deadline = begun + question.limits.time;
        // How long what had to be known first ran, in nanoseconds.
        let running = AtomicU64::new(0);
        let prepared = self.prepare(question, deadline, &running).await?;
        let limits = question.limits.with(&prepared.options);
        let mut answer = Answer {
            results: Vec::new(),
            render: prepared.render.map(|render| (render.chart, render.properties)),
            cut: None,
            is_current: true,
            took: Duration::ZERO,
            planning: begun.elapsed().saturating_sub(Duration::from_nanos(running.into_inner())),
        };
        for result in prepared.results {
            let ran = self.run(question.tenant, result.plan, Some(limits), deadline).await?;
            let columns = result.columns.into_iter().map(|column| (column.name, column.kind)).collect();
            answer.results.push(Rows { columns, batches: ran.batches });
            answer.cut = answer.cut.or(ran.cut);
            answer.is_current &= ran.is_current;
            answer.planning += ran.planning;
        }
        answer.took = begun.elapsed();
        Ok(answer)
    }

    async fn prepare(
        &self,
        question: &Question,
        deadline: Instant,
        running: &AtomicU64,
    ) -> Result<phalanx_kql::Prepared, HuntError> {
        let tables = self.tables(question.tenant).await?;
        let settings = Settings {
            now: now_micros(),
            time_range: question.time_range.clone(),
            parameters: question.parameters.clone(),
            host: Host {
                database: DATABASE.to_owned(),
                endpoint: String::new(),
                tenant: question.tenant.to_string(),
                principal: question.asker.id.clone(),
                name: question.asker.name.clone(),
                groups: Vec::new(),
            },
        };
        let run = |plan: LogicalPlan| async move {
            let since = Instant::now();
            let ran = self.run(question.tenant, plan, None, deadline).await;
            let ran = ran.map_err(|error| DataFusionError::External(Box::new(error)))?;
            let nanos = since.elapsed().saturating_sub(ran.planning).as_nanos();
            running.fetch_add(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
            Ok(ran.batches)
        };
        phalanx_kql::prepare(&question.text, &tables, &settings, run)
            .await
            .map_err(|error| Problem::of(&question.text, error))
    }

    /// Runs a plan to its end, or to a limit of its answer.
    async fn run(
        &self,
        tenant: TenantId,
        plan: LogicalPlan,
        limits: Option<Limits>,
        deadline: Instant,
    ) -> Result<Ran, QueryError> {
        let time = deadline.saturating_duration_since(Instant::now());
        // One row more than may be in the answer tells that there are more.
        let rows = limits.map(|limits| limits.rows.saturating_add(1)).filter(|rows| *rows < UNLIMITED);
        let bytes = limits.is_none().then_some(BYTES_MAX);
        let mut stream = self.lake.run_plan(tenant, plan, QueryLimits { rows, bytes, time }).await?;
        let (is_current, planning) = (stream.is_current(), stream.planning());
        let mut ran = Ran { batches: Vec::new(), cut: None, is_current, planning };
        let (mut rows, mut bytes) = (0, 0);
        while let Some(batch) = stream.try_next().await? {
            if let Some(limits) = limits {
                let left = limits.rows - rows;
                if batch.num_rows() > left {
                    ran.batches.push(batch.slice(0, left));
                    ran.cut = Some(Cut::Rows(limits.rows));
                    break;
                }
                bytes += batch.get_array_memory_size();
                if bytes > limits.bytes {
                    ran.cut = Some(Cut::Bytes(limits.bytes));
                    break;
                }
                rows += batch.num_rows();
            }
            ran.batches.push(batch);
        }
        Ok(ran)
    }
}

/// What a plan has given.
struct Ran {
    batches: Vec<RecordBatch>,
    cut: Option<Cut>,
    is_current: bool,
    planning: Duration,
}

impl Limits {
    /// With what `set` says in the query.
    fn with(self, options: &[(String, String)]) -> Self {
        let mut limits = self;
        for (name, value) in options {
            match (name.as_str(), value.parse::<usize>()) {
                ("truncationmaxrecords", Ok(rows)) => limits.rows = rows,
                ("truncationmaxsize", Ok(bytes)) => limits.bytes = bytes.min(4 * BYTES_MAX),
                ("notruncation", _) => {
                    limits.rows = UNLIMITED;
                    limits.bytes = 4 * BYTES_MAX;
                }
                _ => {}
            }
        }
        limits
    }
}

impl Rows {
    pub fn count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The batches with the columns' names and types in their schema.
    pub fn named(&self) -> Result<Vec<RecordBatch>, ArrowError> {
        let fields = self.columns.iter().map(|(name, kind)| kind.field(name)).collect::<Vec<_>>();
        let schema = Arc::new(Schema::new(fields));
        let named = self.batches.iter().map(|batch| {
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(schema.clone(), batch.columns().to_vec(), &options)
        });
        named.collect()
    }
}
