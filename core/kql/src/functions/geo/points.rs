//! Distances and directions between points.

use std::f64::consts::TAU;

use phalanx_signal::ColumnType::{Bool, Real};

use super::sphere::{Point, RADIUS, angle, point, vector};
use crate::functions::{
    Accepts::Only,
    Call, Column, Family, Function, FunctionError, Returns,
    define::{Answer, once, optional},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_distance_2points",
        Family::Geo,
        &[
            once("p1_longitude", Only(Real)),
            once("p1_latitude", Only(Real)),
            once("p2_longitude", Only(Real)),
            once("p2_latitude", Only(Real)),
            optional("use_spheroid", Only(Bool)),
        ],
        Returns::Only(Real),
        "The shortest distance of two points in meters, on a sphere, or on the WGS-84 spheroid.",
        geo_distance_2points,
    )
    .examples(&[("print round(geo_distance_2points(0, 0, 0, 1))", "111195.0")]),
    Function::kernel(
        "geo_azimuth",
        Family::Geo,
        &[
            once("p1_longitude", Only(Real)),
            once("p1_latitude", Only(Real)),
            once("p2_longitude", Only(Real)),
            once("p2_latitude", Only(Real)),
        ],
        Returns::Only(Real),
        "The direction from one point to another in radians, with the clock from north.",
        geo_azimuth,
    )
    .examples(&[("print round(degrees(geo_azimuth(0, 0, 1, 0)))", "90.0")]),
    Function::kernel(
        "geo_angle",
        Family::Geo,
        &[
            once("p1_longitude", Only(Real)),
            once("p1_latitude", Only(Real)),
            once("p2_longitude", Only(Real)),
            once("p2_latitude", Only(Real)),
            once("p3_longitude", Only(Real)),
            once("p3_latitude", Only(Real)),
        ],
        Returns::Only(Real),
        "The angle in radians between the ways from the second point to the first and to the third, with the clock.",
        geo_angle,
    )
    .examples(&[("print round(degrees(geo_angle(0, 1, 0, 0, 1, 0)))", "90.0")]),
    Function::kernel(
        "geo_point_in_circle",
        Family::Geo,
        &[
            once("p_longitude", Only(Real)),
            once("p_latitude", Only(Real)),
            once("pc_longitude", Only(Real)),
            once("pc_latitude", Only(Real)),
            once("c_radius", Only(Real)),
        ],
        Returns::Only(Bool),
        "Whether a point is so many meters or less from the center of a circle.",
        geo_point_in_circle,
    )
    .examples(&[("print geo_point_in_circle(0, 0, 0, 1, 120000)", "true")]),
];

/// The points whose longitudes and latitudes are the arguments from `from` on.
pub(super) fn points<const COUNT: usize>(
    call: &Call<'_>,
    from: usize,
) -> Result<impl Fn(usize) -> Option<[Point; COUNT]>, FunctionError> {
    let numbers = (from..from + 2 * COUNT).map(|at| call.reals(at)).collect::<Result<Vec<_>, _>>()?;
    Ok(move |row| {
        let mut points = [(0.0, 0.0); COUNT];
        for (at, place) in points.iter_mut().enumerate() {
            *place = point(numbers[2 * at].get(row)?, numbers[2 * at + 1].get(row)?)?;
        }
        Some(points)
    })
}

fn geo_distance_2points(call: &Call<'_>) -> Answer {
    let points = points::<2>(call, 0)?;
    let spheroid = call.has(4).then(|| call.booleans(4)).transpose()?;
    let distance = |row| {
        let [from, to] = points(row)?;
        let on_spheroid = spheroid.as_ref().and_then(|values| values.get(row)) == Some(true);
        Some(if on_spheroid { spheroid_distance(from, to) } else { distance(from, to) })
    };
    Ok(Column::reals((0..call.rows).map(distance)))
}

/// In meters.
pub(super) fn distance(from: Point, to: Point) -> f64 {
    angle(vector(from), vector(to)) * RADIUS
}

