//! `render`: how the answer is to be shown. Never changes rows.

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Render, Result},
    bound::{Relation, Value},
    syntax::tree::{ExprKind, operators},
};

pub(super) const HELP: &[Help] = &[
    Help::new("render", r#"T | render chart [with (title = "…", xcolumn = column, ycolumns = columns, series = columns, kind = stacked)]"#, "Says how the answer is to be drawn; it never changes the rows and stands last.", &[("range x from 1 to 2 step 1 | extend y = x * x | render linechart", "1, 1; 2, 4")]).takes(Takes::Chart).words(&["with"]),
];

impl<'t> Binder<'t> {
    pub(super) fn render_as(&mut self, input: Relation, node: &'t operators::Render) -> Result<Relation> {
        let mut properties: Vec<(String, String)> = Vec::new();
        for property in &node.properties {
            let value = match &property.value.unparenthesized().kind {
                ExprKind::Name(name) => name.text.clone(),
                _ => match self.constant(&property.value, "a property of `render`")? {
                    Value::String(text) => text.to_string(),
                    value => value.to_string(),
                },
            };
            let name = &property.name.text;
            match properties.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => {
                    values.push(',');
                    values.push_str(&value);
                }
                None => properties.push((name.clone(), value)),
            }
        }
        self.render = Some(Render { chart: node.chart.text.clone(), properties });
        Ok(input)
    }
}
