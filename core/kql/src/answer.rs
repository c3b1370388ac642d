//! From a query's text to plans: all stages, one after the other.

use std::{
    collections::{HashMap, hash_map::Entry},
    future::Future,
    sync::Arc,
};

use arrow_array::RecordBatch;
use datafusion::{error::DataFusionError, logical_expr::LogicalPlan};
use phalanx_signal::ColumnType;

use crate::{
    bind::{BindError, Bound, Render, Settings, Tables, bind},
    bound::Relation,
    plan::{self, Providers},
    syntax::{
        Diagnostic, parse,
        tree::{FunctionDecl, LetValue, StatementKind},
    },
};

/// How often a query may stop to have something run first.
const NEEDS_MAX: usize = 1_000;
/// Stack for what is planned and dropped level by level.
pub(crate) const STACK_BYTES: usize = 16 << 20;

/// A query that is ready to run.
#[derive(Debug)]
pub struct Prepared {
    /// One for each statement that has an answer.
    pub results: Vec<ResultPlan>,
    /// How the last result is to be shown.
    pub render: Option<Render>,
    /// `set name = value`, in order.
    pub options: Vec<(String, String)>,
}

/// The plan of one result.
#[derive(Debug)]
pub struct ResultPlan {
    pub plan: LogicalPlan,
    /// The names are unique.
    pub columns: Vec<ResultColumn>,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultColumn {
    pub name: Arc<str>,
    pub kind: ColumnType,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no query; at least one diagnostic.
    #[error("{}", .0.first().map_or("the query can't be read", |first| &first.message))]
    Syntax(Vec<Diagnostic>),
    /// The query has no meaning, or none here.
    #[error(transparent)]
    Semantic(#[from] BindError),
    /// The engine failed, or a table could not be opened.
    #[error(transparent)]
    Engine(#[from] DataFusionError),
}

/// Plans a query. `run` runs what must be known before the rest can be planned; a failure of it is the query's.
///
/// # Errors
/// The text is no query, has no meaning over these tables, or what it needs first could not be run.
pub async fn prepare<Run, Running>(
    text: &str,
    tables: &dyn Tables,
    settings: &Settings,
    run: Run,
) -> Result<Prepared, Error>
where
    Run: Fn(LogicalPlan) -> Running,
    Running: Future<Output = Result<Vec<RecordBatch>, DataFusionError>>,
{
    let parsed = parse(text);
    if !parsed.diagnostics.is_empty() {
        return Err(Error::Syntax(parsed.diagnostics));
    }
    let functions = saved_functions(text, tables)?;
    let mut answers = Vec::new();
    let mut providers = Providers::new();
    while answers.len() < NEEDS_MAX {
        let bound = stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || {
            bind(&parsed.query, &functions, tables, settings, &answers)
        })?;
        match bound {
            Bound::Needs(relation) => {
                let plan = planned(&relation, tables, &mut providers).await?;
                answers.push(run(plan).await?);
            }
            Bound::Ready(answer) => {
                let mut results = Vec::with_capacity(answer.relations.len());
                for relation in &answer.relations {
                    let plan = planned(relation, tables, &mut providers).await?;
                    let column = |column: &crate::bound::Column| ResultColumn {
                        name: Arc::clone(&column.name),
                        kind: column.kind,
                    };
                    let columns = relation.columns.iter().map(column).collect();
                    results.push(ResultPlan { plan, columns });
                }
                return Ok(Prepared { results, render: answer.render, options: answer.options });
            }
        }
    }
    let message = format!("the query needs more than {NEEDS_MAX} other queries first");
    Err(BindError::new(crate::bind::Code::TooLarge, 0..text.len(), message).into())
}

async fn planned(
    relation: &Relation,
    tables: &dyn Tables,
    providers: &mut Providers,
) -> Result<LogicalPlan, DataFusionError> {
    for name in plan::tables(relation) {
        if let Entry::Vacant(place) = providers.entry(name) {
            let provider = tables.provider(place.key()).await?;
            place.insert(provider);
        }
    }
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || plan::plan(relation, providers))
}

/// The saved functions that a text mentions, and those that they mention.
pub(crate) fn saved_functions(
    text: &str,
    tables: &dyn Tables,
) -> Result<HashMap<String, FunctionDecl>, Error> {
    let names = tables.functions();
    let mut found = HashMap::new();
    let mut texts = vec![text.to_owned()];
    while let Some(text) = texts.pop() {
        for name in names.iter().filter(|name| text.contains(&***name)) {
            if found.contains_key(&**name) {
                continue;
            }
            let Some(function) = tables.function(name) else { continue };
            let (parameters, body) = (function.parameters.trim(), function.body.trim());
            let parameters = if parameters.is_empty() { "()" } else { parameters };
            let parsed = parse(&format!("let saved = {parameters} {{\n{body}\n}};"));
            if !parsed.diagnostics.is_empty() {
                return Err(Error::Syntax(parsed.diagnostics));
            }
            for statement in parsed.query.statements {
                if let StatementKind::Let(declaration) = statement.kind
                    && let LetValue::Function(declaration) = declaration.value
                {
                    found.insert(name.to_string(), declaration);
                }
            }
            texts.push(body.to_owned());
        }
    }
    Ok(found)
}
