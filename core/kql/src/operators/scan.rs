//! `scan`: steps that rows go through in their order, each with a state that the next rows see.
//!
//! What a row does depends on all rows before it, so the rows are run first and the steps over them here, row by
//! row.

use std::{collections::HashMap, sync::Arc};

use datafusion::scalar::ScalarValue;
use phalanx_signal::ColumnType;

use super::help::Help;
use crate::{
    bind::{Binder, Code, Result, Row, convert},
    bound::{Column, ColumnId, Expr, Relation, SortKey, Value},
    plan::{evaluate, rows_schema},
    syntax::{
        Span,
        tree::{
            ParameterType,
            operators::{Scan, ScanOutput},
        },
    },
};

pub(super) const HELP: &[Help] = &[
    Help::new("scan", "T | scan [declare (name: type = value, …)] with (step name [output = all | last | none]: condition => name = value, …; …)", "Goes over ordered rows with a machine of steps, each with a state that rows change.", &[("range x from 1 to 3 step 1 | scan declare (sum: long = 0) with (step s: true => sum = x + s.sum;) | project sum", "1; 3; 6")]).words(&["declare", "with", "step"]).parameters(&[("with_match_id", &[])]),
];

/// Rows that the steps may go over.
const ROWS_MAX: usize = 100_000;

/// A step whose names are bound.
struct Step {
    output: ScanOutput,
    predicate: Expr,
    /// Which column gets which value.
    assignments: Vec<(usize, Expr)>,
    /// The columns by which expressions see the step's last row.
    seen_as: Vec<Column>,
}

/// The last row of each step up to one, and the match that it belongs to.
#[derive(Clone)]
struct State {
    rows: Vec<Vec<Value>>,
    match_id: i64,
}

impl<'t> Binder<'t> {
    pub(super) fn scan(&mut self, input: Relation, node: &'t Scan, span: Span) -> Result<Relation> {
        let (input, partition) = self.scan_order(input, node, span)?;
        let (input, batches) = self.ask(|_| Ok(input))?;
        let mut declared = Vec::new();
        let mut defaults = Vec::new();
        for parameter in &node.declare {
            let ParameterType::Scalar(type_name) = &parameter.of else {
                return Err(self.error(Code::Types, parameter.span, "a declared column can't be a table"));
            };
            let kind = self.kind(type_name)?;
            let default = match &parameter.default {
                Some(tree) => {
                    let value = self.scalar(tree, &Row::NONE)?;
                    let value = convert::implicitly(value, kind).ok_or_else(|| {
                        self.error(Code::Types, tree.span, format!("the default must be a {kind}"))
                    })?;
                    convert::constant(&value, &tree.span.range(), "a default")?
                }
                None => Value::Null,
            };
            declared.push(self.fresh(&parameter.name.text, kind));
            defaults.push(default);
        }
        let mut columns = input.columns.clone();
        columns.extend(declared.iter().cloned());
        let steps = self.scan_steps(node, &columns, span)?;
        let mut rows = Vec::new();
        for batch in &batches {
            for at in 0..batch.num_rows() {
                let cells = input.columns.iter().enumerate().map(|(column, known)| {
                    let scalar = ScalarValue::try_from_array(batch.column(column), at)?;
                    Ok(Value::from_scalar(&scalar, known.kind))
                });
                let cells: std::result::Result<Vec<Value>, datafusion::error::DataFusionError> =
                    cells.collect();
                rows.push(cells.map_err(|error| self.error(Code::Other, span, error.strip_backtrace()))?);
            }
        }
        if rows.len() > ROWS_MAX {
            return Err(self.error(Code::TooLarge, span, format!("`scan` takes at most {ROWS_MAX} rows")));
        }
        let mut machine =
            Machine { columns: &columns, defaults, steps, states: Vec::new(), matches: 0, out: Vec::new() };
        let parts: Vec<usize> = partition
            .iter()
            .filter_map(|key| input.columns.iter().position(|column| column.id == *key))
            .collect();
        // Each part's rows in their order, the parts in the order of their first rows.
        let mut order: Vec<Vec<Vec<Value>>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in rows {
            let part: Vec<String> = parts.iter().map(|at| row[*at].to_string()).collect();
            let place = *places.entry(part.join("\u{0}")).or_insert(order.len());
            if place == order.len() {
                order.push(Vec::new());
            }
            order[place].push(row);
        }
        for part in order {
            for row in part {
                machine
                    .push(row)
                    .map_err(|error| self.error(Code::Argument, span, error.strip_backtrace()))?;
            }
            machine.finish();
        }
        let out = machine.out;
        if let Some(name) = self.parameter(&node.parameters, "with_match_id") {
            columns.push(self.fresh(name, ColumnType::Long));
        }
        let schema = rows_schema(&columns);
        let arrays = columns.iter().enumerate().map(|(at, column)| {
            let cells = out.iter().map(|(row, match_id)| match row.get(at) {
                Some(value) => value.scalar(column.kind),
                None => Value::Long(*match_id).scalar(column.kind),
            });
            ScalarValue::iter_to_array(cells)
        });
        if out.is_empty() {
            return Ok(self.rows(columns, Vec::new()));
        }
        let batch = arrays
            .collect::<std::result::Result<Vec<_>, _>>()
            .and_then(|arrays| Ok(arrow_array::RecordBatch::try_new(Arc::clone(&schema), arrays)?))
            .map_err(|error| self.error(Code::Other, span, error.strip_backtrace()))?;
        Ok(self.rows(columns, vec![batch]))
    }

