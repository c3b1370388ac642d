//! `arg_max`, `arg_min`, `take_any` and their kin: the values of one row of each group.

use std::{cmp::Ordering, sync::Arc};

use arrow_array::{Array, ArrayRef, BooleanArray, StructArray, UInt32Array, cast::AsArray, new_null_array};
use arrow_schema::{DataType, Field, Fields};
use datafusion::{
    arrow::row::{RowConverter, SortField},
    common::{Result, exec_datafusion_err},
    logical_expr::EmitTo,
};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives, Setup,
    count::CONDITION,
    groups::{Groups, Rows},
    render::Cells,
};
use crate::{
    dynamic::Json,
    functions::{Accepts, HowOften, Parameter},
};

const KEY: Parameter = Parameter { name: "key", accepts: Accepts::Any, how_often: HowOften::Once };
const OTHERS: Parameter =
    Parameter { name: "column", accepts: Accepts::Any, how_often: HowOften::Repeated(0) };
const VALUES: Parameter =
    Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Repeated(1) };
const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Once };

const ARG_MAX: Aggregate = Aggregate {
    name: "arg_max",
    aliases: &[],
    parameters: &[KEY, OTHERS],
    condition: None,
    gives: Gives::EachArgument,
    column: ColumnName::Argument,
    about: "The values of the row with the greatest key; of several, of the first.",
    examples: &[(
        "range x from 1 to 3 step 1 | extend y = 10 * x | summarize arg_max(x, y) | project y",
        "30",
    )],
    body: |types| Body::Own { states: states(types), make: |setup| Picks::boxed(setup, Wanted::Greatest) },
};

const ARG_MIN: Aggregate = Aggregate {
    name: "arg_min",
    about: "The values of the row with the least key; of several, of the first.",
    examples: &[(
        "range x from 1 to 3 step 1 | extend y = 10 * x | summarize arg_min(x, y) | project y",
        "10",
    )],
    body: |types| Body::Own { states: states(types), make: |setup| Picks::boxed(setup, Wanted::Least) },
    ..ARG_MAX
};

const TAKE_ANY: Aggregate = Aggregate {
    name: "take_any",
    parameters: &[VALUES],
    about: "The values of any row; of a single argument, if possible one that is not empty.",
    examples: &[(
        "range x from 1 to 3 step 1 | extend s = iff(x == 3, 'c', '') | summarize take_any(s)",
        "c",
    )],
    body: |types| Body::Own { states: states(types), make: |setup| Picks::boxed(setup, Wanted::NotEmpty) },
    ..ARG_MAX
};

const TAKE_ANYIF: Aggregate = Aggregate {
    name: "take_anyif",
    aliases: &["take_any_if"],
    parameters: &[VALUE, CONDITION],
    condition: Some(1),
    about: "The value of any row for which the condition is true, if possible one that is not empty.",
    examples: &[("range x from 1 to 3 step 1 | summarize take_anyif(x, x > 2)", "3")],
    ..TAKE_ANY
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    ARG_MAX,
    ARG_MIN,
    Aggregate {
        name: "argmax",
        column: ColumnName::PrefixAndArguments("max"),
        about: "The old arg_max: its columns have other names.",
        examples: &[("range x from 1 to 3 step 1 | summarize argmax(x, x) | project max_x", "3")],
        ..ARG_MAX
    },
    Aggregate {
        name: "argmin",
        column: ColumnName::PrefixAndArguments("min"),
        about: "The old arg_min: its columns have other names.",
        examples: &[("range x from 1 to 3 step 1 | summarize argmin(x, x) | project min_x", "1")],
        ..ARG_MIN
    },
    TAKE_ANY,
    TAKE_ANYIF,
    Aggregate {
        name: "any",
        column: ColumnName::PrefixAndArgument("any"),
        about: "The old take_any: its columns have other names.",
        examples: &[("range x from 3 to 3 step 1 | summarize any(x) | project any_x", "3")],
        ..TAKE_ANY
    },
    Aggregate {
        name: "anyif",
        aliases: &[],
        column: ColumnName::PrefixAndArgument("any"),
        about: "The old take_anyif: its column has another name.",
        examples: &[("range x from 1 to 3 step 1 | summarize anyif(x, x > 2) | project any_x", "3")],
        ..TAKE_ANYIF
    },
];

