//! Lines: how long they are, and what is on them.

use phalanx_signal::ColumnType::{Bool, Dynamic, Real};

use super::{
    points::points,
    shape::{Line, lines_json, point_json, read_lines, vectors},
    sphere::{Point, RADIUS, Vector, add, angle, degrees, interpolate, nearest_on_edge, scale, unit, vector},
};
use crate::functions::{
    Accepts::Only,
    Call, Column, Family, Function, Returns,
    define::{Answer, once, optional},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_line_length",
        Family::Geo,
        &[once("line", Only(Dynamic))],
        Returns::Only(Real),
        "The length of a GeoJSON line or multiline in meters.",
        geo_line_length,
    )
    .examples(&[(
        r#"print round(geo_line_length(dynamic({"type":"LineString","coordinates":[[0,0],[0,1]]})))"#,
        "111195.0",
    )]),
    Function::kernel(
        "geo_line_centroid",
        Family::Geo,
        &[once("line", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The middle of a line or multiline, each part weighing as much as it is long.",
        geo_line_centroid,
    )
    .examples(&[(
        r#"print isnull(geo_line_centroid(dynamic({"type":"LineString","coordinates":[[1,1]]})))"#,
        "true",
    )]),
    Function::kernel(
        "geo_line_interpolate_point",
        Family::Geo,
        &[once("line", Only(Dynamic)), once("fraction", Only(Real))],
        Returns::Only(Dynamic),
        "The point at a part, from 0 to 1, of a line's length.",
        geo_line_interpolate_point,
    )
    .examples(&[(
        r#"print tostring(geo_line_interpolate_point(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]}), 0.0).coordinates)"#,
        "[0,0]",
    )]),
    Function::kernel(
        "geo_line_locate_point",
        Family::Geo,
        &[
            once("line", Only(Dynamic)),
            once("longitude", Only(Real)),
            once("latitude", Only(Real)),
            optional("use_spheroid", Only(Bool)),
        ],
        Returns::Only(Real),
        "At which part, from 0 to 1, of a line's length it is nearest to a point.",
        geo_line_locate_point,
    )
    .examples(&[(
        r#"print round(geo_line_locate_point(dynamic({"type":"LineString","coordinates":[[0,0],[2,0]]}), 1, 1), 3)"#,
        "0.5",
    )]),
    Function::kernel(
        "geo_line_simplify",
        Family::Geo,
        &[once("line", Only(Dynamic)), optional("tolerance", Only(Real))],
        Returns::Only(Dynamic),
        "A line without the points that are less than so many meters (10) from the rest of it.",
        geo_line_simplify,
    )
    .examples(&[(
        r#"print tostring(geo_line_simplify(dynamic({"type":"LineString","coordinates":[[0,0],[0,1],[0,2]]})).coordinates)"#,
        "[[0,0],[0,2]]",
    )]),
    Function::kernel(
        "geo_distance_point_to_line",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), once("line", Only(Dynamic))],
        Returns::Only(Real),
        "The shortest distance of a point from a line or multiline in meters.",
        geo_distance_point_to_line,
    )
    .examples(&[(
        r#"print round(geo_distance_point_to_line(0, 1, dynamic({"type":"LineString","coordinates":[[-1,0],[1,0]]})))"#,
        "111195.0",
    )]),
    Function::kernel(
        "geo_closest_point_on_line",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), once("line", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The point of a line or multiline that is nearest to a point.",
        geo_closest_point_on_line,
    )
    .examples(&[(
        r#"print tostring(geo_closest_point_on_line(2, 0, dynamic({"type":"LineString","coordinates":[[-1,0],[1,0]]})).coordinates)"#,
        "[1,0]",
    )]),
];

/// In meters.
pub(super) fn line_length(line: &[Vector]) -> f64 {
    line.windows(2).map(|edge| angle(edge[0], edge[1])).sum::<f64>() * RADIUS
}

fn geo_line_length(call: &Call<'_>) -> Answer {
    let lines = call.texts(0)?;
    let length = |row| {
        let lines = read_lines(lines.value(row))?;
        Some(lines.iter().map(|line| line_length(&vectors(line))).sum())
    };
    Ok(Column::reals((0..call.rows).map(length)))
}

fn geo_line_centroid(call: &Call<'_>) -> Answer {
    let lines = call.texts(0)?;
    call.dynamics(|row| {
        let mut sum = [0.0; 3];
        for line in read_lines(lines.value(row))? {
            for edge in vectors(&line).windows(2) {
                // The mean of an arc points to its middle, and is as long as its chord.
                let chord = super::sphere::length(add(edge[1], scale(edge[0], -1.0)));
                sum = add(sum, scale(interpolate(edge[0], edge[1], 0.5), chord));
            }
        }
        Some(point_json(degrees(unit(sum)?)))
    })
}

