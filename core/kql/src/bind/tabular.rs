//! Expressions that are tables.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use phalanx_signal::ColumnType;

use super::{BindError, Binder, Binding, Code, Env, Result, Stop};
use crate::{
    bound::{Column, Expr, Node, Operator, Relation, Value},
    syntax::{
        Span,
        tree::{self, ExprKind, FunctionDecl, LetValue, Literal, ParameterType, StatementKind},
    },
};

/// How high a tree of relations may become.
const HEIGHT_MAX: u32 = 1_000;
/// How far the search for what a name is goes.
const LOOK_MAX: usize = 50;

impl<'t> Binder<'t> {
    /// Binds an expression that must be a table.
    pub fn tabular(&mut self, tree: &'t tree::Expr) -> Result<Relation> {
        self.step(tree.span)?;
        self.deeper(tree.span, |binder| match &tree.kind {
            ExprKind::Paren(inner) => binder.tabular(inner),
            ExprKind::Name(name) => binder.table_named(&name.text, name.span),
            ExprKind::Pipeline(pipeline) => {
                let source = binder.tabular(&pipeline.source)?;
                binder.operators(source, &pipeline.operators)
            }
            ExprKind::Source(source) => binder.source(source, tree.span),
            _ if let Some(asked) = binder.asked_pattern(tree, &binder.env) => binder.pattern_table(asked),
            ExprKind::Call(call) => binder.table_call(call),
            ExprKind::Member { base, name } => {
                binder.here(base)?;
                binder.stored_table(&name.text, name.span)
            }
            ExprKind::MemberCall { base, call } => {
                binder.here(base)?;
                binder.table_call(call)
            }
            ExprKind::Missing => Err(binder.error(Code::Syntax, tree.span, "a table is missing here")),
            _ => Err(binder.error(Code::Types, tree.span, "this is a value, where a table is needed")),
        })
    }

    /// As [`Self::tabular`], for a table that has nothing to do with the rows at hand.
    pub fn separate(&mut self, tree: &'t tree::Expr) -> Result<Relation> {
        self.alone(|binder| binder.tabular(tree))
    }

    pub fn operators(&mut self, mut input: Relation, operators: &'t [tree::Operator]) -> Result<Relation> {
        for operator in operators {
            self.step(operator.span)?;
            if input.height > HEIGHT_MAX {
                return Err(self.error(
                    Code::TooLarge,
                    operator.span,
                    "too many operators follow one another",
                ));
            }
            input = self.operator(input, operator)?;
        }
        Ok(input)
    }

    fn table_named(&mut self, name: &str, span: Span) -> Result<Relation> {
        match self.env.find(name) {
            Some(binding) => self.bound_table(binding, name, span),
            None => self.stored_table(name, span),
        }
    }

    pub fn bound_table(&mut self, binding: Binding<'t>, name: &str, span: Span) -> Result<Relation> {
        match binding {
            Binding::Table { tree, env } => self.within(env, |binder| binder.separate(tree)),
            Binding::Materialized { tree, env, rows } => self.materialized(tree, env, &rows),
            Binding::Relation(relation) => Ok(self.renumbered(&relation)),
            Binding::Function { declaration, env } => self.table_function(declaration, env, None, &[], span),
            Binding::Scalar(_) => {
                Err(self.error(Code::Types, span, format!("`{name}` is a value, where a table is needed")))
            }
            Binding::Pattern { .. } | Binding::Group(_) | Binding::Place => {
                Err(self.error(Code::Types, span, format!("`{name}` is no table by itself")))
            }
        }
    }

    /// Runs `f` with the names of another place.
    pub fn within<T>(&mut self, env: Env<'t>, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = std::mem::replace(&mut self.env, env);
        let answer = f(self);
        self.env = outer;
        answer
    }

    fn materialized(
        &mut self,
        tree: &'t tree::Expr,
        env: Env<'t>,
        rows: &Rc<RefCell<Option<Relation>>>,
    ) -> Result<Relation> {
        if let Some(relation) = &*rows.borrow() {
            return Ok(self.renumbered(relation));
        }
        let relation = self.within(env.clone(), |binder| binder.separate(tree))?;
        if !relation.is_small() {
            // Reading again is cheaper than holding what may be a whole table.
            return Ok(relation);
        }
        let (relation, batches) = self.ask(|_| Ok(relation))?;
        let relation = self.rows(relation.columns, batches);
        *rows.borrow_mut() = Some(relation.clone());
        Ok(relation)
    }

