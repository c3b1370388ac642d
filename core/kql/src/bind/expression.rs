//! Expressions that are values.

use phalanx_signal::ColumnType;

use super::{Arithmetic, BindError, Binder, Binding, Code, Result, Row, Stop, binary, convert};
use crate::{
    bound::{Column, Expr, ExprNode, JoinKind, Operator, Value},
    dynamic::Json,
    functions::string_operator,
    syntax::{
        Span,
        tree::{self, BinaryOp, ExprKind, ListOp, UnaryOp},
    },
};

/// Values that a list of `in` may have.
const LIST_MAX: usize = 1_000_000;

impl<'t> Binder<'t> {
    /// Binds an expression that must be a value.
    pub fn scalar(&mut self, tree: &'t tree::Expr, row: &Row<'_>) -> Result<Expr> {
        stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || self.scalar_node(tree, row))
    }

    fn scalar_node(&mut self, tree: &'t tree::Expr, row: &Row<'_>) -> Result<Expr> {
        match &tree.kind {
            ExprKind::Literal(literal) => self.literal(literal, tree.span),
            ExprKind::Name(name) => self.named(name, row),
            ExprKind::Paren(inner) => self.scalar(inner, row),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, tree.span, row),
            ExprKind::Binary { op, left, right, .. } => self.binary(*op, left, right, tree.span, row),
            ExprKind::And(all) => self.logical(Operator::And, all, row),
            ExprKind::Or(any) => self.logical(Operator::Or, any, row),
            ExprKind::List { op, left, list, .. } => self.list(*op, left, list, tree.span, row),
            ExprKind::Between { is_negated, value, low, high, .. } => {
                let between = self.between(value, low, high, tree.span, row)?;
                Ok(if *is_negated { not(between) } else { between })
            }
            ExprKind::Call(call) => self.call(call, row),
            ExprKind::Member { .. } | ExprKind::Index { .. } => self.path(tree, row),
            ExprKind::Missing => Err(self.error(Code::Syntax, tree.span, "a value is missing here")),
            ExprKind::Star | ExprKind::Wildcard(_) | ExprKind::MemberWildcard { .. } => {
                Err(self.error(Code::Syntax, tree.span, "a wildcard can't be a value"))
            }
            ExprKind::TypeOf(_) => Err(self.error(Code::Types, tree.span, "a type can't be a value")),
            ExprKind::MemberCall { .. } | ExprKind::Pipeline(_) | ExprKind::Source(_) => Err(self.error(
                Code::Types,
                tree.span,
                "a table can't be a value; `toscalar()` gives its first cell",
            )),
        }
    }

    /// A value that is the same for all rows, before any row is read.
    pub fn constant(&mut self, tree: &'t tree::Expr, what: &str) -> Result<Value> {
        let value = self.scalar(tree, &Row::NONE)?;
        Ok(convert::constant(&value, &tree.span.range(), what)?)
    }

    /// A whole number that is the same for all rows.
    pub fn count(&mut self, tree: &'t tree::Expr, what: &str) -> Result<i64> {
        match self.constant(tree, what)? {
            Value::Long(value) => Ok(value),
            Value::Int(value) => Ok(i64::from(value)),
            Value::Real(value) if value.fract() == 0.0 => Ok(value as i64),
            _ => Err(self.error(Code::Argument, tree.span, format!("{what} must be a whole number"))),
        }
    }

    /// A value as a condition.
    pub fn condition(&mut self, tree: &'t tree::Expr, row: &Row<'_>) -> Result<Expr> {
        let value = self.scalar(tree, row)?;
        self.as_condition(value, tree.span)
    }

    pub fn as_condition(&self, value: Expr, span: Span) -> Result<Expr> {
        let kind = value.kind;
        let condition = match kind {
            ColumnType::Bool => Some(value),
            ColumnType::Dynamic | ColumnType::Int | ColumnType::Long => {
                convert::explicitly(value, ColumnType::Bool)
            }
            _ => None,
        };
        condition
            .ok_or_else(|| self.error(Code::Types, span, format!("a condition is needed here, not a {kind}")))
    }

    fn named(&mut self, name: &tree::Name, row: &Row<'_>) -> Result<Expr> {
        if let Some(column) = row.column(&name.text) {
            return Ok(column.value());
        }
        match self.env.find(&name.text) {
            Some(Binding::Scalar(value)) => return Ok(value),
            Some(Binding::Function { declaration, env }) if declaration.parameters.is_empty() => {
                return self.scalar_function(declaration, env, &[], name.span, row);
            }
            Some(_) => {
                let message = format!("`{}` is a table or function, where a value is needed", name.text);
                return Err(self.error(Code::Types, name.span, message));
            }
            None => {}
        }
        if let Some(column) =
            row.right.and_then(|columns| columns.iter().find(|column| *column.name == *name.text))
        {
            return Ok(column.value());
        }
        // Where a union has a column of several types, the first one stands for the name without a type.
        let typed = |column: &&Column| *column.name == format!("{}_{}", name.text, column.kind);
        if let Some(column) = row.columns.iter().find(typed) {
            return Ok(column.value());
        }
        if row.is_open {
            return Ok(Expr::null(open_kind(&name.text)));
        }
        Err(self.unknown_column(name, row.columns))
    }

    pub fn unknown_column(&self, name: &tree::Name, columns: &[Column]) -> Stop {
        let lets = self.env.names();
        let seen = columns.iter().filter(|column| !column.name.starts_with('\0'));
        let known = seen.map(|column| &*column.name).chain(lets);
        BindError::unknown(Code::UnknownColumn, name.span.range(), "column", &name.text, known).into()
    }

    /// An existing column by its name.
    pub fn existing<'r>(&self, name: &tree::Name, columns: &'r [Column]) -> Result<&'r Column> {
        let found = columns.iter().find(|column| *column.name == *name.text);
        found.ok_or_else(|| self.unknown_column(name, columns))
    }

    fn unary(&mut self, op: UnaryOp, operand: &'t tree::Expr, span: Span, row: &Row<'_>) -> Result<Expr> {
        let value = self.scalar(operand, row)?;
        let value = match value.kind {
            ColumnType::Dynamic => convert::explicitly(value, ColumnType::Real)
                .ok_or_else(|| self.error(Code::Types, span, "a dynamic value has no sign"))?,
            _ => value,
        };
        if !convert::is_number(value.kind) && value.kind != ColumnType::TimeSpan {
            let message = format!("a {} has no sign", value.kind);
            return Err(self.error(Code::Types, span, message));
        }
        if op == UnaryOp::Plus {
            return Ok(value);
        }
        let negated = match value.value() {
            Some(Value::Int(number)) => Some(Value::Int(number.wrapping_neg())),
            Some(Value::Long(number)) => Some(Value::Long(number.wrapping_neg())),
            Some(Value::Real(number)) => Some(Value::Real(-number)),
            Some(Value::TimeSpan(ticks)) => Some(Value::TimeSpan(ticks.wrapping_neg())),
            Some(Value::Decimal(number)) => Some(Value::Decimal(-number)),
            _ => None,
        };
        Ok(match negated {
            Some(negated) => Expr::literal(value.kind, negated),
            None => Expr::operator(value.kind, Operator::Negate, vec![value]),
        })
    }

    /// A balanced tree, so that a thousand conditions are ten levels.
    fn logical(&mut self, operator: Operator, trees: &'t [tree::Expr], row: &Row<'_>) -> Result<Expr> {
        let mut values = Vec::with_capacity(trees.len());
        for tree in trees {
            values.push(self.condition(tree, row)?);
        }
        Ok(balanced(operator, values))
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: &'t tree::Expr,
        right: &'t tree::Expr,
        span: Span,
        row: &Row<'_>,
    ) -> Result<Expr> {
        if matches!(left.kind, ExprKind::Star) {
            return self.in_any_column(op, right, span, row);
        }
        let (a, b) = (self.scalar(left, row)?, self.scalar(right, row)?);
        self.operation(op, a, b, span)
    }

    /// `* has "x"`: whether any column does.
    fn in_any_column(
        &mut self,
        op: BinaryOp,
        right: &'t tree::Expr,
        span: Span,
        row: &Row<'_>,
    ) -> Result<Expr> {
        let value = self.scalar(right, row)?;
        let mut found = Vec::new();
        for column in row.columns {
            if let Ok(test) = self.operation(op, column.value(), value.clone(), span) {
                found.push(test);
            }
        }
        Ok(balanced(Operator::Or, found))
    }

    /// An operator of two values.
    pub fn operation(&mut self, op: BinaryOp, a: Expr, b: Expr, span: Span) -> Result<Expr> {
        let range = span.range();
        let arithmetic = |operator| binary::arithmetic(operator, a.clone(), b.clone(), &range);
        let comparison = |operator| binary::comparison(operator, a.clone(), b.clone(), &range);
        let (token, is_negated) = match op {
            BinaryOp::Add => return Ok(arithmetic(Arithmetic::Add)?),
            BinaryOp::Subtract => return Ok(arithmetic(Arithmetic::Subtract)?),
            BinaryOp::Multiply => return Ok(arithmetic(Arithmetic::Multiply)?),
            BinaryOp::Divide => return Ok(arithmetic(Arithmetic::Divide)?),
            BinaryOp::Modulo => return Ok(arithmetic(Arithmetic::Remainder)?),
            BinaryOp::Equal => return Ok(comparison(Operator::Equal)?),
            BinaryOp::NotEqual => return Ok(comparison(Operator::NotEqual)?),
            BinaryOp::Less => return Ok(comparison(Operator::Less)?),
            BinaryOp::LessOrEqual => return Ok(comparison(Operator::LessOrEqual)?),
            BinaryOp::Greater => return Ok(comparison(Operator::Greater)?),
            BinaryOp::GreaterOrEqual => return Ok(comparison(Operator::GreaterOrEqual)?),
            BinaryOp::EqualIgnoreCase => ("=~", false),
            BinaryOp::NotEqualIgnoreCase => ("=~", true),
            BinaryOp::Has => ("has", false),
            BinaryOp::NotHas => ("has", true),
            BinaryOp::HasCs => ("has_cs", false),
            BinaryOp::NotHasCs => ("has_cs", true),
            BinaryOp::HasPrefix => ("hasprefix", false),
            BinaryOp::NotHasPrefix => ("hasprefix", true),
            BinaryOp::HasPrefixCs => ("hasprefix_cs", false),
            BinaryOp::NotHasPrefixCs => ("hasprefix_cs", true),
            BinaryOp::HasSuffix => ("hassuffix", false),
            BinaryOp::NotHasSuffix => ("hassuffix", true),
            BinaryOp::HasSuffixCs => ("hassuffix_cs", false),
            BinaryOp::NotHasSuffixCs => ("hassuffix_cs", true),
            BinaryOp::Contains => ("contains", false),
            BinaryOp::NotContains => ("contains", true),
            BinaryOp::ContainsCs => ("contains_cs", false),
            BinaryOp::NotContainsCs => ("contains_cs", true),
            BinaryOp::StartsWith => ("startswith", false),
            BinaryOp::NotStartsWith => ("startswith", true),
            BinaryOp::StartsWithCs => ("startswith_cs", false),
            BinaryOp::NotStartsWithCs => ("startswith_cs", true),
            BinaryOp::EndsWith => ("endswith", false),
            BinaryOp::NotEndsWith => ("endswith", true),
            BinaryOp::EndsWithCs => ("endswith_cs", false),
            BinaryOp::NotEndsWithCs => ("endswith_cs", true),
            BinaryOp::MatchesRegex => ("matches regex", false),
            BinaryOp::Colon => return self.search_term(a, b, span),
            BinaryOp::Like => return self.like(a, b, false, span),
            BinaryOp::NotLike => return Ok(not(self.like(a, b, false, span)?)),
            BinaryOp::LikeCs => return self.like(a, b, true, span),
            BinaryOp::NotLikeCs => return Ok(not(self.like(a, b, true, span)?)),
        };
        let test = self.text_test(token, a, b, span)?;
        Ok(if is_negated { not(test) } else { test })
    }

    /// An operator on strings; other values are looked at as text.
    pub fn text_test(&mut self, token: &str, value: Expr, searched: Expr, span: Span) -> Result<Expr> {
        let text = |value: Expr| match value.kind {
            ColumnType::String => Some(value),
            _ => convert::explicitly(value, ColumnType::String),
        };
        let arguments = text(value).zip(text(searched));
        let function = string_operator(token);
        match (function, arguments) {
            (Some(function), Some((value, searched))) => {
                Ok(Expr::call(ColumnType::Bool, function, vec![value, searched]))
            }
            _ => Err(self.error(Code::UnknownFunction, span, format!("`{token}` is not available"))),
        }
    }

    /// `col: "x"`: a term, `x*` the beginning of one, `*x` the end, `*x*` text anywhere.
    pub fn search_term(&mut self, value: Expr, term: Expr, span: Span) -> Result<Expr> {
        let Some(Value::String(text)) = term.value() else {
            let (value, term) = binary::comparable(value, term)
                .ok_or_else(|| self.error(Code::Types, span, "these can't be compared"))?;
            return Ok(Expr::operator(ColumnType::Bool, Operator::Equal, vec![value, term]));
        };
        let inner = text.trim_matches('*').to_owned();
        let token = match (text.starts_with('*'), text.ends_with('*')) {
            _ if inner.is_empty() => return Ok(Expr::bool(true)),
            _ if inner.contains('*') => {
                let pattern = inner.split('*').map(regex::escape).collect::<Vec<_>>().join(".*");
                return self.text_test(
                    "matches regex",
                    value,
                    Expr::string(&format!("(?is){pattern}")),
                    span,
                );
            }
            (true, true) => "contains",
            (true, false) => "hassuffix",
            (false, true) => "hasprefix",
            (false, false) => "has",
        };
        self.text_test(token, value, Expr::string(&inner), span)
    }

    fn like(&mut self, value: Expr, pattern: Expr, is_exact: bool, span: Span) -> Result<Expr> {
        let Some(Value::String(text)) = pattern.value() else {
            return Err(self.error(Code::Argument, span, "the pattern must be a constant string"));
        };
        let any = text.split('*').map(regex::escape).collect::<Vec<_>>().join(".*");
        let flags = if is_exact { "(?s)" } else { "(?is)" };
        self.text_test("matches regex", value, Expr::string(&format!("{flags}^{any}$")), span)
    }

    fn between(
        &mut self,
        value: &'t tree::Expr,
        low: &'t tree::Expr,
        high: &'t tree::Expr,
        span: Span,
        row: &Row<'_>,
    ) -> Result<Expr> {
        let value = self.scalar(value, row)?;
        let low = self.scalar(low, row)?;
        let mut high = self.scalar(high, row)?;
        if high.kind == ColumnType::TimeSpan && low.kind == ColumnType::DateTime {
            high = binary::arithmetic(Arithmetic::Add, low.clone(), high, &span.range())?;
        }
        let from = binary::comparison(Operator::GreaterOrEqual, value.clone(), low, &span.range())?;
        let to = binary::comparison(Operator::LessOrEqual, value, high, &span.range())?;
        Ok(Expr::operator(ColumnType::Bool, Operator::And, vec![from, to]))
    }

    fn list(
        &mut self,
        op: ListOp,
        left: &'t tree::Expr,
        list: &'t [tree::Expr],
        span: Span,
        row: &Row<'_>,
    ) -> Result<Expr> {
        if matches!(left.kind, ExprKind::Star) {
            let mut found = Vec::new();
            for column in row.columns {
                if let Ok(test) = self.list_test(op, column.value(), list, span, row) {
                    found.push(test);
                }
            }
            return Ok(balanced(Operator::Or, found));
        }
        let value = self.scalar(left, row)?;
        self.list_test(op, value, list, span, row)
    }

    fn list_test(
        &mut self,
        op: ListOp,
        value: Expr,
        list: &'t [tree::Expr],
        span: Span,
        row: &Row<'_>,
    ) -> Result<Expr> {
        if let [table] = list
            && self.is_tabular(table)
        {
            return self.in_table(op, value, table, span, row);
        }
        let mut elements = Vec::with_capacity(list.len());
        for tree in list {
            elements.push(self.scalar(tree, row)?);
        }
        self.in_list(op, value, elements, span)
    }

    /// Whether the value is among others, some of which may be arrays.
    pub fn in_list(&mut self, op: ListOp, value: Expr, elements: Vec<Expr>, span: Span) -> Result<Expr> {
        let (is_negated, token) = match op {
            ListOp::In => (false, "in"),
            ListOp::NotIn => (true, "in"),
            ListOp::InIgnoreCase => (false, "in~"),
            ListOp::NotInIgnoreCase => (true, "in~"),
            ListOp::HasAny => (false, "has_any"),
            ListOp::HasAll => (false, "has_all"),
        };
        let test = if token == "in" {
            self.is_in(value, elements, span)?
        } else {
            self.list_call(token, value, elements, span)?
        };
        Ok(if is_negated { not(test) } else { test })
    }

    /// A test that takes its list as one array.
    fn list_call(&mut self, token: &str, value: Expr, elements: Vec<Expr>, span: Span) -> Result<Expr> {
        let value = match value.kind {
            ColumnType::String => value,
            _ => convert::explicitly(value, ColumnType::String)
                .ok_or_else(|| self.error(Code::UnknownFunction, span, "`tostring` is not available"))?,
        };
        let list = match <[Expr; 1]>::try_from(elements) {
            Ok([array]) if array.kind == ColumnType::Dynamic => array,
            Ok([element]) => self.array(vec![element], span)?,
            Err(elements) => self.array(elements, span)?,
        };
        let function = string_operator(token)
            .ok_or_else(|| self.error(Code::UnknownFunction, span, format!("`{token}` is not available")))?;
        Ok(Expr::call(ColumnType::Bool, function, vec![value, list]))
    }

    /// The values as an array.
    pub fn array(&self, elements: Vec<Expr>, span: Span) -> Result<Expr> {
        let mut text = String::from("[");
        for element in &elements {
            let Some(value) = element.value() else {
                let function = self.builtin("pack_array", span)?;
                return Ok(Expr::call(ColumnType::Dynamic, function, elements));
            };
            if text.len() > 1 {
                text.push(',');
            }
            match value {
                Value::Null => text.push_str("null"),
                Value::Dynamic(json) => text.push_str(json),
                Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
                Value::Int(value) => text.push_str(&value.to_string()),
                Value::Long(value) => text.push_str(&value.to_string()),
                value => {
                    let value = convert::to_dynamic(Expr::literal(element.kind, value.clone()));
                    match crate::plan::evaluate(&value) {
                        Ok(Value::Dynamic(json)) => text.push_str(&json),
                        _ => text.push_str("null"),
                    }
                }
            }
        }
        text.push(']');
        Ok(Expr::literal(ColumnType::Dynamic, Value::Dynamic(text.into())))
    }

    fn is_in(&mut self, value: Expr, elements: Vec<Expr>, span: Span) -> Result<Expr> {
        let mut constants = Vec::new();
        let mut others = Vec::new();
        for element in elements {
            let is_constant = {
                let mut has_column = false;
                element.for_each_column(&mut |_| has_column = true);
                !has_column
            };
            if !is_constant {
                others.push(element);
                continue;
            }
            let constant = convert::constant(&element, &span.range(), "an element")?;
            match constant {
                Value::Dynamic(json) => gather(Json::new(&json), &mut constants),
                constant => constants.push(Expr::literal(element.kind, constant)),
            }
            if constants.len() > LIST_MAX {
                let message = format!("a list may have at most {LIST_MAX} values");
                return Err(self.error(Code::TooLarge, span, message));
            }
        }
        let mut tests = Vec::new();
        if !constants.is_empty() {
            tests.push(self.is_constant_in(value.clone(), constants, span)?);
        }
        for other in others {
            if other.kind == ColumnType::Dynamic {
                let function = self.builtin("set_has_element", span)?;
                let value = convert::to_dynamic(value.clone());
                tests.push(Expr::call(ColumnType::Bool, function, vec![other, value]));
            } else {
                tests.push(binary::comparison(Operator::Equal, value.clone(), other, &span.range())?);
            }
        }
        Ok(balanced(Operator::Or, tests))
    }

    fn is_constant_in(&mut self, value: Expr, constants: Vec<Expr>, span: Span) -> Result<Expr> {
        let kind = match value.kind {
            ColumnType::Dynamic => {
                let kind = convert::common_of(&constants).unwrap_or(ColumnType::String);
                match kind {
                    ColumnType::Int | ColumnType::Long => ColumnType::Real,
                    ColumnType::Dynamic => ColumnType::String,
                    kind => kind,
                }
            }
            kind if convert::is_number(kind) => constants
                .iter()
                .filter(|constant| convert::is_number(constant.kind))
                .fold(kind, |kind, constant| match (kind, constant.value()) {
                    (ColumnType::Int, Some(Value::Long(value))) if i32::try_from(*value).is_ok() => kind,
                    _ => convert::common(kind, constant.kind).unwrap_or(kind),
                }),
            kind => kind,
        };
        let mut list = Vec::with_capacity(constants.len());
        for constant in constants {
            list.extend(as_kind(&constant, kind));
        }
        let value = if convert::is_number(value.kind) && convert::is_number(kind) {
            convert::number(value, kind)
        } else {
            convert::implicitly(value, kind).ok_or_else(|| {
                self.error(Code::Types, span, format!("the values can't be looked for as {kind}"))
            })?
        };
        Ok(Expr { kind: ColumnType::Bool, node: ExprNode::In { value: Box::new(value), list } })
    }

    /// Whether the value is in a table's first column: a join with the different values of it.
    fn in_table(
        &mut self,
        op: ListOp,
        value: Expr,
        table: &'t tree::Expr,
        span: Span,
        row: &Row<'_>,
    ) -> Result<Expr> {
        let is_plain = matches!(op, ListOp::In | ListOp::NotIn);
        let can_join = self.pending.is_open && !row.is_serialized && row.is_some && self.partition.is_empty();
        if !is_plain || !can_join {
            let (relation, batches) = self.ask(|binder| {
                binder.alone(|binder| {
                    let table = binder.separate(table)?;
                    binder.different(table, span)
                })
            })?;
            let kind = relation.columns[0].kind;
            let mut elements = Vec::new();
            for batch in &batches {
                for at in 0..batch.num_rows() {
                    let scalar = datafusion::scalar::ScalarValue::try_from_array(batch.column(0), at)
                        .map_err(|error| self.error(Code::Other, span, error.strip_backtrace()))?;
                    elements.push(Expr::literal(kind, Value::from_scalar(&scalar, kind)));
                }
            }
            if elements.is_empty() {
                return Ok(Expr::bool(matches!(
                    op,
                    ListOp::NotIn | ListOp::NotInIgnoreCase | ListOp::HasAll
                )));
            }
            if !matches!(op, ListOp::In | ListOp::NotIn) {
                let array = self.array(elements, span)?;
                return self.in_list(op, value, vec![array], span);
            }
            return self.in_list(op, value, elements, span);
        }
        let relation = self.separate(table)?;
        let relation = self.different(relation, span)?;
        let key = relation.columns[0].value();
        let Some((value, key)) = binary::comparable(value, key) else {
            return Err(self.error(
                Code::Types,
                span,
                "the value and the table's first column have other types",
            ));
        };
        let mark = self.fresh("is_in", ColumnType::Bool);
        let key_column = self.fresh("key", key.kind);
        let relation = self.project(relation, vec![(key_column.name, key), (mark.name, Expr::bool(true))]);
        let mark = relation.columns[1].value();
        self.pending.marks.push((relation, value));
        let found = not(Expr::operator(ColumnType::Bool, Operator::IsNull, vec![mark]));
        Ok(if op == ListOp::NotIn { not(found) } else { found })
    }

    /// The different values of a table's first column.
    pub fn different(&mut self, table: crate::bound::Relation, span: Span) -> Result<crate::bound::Relation> {
        let Some(first) = table.columns.first().cloned() else {
            return Err(self.error(Code::Types, span, "the table has no column"));
        };
        Ok(self.aggregate(table, vec![(first.name.clone(), first.value())], Vec::new()))
    }

    /// Splits off, from the conditions that all must hold, those that only ask whether a value is in a table.
    pub fn semi_joins(
        &mut self,
        mut input: crate::bound::Relation,
        trees: &mut Vec<&'t tree::Expr>,
    ) -> Result<crate::bound::Relation> {
        if input.is_serialized || !self.partition.is_empty() {
            return Ok(input);
        }
        let mut rest = Vec::with_capacity(trees.len());
        for tree in trees.drain(..) {
            let (op, left, table, span) = match &tree.unparenthesized().kind {
                ExprKind::List { op: op @ (ListOp::In | ListOp::NotIn), left, list, .. } => {
                    match list.as_slice() {
                        [table] if !matches!(left.kind, ExprKind::Star) && self.is_tabular(table) => {
                            (*op, left, table, tree.span)
                        }
                        _ => {
                            rest.push(tree);
                            continue;
                        }
                    }
                }
                _ => {
                    rest.push(tree);
                    continue;
                }
            };
            let relation = self.separate(table)?;
            let relation = self.different(relation, span)?;
            let key = relation.columns[0].value();
            let columns = input.columns.clone();
            let (next, value) = self.over(input, |binder, row| binder.scalar(left, row))?;
            let Some(on) = binary::comparable(value, key) else {
                return Err(self.error(
                    Code::Types,
                    span,
                    "the value and the table's first column have other types",
                ));
            };
            let kind = if op == ListOp::In { JoinKind::LeftSemi } else { JoinKind::LeftAnti };
            let joined = self.join(kind, next, relation, vec![on]);
            input = self.keep(joined, &columns);
        }
        *trees = rest;
        Ok(input)
    }
}

