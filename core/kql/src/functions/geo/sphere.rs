//! Points on a sphere as vectors of length 1.

/// The Earth's mean radius in meters.
pub(super) const RADIUS: f64 = 6_371_010.0;

/// A longitude and a latitude in degrees.
pub(super) type Point = (f64, f64);

pub(super) type Vector = [f64; 3];

/// A point if its longitude and latitude are ones.
pub(super) fn point(longitude: f64, latitude: f64) -> Option<Point> {
    let is_valid = (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude);
    is_valid.then_some((longitude, latitude))
}

pub(super) fn vector(point: Point) -> Vector {
    let (longitude, latitude) = (point.0.to_radians(), point.1.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

pub(super) fn degrees(vector: Vector) -> Point {
    let [x, y, z] = vector;
    (y.atan2(x).to_degrees(), z.atan2(x.hypot(y)).to_degrees())
}

pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The cross product of two vectors that may be nearly the same, with a better conditioned formula.
pub(super) fn normal(a: Vector, b: Vector) -> Vector {
    let (sum, difference) = (add(a, b), add(b, scale(a, -1.0)));
    scale(cross(sum, difference), 0.5)
}

pub(super) fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn scale(a: Vector, by: f64) -> Vector {
    [a[0] * by, a[1] * by, a[2] * by]
}

pub(super) fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// The vector of length 1; `None` of one that has no direction.
pub(super) fn unit(a: Vector) -> Option<Vector> {
    let length = length(a);
    (length > 1e-300).then(|| scale(a, 1.0 / length))
}

/// The angle between two vectors in radians.
pub(super) fn angle(a: Vector, b: Vector) -> f64 {
    length(normal(a, b)).atan2(dot(a, b))
}

/// The point of an edge that is nearest to another point.
pub(super) fn nearest_on_edge(from: Vector, to: Vector, point: Vector) -> Vector {
    let Some(pole) = unit(normal(from, to)) else { return from };
    let projected = add(point, scale(pole, -dot(pole, point)));
    let is_between = dot(cross(pole, from), projected) >= 0.0 && dot(cross(pole, to), projected) <= 0.0;
    match unit(projected).filter(|_| is_between) {
        Some(inside) => inside,
        None if angle(from, point) <= angle(to, point) => from,
        None => to,
    }
}

/// The point so far on the way from one point to another, from 0 to 1.
pub(super) fn interpolate(from: Vector, to: Vector, fraction: f64) -> Vector {
    let whole = angle(from, to);
    if whole == 0.0 {
        return from;
    }
    let (a, b) = (((1.0 - fraction) * whole).sin(), (fraction * whole).sin());
    unit(add(scale(from, a), scale(to, b))).unwrap_or(from)
}

/// The signed area of a triangle on the unit sphere; above 0 if its corners go against the clock.
fn triangle(a: Vector, b: Vector, c: Vector) -> f64 {
    // The volume, from the short sides, so that small triangles keep their digits.
    let volume = dot(a, cross(add(b, scale(a, -1.0)), add(c, scale(a, -1.0))));
    2.0 * volume.atan2(1.0 + dot(a, b) + dot(b, c) + dot(c, a))
}

/// The signed area of a ring on the unit sphere; above 0 if it goes against the clock.
pub(super) fn ring_area(ring: &[Vector]) -> f64 {
    // The signed triangles to the first corner add up, however the ring bends.
    ring.windows(2).skip(1).map(|edge| triangle(ring[0], edge[0], edge[1])).sum()
}

/// Whether a ring of less than half the sphere has a point inside.
pub(super) fn ring_contains(ring: &[Vector], point: Vector) -> bool {
    let middle = ring.iter().fold([0.0; 3], |sum, corner| add(sum, *corner));
    if dot(middle, point) <= 0.0 {
        return false;
    }
    let flat = |corner: Vector| add(corner, scale(point, -dot(corner, point)));
    let turn = |a: Vector, b: Vector| {
        let (a, b) = (flat(a), flat(b));
        dot(point, cross(a, b)).atan2(dot(a, b))
    };
    let mut around: f64 = ring.windows(2).map(|edge| turn(edge[0], edge[1])).sum();
    if let (Some(first), Some(last)) = (ring.first(), ring.last()) {
        around += turn(*last, *first);
    }
    around.abs() > std::f64::consts::PI
}
