//! Polygons: what is in them, and how large they are.

use phalanx_signal::ColumnType::{Bool, Dynamic, Real};

use super::{
    lines::{TOLERANCE_MAX, line_length, nearest, simplify},
    points::points,
    shape::{Polygon, Ring, edges, point_json, polygons_json, read_oriented, read_polygons, vectors},
    sphere::{RADIUS, Vector, add, angle, degrees, normal, ring_area, ring_contains, scale, unit, vector},
};
use crate::functions::{
    Accepts::Only,
    Call, Column, Family, Function, Returns, Texts,
    define::{Answer, once, optional},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_point_in_polygon",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), once("polygon", Only(Dynamic))],
        Returns::Only(Bool),
        "Whether a point is in a GeoJSON polygon or multipolygon; null if one of them is none.",
        geo_point_in_polygon,
    )
    .examples(&[(
        r#"print geo_point_in_polygon(1, 0.5, dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))"#,
        "true",
    )]),
    Function::kernel(
        "geo_polygon_perimeter",
        Family::Geo,
        &[once("polygon", Only(Dynamic))],
        Returns::Only(Real),
        "The length of a polygon's or multipolygon's boundary in meters.",
        |call| number(call, |polygons| Some(perimeter(polygons))),
    )
    .examples(&[(
        r#"print isnull(geo_polygon_perimeter(dynamic({"type":"Polygon"})))"#,
        "true",
    )]),
    Function::kernel(
        "geo_polygon_area",
        Family::Geo,
        &[once("polygon", Only(Dynamic))],
        Returns::Only(Real),
        "The area of a polygon or multipolygon in square meters; where polygons overlap it counts once.",
        |call| number(call, area),
    )
    .examples(&[(
        r#"print isnull(geo_polygon_area(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,1],[1,1],[0,0]]]})))"#,
        "true",
    )]),
    Function::kernel(
        "geo_polygon_centroid",
        Family::Geo,
        &[once("polygon", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The middle of a polygon's or multipolygon's area.",
        geo_polygon_centroid,
    )
    .examples(&[(
        r#"print isnull(geo_polygon_centroid(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,1],[1,1],[0,0]]]})))"#,
        "true",
    )]),
    Function::kernel(
        "geo_polygon_simplify",
        Family::Geo,
        &[once("polygon", Only(Dynamic)), optional("tolerance", Only(Real))],
        Returns::Only(Dynamic),
        "A polygon without the corners that are less than so many meters (10) from the rest of its boundary.",
        geo_polygon_simplify,
    )
    .examples(&[(
        r#"print isnull(geo_polygon_simplify(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}), -1))"#,
        "true",
    )]),
    Function::kernel(
        "geo_distance_point_to_polygon",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), once("polygon", Only(Dynamic))],
        Returns::Only(Real),
        "The shortest distance of a point from a polygon or multipolygon in meters; 0 if it is in it.",
        geo_distance_point_to_polygon,
    )
    .examples(&[(
        r#"print geo_distance_point_to_polygon(1, 0.5, dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))"#,
        "0.0",
    )]),
    Function::kernel(
        "geo_closest_point_on_polygon",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), once("polygon", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The point of a polygon or multipolygon that is nearest to a point; that itself if it is in it.",
        geo_closest_point_on_polygon,
    )
    .examples(&[(
        r#"print tostring(geo_closest_point_on_polygon(1, 0.5, dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]})).coordinates)"#,
        "[1,0.5]",
    )]),
];

/// Polygons in vectors, each with the rings of its holes.
pub(super) struct Area(pub Vec<Vec<Vec<Vector>>>);

impl Area {
    pub(super) fn new(polygons: &[Polygon]) -> Self {
        Self(polygons.iter().map(|polygon| polygon.iter().map(|ring| vectors(ring)).collect()).collect())
    }

    pub(super) fn has(&self, place: Vector) -> bool {
        self.0.iter().any(|rings| {
            rings.first().is_some_and(|outer| ring_contains(outer, place))
                && !rings[1..].iter().any(|hole| ring_contains(hole, place))
        })
    }

    /// The rings, each with its first corner again at the end.
    pub(super) fn boundary(&self) -> Vec<Vec<Vector>> {
        let close = |ring: &Vec<Vector>| ring.iter().chain(ring.first()).copied().collect();
        self.0.iter().flatten().map(close).collect()
    }
}

/// The polygons of a row; made once if they are the same for all.
struct Areas<'a> {
    texts: &'a Texts,
    constant: Option<Option<Area>>,
}

impl<'a> Areas<'a> {
    fn new(call: &Call<'_>, at: usize, texts: &'a Texts) -> Self {
        let read = || read_polygons(texts.value(0)).map(|polygons| Area::new(&polygons));
        Self { texts, constant: call.is_constant(at).then(read) }
    }