/// The type of a column that nobody has declared, by the ending that such columns have.
pub(crate) fn open_kind(name: &str) -> ColumnType {
    match name.rsplit_once('_').map(|(_, ending)| ending) {
        Some("d") => ColumnType::Real,
        Some("b") => ColumnType::Bool,
        Some("t") => ColumnType::DateTime,
        _ => ColumnType::String,
    }
}

/// The conditions that all must hold.
pub(crate) fn conjuncts(tree: &tree::Expr) -> Vec<&tree::Expr> {
    match &tree.unparenthesized().kind {
        ExprKind::And(all) => all.iter().flat_map(conjuncts).collect(),
        _ => vec![tree],
    }
}

pub(crate) fn not(condition: Expr) -> Expr {
    match condition.value() {
        Some(Value::Bool(value)) => Expr::bool(!value),
        _ => Expr::operator(ColumnType::Bool, Operator::Not, vec![condition]),
    }
}

/// All, or any, of the conditions; of none, true or false.
pub(crate) fn balanced(operator: Operator, mut values: Vec<Expr>) -> Expr {
    while values.len() > 1 {
        let mut next = Vec::with_capacity(values.len().div_ceil(2));
        let mut pairs = values.into_iter();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => Expr::operator(ColumnType::Bool, operator, vec![left, right]),
                None => left,
            });
        }
        values = next;
    }
    values.pop().unwrap_or_else(|| Expr::bool(operator == Operator::And))
}

