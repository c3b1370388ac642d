//! H3 cells: hexagons, named by their numbers in hexadecimal.

use h3o::{CellIndex, LatLng, Resolution};
use phalanx_signal::ColumnType::{Dynamic, Int, Long, Real, String as Text};

use super::{
    points::points,
    shape::{point_json, polygons_json},
    sphere::Point,
};
use crate::{
    dynamic::ArrayWriter,
    functions::{
        Accepts::Only,
        Call, Column, Family, Function, Longs, Returns,
        define::{Answer, once, optional},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_point_to_h3cell",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), optional("resolution", Only(Long))],
        Returns::Only(Text),
        "The H3 cell that has a point, of resolution 6 or as asked for (0 to 15); empty for what is no point.",
        geo_point_to_h3cell,
    )
    .examples(&[("print geo_point_to_h3cell(-73.956683, 40.807907, 5)", "852a100bfffffff")]),
    Function::kernel(
        "geo_h3cell_to_central_point",
        Family::Geo,
        &[once("h3cell", Only(Text))],
        Returns::Only(Dynamic),
        "The middle of an H3 cell, as GeoJSON.",
        |call| each(call, |cell| Some(point_json(degrees(cell.into())))),
    )
    .examples(&[(r#"print isnull(geo_h3cell_to_central_point("1"))"#, "true")]),
    Function::kernel(
        "geo_h3cell_to_polygon",
        Family::Geo,
        &[once("h3cell", Only(Text))],
        Returns::Only(Dynamic),
        "An H3 cell as a GeoJSON polygon.",
        |call| each(call, |cell| Some(polygons_json(&[vec![cell.boundary().iter().copied().map(degrees).collect()]]))),
    )
    .examples(&[(r#"print tostring(geo_h3cell_to_polygon("862a1072fffffff").type)"#, "Polygon")]),
    Function::kernel(
        "geo_h3cell_level",
        Family::Geo,
        &[once("h3cell", Only(Text))],
        Returns::Only(Int),
        "The resolution of an H3 cell; null for what is none.",
        geo_h3cell_level,
    )
    .examples(&[(r#"print geo_h3cell_level("862a1072fffffff")"#, "6")]),
    Function::kernel(
        "geo_h3cell_parent",
        Family::Geo,
        &[once("h3cell", Only(Text)), optional("resolution", Only(Long))],
        Returns::Only(Text),
        "The H3 cell around one, of the next lower resolution or the one asked for; empty if there is none.",
        geo_h3cell_parent,
    )
    .examples(&[(r#"print geo_h3cell_parent("862a1072fffffff", 1)"#, "812a3ffffffffff")]),
    Function::kernel(
        "geo_h3cell_children",
        Family::Geo,
        &[once("h3cell", Only(Text)), optional("resolution", Only(Long))],
        Returns::Only(Dynamic),
        "The H3 cells within one, of the next higher resolution or the one asked for, at most five higher.",
        geo_h3cell_children,
    )
    .examples(&[(r#"print array_length(geo_h3cell_children("862a1072fffffff"))"#, "7")]),
    Function::kernel(
        "geo_h3cell_neighbors",
        Family::Geo,
        &[once("h3cell", Only(Text))],
        Returns::Only(Dynamic),
        "The H3 cells around one.",
        |call| each(call, |cell| rings(cell, 1).pop().map(|ring| array(&ring))),
    )
    .examples(&[(r#"print array_length(geo_h3cell_neighbors("862a1072fffffff"))"#, "6")]),
    Function::kernel(
        "geo_h3cell_rings",
        Family::Geo,
        &[once("h3cell", Only(Text)), once("distance", Only(Long))],
        Returns::Only(Dynamic),
        "The H3 cell itself, those around it, those around these, up to a distance (0 to 142), each an array.",
        geo_h3cell_rings,
    )
    .examples(&[(r#"print array_length(geo_h3cell_rings("861f8894fffffff", 2)[2])"#, "12")]),
];

fn cell(text: &str) -> Option<CellIndex> {
    text.parse().ok()
}

fn degrees(place: LatLng) -> Point {
    (place.lng(), place.lat())
}

fn array(cells: &[CellIndex]) -> String {
    let mut out = ArrayWriter::default();
    cells.iter().for_each(|cell| out.push_text(&cell.to_string()));
    out.finish()
}

fn each(call: &Call<'_>, f: fn(CellIndex) -> Option<String>) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| f(cell(texts.text(row))?))
}

fn resolution(number: i64) -> Option<Resolution> {
    Resolution::try_from(u8::try_from(number).ok()?).ok()
}

/// The resolution asked for, or the cell's own with so much added.
fn wanted(given: Option<&Longs>, row: usize, cell: CellIndex, step: i64) -> Option<Resolution> {
    resolution(match given {
        Some(given) => given.get(row)?,
        None => i64::from(u8::from(cell.resolution())) + step,
    })
}

fn geo_point_to_h3cell(call: &Call<'_>) -> Answer {
    let points = points::<1>(call, 0)?;
    let resolutions = call.has(2).then(|| call.longs(2)).transpose()?;
    let text = |row| {
        let [(longitude, latitude)] = points(row)?;
        let resolution = resolution(resolutions.as_ref().map_or(Some(6), |values| values.get(row))?)?;
        Some(LatLng::new(latitude, longitude).ok()?.to_cell(resolution).to_string())
    };
    Ok(Column::texts((0..call.rows).map(|row| Some(text(row).unwrap_or_default()))))
}

fn geo_h3cell_level(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    let level = |row| Some(i32::from(u8::from(cell(texts.text(row))?.resolution())));
    Ok(Column::ints((0..call.rows).map(level)))
}

fn geo_h3cell_parent(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    let given = call.has(1).then(|| call.longs(1)).transpose()?;
    let parent = |row| {
        let cell = cell(texts.text(row))?;
        Some(cell.parent(wanted(given.as_ref(), row, cell, -1)?)?.to_string())
    };
    Ok(Column::texts((0..call.rows).map(|row| Some(parent(row).unwrap_or_default()))))
}

fn geo_h3cell_children(call: &Call<'_>) -> Answer {
    const LEVELS_MAX: u8 = 5;
    let texts = call.texts(0)?;
    let given = call.has(1).then(|| call.longs(1)).transpose()?;
    call.dynamics(|row| {
        let cell = cell(texts.text(row))?;
        let wanted = wanted(given.as_ref(), row, cell, 1)?;
        let levels = u8::from(wanted).checked_sub(u8::from(cell.resolution()))?;
        (levels <= LEVELS_MAX).then(|| array(&cell.children(wanted).collect::<Vec<_>>()))
    })
}

/// The cell, those around it, and so on, as far as so many steps.
fn rings(cell: CellIndex, distance: u32) -> Vec<Vec<CellIndex>> {
    let mut rings: Vec<Vec<CellIndex>> = Vec::new();
    for (place, steps) in cell.grid_disk_distances::<Vec<_>>(distance) {
        let steps = usize::try_from(steps).unwrap_or(0);
        rings.resize(rings.len().max(steps + 1), Vec::new());
        rings[steps].push(place);
    }
    rings
}

fn geo_h3cell_rings(call: &Call<'_>) -> Answer {
    const DISTANCE_MAX: u32 = 142;
    let (texts, distances) = (call.texts(0)?, call.longs(1)?);
    call.dynamics(|row| {
        let cell = cell(texts.text(row))?;
        let distance =
            u32::try_from(distances.get(row)?).ok().filter(|distance| *distance <= DISTANCE_MAX)?;
        let mut out = ArrayWriter::default();
        rings(cell, distance).iter().for_each(|ring| out.element().push_str(&array(ring)));
        Some(out.finish())
    })
}
