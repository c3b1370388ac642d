//! Shapes that meet, and shapes made of several.

use phalanx_signal::ColumnType::{Bool, Dynamic, Real};

use super::{
    overlay::{common_lines, intersection, line_in_polygons, union, union_lines},
    polygons::simplify_polygons,
    shape::{Geometry, geometries_json, lines_json, polygons_json, read_lines, read_oriented, read_polygons},
};
use crate::{
    dynamic::Json,
    functions::{
        Accepts::Only,
        Call, Column, Family, Function, Parameter, Returns,
        define::{Answer, once, optional},
    },
};

const LINES: &[Parameter] = &[once("line1", Only(Dynamic)), once("line2", Only(Dynamic))];
const POLYGONS: &[Parameter] = &[once("polygon1", Only(Dynamic)), once("polygon2", Only(Dynamic))];
const BOTH: &[Parameter] = &[once("line", Only(Dynamic)), once("polygon", Only(Dynamic))];

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_intersection_2lines",
        Family::Geo,
        LINES,
        Returns::Only(Dynamic),
        "The points where two lines cross and the parts that they share, as GeoJSON.",
        |call| shapes(call, two_lines),
    )
    .examples(&[(
        r#"print tostring(geo_intersection_2lines(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]}), dynamic({"type":"LineString","coordinates":[[0,1],[0,0]]})))"#,
        r#"{"type":"Point","coordinates":[0,0]}"#,
    )]),
    Function::kernel(
        "geo_intersects_2lines",
        Family::Geo,
        LINES,
        Returns::Only(Bool),
        "Whether two lines meet; null if one of them is none.",
        |call| claim(call, two_lines),
    )
    .examples(&[(
        r#"print geo_intersects_2lines(dynamic({"type":"LineString","coordinates":[[0,0],[2,2]]}), dynamic({"type":"LineString","coordinates":[[0,2],[2,0]]}))"#,
        "true",
    )]),
    Function::kernel(
        "geo_intersection_2polygons",
        Family::Geo,
        POLYGONS,
        Returns::Only(Dynamic),
        "What two polygons have in common, as GeoJSON.",
        |call| shapes(call, two_polygons),
    )
    .examples(&[(
        r#"print isnull(geo_intersection_2polygons(dynamic({"type":"Polygon"}), dynamic({"type":"Polygon"})))"#,
        "true",
    )]),
    Function::kernel(
        "geo_intersects_2polygons",
        Family::Geo,
        POLYGONS,
        Returns::Only(Bool),
        "Whether two polygons meet; null if one of them is none.",
        |call| claim(call, two_polygons),
    )
    .examples(&[(
        r#"print geo_intersects_2polygons(dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}), dynamic({"type":"Polygon","coordinates":[[[1,0.5],[3,0],[3,3],[1,0.5]]]}))"#,
        "true",
    )]),
    Function::kernel(
        "geo_intersection_line_with_polygon",
        Family::Geo,
        BOTH,
        Returns::Only(Dynamic),
        "The parts of a line that are in a polygon, as GeoJSON.",
        |call| shapes(call, line_and_polygon),
    )
    .examples(&[(
        r#"print isnull(geo_intersection_line_with_polygon(dynamic({"type":"LineString"}), dynamic({"type":"Polygon"})))"#,
        "true",
    )]),
    Function::kernel(
        "geo_intersects_line_with_polygon",
        Family::Geo,
        BOTH,
        Returns::Only(Bool),
        "Whether a line and a polygon meet; null if one of them is none.",
        |call| claim(call, line_and_polygon),
    )
    .examples(&[(
        r#"print geo_intersects_line_with_polygon(dynamic({"type":"LineString","coordinates":[[-1,0.5],[3,0.5]]}), dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))"#,
        "true",
    )]),
    Function::kernel(
        "geo_union_lines_array",
        Family::Geo,
        &[once("lines", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The lines of an array as one line or multiline, without what comes twice.",
        geo_union_lines_array,
    )
    .examples(&[("print isnull(geo_union_lines_array(dynamic([1])))", "true")]),
    Function::kernel(
        "geo_union_polygons_array",
        Family::Geo,
        &[once("polygons", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The polygons of an array as one polygon or multipolygon.",
        geo_union_polygons_array,
    )
    .examples(&[("print isnull(geo_union_polygons_array(dynamic([1])))", "true")]),
    Function::kernel(
        "geo_simplify_polygons_array",
        Family::Geo,
        &[once("polygons", Only(Dynamic)), optional("tolerance", Only(Real))],
        Returns::Only(Dynamic),
        "The polygons of an array as one multipolygon, without the corners that are less than so many meters (10) from \
         the rest; null if nothing remains of one.",
        geo_simplify_polygons_array,
    )
    .examples(&[("print isnull(geo_simplify_polygons_array(dynamic([]), -1))", "true")]),
];

type Common = fn(Json<'_>, Json<'_>) -> Option<Vec<Geometry>>;

fn two_lines(left: Json<'_>, right: Json<'_>) -> Option<Vec<Geometry>> {
    common_lines(&read_lines(left)?, &read_lines(right)?)
}

fn two_polygons(left: Json<'_>, right: Json<'_>) -> Option<Vec<Geometry>> {
    intersection(&read_oriented(left)?, &read_oriented(right)?)
}

fn line_and_polygon(line: Json<'_>, polygon: Json<'_>) -> Option<Vec<Geometry>> {
    line_in_polygons(&read_lines(line)?, &read_oriented(polygon)?)
}

fn shapes(call: &Call<'_>, common: Common) -> Answer {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    call.dynamics(|row| Some(geometries_json(&common(left.value(row), right.value(row))?)))
}

fn claim(call: &Call<'_>, common: Common) -> Answer {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    let meet = |row| Some(!common(left.value(row), right.value(row))?.is_empty());
    Ok(Column::booleans((0..call.rows).map(meet)))
}

fn geo_union_lines_array(call: &Call<'_>) -> Answer {
    let arrays = call.texts(0)?;
    call.dynamics(|row| {
        let lines: Option<Vec<_>> = arrays.value(row).elements()?.map(read_lines).collect();
        let lines: Vec<_> = lines?.into_iter().flatten().collect();
        (!lines.is_empty()).then(|| union_lines(&lines).map(|lines| lines_json(&lines)))?
    })
}

fn geo_union_polygons_array(call: &Call<'_>) -> Answer {
    let arrays = call.texts(0)?;
    call.dynamics(|row| {
        let polygons: Option<Vec<_>> = arrays.value(row).elements()?.map(read_oriented).collect();
        let polygons: Vec<_> = polygons?.into_iter().flatten().collect();
        (!polygons.is_empty()).then(|| union(&polygons).map(|polygons| polygons_json(&polygons)))?
    })
}

fn geo_simplify_polygons_array(call: &Call<'_>) -> Answer {
    let arrays = call.texts(0)?;
    let tolerances = call.has(1).then(|| call.reals(1)).transpose()?;
    call.dynamics(|row| {
        let tolerance = tolerances.as_ref().map_or(Some(10.0), |values| values.get(row))?;
        if !(0.0..=super::lines::TOLERANCE_MAX).contains(&tolerance) {
            return None;
        }
        let polygons: Option<Vec<_>> = arrays.value(row).elements()?.map(read_polygons).collect();
        let polygons: Vec<_> = polygons?.into_iter().flatten().collect();
        let simple = simplify_polygons(&polygons, tolerance);
        (!simple.is_empty() && simple.len() == polygons.len()).then(|| polygons_json(&simple))
    })
}