/// The scalars in an array, as values of their own types.
fn gather(json: Json<'_>, out: &mut Vec<Expr>) {
    if let Some(elements) = json.elements() {
        for element in elements {
            out.push(scalar_of(element));
        }
        return;
    }
    out.push(scalar_of(json));
}

pub(crate) fn scalar_of(json: Json<'_>) -> Expr {
    if let Some(value) = json.as_bool() {
        Expr::bool(value)
    } else if let Some(value) = json.as_long() {
        Expr::long(value)
    } else if let Some(text) = json.as_text() {
        Expr::string(&text)
    } else if let Some(value) = json.as_real() {
        Expr::literal(ColumnType::Real, Value::Real(value))
    } else if json.is_null() {
        Expr::null(ColumnType::Dynamic)
    } else {
        Expr::literal(ColumnType::Dynamic, Value::Dynamic(json.text().into()))
    }
}

/// A literal as another type; `None` if no value of that type can be equal to it.
fn as_kind(literal: &Expr, kind: ColumnType) -> Option<Value> {
    let value = literal.value()?;
    if literal.kind == kind || *value == Value::Null {
        return Some(value.clone());
    }
    if let (Value::Long(value), ColumnType::Int) = (value, kind) {
        return i32::try_from(*value).ok().map(Value::Int);
    }
    let converted = convert::explicitly(literal.clone(), kind)?;
    crate::plan::evaluate(&converted).ok().filter(|value| *value != Value::Null)
}
