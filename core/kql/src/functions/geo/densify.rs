//! Edges that are straight on a map, as edges that are the shortest ways on Earth.

use phalanx_signal::ColumnType::{Bool, Dynamic, Real};

use super::{
    shape::{Line, lines_json, polygons_json, read_lines, read_polygons},
    sphere::{Point, RADIUS, angle, interpolate, vector},
};
use crate::functions::{
    Accepts::Only,
    Call, Family, Function, FunctionError, Parameter, Returns,
    define::{Answer, once, optional},
};

const LINE: &[Parameter] = &[
    once("line", Only(Dynamic)),
    optional("tolerance", Only(Real)),
    optional("preserve_crossing", Only(Bool)),
];
const POLYGON: &[Parameter] = &[
    once("polygon", Only(Dynamic)),
    optional("tolerance", Only(Real)),
    optional("preserve_crossing", Only(Bool)),
];

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_line_densify",
        Family::Geo,
        LINE,
        Returns::Only(Dynamic),
        "A line with so many more points that it is no farther than the tolerance (10 meters; 0.1 to 10,000) from the \
         one that is straight on a map. Edges over the 180th meridian go the short way if their crossing is preserved.",
        geo_line_densify,
    )
    .examples(&[(
        r#"print tostring(geo_line_densify(dynamic({"type":"LineString","coordinates":[[1,1],[1,2]]})).coordinates)"#,
        "[[1,1],[1,2]]",
    )]),
    Function::kernel(
        "geo_polygon_densify",
        Family::Geo,
        POLYGON,
        Returns::Only(Dynamic),
        "A polygon with so many more corners that its boundary is no farther than the tolerance from the one that is \
         straight on a map.",
        geo_polygon_densify,
    )
    .examples(&[(
        r#"print isnull(geo_polygon_densify(dynamic({"type":"Polygon"})))"#,
        "true",
    )]),
];

/// How often an edge is cut in halves.
const HALVINGS_MAX: u32 = 16;

/// The way in which the edges of a row are cut.
struct Cut {
    tolerance: f64,
    preserve_crossing: bool,
}

fn cuts(call: &Call<'_>) -> Result<impl Fn(usize) -> Option<Cut>, FunctionError> {
    let tolerances = call.has(1).then(|| call.reals(1)).transpose()?;
    let crossings = call.has(2).then(|| call.booleans(2)).transpose()?;
    Ok(move |row| {
        let tolerance = tolerances.as_ref().map_or(Some(10.0), |values| values.get(row))?;
        let preserve_crossing = crossings.as_ref().and_then(|values| values.get(row)).unwrap_or(false);
        (0.1..=10_000.0).contains(&tolerance).then_some(Cut { tolerance, preserve_crossing })
    })
}

impl Cut {
    fn line(&self, line: &[Point]) -> Line {
        let mut out = vec![line[0]];
        for edge in line.windows(2) {
            let (from, mut to) = (edge[0], edge[1]);
            if self.preserve_crossing && (to.0 - from.0).abs() > 180.0 {
                to.0 += if to.0 < from.0 { 360.0 } else { -360.0 };
            }
            let halvings = self.halvings(from, to);
            let pieces = 1_u32 << halvings;
            for at in 1..pieces {
                let part = f64::from(at) / f64::from(pieces);
                let longitude = from.0 + (to.0 - from.0) * part;
                out.push((wrapped(longitude), from.1 + (to.1 - from.1) * part));
            }
            out.push(edge[1]);
        }
        out
    }

    /// How often an edge is cut in halves until each piece is near enough to the shortest way.
    fn halvings(&self, from: Point, to: Point) -> u32 {
        let middle = |from: Point, to: Point| (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        let off = |from: Point, to: Point| {
            let shortest = interpolate(vector(from), vector(to), 0.5);
            angle(vector(middle(from, to)), shortest) * RADIUS
        };
        let (mut first, mut last) = (to, from);
        for halvings in 0..HALVINGS_MAX {
            // Both ends of an edge are looked at, as it may bend more at one of them.
            if off(from, first) <= self.tolerance && off(last, to) <= self.tolerance {
                return halvings;
            }
            (first, last) = (middle(from, first), middle(last, to));
        }
        HALVINGS_MAX
    }
}

fn wrapped(longitude: f64) -> f64 {
    if longitude > 180.0 {
        longitude - 360.0
    } else if longitude < -180.0 {
        longitude + 360.0
    } else {
        longitude
    }
}

fn geo_line_densify(call: &Call<'_>) -> Answer {
    let (lines, cuts) = (call.texts(0)?, cuts(call)?);
    call.dynamics(|row| {
        let cut = cuts(row)?;
        let lines: Vec<Line> = read_lines(lines.value(row))?.iter().map(|line| cut.line(line)).collect();
        Some(lines_json(&lines))
    })
}

fn geo_polygon_densify(call: &Call<'_>) -> Answer {
    let (polygons, cuts) = (call.texts(0)?, cuts(call)?);
    call.dynamics(|row| {
        let cut = cuts(row)?;
        let mut polygons = read_polygons(polygons.value(row))?;
        for ring in polygons.iter_mut().flatten() {
            let closed: Line = ring.iter().chain(ring.first()).copied().collect();
            *ring = cut.line(&closed);
            ring.pop();
        }
        Some(polygons_json(&polygons))
    })
}
