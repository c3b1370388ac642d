//! `geo_polygon_lookup` and `geo_line_lookup`: the rows of a table whose shape a place is in, or near to.

use phalanx_signal::ColumnType;

use super::Plugin;
use super::lookup::{Arguments, lookup, test};
use crate::{
    bind::{Binder, Code, Result, convert},
    bound::{Column, Expr, Operator, Relation, Value},
    syntax::tree::operators::Evaluate,
};

const TAKES: &str = "a table, its column of shapes, a longitude and a latitude";
const TAKES_RADIUS: &str = "a table, its column of lines, a longitude, a latitude and a radius in metres";

pub(super) const PLUGIN_POLYGONS: Plugin = Plugin {
    name: "geo_polygon_lookup",
    syntax: "geo_polygon_lookup(table, polygons, longitude, latitude [, key, …] [, radius = metres] [, return_unmatched = false])",
    about: "Adds the rows of a table of polygons that have a point in them, or near to them.",
    examples: &[(
        r#"let P = datatable (p: dynamic, name: string) [dynamic({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}), "square"]; print x = 1.0, y = 1.0 | evaluate geo_polygon_lookup(P, p, x, y) | project name"#,
        "square",
    )],
    bind: bind_polygons,
};

pub(super) const PLUGIN_LINES: Plugin = Plugin {
    name: "geo_line_lookup",
    syntax: "geo_line_lookup(table, lines, longitude, latitude, radius [, key, …] [, return_unmatched = false])",
    about: "Adds the rows of a table of lines that a point is near to, by a radius in metres.",
    examples: &[(
        r#"let L = datatable (l: dynamic, name: string) [dynamic({"type": "LineString", "coordinates": [[0, 0], [2, 0]]}), "street"]; print x = 1.0, y = 0.0 | evaluate geo_line_lookup(L, l, x, y, 100) | project name"#,
        "street",
    )],
    bind: bind_lines,
};

pub(super) fn bind_polygons<'t>(
    binder: &mut Binder<'t>,
    input: Relation,
    node: &'t Evaluate,
) -> Result<Relation> {
    let arguments = Arguments::new(binder, &node.call, 4, TAKES)?;
    bind(binder, input, node, &arguments, "geo_distance_point_to_polygon")
}

pub(super) fn bind_lines<'t>(
    binder: &mut Binder<'t>,
    input: Relation,
    node: &'t Evaluate,
) -> Result<Relation> {
    let arguments = Arguments::new(binder, &node.call, 4, TAKES_RADIUS)?;
    bind(binder, input, node, &arguments, "geo_distance_point_to_line")
}

fn bind<'t>(
    binder: &mut Binder<'t>,
    input: Relation,
    node: &'t Evaluate,
    arguments: &Arguments<'t>,
    distance: &'static str,
) -> Result<Relation> {
    let call = &node.call;
    let radius = arguments.number(binder, "radius", 4)?;
    let with_unmatched = arguments.flag(binder, "return_unmatched", 5)?;
    // The area around which shapes are looked for changes how fast an answer comes, not which.
    arguments.number(binder, "lookup_area_radius", 6)?;
    let with_key = arguments.flag(binder, "return_lookup_key", 7)?;
    let Some(table) = arguments.place(0) else { return Ok(input) };
    let table = binder.separate(table)?;
    let shape = arguments.column(binder, 1, &table)?;
    let real = |binder: &Binder<'t>, column: Column| {
        let kind = column.kind;
        convert::implicitly(column.value(), ColumnType::Real).ok_or_else(|| {
            binder.error(Code::Types, call.span, format!("`{}` must be a real, not a {kind}", column.name))
        })
    };
    let longitude = arguments.column(binder, 2, &input)?;
    let latitude = arguments.column(binder, 3, &input)?;
    let place = vec![real(binder, longitude)?, real(binder, latitude)?, shape.value()];
    let is_it = match radius {
        Some(radius) => {
            let distance = Expr::call(ColumnType::Real, binder.builtin(distance, call.span)?, place);
            let radius = Expr::literal(ColumnType::Real, Value::Real(radius));
            Expr::operator(ColumnType::Bool, Operator::LessOrEqual, vec![distance, radius])
        }
        None if distance == "geo_distance_point_to_line" => {
            return Err(binder.error(Code::ArgumentCount, call.span, format!("it takes {TAKES_RADIUS}")));
        }
        None => test(binder, "geo_point_in_polygon", call, place)?,
    };
    let without = if with_key { None } else { Some(&shape) };
    Ok(lookup(binder, input, table, is_it, with_unmatched, without))
}