    /// The rows in the order that the operator says, and the columns that divide them.
    fn scan_order(
        &mut self,
        input: Relation,
        node: &'t Scan,
        span: Span,
    ) -> Result<(Relation, Vec<ColumnId>)> {
        if node.order_by.is_empty() && !input.is_serialized {
            let message = "`scan` needs rows in an order; put `sort by` or `serialize` before it";
            return Err(self.error(Code::NotSerialized, span, message));
        }
        let before = input.columns.clone();
        let (over, (partition, order)) = self.over(input, |binder, row| {
            let partition =
                node.partition_by.iter().map(|tree| binder.scalar(tree, row)).collect::<Result<Vec<_>>>()?;
            let order =
                node.order_by.iter().map(|key| binder.sort_key(key, row)).collect::<Result<Vec<_>>>()?;
            Ok((partition, order))
        })?;
        let mut ids: Vec<ColumnId> = self.partition.iter().map(|column| column.id).collect();
        partition.iter().for_each(|key| key.for_each_column(&mut |id| ids.push(id)));
        if partition.is_empty() && order.is_empty() {
            return Ok((self.keep(over, &before), ids));
        }
        let mut keys: Vec<SortKey> = partition
            .into_iter()
            .map(|expr| SortKey { expr, is_descending: false, is_nulls_first: true })
            .collect();
        keys.extend(order);
        let sorted = self.in_order(over, keys, None);
        Ok((self.keep(sorted, &before), ids))
    }

