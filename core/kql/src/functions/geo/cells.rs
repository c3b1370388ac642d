//! S2 cells, named by tokens.

use phalanx_signal::ColumnType::{Dynamic, Long, Real, String as Text};

use super::{
    points::points,
    s2::{CellId, LEVEL_MAX},
    shape::{point_json, polygons_json},
    sphere::{degrees, vector},
};
use crate::{
    dynamic::ArrayWriter,
    functions::{
        Accepts::Only,
        Call, Column, Family, Function, Returns,
        define::{Answer, once, optional},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_point_to_s2cell",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), optional("level", Only(Long))],
        Returns::Only(Text),
        "The token of the S2 cell that has a point, of level 11 or as asked for (0 to 30); empty for what is no point.",
        geo_point_to_s2cell,
    )
    .examples(&[("print geo_point_to_s2cell(-80.195829, 25.802215, 8)", "88d9b")]),
    Function::kernel(
        "geo_s2cell_to_central_point",
        Family::Geo,
        &[once("s2cell", Only(Text))],
        Returns::Only(Dynamic),
        "The middle of an S2 cell, as GeoJSON.",
        |call| each(call, |cell| point_json(degrees(cell.center()))),
    )
    .examples(&[(r#"print isnull(geo_s2cell_to_central_point("a"))"#, "true")]),
    Function::kernel(
        "geo_s2cell_to_polygon",
        Family::Geo,
        &[once("s2cell", Only(Text))],
        Returns::Only(Dynamic),
        "An S2 cell as a GeoJSON polygon.",
        |call| each(call, |cell| polygons_json(&[vec![cell.corners().map(degrees).to_vec()]])),
    )
    .examples(&[(r#"print tostring(geo_s2cell_to_polygon("89c259").type)"#, "Polygon")]),
    Function::kernel(
        "geo_s2cell_neighbors",
        Family::Geo,
        &[once("s2cell", Only(Text))],
        Returns::Only(Dynamic),
        "The tokens of the cells around an S2 cell.",
        |call| each(call, neighbors),
    )
    .examples(&[(r#"print array_length(geo_s2cell_neighbors("89c259"))"#, "8")]),
];

fn each(call: &Call<'_>, f: fn(CellId) -> String) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| CellId::from_token(texts.text(row)).map(f))
}

fn neighbors(cell: CellId) -> String {
    let mut out = ArrayWriter::default();
    cell.neighbors().into_iter().for_each(|cell| out.push_text(&cell.token()));
    out.finish()
}

fn geo_point_to_s2cell(call: &Call<'_>) -> Answer {
    let points = points::<1>(call, 0)?;
    let levels = call.has(2).then(|| call.longs(2)).transpose()?;
    let token = |row| {
        let [point] = points(row)?;
        let level = levels.as_ref().map_or(Some(11), |levels| levels.get(row))?;
        let level = u32::try_from(level).ok().filter(|level| *level <= LEVEL_MAX)?;
        Some(CellId::of_point(vector(point), level).token())
    };
    Ok(Column::texts((0..call.rows).map(|row| Some(token(row).unwrap_or_default()))))
}
