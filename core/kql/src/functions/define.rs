//! Short ways to write a function's description.

use super::{Accepts, Body, Call, Column, Family, Function, FunctionError, HowOften, Parameter, Returns};

pub(super) type Kernel = fn(&Call<'_>) -> Result<Column, FunctionError>;
pub(super) type Answer = Result<Column, FunctionError>;

impl Function {
    /// A function that a kernel computes.
    pub(super) const fn kernel(
        name: &'static str,
        family: Family,
        parameters: &'static [Parameter],
        returns: Returns,
        about: &'static str,
        kernel: Kernel,
    ) -> Self {
        let body = Body::Kernel(kernel);
        Self { name, aliases: &[], family, parameters, returns, about, examples: &[], body }
    }

    pub(super) const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(super) const fn examples(mut self, examples: &'static [(&'static str, &'static str)]) -> Self {
        self.examples = examples;
        self
    }
}

pub(super) const fn once(name: &'static str, accepts: Accepts) -> Parameter {
    Parameter { name, accepts, how_often: HowOften::Once }
}

pub(super) const fn optional(name: &'static str, accepts: Accepts) -> Parameter {
    Parameter { name, accepts, how_often: HowOften::Optional }
}

/// Any number of times, but at least so many.
pub(super) const fn repeated(name: &'static str, accepts: Accepts, least: usize) -> Parameter {
    Parameter { name, accepts, how_often: HowOften::Repeated(least) }
}