    /// A table that the host knows.
    pub fn stored_table(&mut self, name: &str, span: Span) -> Result<Relation> {
        if let Some(declaration) = self.functions.get(name)
            && self.tables.columns(name).is_none()
        {
            return self.table_function(declaration, Env::root(), None, &[], span);
        }
        let Some(known) = self.tables.columns(name) else {
            let names = self.tables.names();
            let lets = self.env.names();
            let known = names.iter().map(|name| &**name).chain(lets);
            return Err(BindError::unknown(Code::UnknownTable, span.range(), "table", name, known).into());
        };
        let mut columns = Vec::with_capacity(known.len());
        let mut physical = Vec::with_capacity(known.len());
        for column in known {
            columns.push(self.fresh(&column.name, column.kind));
            physical.push(column.physical);
        }
        let node = Node::Table { name: Arc::from(name), physical };
        let mut relation = Relation::new(columns, node, false);
        relation.is_open = self.tables.is_open(name);
        if let Some(range) = self.settings.time_range.clone()
            && let Some(time) = self.tables.time(name)
            && let Some(column) = relation.column(&time)
        {
            let at = |micros| Expr::literal(ColumnType::DateTime, Value::DateTime(micros));
            let compare = |operator, micros| {
                Expr::operator(ColumnType::Bool, operator, vec![column.value(), at(micros)])
            };
            let from = compare(Operator::GreaterOrEqual, range.start);
            let to = compare(Operator::Less, range.end);
            let condition = Expr::operator(ColumnType::Bool, Operator::And, vec![from, to]);
            relation = self.filter(relation, condition);
        }
        Ok(relation)
    }

