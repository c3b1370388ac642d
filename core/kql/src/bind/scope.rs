//! What names mean besides columns and tables.

use std::{cell::RefCell, rc::Rc};

use crate::{
    bound::{Expr, Relation},
    syntax::tree,
};

/// The names visible at a place: those of a frame up to there, then those around it.
#[derive(Clone)]
pub(crate) struct Env<'t> {
    frame: Rc<Frame<'t>>,
    visible: usize,
}

struct Frame<'t> {
    names: RefCell<Vec<(&'t str, Binding<'t>)>>,
    around: Option<Env<'t>>,
}

/// What a name stands for.
#[derive(Clone)]
pub(crate) enum Binding<'t> {
    Scalar(Expr),
    /// A table, bound where it is used.
    Table {
        tree: &'t tree::Expr,
        env: Env<'t>,
    },
    /// `materialize(…)`: run at its first use.
    Materialized {
        tree: &'t tree::Expr,
        env: Env<'t>,
        rows: Rc<RefCell<Option<Relation>>>,
    },
    /// A table that is bound already.
    Relation(Rc<Relation>),
    Function {
        declaration: &'t tree::FunctionDecl,
        env: Env<'t>,
    },
    /// `declare pattern`.
    Pattern {
        pattern: &'t tree::Pattern,
        env: Env<'t>,
    },
    /// `entity_group [database("a"), …]`.
    Group(&'t [tree::Expr]),
    /// The name of this place inside of `macro-expand`.
    Place,
}

impl<'t> Env<'t> {
    pub fn root() -> Self {
        Self { frame: Rc::new(Frame { names: RefCell::default(), around: None }), visible: 0 }
    }

    /// A frame of its own inside of this one.
    pub fn inner(&self) -> Self {
        let frame = Frame { names: RefCell::default(), around: Some(self.clone()) };
        Self { frame: Rc::new(frame), visible: 0 }
    }

    pub fn declare(&mut self, name: &'t str, binding: Binding<'t>) {
        let mut names = self.frame.names.borrow_mut();
        names.truncate(self.visible);
        names.push((name, binding));
        self.visible = names.len();
    }

    /// Whether this very frame declares the name.
    pub fn declares(&self, name: &str) -> bool {
        self.frame.names.borrow()[..self.visible].iter().any(|(known, _)| *known == name)
    }

    pub fn find(&self, name: &str) -> Option<Binding<'t>> {
        let mut env = Some(self);
        while let Some(Env { frame, visible }) = env {
            let names = frame.names.borrow();
            if let Some((_, binding)) = names[..*visible].iter().rev().find(|(known, _)| *known == name) {
                return Some(binding.clone());
            }
            env = frame.around.as_ref();
        }
        None
    }

    /// All visible names.
    pub fn names(&self) -> Vec<&'t str> {
        let mut all = Vec::new();
        let mut env = Some(self);
        while let Some(Env { frame, visible }) = env {
            all.extend(frame.names.borrow()[..*visible].iter().map(|(name, _)| *name));
            env = frame.around.as_ref();
        }
        all
    }

    /// The tables among the visible names for which `is_match` holds, in their order.
    pub fn tables(&self, is_match: impl Fn(&str, &Binding<'t>) -> bool) -> Vec<(&'t str, Binding<'t>)> {
        let mut found = Vec::new();
        let mut env = Some(self);
        while let Some(Env { frame, visible }) = env {
            let names = frame.names.borrow();
            let matching = names[..*visible].iter().filter(|(name, binding)| is_match(name, binding));
            found.splice(0..0, matching.cloned());
            env = frame.around.as_ref();
        }
        found
    }
}
