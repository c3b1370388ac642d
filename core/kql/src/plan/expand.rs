//! Arrays as rows.

use std::{borrow::Cow, sync::Arc};

use super::{Planned, Planner, project};
use crate::{
    bound::{Expand, Relation},
    dynamic::Json,
};
use arrow_array::{
    Array, ArrayRef, ListArray, StringViewArray,
    builder::{ArrayBuilder, Int64Builder, ListBuilder, StringViewBuilder},
    cast::AsArray,
};
use arrow_schema::{DataType, Field};
use datafusion::{
    common::{Column as Name, NullHandling, Result, UnnestOptions, exec_err},
    error::DataFusionError,
    logical_expr::{
        ColumnarValue, Expr as DfExpr, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
        Signature, Volatility, expr::ScalarFunction,
    },
};

/// Rows that one batch may become: their views alone take 16 bytes each.
const ROWS_MAX: usize = 8 << 20;

impl Planner<'_> {
    pub(super) fn expand(
        &mut self,
        relation: &Relation,
        input: &Relation,
        expand: &Expand,
    ) -> Result<Planned, DataFusionError> {
        let planned = self.relation(input)?;
        let mut output: Vec<_> = input.columns.iter().map(|column| self.column(column.id)).collect();
        for key in &planned.order {
            if !output.contains(&key.expr) {
                output.push(key.expr.clone());
            }
        }
        let arrays = self.values(&expand.arrays)?;
        let mut added = Vec::new();
        for (column, array) in relation.columns[input.columns.len()..].iter().zip(&arrays) {
            let elements = ScalarUDF::new_from_impl(Elements::new(expand, 1, false));
            added.push((column, call(elements, vec![array.clone()])));
        }
        if expand.with_index
            && let Some(column) = relation.columns.last()
        {
            let places = ScalarUDF::new_from_impl(Elements::new(expand, arrays.len(), true));
            added.push((column, call(places, arrays)));
        }
        let names: Vec<_> =
            added.iter().map(|(column, _)| Name::new_unqualified(self.name(column.id))).collect();
        output.extend(added.into_iter().map(|(column, list)| list.alias(self.name(column.id))));
        let null_handling = if expand.keep_nulls { NullHandling::Preserve } else { NullHandling::Drop };
        let options = UnnestOptions { null_handling, recursions: Vec::new() };
        let plan = LogicalPlanBuilder::from(project(planned.plan, output)?)
            .unnest_columns_with_options(names, options)?
            .build()?;
        Ok(Planned { plan, order: planned.order })
    }
}

fn call(function: ScalarUDF, arguments: Vec<DfExpr>) -> DfExpr {
    DfExpr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), arguments))
}

/// The elements of JSON arrays as an Arrow list, or their places from 0 on.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Elements {
    are_places: bool,
    bags_as_pairs: bool,
    limit: usize,
    signature: Signature,
}

impl Elements {
    fn new(expand: &Expand, arguments: usize, are_places: bool) -> Self {
        let signature = Signature::exact(vec![DataType::Utf8View; arguments], Volatility::Immutable);
        let limit = expand.limit.unwrap_or(usize::MAX);
        Self { are_places, bags_as_pairs: expand.bags_as_pairs, limit, signature }
    }

    fn elements<'a>(&self, json: &'a str) -> Vec<Cow<'a, str>> {
        let mut elements = elements(json, self.bags_as_pairs);
        elements.truncate(self.limit);
        elements
    }

    fn lists(&self, texts: &StringViewArray) -> Result<ListArray> {
        let mut lists = ListBuilder::new(StringViewBuilder::new());
        for text in texts {
            let Some(json) = text else {
                lists.append_null();
                continue;
            };
            let elements = self.elements(json);
            check(lists.values().len() + elements.len())?;
            for element in elements {
                lists.values().append_option((element != "null").then_some(element));
            }
            lists.append(true);
        }
        Ok(lists.finish())
    }

    fn places(&self, arrays: &[ArrayRef], rows: usize) -> Result<ListArray> {
        let texts: Vec<_> = arrays.iter().map(|array| array.as_string_view()).collect();
        let mut lists = ListBuilder::new(Int64Builder::new());
        for row in 0..rows {
            let lengths = texts.iter().filter(|texts| texts.is_valid(row));
            let Some(longest) = lengths.map(|texts| self.elements(texts.value(row)).len()).max() else {
                lists.append_value([Some(0)]);
                continue;
            };
            check(lists.values().len() + longest)?;
            lists.append_value((0..longest as i64).map(Some));
        }
        Ok(lists.finish())
    }
}

fn check(rows: usize) -> Result<()> {
    if rows > ROWS_MAX {
        let millions = ROWS_MAX >> 20;
        return exec_err!(
            "`mv-expand` would make more than {millions} million rows of one batch; expand fewer rows, or shorter arrays"
        );
    }
    Ok(())
}

impl ScalarUDFImpl for Elements {
    fn name(&self) -> &str {
        if self.are_places { "places" } else { "elements" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        let element = if self.are_places { DataType::Int64 } else { DataType::Utf8View };
        Ok(DataType::List(Arc::new(Field::new_list_field(element, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let list: ArrayRef = match self.are_places {
            true => Arc::new(self.places(&arrays, arrays.first().map_or(0, |array| array.len()))?),
            false => Arc::new(self.lists(arrays[0].as_string_view())?),
        };
        Ok(ColumnarValue::Array(list))
    }
}

/// The elements of a JSON array, the members of a bag as one bag or pair each, and anything else as itself.
fn elements(json: &str, bags_as_pairs: bool) -> Vec<Cow<'_, str>> {
    let json = Json::new(json);
    if let Some(elements) = json.elements() {
        return elements.map(|element| Cow::Borrowed(element.text())).collect();
    }
    if let Some(members) = json.members() {
        let member = |(name, value): (Json<'_>, Json<'_>)| {
            Cow::Owned(match bags_as_pairs {
                true => format!("[{},{}]", name.text(), value.text()),
                false => format!("{{{}:{}}}", name.text(), value.text()),
            })
        };
        return members.map(member).collect();
    }
    vec![Cow::Borrowed(json.text())]
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn what_a_value_expands_to() {
        for (json, is_pairs, expected) in [
            ("[1,\"a\",[2]]", false, vec!["1", "\"a\"", "[2]"]),
            ("[]", false, vec![]),
            ("{}", false, vec![]),
            ("{\"a\":1,\"b\":{\"c\":2}}", false, vec!["{\"a\":1}", "{\"b\":{\"c\":2}}"]),
            ("{\"a\":1}", true, vec!["[\"a\",1]"]),
            ("\"text\"", false, vec!["\"text\""]),
            ("5", false, vec!["5"]),
        ] {
            assert_eq!(elements(json, is_pairs), expected, "{json}");
        }
    }
}
