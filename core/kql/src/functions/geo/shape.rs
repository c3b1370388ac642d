//! Lines and polygons, read from GeoJSON and written as it.

use super::sphere::{Point, Vector, point, ring_area, vector};
use crate::dynamic::{Json, push_text};

/// The points of all lines or polygons that one value may have.
const POINTS_MAX: usize = 200_000;

pub(super) type Line = Vec<Point>;
/// The corners, the first not again at the end.
pub(super) type Ring = Vec<Point>;
/// The outer ring, then those of the holes.
pub(super) type Polygon = Vec<Ring>;

/// What is at one place of a geometry.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Geometry {
    Point(Point),
    Line(Line),
    Polygon(Polygon),
}

/// The position that an array of numbers is; a height is left out.
pub(super) fn read_point(json: Json<'_>) -> Option<Point> {
    let mut numbers = json.elements()?.map(Json::as_real);
    point(numbers.next()??, numbers.next()??)
}

fn kind_and_coordinates(json: Json<'_>) -> Option<(String, Json<'_>)> {
    let json = match json.member("geometry") {
        Some(geometry) => geometry,
        None => json,
    };
    Some((json.member("type")?.as_text()?.into_owned(), json.member("coordinates")?))
}

fn positions(json: Json<'_>) -> Option<Vec<Point>> {
    let points: Vec<Point> = json.elements()?.map(read_point).collect::<Option<_>>()?;
    (points.len() <= POINTS_MAX).then_some(points)
}

/// The lines of a `LineString` or `MultiLineString`, each of two points at least; `None` for anything else.
pub(super) fn read_lines(json: Json<'_>) -> Option<Vec<Line>> {
    let (kind, coordinates) = kind_and_coordinates(json)?;
    let line = |json: Json<'_>| {
        let mut points = positions(json)?;
        points.dedup();
        (points.len() > 1).then_some(points)
    };
    match kind.as_str() {
        "LineString" => Some(vec![line(coordinates)?]),
        "MultiLineString" => {
            let lines: Vec<Line> = coordinates.elements()?.map(line).collect::<Option<_>>()?;
            let is_valid = !lines.is_empty() && lines.iter().map(Vec::len).sum::<usize>() <= POINTS_MAX;
            is_valid.then_some(lines)
        }
        _ => None,
    }
}

/// The polygons of a `Polygon` or `MultiPolygon`, the corners in the order in which they are written; `None` for
/// anything else.
pub(super) fn read_polygons(json: Json<'_>) -> Option<Vec<Polygon>> {
    let (kind, coordinates) = kind_and_coordinates(json)?;
    let polygons = match kind.as_str() {
        "Polygon" => vec![read_polygon(coordinates)?],
        "MultiPolygon" => coordinates.elements()?.map(read_polygon).collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    let is_valid =
        !polygons.is_empty() && polygons.iter().flatten().map(Vec::len).sum::<usize>() <= POINTS_MAX;
    is_valid.then_some(polygons)
}

/// Polygons whose outer rings go against the clock, and the holes with it, however they were written.
pub(super) fn read_oriented(json: Json<'_>) -> Option<Vec<Polygon>> {
    let mut polygons = read_polygons(json)?;
    for polygon in &mut polygons {
        for (at, ring) in polygon.iter_mut().enumerate() {
            let is_against_clock = ring_area(&vectors(ring)) > 0.0;
            if is_against_clock != (at == 0) {
                ring.reverse();
            }
        }
    }
    Some(polygons)
}

fn read_polygon(json: Json<'_>) -> Option<Polygon> {
    let rings: Polygon = json.elements()?.map(read_ring).collect::<Option<_>>()?;
    (!rings.is_empty()).then_some(rings)
}

fn read_ring(json: Json<'_>) -> Option<Ring> {
    let mut ring = positions(json)?;
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    let has_doubles = ring.windows(2).any(|edge| edge[0] == edge[1]);
    (ring.len() > 2 && !has_doubles).then_some(ring)
}

pub(super) fn vectors(points: &[Point]) -> Vec<Vector> {
    points.iter().map(|point| vector(*point)).collect()
}

/// The edges of a ring, the last of which leads back to the first corner.
pub(super) fn edges<T: Copy>(ring: &[T]) -> impl Iterator<Item = (T, T)> + '_ {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(from, to)| (*from, *to))
}

/// A `Point` as GeoJSON.
pub(super) fn point_json(at: Point) -> String {
    geometry_json("Point", |out| push_point(out, at))
}

/// The GeoJSON of lines: a `LineString` of one, a `MultiLineString` of several.
pub(super) fn lines_json(lines: &[Line]) -> String {
    match lines {
        [line] => geometry_json("LineString", |out| push_points(out, line)),
        lines => {
            geometry_json("MultiLineString", |out| push_list(out, lines, |out, line| push_points(out, line)))
        }
    }
}

/// The GeoJSON of polygons: a `Polygon` of one, a `MultiPolygon` of several.
pub(super) fn polygons_json(polygons: &[Polygon]) -> String {
    match polygons {
        [polygon] => geometry_json("Polygon", |out| push_rings(out, polygon)),
        polygons => {
            geometry_json("MultiPolygon", |out| push_list(out, polygons, |out, rings| push_rings(out, rings)))
        }
    }
}

/// The GeoJSON of points, lines and polygons: of one kind if they are, else a `GeometryCollection`.
pub(super) fn geometries_json(geometries: &[Geometry]) -> String {
    let (mut points, mut lines, mut polygons) = (Vec::new(), Vec::new(), Vec::new());
    for geometry in geometries {
        match geometry {
            Geometry::Point(point) => points.push(*point),
            Geometry::Line(line) => lines.push(line.clone()),
            Geometry::Polygon(polygon) => polygons.push(polygon.clone()),
        }
    }
    let mut parts = Vec::new();
    match points.as_slice() {
        [] => {}
        [point] => parts.push(point_json(*point)),
        points => parts.push(geometry_json("MultiPoint", |out| push_points(out, points))),
    }
    if !lines.is_empty() {
        parts.push(lines_json(&lines));
    }
    if !polygons.is_empty() {
        parts.push(polygons_json(&polygons));
    }
    if parts.len() == 1 {
        return parts.swap_remove(0);
    }
    format!(r#"{{"type":"GeometryCollection","geometries":[{}]}}"#, parts.join(","))
}

fn geometry_json(kind: &str, push: impl FnOnce(&mut String)) -> String {
    let mut out = String::from(r#"{"type":"#);
    push_text(&mut out, kind);
    out.push_str(r#","coordinates":"#);
    push(&mut out);
    out.push('}');
    out
}

fn push_list<T>(out: &mut String, items: &[T], push: impl Fn(&mut String, &T)) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}

fn push_points(out: &mut String, points: &[Point]) {
    push_list(out, points, |out, point| push_point(out, *point));
}

fn push_rings(out: &mut String, rings: &[Ring]) {
    push_list(out, rings, |out, ring| {
        let closed: Vec<Point> = ring.iter().chain(ring.first()).copied().collect();
        push_points(out, &closed);
    });
}

fn push_point(out: &mut String, point: Point) {
    // Adding 0 makes -0 a 0.
    out.push_str(&format!("[{},{}]", point.0 + 0.0, point.1 + 0.0));
}