    /// A call whose value is a table.
    fn table_call(&mut self, call: &'t tree::Call) -> Result<Relation> {
        let name = call.name.text.as_str();
        match self.env.find(name) {
            Some(Binding::Function { declaration, env }) => {
                return self.table_function(declaration, env, None, &call.arguments, call.span);
            }
            Some(binding) if call.arguments.is_empty() => return self.bound_table(binding, name, call.span),
            _ => {}
        }
        match (name, call.arguments.as_slice()) {
            ("materialize", [table]) => return self.tabular(&table.value),
            ("table", [table, ..]) => {
                let value = self.constant(&table.value, "the name of a table")?;
                let Value::String(name) = value else {
                    return Err(self.error(Code::Types, table.value.span, "a table's name must be a string"));
                };
                return self.table_named(&name, table.value.span);
            }
            ("view", _) => {
                return Err(self.error(Code::Other, call.span, "a view can only be declared by `let`"));
            }
            _ => {}
        }
        if let Some(declaration) = self.functions.get(name) {
            return self.table_function(declaration, Env::root(), None, &call.arguments, call.span);
        }
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.constant(&argument.value, "the argument of a table")?);
        }
        if let Some(table) = self.tables.table_function(name, &arguments) {
            return self.stored_table(&table, call.span);
        }
        if call.arguments.is_empty() && self.tables.columns(name).is_some() {
            return self.stored_table(name, call.span);
        }
        let names = self.tables.functions();
        let lets = self.env.names();
        let known = names.iter().map(|name| &**name).chain(lets);
        Err(BindError::unknown(Code::UnknownFunction, call.name.span.range(), "function", name, known).into())
    }

    /// What stands before the dot of a table must mean this place.
    pub(crate) fn here(&self, base: &'t tree::Expr) -> Result<()> {
        let call = match &base.kind {
            ExprKind::Name(name) if matches!(self.env.find(&name.text), Some(Binding::Place)) => {
                return Ok(());
            }
            ExprKind::Call(call) => call,
            ExprKind::MemberCall { base, call } => {
                self.here(base)?;
                call
            }
            ExprKind::Paren(inner) => return self.here(inner),
            _ => return Err(self.error(Code::Other, base.span, "no table can be found behind this")),
        };
        match call.name.text.as_str() {
            "database" => Ok(()),
            "cluster" if call.arguments.is_empty() => Ok(()),
            name => {
                let message = format!("`{name}()` reaches other places than this, which is not supported");
                Err(self.error(Code::Refused, call.span, message))
            }
        }
    }

    /// Whether an expression is a table rather than a value.
    pub fn is_tabular(&self, tree: &tree::Expr) -> bool {
        self.looks_tabular(tree, &self.env, &[], LOOK_MAX)
    }

    fn looks_tabular(
        &self,
        tree: &tree::Expr,
        env: &Env<'t>,
        around: &[&FunctionDecl],
        depth: usize,
    ) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &tree.unparenthesized().kind {
            ExprKind::Pipeline(_) | ExprKind::Source(_) => true,
            ExprKind::Name(name) => {
                for declaration in around.iter().rev() {
                    if let Some(is_tabular) = self.declares_table(declaration, &name.text, env, around, depth)
                    {
                        return is_tabular;
                    }
                }
                match env.find(&name.text) {
                    Some(Binding::Scalar(_) | Binding::Group(_) | Binding::Place) => false,
                    Some(Binding::Function { declaration, env }) => {
                        self.gives_table(declaration, &env, &[], depth)
                    }
                    Some(_) => true,
                    None => {
                        self.tables.columns(&name.text).is_some() || self.functions.contains_key(&name.text)
                    }
                }
            }
            ExprKind::Call(call) => {
                let name = call.name.text.as_str();
                for declaration in around.iter().rev() {
                    if let Some(is_tabular) = self.declares_table(declaration, name, env, around, depth) {
                        return is_tabular;
                    }
                }
                match env.find(name) {
                    Some(Binding::Function { declaration, env }) => {
                        self.gives_table(declaration, &env, &[], depth)
                    }
                    Some(Binding::Scalar(_)) => false,
                    Some(_) => true,
                    None => match self.functions.get(name) {
                        Some(declaration) => self.gives_table(declaration, &Env::root(), &[], depth),
                        None => {
                            matches!(name, "materialize" | "table" | "view")
                                || (crate::functions::function(name).is_none()
                                    && self.tables.table_function(name, &texts(call)).is_some())
                        }
                    },
                }
            }
            ExprKind::Member { base, .. } | ExprKind::MemberCall { base, .. } if self.is_place(base) => true,
            ExprKind::Member { base, .. } | ExprKind::Index { base, .. } => match &base.kind {
                ExprKind::Call(call) => {
                    matches!(env.find(&call.name.text), Some(Binding::Pattern { .. }))
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn is_place(&self, base: &tree::Expr) -> bool {
        match &base.kind {
            ExprKind::Name(name) => matches!(self.env.find(&name.text), Some(Binding::Place)),
            ExprKind::Call(call) => {
                matches!(
                    call.name.text.as_str(),
                    "database" | "cluster" | "workspace" | "app" | "resource" | "arg" | "adx"
                ) && self.env.find(&call.name.text).is_none()
            }
            ExprKind::MemberCall { base, .. } => self.is_place(base),
            _ => false,
        }
    }

    /// Whether a name that a function declares inside of itself is a table.
    fn declares_table(
        &self,
        declaration: &FunctionDecl,
        name: &str,
        env: &Env<'t>,
        around: &[&FunctionDecl],
        depth: usize,
    ) -> Option<bool> {
        for statement in declaration.body.iter().rev() {
            if let StatementKind::Let(inner) = &statement.kind
                && inner.name.text == name
            {
                return Some(match &inner.value {
                    LetValue::Expr(tree) => self.looks_tabular(tree, env, around, depth),
                    LetValue::Function(inner) => self.gives_table(inner, env, around, depth),
                });
            }
        }
        let parameter = declaration.parameters.iter().find(|parameter| parameter.name.text == name)?;
        Some(matches!(parameter.of, ParameterType::Table { .. }))
    }

    fn gives_table(
        &self,
        declaration: &FunctionDecl,
        env: &Env<'t>,
        around: &[&FunctionDecl],
        depth: usize,
    ) -> bool {
        let mut around = around.to_vec();
        around.push(declaration);
        self.value_of(declaration).is_ok_and(|value| self.looks_tabular(value, env, &around, depth))
    }

    /// The same rows with columns of their own, for a relation that is used more than once.
    pub fn renumbered(&mut self, relation: &Relation) -> Relation {
        let mut relation = relation.clone();
        relation.renumber(&mut |column: &Column| self.fresh(&column.name, column.kind).id);
        relation
    }
}

impl Stop {
    /// Whether it is about a table or function that is not there.
    pub fn is_unknown_entity(&self) -> bool {
        matches!(
            self,
            Self::Error(BindError { code: Code::UnknownTable | Code::UnknownFunction | Code::Refused, .. })
        )
    }
}

/// The arguments of a call that are plain texts.
fn texts(call: &tree::Call) -> Vec<Value> {
    let text = |argument: &tree::Argument| match &argument.value.kind {
        ExprKind::Literal(Literal::String(string)) => Value::String(Arc::from(string.value.as_str())),
        _ => Value::Null,
    };
    call.arguments.iter().map(text).collect()
}
