//! An aggregate as DataFusion sees it.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow_schema::{DataType, Field, FieldRef, Fields};
use datafusion::{
    common::Result,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, Expr, GroupsAccumulator, Signature, Volatility,
        expr::AggregateFunction,
        function::{AccumulatorArgs, StateFieldsArgs},
        lit,
        utils::format_state_name,
    },
    physical_expr::expressions::Literal,
    scalar::ScalarValue,
};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, Setup,
    groups::{Alone, Grouped, Groups},
};

/// An aggregate bound to the types of its arguments.
#[derive(Debug)]
struct Bound {
    aggregate: &'static Aggregate,
    types: Box<[ColumnType]>,
    returns: ColumnType,
    value: DataType,
    states: Vec<DataType>,
    make: fn(&Setup<'_>) -> Result<Box<dyn Groups>>,
    signature: Signature,
}

/// A call of an aggregate as an expression of the engine. `arguments` and their `types` are the language's, the
/// condition among them. Of an aggregate that gives several columns, the value is a struct of fields named `0`,
/// `1` …; `None` if the types do not go together.
///
/// Two rules for the plan around it: the engine wants each expression of one aggregation once only, so equal calls
/// are to be shared; and what depends on the order of rows (`make_list`, ties of `arg_max`) sees it only if the
/// aggregation reads a single partition.
pub fn call(
    aggregate: &'static Aggregate,
    arguments: Vec<Expr>,
    types: &[ColumnType],
    returns: ColumnType,
) -> Option<Expr> {
    let udaf = as_udaf(aggregate, types, returns)?;
    let filter = aggregate.condition.and_then(|at| arguments.get(at).cloned()).map(Box::new);
    let mut arguments = aggregate.without_condition(&arguments);
    if arguments.is_empty() {
        arguments.push(lit(1_i64));
    }
    let udaf = Arc::new(udaf);
    Some(Expr::AggregateFunction(AggregateFunction::new_udf(udaf, arguments, false, filter, vec![], None)))
}

/// The aggregate for arguments of some types, the condition among them though the engine's has none; `None` if they
/// do not go together. See [`call`] for all that belongs to it.
pub fn as_udaf(
    aggregate: &'static Aggregate,
    types: &[ColumnType],
    returns: ColumnType,
) -> Option<AggregateUDF> {
    let value = if aggregate.is_several() {
        let columns = aggregate.columns(types)?;
        let field = |(at, kind): (usize, &ColumnType)| Field::new(at.to_string(), kind.arrow(), true);
        DataType::Struct(columns.iter().enumerate().map(field).collect::<Fields>())
    } else {
        returns.arrow()
    };
    let types = aggregate.without_condition(types);
    let (states, make) = match (aggregate.body)(&types) {
        Body::Engine(udaf) => return Some(udaf.as_ref().clone()),
        Body::Own { states, make } => (states, make),
    };
    let arrow = types.iter().map(|kind| kind.arrow()).collect();
    let signature = Signature::exact(arrow, Volatility::Immutable);
    let types = types.into();
    let bound = Bound { aggregate, types, returns, value, states, make, signature };
    Some(AggregateUDF::new_from_impl(bound))
}

impl Bound {
    fn groups(&self, arguments: &AccumulatorArgs<'_>) -> Result<Box<dyn Groups>> {
        let constant = |expr: &Arc<dyn datafusion::physical_expr::PhysicalExpr>| -> Option<ScalarValue> {
            expr.downcast_ref::<Literal>().map(|literal| literal.value().clone())
        };
        let constants: Vec<_> = arguments.exprs.iter().map(constant).collect();
        let setup = Setup { types: &self.types, returns: self.returns, constants: &constants };
        (self.make)(&setup).map_err(|error| error.context(format!("{}()", self.aggregate.name)))
    }
}

impl AggregateUDFImpl for Bound {
    fn name(&self) -> &str {
        self.aggregate.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.value.clone())
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Alone::new(self.groups(&arguments)?)))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field = |(at, kind): (usize, &DataType)| {
            let name = format_state_name(arguments.name, &at.to_string());
            Arc::new(Field::new(name, kind.clone(), true))
        };
        Ok(self.states.iter().enumerate().map(field).collect())
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Grouped(self.groups(&arguments)?)))
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.aggregate, other.aggregate)
            && self.types == other.types
            && self.returns == other.returns
    }
}

impl Eq for Bound {}

impl Hash for Bound {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.aggregate.name.hash(state);
        self.types.hash(state);
    }
}
