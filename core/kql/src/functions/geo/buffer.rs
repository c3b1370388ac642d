//! What is so near to a shape, as polygons.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use phalanx_signal::ColumnType::{Dynamic, Real};

use super::{
    overlay::union,
    points::points,
    shape::{Line, Polygon, edges, polygons_json, read_lines},
    sphere::{Point, RADIUS},
};
use crate::functions::{
    Accepts::Only,
    Call, Family, Function, FunctionError, Returns,
    define::{Answer, once, optional},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_point_buffer",
        Family::Geo,
        &[
            once("longitude", Only(Real)),
            once("latitude", Only(Real)),
            once("radius", Only(Real)),
            optional("tolerance", Only(Real)),
        ],
        Returns::Only(Dynamic),
        "A polygon around a point, nowhere farther from a circle of so many meters than the tolerance (10 meters).",
        geo_point_buffer,
    )
    .examples(&[("print isnull(geo_point_buffer(10, 10, -1))", "true")]),
    Function::kernel(
        "geo_line_buffer",
        Family::Geo,
        &[once("line", Only(Dynamic)), once("radius", Only(Real)), optional("tolerance", Only(Real))],
        Returns::Only(Dynamic),
        "The polygon of all that is no farther than so many meters from a line; null for what is no line, or has too many \
         edges.",
        geo_line_buffer,
    )
    .examples(&[(
        r#"print isnull(geo_line_buffer(dynamic({"type":"LineString","coordinates":[[0,0],[1,1]]}), -1))"#,
        "true",
    )]),
];

/// Farther around nothing is drawn: a quarter of the way around the Earth.
const RADIUS_MAX: f64 = RADIUS * FRAC_PI_2;

/// How far, and in how many corners a whole turn is drawn.
#[derive(Clone, Copy)]
pub(super) struct Round {
    /// On a sphere of radius 1.
    angle: f64,
    corners: u32,
}

impl Round {
    /// `None` for a radius or tolerance, in meters, that makes no sense.
    pub(super) fn new(radius: f64, tolerance: f64) -> Option<Self> {
        let is_valid =
            radius > 0.0 && radius < RADIUS_MAX && tolerance >= radius * 1e-6 && tolerance.is_finite();
        if !is_valid {
            return None;
        }
        // The middle of a chord is r · (1 - cos(π / n)) from the arc.
        let corners = PI / (1.0 - (tolerance / radius).min(1.0)).acos();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 2,222")]
        let corners = (corners.ceil() as u32).clamp(8, 4_096);
        Some(Self { angle: radius / RADIUS, corners })
    }

    pub(super) fn circle(self, center: Point) -> Polygon {
        // Directions go with the clock, outer rings against it.
        let corner = |at| beyond(center, -TAU * f64::from(at) / f64::from(self.corners), self.angle);
        vec![(0..self.corners).map(corner).collect()]
    }

    /// The rectangle on both sides of an edge.
    fn strip(self, from: Point, to: Point) -> Polygon {
        let there = super::points::azimuth(from, to);
        let back = super::points::azimuth(to, from);
        let corner = |at, direction: f64| beyond(at, direction, self.angle);
        // Against the clock: right and left of the end are left and right of the way back.
        vec![vec![
            corner(from, there + FRAC_PI_2),
            corner(to, back - FRAC_PI_2),
            corner(to, back + FRAC_PI_2),
            corner(from, there - FRAC_PI_2),
        ]]
    }

    /// What is about points and the edges between them.
    fn around(self, points: &[Point], edges: impl Iterator<Item = (Point, Point)>) -> Vec<Polygon> {
        let mut parts: Vec<Polygon> = points.iter().map(|point| self.circle(*point)).collect();
        parts.extend(edges.map(|(from, to)| self.strip(from, to)));
        parts
    }

    /// Polygons, some of which overlap, of all that is near to lines.
    pub(super) fn around_lines(self, lines: &[Line]) -> Vec<Polygon> {
        let part = |line: &Line| self.around(line, line.windows(2).map(|edge| (edge[0], edge[1])));
        lines.iter().flat_map(part).collect()
    }

    /// Polygons, some of which overlap, of all that is in or near to others.
    pub(super) fn around_polygons(self, polygons: &[Polygon]) -> Vec<Polygon> {
        let rings = polygons.iter().flatten().flat_map(|ring| self.around(ring, edges(ring)));
        polygons.iter().cloned().chain(rings).collect()
    }
}

/// The point so far from another in a direction with the clock from north, in radians.
fn beyond(from: Point, direction: f64, angle: f64) -> Point {
    let (sin, cos) = from.1.to_radians().sin_cos();
    let latitude = (sin * angle.cos() + cos * angle.sin() * direction.cos()).clamp(-1.0, 1.0).asin();
    let east = (direction.sin() * angle.sin() * cos).atan2(angle.cos() - sin * latitude.sin());
    let longitude = (from.0 + east.to_degrees() + 540.0).rem_euclid(360.0) - 180.0;
    (longitude, latitude.to_degrees())
}

/// The radius and tolerance of a row, which are the arguments from `at` on.
fn rounds(call: &Call<'_>, at: usize) -> Result<impl Fn(usize) -> Option<Round>, FunctionError> {
    let radii = call.reals(at)?;
    let tolerances = call.has(at + 1).then(|| call.reals(at + 1)).transpose()?;
    Ok(move |row| {
        let tolerance = tolerances.as_ref().map_or(Some(10.0), |values| values.get(row))?;
        Round::new(radii.get(row)?, tolerance)
    })
}

fn geo_point_buffer(call: &Call<'_>) -> Answer {
    let (points, rounds) = (points::<1>(call, 0)?, rounds(call, 2)?);
    call.dynamics(|row| {
        let [center] = points(row)?;
        Some(polygons_json(&[rounds(row)?.circle(center)]))
    })
}

fn geo_line_buffer(call: &Call<'_>) -> Answer {
    let (lines, rounds) = (call.texts(0)?, rounds(call, 1)?);
    call.dynamics(|row| {
        let parts = rounds(row)?.around_lines(&read_lines(lines.value(row))?);
        Some(polygons_json(&union(&parts)?))
    })
}