/// The columns of the row, and whether there is a row.
fn states(types: &[ColumnType]) -> Vec<DataType> {
    types.iter().map(|kind| kind.arrow()).chain([DataType::Boolean]).collect()
}

/// Which row of a group is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Greatest,
    Least,
    /// One whose only value is not empty; of several values, any.
    NotEmpty,
}

/// The best row of each group so far.
#[derive(Debug)]
struct Picks {
    wanted: Wanted,
    types: Arc<[ColumnType]>,
    /// Packs the values of a row into bytes.
    converter: RowConverter,
    best: Vec<Best>,
    heap: usize,
}

#[derive(Debug, Default)]
struct Best {
    key: Option<Key>,
    /// The row of the batch at hand that is better than `values`.
    winner: Option<u32>,
    values: Box<[u8]>,
}

/// What rows are compared by.
#[derive(Debug)]
enum Key {
    Null,
    Number(i128),
    Text(Box<str>),
}

/// A key where it lies.
#[derive(Clone, Copy)]
enum KeyRef<'a> {
    Null,
    Number(i128),
    Text(&'a str),
    Json(&'a str),
}

impl Picks {
    fn boxed(setup: &Setup<'_>, wanted: Wanted) -> Result<Box<dyn Groups>> {
        Ok(Box::new(Self::new(setup.types.into(), wanted)?))
    }

    fn new(types: Arc<[ColumnType]>, wanted: Wanted) -> Result<Self> {
        let fields = types.iter().map(|kind| SortField::new(kind.arrow())).collect();
        Ok(Self { wanted, types, converter: RowConverter::new(fields)?, best: Vec::new(), heap: 0 })
    }

    /// Moves the rows of a batch that have won into the state.
    fn keep(&mut self, values: &[ArrayRef], winners: &[usize]) -> Result<()> {
        let row = |group: &usize| self.best[*group].winner.unwrap_or_default();
        let rows = UInt32Array::from_iter_values(winners.iter().map(row));
        let take = |values: &ArrayRef| arrow_select::take::take(values.as_ref(), &rows, None);
        let values = values.iter().map(take).collect::<std::result::Result<Vec<_>, _>>()?;
        let packed = self.converter.convert_columns(&values)?;
        for (group, packed) in winners.iter().zip(packed.iter()) {
            let best = &mut self.best[*group];
            let packed = packed.as_ref();
            self.heap = self.heap + packed.len() - best.values.len();
            // A group's row is often replaced by one of the same size.
            if best.values.len() == packed.len() {
                best.values.copy_from_slice(packed);
            } else {
                best.values = packed.into();
            }
            best.winner = None;
        }
        Ok(())
    }

    /// The rows of the first groups as columns, and which groups have one.
    fn take(&mut self, emit: EmitTo) -> Result<(Vec<ArrayRef>, BooleanArray)> {
        let taken = emit.take_needed(&mut self.best);
        self.heap -= taken.iter().map(Best::heap).sum::<usize>();
        let nulls: Vec<_> = self.types.iter().map(|kind| new_null_array(&kind.arrow(), 1)).collect();
        let nulls = self.converter.convert_columns(&nulls)?;
        let parser = self.converter.parser();
        let rows = taken
            .iter()
            .map(|best| if best.key.is_some() { parser.parse(&best.values) } else { nulls.row(0) });
        let columns = self.converter.convert_rows(rows)?;
        Ok((columns, taken.iter().map(|best| Some(best.key.is_some())).collect()))
    }
}

impl Groups for Picks {
    fn resize(&mut self, groups: usize) {
        self.best.resize_with(groups.max(self.best.len()), Best::default);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        let values = &values[..self.types.len()];
        let cells = Cells::new(self.types[0], &values[0])?;
        let is_alone = self.types.len() == 1;
        let mut winners = Vec::new();
        rows.each(|row, group| {
            let key = match self.wanted {
                Wanted::NotEmpty => KeyRef::Number((!is_alone || !cells.is_empty(row)).into()),
                wanted => KeyRef::new(&cells, row, wanted),
            };
            let best = &mut self.best[group];
            if !best.is_beaten_by(key, self.wanted) {
                return;
            }
            self.heap -= best.key.as_ref().map_or(0, Key::heap);
            best.key = Some(key.to_owned());
            self.heap += best.key.as_ref().map_or(0, Key::heap);
            if best.winner.is_none() {
                winners.push(group);
            }
            best.winner = Some(u32::try_from(row).unwrap_or(u32::MAX));
        });
        if winners.is_empty() { Ok(()) } else { self.keep(values, &winners) }
    }

    fn merge(&mut self, states: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        let seen = states.last().and_then(|seen| seen.as_boolean_opt());
        let seen =
            seen.ok_or_else(|| exec_datafusion_err!("a partial result does not say whether it has a row"))?;
        self.update(states, &rows.and(seen))
    }

    fn values(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let (columns, _) = self.take(emit)?;
        let field =
            |(at, column): (usize, &ArrayRef)| Field::new(at.to_string(), column.data_type().clone(), true);
        let fields: Fields = columns.iter().enumerate().map(field).collect();
        Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
    }

    fn states(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (mut columns, seen) = self.take(emit)?;
        columns.push(Arc::new(seen));
        Ok(columns)
    }

    fn size(&self) -> usize {
        let best = self.best.capacity() * size_of::<Best>();
        size_of::<Self>() + self.converter.size() + best + self.heap
    }

    fn fresh(&self) -> Box<dyn Groups> {
        let fresh = Self::new(Arc::clone(&self.types), self.wanted);
        Box::new(fresh.expect("the same types could be packed before"))
    }
}

impl Best {
    #[inline]
    fn is_beaten_by(&self, key: KeyRef<'_>, wanted: Wanted) -> bool {
        let better = if wanted == Wanted::Least { Ordering::Less } else { Ordering::Greater };
        match (&self.key, key) {
            (None, _) => true,
            (_, KeyRef::Null) => false,
            (Some(Key::Null), _) => true,
            (Some(Key::Number(best)), KeyRef::Number(key)) => key.cmp(best) == better,
            (Some(Key::Text(best)), KeyRef::Text(key)) => key.cmp(best) == better,
            (Some(Key::Text(best)), KeyRef::Json(key)) => {
                Json::new(key).order(Json::new(best), false) == better
            }
            // One column gives keys of one kind.
            _ => false,
        }
    }

    fn heap(&self) -> usize {
        self.values.len() + self.key.as_ref().map_or(0, Key::heap)
    }
}

impl Key {
    fn heap(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

impl<'a> KeyRef<'a> {
    #[inline]
    fn new(cells: &Cells<'a>, row: usize, wanted: Wanted) -> Self {
        if cells.is_null(row) {
            return Self::Null;
        }
        match cells {
            Cells::Bool(values) => Self::Number(values.value(row).into()),
            Cells::Int(values) => Self::Number(values.value(row).into()),
            Cells::Long(values) | Cells::TimeSpan(values) => Self::Number(values.value(row).into()),
            Cells::DateTime(values) => Self::Number(values.value(row).into()),
            Cells::Decimal(values) => Self::Number(values.value(row)),
            Cells::Real(values) => Self::Number(real_order(values.value(row), wanted)),
            Cells::String(values) if values.is_null(row) => Self::Text(""),
            Cells::String(values) | Cells::Guid(values) => Self::Text(values.value(row)),
            Cells::Dynamic(values) => Self::Json(values.value(row)),
        }
    }

    fn to_owned(self) -> Key {
        match self {
            Self::Null => Key::Null,
            Self::Number(number) => Key::Number(number),
            Self::Text(text) | Self::Json(text) => Key::Text(text.into()),
        }
    }
}

/// A number with the order of reals. What is no number loses against all others.
fn real_order(value: f64, wanted: Wanted) -> i128 {
    if value.is_nan() {
        return if wanted == Wanted::Least { i128::MAX } else { i128::MIN };
    }
    let bits = value.to_bits().cast_signed();
    (bits ^ (((bits >> 63).cast_unsigned() >> 1).cast_signed())).into()
}
