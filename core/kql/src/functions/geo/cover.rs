//! The cells that a shape is in.

use std::collections::HashSet;

use h3o::{CellIndex, LatLng, Resolution};
use phalanx_signal::ColumnType::{Dynamic, Long, Real};

use super::{
    buffer::Round,
    polygons::Area,
    s2::{CellId, LEVEL_MAX},
    shape::{read_lines, read_oriented, vectors},
    sphere::{RADIUS, Vector, angle, degrees, dot, interpolate, normal, vector},
};
use crate::{
    dynamic::ArrayWriter,
    functions::{
        Accepts::Only,
        Call, Family, Function, FunctionError, Returns,
        define::{Answer, once, optional},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_polygon_to_s2cells",
        Family::Geo,
        &[once("polygon", Only(Dynamic)), optional("level", Only(Long)), optional("radius", Only(Real))],
        Returns::Only(Dynamic),
        "The tokens of the S2 cells of a level (11) that cover a polygon, with all that is so many meters (0) around it; \
         null if they are more than 65,536.",
        geo_polygon_to_s2cells,
    )
    .examples(&[(
        r#"print array_length(geo_polygon_to_s2cells(dynamic({"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,1]]]}), 0))"#,
        "1",
    )]),
    Function::kernel(
        "geo_line_to_s2cells",
        Family::Geo,
        &[once("line", Only(Dynamic)), optional("level", Only(Long)), optional("radius", Only(Real))],
        Returns::Only(Dynamic),
        "The tokens of the S2 cells of a level (11) that cover a line, with all that is so many meters (0) around it; \
         null if they are more than 65,536.",
        geo_line_to_s2cells,
    )
    .examples(&[(
        r#"print array_length(geo_line_to_s2cells(dynamic({"type":"LineString","coordinates":[[1,1],[2,2]]}), 0))"#,
        "1",
    )]),
    Function::kernel(
        "geo_polygon_to_h3cells",
        Family::Geo,
        &[once("polygon", Only(Dynamic)), optional("resolution", Only(Long)), optional("radius", Only(Real))],
        Returns::Only(Dynamic),
        "The H3 cells of a resolution (6) whose middle is in a polygon or no farther than so many meters (0) from it; \
         null if they are more than 65,536.",
        geo_polygon_to_h3cells,
    )
    .examples(&[(
        r#"print isnull(geo_polygon_to_h3cells(dynamic({"type":"Polygon"})))"#,
        "true",
    )]),
];

const CELLS_MAX: usize = 65_536;

/// How exactly one tells on which side of a line a point is.
const EDGE: f64 = 1e-15;

/// The level (or resolution) and radius of a row.
fn sizes(
    call: &Call<'_>,
    default: i64,
    most: u32,
) -> Result<impl Fn(usize) -> Option<(u32, f64)>, FunctionError> {
    let levels = call.has(1).then(|| call.longs(1)).transpose()?;
    let radii = call.has(2).then(|| call.reals(2)).transpose()?;
    Ok(move |row| {
        let level = levels.as_ref().map_or(Some(default), |values| values.get(row))?;
        let radius = radii.as_ref().map_or(Some(0.0), |values| values.get(row))?;
        let level = u32::try_from(level).ok().filter(|level| *level <= most)?;
        (radius >= 0.0 && radius.is_finite()).then_some((level, radius))
    })
}

fn geo_polygon_to_s2cells(call: &Call<'_>) -> Answer {
    let (polygons, sizes) = (call.texts(0)?, sizes(call, 11, LEVEL_MAX)?);
    call.dynamics(|row| {
        let (level, radius) = sizes(row)?;
        let mut polygons = read_oriented(polygons.value(row))?;
        if radius > 0.0 {
            polygons = Round::new(radius, radius / 100.0)?.around_polygons(&polygons);
        }
        let area = Area::new(&polygons);
        tokens(&area.boundary(), Some(&area), level)
    })
}

fn geo_line_to_s2cells(call: &Call<'_>) -> Answer {
    let (lines, sizes) = (call.texts(0)?, sizes(call, 11, LEVEL_MAX)?);
    call.dynamics(|row| {
        let (level, radius) = sizes(row)?;
        let lines = read_lines(lines.value(row))?;
        if radius > 0.0 {
            let area = Area::new(&Round::new(radius, radius / 100.0)?.around_lines(&lines));
            return tokens(&area.boundary(), Some(&area), level);
        }
        let lines: Vec<Vec<Vector>> = lines.iter().map(|line| vectors(line)).collect();
        tokens(&lines, None, level)
    })
}

/// A cell and the edges that go through it.
struct Candidate {
    cell: CellId,
    edges: Vec<usize>,
}

/// The cells of a level that edges go through, or that are inside an area; `None` for too many.
fn tokens(lines: &[Vec<Vector>], area: Option<&Area>, level: u32) -> Option<String> {
    let edges: Vec<[Vector; 2]> =
        lines.iter().flat_map(|line| line.windows(2)).map(|edge| [edge[0], edge[1]]).collect();
    let mut found: Vec<Candidate> = (0..6)
        .map(|face| Candidate { cell: CellId((2 * face + 1) << 60), edges: (0..edges.len()).collect() })
        .filter_map(|candidate| narrowed(candidate, &edges, area))
        .collect();
    for _ in 0..level {
        let children = found.into_iter().flat_map(|parent| {
            parent.cell.children().map(|cell| Candidate { cell, edges: parent.edges.clone() })
        });
        found =
            children.filter_map(|candidate| narrowed(candidate, &edges, area)).take(CELLS_MAX + 1).collect();
        if found.len() > CELLS_MAX {
            return None;
        }
    }
    let mut out = ArrayWriter::default();
    found.iter().for_each(|candidate| out.push_text(&candidate.cell.token()));
    Some(out.finish())
}