    fn scan_steps(&mut self, node: &'t Scan, columns: &[Column], span: Span) -> Result<Vec<Step>> {
        let mut visible = columns.to_vec();
        let mut seen = Vec::new();
        for step in &node.steps {
            let seen_as: Vec<Column> = columns
                .iter()
                .map(|column| self.fresh(&format!("\u{0}{}.{}", step.name.text, column.name), column.kind))
                .collect();
            visible.extend(seen_as.iter().cloned());
            seen.push(seen_as);
        }
        let row = Row { columns: &visible, is_some: true, ..Row::NONE };
        let mut steps = Vec::with_capacity(node.steps.len());
        for (step, seen_as) in node.steps.iter().zip(seen) {
            let predicate = self.condition(&step.predicate, &row)?;
            let mut assignments = Vec::new();
            for (name, tree) in &step.assignments {
                let Some(at) = columns.iter().position(|column| *column.name == *name.text) else {
                    return Err(self.unknown_column(name, columns));
                };
                let value = self.scalar(tree, &row)?;
                let kind = columns[at].kind;
                let value = convert::implicitly(value.clone(), kind)
                    .or_else(|| convert::explicitly(value, kind))
                    .ok_or_else(|| {
                        self.error(Code::Types, tree.span, format!("the value must be a {kind}"))
                    })?;
                assignments.push((at, value));
            }
            steps.push(Step { output: step.output, predicate, assignments, seen_as });
        }
        if steps.is_empty() {
            return Err(self.error(Code::ArgumentCount, span, "`scan` needs a step"));
        }
        Ok(steps)
    }
}

struct Machine<'a> {
    columns: &'a [Column],
    defaults: Vec<Value>,
    steps: Vec<Step>,
    states: Vec<Option<State>>,
    matches: i64,
    /// Rows, and the match of each.
    out: Vec<(Vec<Value>, i64)>,
}

impl Machine<'_> {
    fn push(&mut self, mut row: Vec<Value>) -> std::result::Result<(), datafusion::error::DataFusionError> {
        row.extend(self.defaults.iter().cloned());
        self.states.resize(self.steps.len(), None);
        for at in (0..self.steps.len()).rev() {
            // A row takes over the state of the step before, or goes on with the step's own; the first step begins
            // a match only where none is going on.
            let own = (self.states[at].clone(), true);
            let tried = match at {
                0 => [own, (Some(State { rows: Vec::new(), match_id: self.matches }), false)],
                at => [(self.states[at - 1].clone(), false), own],
            };
            let mut taken = None;
            for (state, is_own) in tried {
                if let Some(state) = state
                    && self.value(&self.steps[at].predicate, &row, &state)? == Value::Bool(true)
                {
                    taken = Some((state, is_own));
                    break;
                }
            }
            let Some((mut state, is_own)) = taken else { continue };
            let mut made = row.clone();
            for (target, expression) in &self.steps[at].assignments {
                made[*target] = self.value(expression, &made, &state)?;
            }
            if !is_own {
                match at {
                    0 => self.matches += 1,
                    at => self.promote(at - 1),
                }
            }
            state.rows.resize(at, Vec::new());
            state.rows.push(made.clone());
            if self.steps[at].output == ScanOutput::All {
                self.out.push((made, state.match_id));
            }
            self.states[at] = Some(state);
        }
        Ok(())
    }

    /// A step's state goes to the next step: its last row is known.
    fn promote(&mut self, at: usize) {
        if let Some(state) = self.states[at].take()
            && self.steps[at].output == ScanOutput::Last
            && let Some(row) = state.rows.get(at)
        {
            self.out.push((row.clone(), state.match_id));
        }
    }

    /// No more rows of this part.
    fn finish(&mut self) {
        for at in 0..self.states.len() {
            self.promote(at);
        }
        self.states.clear();
    }

    fn value(
        &self,
        expression: &Expr,
        row: &[Value],
        state: &State,
    ) -> std::result::Result<Value, datafusion::error::DataFusionError> {
        let mut values: HashMap<ColumnId, Value> =
            self.columns.iter().zip(row).map(|(column, value)| (column.id, value.clone())).collect();
        let declared = self.columns.len() - self.defaults.len();
        for (at, step) in self.steps.iter().enumerate() {
            let last = state.rows.get(at).filter(|row| !row.is_empty());
            for (place, column) in step.seen_as.iter().enumerate() {
                let value = match last {
                    Some(row) => row[place].clone(),
                    None if place >= declared => self.defaults[place - declared].clone(),
                    None => Value::Null,
                };
                values.insert(column.id, value);
            }
        }
        evaluate(&expression.with_values(&values))
    }
}