    fn with<T>(&self, row: usize, f: impl FnOnce(&Area) -> Option<T>) -> Option<T> {
        match &self.constant {
            Some(area) => f(area.as_ref()?),
            None => f(&Area::new(&read_polygons(self.texts.value(row))?)),
        }
    }
}

fn geo_point_in_polygon(call: &Call<'_>) -> Answer {
    let (points, texts) = (points::<1>(call, 0)?, call.texts(2)?);
    let areas = Areas::new(call, 2, &texts);
    let is_in = |row| {
        let [place] = points(row)?;
        areas.with(row, |area| Some(area.has(vector(place))))
    };
    Ok(Column::booleans((0..call.rows).map(is_in)))
}

fn number(call: &Call<'_>, f: fn(&[Polygon]) -> Option<f64>) -> Answer {
    let texts = call.texts(0)?;
    let number = |row| f(&read_oriented(texts.value(row))?);
    Ok(Column::reals((0..call.rows).map(number)))
}

fn perimeter(polygons: &[Polygon]) -> f64 {
    Area::new(polygons).boundary().iter().map(|ring| line_length(ring)).sum()
}

/// In square meters, each place counted once.
fn area(polygons: &[Polygon]) -> Option<f64> {
    let united = if polygons.len() > 1 { super::overlay::union(polygons)? } else { polygons.to_vec() };
    // Holes go the other way round, so that theirs are less than 0.
    let sum: f64 = united.iter().flatten().map(|ring| ring_area(&vectors(ring))).sum();
    Some(sum.abs() * RADIUS * RADIUS)
}

fn geo_polygon_centroid(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| {
        let polygons = read_oriented(texts.value(row))?;
        let united = if polygons.len() > 1 { super::overlay::union(&polygons)? } else { polygons };
        // By Stokes: the integral of the place over an area is that of half the edges' poles, by their lengths.
        let mut sum = [0.0; 3];
        for ring in united.iter().flatten() {
            for (from, to) in edges(&vectors(ring)) {
                if let Some(pole) = unit(normal(from, to)) {
                    sum = add(sum, scale(pole, angle(from, to) / 2.0));
                }
            }
        }
        Some(point_json(degrees(unit(sum)?)))
    })
}

fn geo_polygon_simplify(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    let tolerances = call.has(1).then(|| call.reals(1)).transpose()?;
    call.dynamics(|row| {
        let tolerance = tolerances.as_ref().map_or(Some(10.0), |values| values.get(row))?;
        if !(0.0..=TOLERANCE_MAX).contains(&tolerance) {
            return None;
        }
        let simple = simplify_polygons(&read_polygons(texts.value(row))?, tolerance);
        (!simple.is_empty()).then(|| polygons_json(&simple))
    })
}

/// Polygons with simpler rings. Those of which nothing remains are left out.
pub(super) fn simplify_polygons(polygons: &[Polygon], tolerance: f64) -> Vec<Polygon> {
    let ring = |ring: &Ring| {
        // Cut at the corner farthest from the first, so that both halves have an extent.
        let places = vectors(ring);
        let far = (1..ring.len())
            .max_by(|a, b| angle(places[0], places[*a]).total_cmp(&angle(places[0], places[*b])))?;
        let mut simple = simplify(&ring[..=far], tolerance);
        let back: Ring = ring[far..].iter().chain(ring.first()).copied().collect();
        simple.extend(&simplify(&back, tolerance)[1..]);
        simple.pop();
        (simple.len() > 2).then_some(simple)
    };
    let polygon = |rings: &Polygon| {
        let outer = ring(&rings[0])?;
        Some(std::iter::once(outer).chain(rings[1..].iter().filter_map(ring)).collect())
    };
    polygons.iter().filter_map(polygon).collect()
}

fn geo_distance_point_to_polygon(call: &Call<'_>) -> Answer {
    let (points, texts) = (points::<1>(call, 0)?, call.texts(2)?);
    let areas = Areas::new(call, 2, &texts);
    let distance = |row| {
        let place = vector(points(row)?[0]);
        areas.with(row, |area| Some(angle(closest(area, place)?, place) * RADIUS))
    };
    Ok(Column::reals((0..call.rows).map(distance)))
}

/// The point of an area that is nearest to another.
fn closest(area: &Area, place: Vector) -> Option<Vector> {
    if area.has(place) {
        return Some(place);
    }
    nearest(area.boundary().iter().map(Vec::as_slice), place)
}

fn geo_closest_point_on_polygon(call: &Call<'_>) -> Answer {
    let (points, texts) = (points::<1>(call, 0)?, call.texts(2)?);
    let areas = Areas::new(call, 2, &texts);
    call.dynamics(|row| {
        let [place] = points(row)?;
        areas.with(row, |area| {
            let found = closest(area, vector(place))?;
            Some(point_json(if area.has(vector(place)) { place } else { degrees(found) }))
        })
    })
}