/// The candidate with the edges that go through its cell; `None` if it has nothing of the shape.
fn narrowed(mut candidate: Candidate, edges: &[[Vector; 2]], area: Option<&Area>) -> Option<Candidate> {
    if candidate.edges.is_empty() {
        // What no edge goes through was found to be inside as a whole.
        return Some(candidate);
    }
    let corners = candidate.cell.corners();
    let poles = [0, 1, 2, 3].map(|at| normal(corners[at], corners[(at + 1) % 4]));
    let has = |point: Vector| poles.iter().all(|pole| dot(*pole, point) >= -EDGE);
    candidate.edges.retain(|at| {
        let [from, to] = edges[*at];
        has(from) || has(to) || (0..4).any(|side| crosses(from, to, corners[side], corners[(side + 1) % 4]))
    });
    let is_in = !candidate.edges.is_empty() || area.is_some_and(|area| area.has(candidate.cell.center()));
    is_in.then_some(candidate)
}

/// Whether two edges of less than half the Earth's circumference meet.
fn crosses(a: Vector, b: Vector, c: Vector, d: Vector) -> bool {
    let (one, other) = (normal(a, b), normal(c, d));
    let (from_c, from_d) = (dot(one, c), dot(one, d));
    let (from_a, from_b) = (dot(other, a), dot(other, b));
    let apart = |x: f64, y: f64| (x > EDGE && y > EDGE) || (x < -EDGE && y < -EDGE);
    if apart(from_c, from_d) || apart(from_a, from_b) {
        return false;
    }
    // Great circles meet twice; here only where both edges are.
    let middle = [a, b, c, d].iter().fold([0.0; 3], |sum, point| super::sphere::add(sum, *point));
    let meeting = super::sphere::cross(one, other);
    let meeting = if dot(meeting, middle) < 0.0 { super::sphere::scale(meeting, -1.0) } else { meeting };
    let near = |from: Vector, to: Vector| dot(super::sphere::add(from, to), meeting) > 0.0;
    near(a, b) && near(c, d)
}

fn geo_polygon_to_h3cells(call: &Call<'_>) -> Answer {
    let (polygons, sizes) = (call.texts(0)?, sizes(call, 6, 15)?);
    call.dynamics(|row| {
        let (level, radius) = sizes(row)?;
        let mut polygons = read_oriented(polygons.value(row))?;
        if radius > 0.0 {
            polygons = Round::new(radius, radius / 100.0)?.around_polygons(&polygons);
        }
        let resolution = Resolution::try_from(u8::try_from(level).ok()?).ok()?;
        let cells = filled(&Area::new(&polygons), resolution)?;
        let mut out = ArrayWriter::default();
        cells.iter().for_each(|cell| out.push_text(&cell.to_string()));
        Some(out.finish())
    })
}

/// The cells whose middle is in an area: from its boundary inwards. `None` for too many.
fn filled(area: &Area, resolution: Resolution) -> Option<Vec<CellIndex>> {
    /// Half the edge of a cell of resolution 0, as an angle; each further is √7 times smaller.
    const HALF_EDGE: f64 = 1_107_712.6 / 2.0 / RADIUS;
    const STEPS_MAX: f64 = 500_000.0;
    let step = HALF_EDGE / 7_f64.sqrt().powi(i32::from(u8::from(resolution)));
    let mut seen = HashSet::new();
    let mut next: Vec<CellIndex> = Vec::new();
    let cell_of = |point: Vector| {
        let (longitude, latitude) = degrees(point);
        LatLng::new(latitude, longitude).ok().map(|place| place.to_cell(resolution))
    };
    let mut add = |cell: CellIndex, next: &mut Vec<CellIndex>| {
        if seen.insert(cell) {
            next.push(cell);
        }
    };
    for ring in area.boundary() {
        for edge in ring.windows(2) {
            let steps = (angle(edge[0], edge[1]) / step).ceil().max(1.0);
            if steps > STEPS_MAX {
                return None;
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 500,000")]
            for at in 0..=steps as u32 {
                let cell = cell_of(interpolate(edge[0], edge[1], f64::from(at) / steps))?;
                cell.grid_disk::<Vec<_>>(1).into_iter().for_each(|cell| add(cell, &mut next));
            }
        }
    }
    let mut found = Vec::new();
    while let Some(cell) = next.pop() {
        let middle: LatLng = cell.into();
        if area.has(vector((middle.lng(), middle.lat()))) {
            found.push(cell);
            if found.len() > CELLS_MAX {
                return None;
            }
            cell.grid_disk::<Vec<_>>(1).into_iter().for_each(|cell| add(cell, &mut next));
        }
    }
    found.sort_unstable();
    Some(found)
}