fn only_line(mut lines: Vec<Line>) -> Option<Vec<Vector>> {
    (lines.len() == 1).then(|| vectors(&lines.swap_remove(0)))
}

fn geo_line_interpolate_point(call: &Call<'_>) -> Answer {
    let (lines, fractions) = (call.texts(0)?, call.reals(1)?);
    call.dynamics(|row| {
        let line = only_line(read_lines(lines.value(row))?)?;
        let fraction = fractions.get(row).filter(|fraction| (0.0..=1.0).contains(fraction))?;
        let mut left = fraction * line_length(&line) / RADIUS;
        for edge in line.windows(2) {
            let length = angle(edge[0], edge[1]);
            if left <= length {
                return Some(point_json(degrees(interpolate(edge[0], edge[1], left / length))));
            }
            left -= length;
        }
        Some(point_json(degrees(*line.last()?)))
    })
}

fn geo_line_locate_point(call: &Call<'_>) -> Answer {
    let lines = call.texts(0)?;
    let points = points::<1>(call, 1)?;
    let part = |row| {
        let line = only_line(read_lines(lines.value(row))?)?;
        let place = vector(points(row)?[0]);
        let (mut best, mut before) = ((f64::INFINITY, 0.0), 0.0);
        for edge in line.windows(2) {
            let nearest = nearest_on_edge(edge[0], edge[1], place);
            let distance = angle(nearest, place);
            if distance < best.0 {
                best = (distance, before + angle(edge[0], nearest));
            }
            before += angle(edge[0], edge[1]);
        }
        Some(best.1 / before)
    };
    Ok(Column::reals((0..call.rows).map(part)))
}

/// The greatest tolerance that makes sense, in meters.
pub(super) const TOLERANCE_MAX: f64 = 7_800_000.0;

fn geo_line_simplify(call: &Call<'_>) -> Answer {
    let lines = call.texts(0)?;
    let tolerances = call.has(1).then(|| call.reals(1)).transpose()?;
    call.dynamics(|row| {
        let tolerance = tolerances.as_ref().map_or(Some(10.0), |values| values.get(row))?;
        if !(0.0..=TOLERANCE_MAX).contains(&tolerance) {
            return None;
        }
        let lines: Vec<Line> =
            read_lines(lines.value(row))?.iter().map(|line| simplify(line, tolerance)).collect();
        Some(lines_json(&lines))
    })
}

/// Douglas and Peucker's way: of a stretch, the point farthest from its chord stays if it is far enough.
pub(super) fn simplify(line: &[Point], tolerance: f64) -> Line {
    let places = vectors(line);
    let mut keep = vec![false; line.len()];
    keep[0] = true;
    keep[line.len() - 1] = true;
    let mut stretches = vec![(0, line.len() - 1)];
    while let Some((from, to)) = stretches.pop() {
        let distance =
            |at: usize| angle(places[at], nearest_on_edge(places[from], places[to], places[at])) * RADIUS;
        let farthest = (from + 1..to).map(|at| (at, distance(at))).max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((at, _)) = farthest.filter(|(_, distance)| *distance > tolerance) {
            keep[at] = true;
            stretches.extend([(from, at), (at, to)]);
        }
    }
    line.iter().zip(keep).filter(|(_, keep)| *keep).map(|(point, _)| *point).collect()
}

/// The point of lines that is nearest to another.
pub(super) fn nearest<'a>(lines: impl Iterator<Item = &'a [Vector]>, place: Vector) -> Option<Vector> {
    let edges = lines.flat_map(|line| line.windows(2));
    let nearest = edges.map(|edge| nearest_on_edge(edge[0], edge[1], place));
    nearest.min_by(|a, b| angle(*a, place).total_cmp(&angle(*b, place)))
}

fn nearest_on_lines(lines: &[Line], place: Point) -> Option<Vector> {
    let lines: Vec<Vec<Vector>> = lines.iter().map(|line| vectors(line)).collect();
    nearest(lines.iter().map(Vec::as_slice), vector(place))
}

fn geo_distance_point_to_line(call: &Call<'_>) -> Answer {
    let (points, lines) = (points::<1>(call, 0)?, call.texts(2)?);
    let distance = |row| {
        let [place] = points(row)?;
        Some(angle(nearest_on_lines(&read_lines(lines.value(row))?, place)?, vector(place)) * RADIUS)
    };
    Ok(Column::reals((0..call.rows).map(distance)))
}

fn geo_closest_point_on_line(call: &Call<'_>) -> Answer {
    let (points, lines) = (points::<1>(call, 0)?, call.texts(2)?);
    call.dynamics(|row| {
        let [place] = points(row)?;
        Some(point_json(degrees(nearest_on_lines(&read_lines(lines.value(row))?, place)?)))
    })
}