/// On the WGS-84 spheroid, by Vincenty's formula. Of points nearly opposite, for which it finds no end, on the sphere.
fn spheroid_distance(from: Point, to: Point) -> f64 {
    const MAJOR: f64 = 6_378_137.0;
    const FLATTENING: f64 = 1.0 / 298.257_223_563;
    const MINOR: f64 = MAJOR * (1.0 - FLATTENING);
    if from == to {
        return 0.0;
    }
    let reduced = |latitude: f64| ((1.0 - FLATTENING) * latitude.to_radians().tan()).atan().sin_cos();
    let ((sin_1, cos_1), (sin_2, cos_2)) = (reduced(from.1), reduced(to.1));
    let difference = (to.0 - from.0).to_radians();
    let mut longitude = difference;
    for _ in 0..100 {
        let (sin_longitude, cos_longitude) = longitude.sin_cos();
        let sin = (cos_2 * sin_longitude).hypot(cos_1 * sin_2 - sin_1 * cos_2 * cos_longitude);
        if sin == 0.0 {
            return 0.0;
        }
        let cos = sin_1 * sin_2 + cos_1 * cos_2 * cos_longitude;
        let arc = sin.atan2(cos);
        let sin_azimuth = cos_1 * cos_2 * sin_longitude / sin;
        let cos_squared = 1.0 - sin_azimuth * sin_azimuth;
        let cos_middle = if cos_squared == 0.0 { 0.0 } else { cos - 2.0 * sin_1 * sin_2 / cos_squared };
        let c = FLATTENING / 16.0 * cos_squared * (4.0 + FLATTENING * (4.0 - 3.0 * cos_squared));
        let middle = cos_middle + c * cos * (2.0 * cos_middle * cos_middle - 1.0);
        let next = difference + (1.0 - c) * FLATTENING * sin_azimuth * (arc + c * sin * middle);
        if (next - longitude).abs() < 1e-12 {
            let u = cos_squared * (MAJOR * MAJOR - MINOR * MINOR) / (MINOR * MINOR);
            let a = 1.0 + u / 16_384.0 * (4_096.0 + u * (-768.0 + u * (320.0 - 175.0 * u)));
            let b = u / 1_024.0 * (256.0 + u * (-128.0 + u * (74.0 - 47.0 * u)));
            let inner = cos * (2.0 * cos_middle * cos_middle - 1.0)
                - b / 6.0 * cos_middle * (4.0 * sin * sin - 3.0) * (4.0 * cos_middle * cos_middle - 3.0);
            return MINOR * a * (arc - b * sin * (cos_middle + b / 4.0 * inner));
        }
        longitude = next;
    }
    distance(from, to)
}

/// In radians from 0 to 2π, with the clock from north.
pub(super) fn azimuth(from: Point, to: Point) -> f64 {
    let difference = (to.0 - from.0).to_radians();
    let ((sin_1, cos_1), (sin_2, cos_2)) = (from.1.to_radians().sin_cos(), to.1.to_radians().sin_cos());
    let direction = (difference.sin() * cos_2).atan2(cos_1 * sin_2 - sin_1 * cos_2 * difference.cos());
    direction.rem_euclid(TAU)
}

fn geo_azimuth(call: &Call<'_>) -> Answer {
    let points = points::<2>(call, 0)?;
    let direction = |row| {
        let [from, to] = points(row)?;
        (from != to).then(|| azimuth(from, to))
    };
    Ok(Column::reals((0..call.rows).map(direction)))
}

fn geo_angle(call: &Call<'_>) -> Answer {
    let points = points::<3>(call, 0)?;
    let between = |row| {
        let [first, second, third] = points(row)?;
        (first != second && second != third)
            .then(|| (azimuth(second, third) - azimuth(second, first)).rem_euclid(TAU))
    };
    Ok(Column::reals((0..call.rows).map(between)))
}

fn geo_point_in_circle(call: &Call<'_>) -> Answer {
    let (points, radii) = (points::<2>(call, 0)?, call.reals(4)?);
    let is_in = |row| {
        let [place, center] = points(row)?;
        let radius = radii.get(row).filter(|radius| *radius > 0.0)?;
        Some(distance(place, center) <= radius)
    };
    Ok(Column::booleans((0..call.rows).map(is_in)))
}
