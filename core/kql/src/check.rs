//! What is wrong with a query, without running it.

use crate::{
    answer::{STACK_BYTES, saved_functions},
    bind::{Settings, Tables, bind},
    syntax::{Span, parse},
};

/// Something wrong, for the author of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `SYN…` for the language itself, `SEM…` for names and types.
    pub code: &'static str,
    pub message: String,
    pub span: Span,
}

/// All that is wrong with the language of a text; if nothing is, the first name or type that is wrong. What only
/// running can tell is not found.
pub fn check(text: &str, tables: &dyn Tables, settings: &Settings) -> Vec<Finding> {
    let parsed = parse(text);
    if !parsed.diagnostics.is_empty() {
        let finding = |found: crate::syntax::Diagnostic| Finding {
            code: found.code.as_str(),
            message: found.message,
            span: found.span,
        };
        return parsed.diagnostics.into_iter().map(finding).collect();
    }
    // A saved function that can't be read is not this text's mistake.
    let functions = saved_functions(text, tables).unwrap_or_default();
    let bound = stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || {
        bind(&parsed.query, &functions, tables, settings, &[])
    });
    match bound {
        Ok(_) => Vec::new(),
        Err(error) => {
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span::new(place(error.span.start), place(error.span.end));
            vec![Finding { code: error.code.text(), message: error.message, span }]
        }
    }
}
