//! `parse-kv`: columns from names and values in a text.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Result, convert},
    bound::{Expr, Relation, Value},
    dynamic::{Path, Step},
    functions::{pairs::PAIRS, part},
    syntax::{Span, tree::operators::ParseKv},
};

pub(super) const HELP: &[Help] = &[
    Help::new("parse-kv", r#"T | parse-kv text as (key: type, …) with (pair_delimiter = ',', kv_delimiter = '=', quote = '"', greedy = true)"#, "Takes the values of known keys out of a text of pairs, as columns.", &[(r#"print s = "a=1, b=two" | parse-kv s as (a: long, b: string) with (pair_delimiter = ',', kv_delimiter = '=') | project a, b"#, "1, two")]).takes(Takes::Values).words(&["as", "with"]),
];

impl<'t> Binder<'t> {
    pub(super) fn parse_kv(&mut self, input: Relation, node: &'t ParseKv, span: Span) -> Result<Relation> {
        let mut columns = Vec::with_capacity(node.columns.len());
        for column in &node.columns {
            columns.push((column.name.text.clone(), self.kind(&column.type_name)?));
        }
        let mut options: [String; 5] = Default::default();
        let mut is_greedy = false;
        for property in &node.properties {
            let name = property.name.text.to_ascii_lowercase();
            let value = self.constant(&property.value, "an option of `parse-kv`")?;
            let at = match name.as_str() {
                "pair_delimiter" => 0,
                "kv_delimiter" => 1,
                "quote" | "quotes" => 2,
                "escape" => 3,
                "regex" => 4,
                "greedy" => {
                    is_greedy = value == Value::Bool(true);
                    continue;
                }
                _ => {
                    let message = format!("`parse-kv` has no option `{}`", property.name.text);
                    return Err(self.error(Code::Argument, property.span, message));
                }
            };
            // Quotes and what escapes them may be given several times.
            match at {
                2 | 3 => options[at].push_str(&value.to_string()),
                _ => options[at] = value.to_string(),
            }
            if at == 2 && value.to_string().chars().count() == 1 {
                options[at].push_str(&value.to_string());
            }
        }
        let before = self.visible(&input);
        let (over, value) = self.over(input, |binder, row| binder.scalar(&node.value, row))?;
        let value = convert::explicitly(value, ColumnType::String)
            .ok_or_else(|| self.error(Code::Types, span, "only text can be taken apart"))?;
        let mut arguments = vec![value];
        arguments.extend(options.iter().map(|option| Expr::string(option)));
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        arguments.push(Expr::string(&names.join("\n")));
        arguments.push(Expr::bool(is_greedy));
        let bag = Expr::call(ColumnType::Dynamic, &PAIRS, arguments);
        let bag_name: Arc<str> = Arc::from("\u{0}pairs");
        let mut output: Vec<(Arc<str>, Expr)> =
            before.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        output.push((Arc::clone(&bag_name), bag));
        let read = self.project_on(over, output);
        let Some(bag) = read.column(&bag_name).cloned() else { return Ok(read) };
        let mut output: Vec<(Arc<str>, Expr)> =
            before.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        for (name, kind) in columns {
            let path = Path(vec![Step::Member(name.clone())]).to_text();
            let text = Expr::call(ColumnType::Dynamic, &part::PART, vec![bag.value(), Expr::string(&path)]);
            let value = convert::explicitly(text, kind)
                .ok_or_else(|| self.error(Code::Types, span, format!("no text is a {kind}")))?;
            match output.iter_mut().find(|(known, _)| **known == *name) {
                Some(place) => place.1 = value,
                None => output.push((Arc::from(name), value)),
            }
        }
        Ok(self.project_on(read, output))
    }
}
