//! S2 cells: the six sides of a cube around the Earth, each cut in four again and again, along Hilbert's curve.

use super::sphere::{Vector, unit};

pub(super) const LEVEL_MAX: u32 = 30;
/// Cells of the last level along one edge of a side.
const SIZE: i64 = 1 << LEVEL_MAX;

/// Which quarter (0 to 3, as 2·i + j) the curve enters at each step, by how it lies.
const QUARTERS: [[u64; 4]; 4] = [[0, 1, 3, 2], [0, 2, 3, 1], [3, 2, 0, 1], [3, 1, 0, 2]];
/// How the curve in each quarter lies against the whole: exchanged (1), upside down (2).
const TURNS: [usize; 4] = [1, 0, 0, 3];

/// A cell's number, as S2 defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CellId(pub u64);

impl CellId {
    /// The cell of a level that has a point.
    pub(super) fn of_point(point: Vector, level: u32) -> Self {
        let (face, u, v) = face_of(point);
        Self::of_place(face, place(to_s(u)), place(to_s(v)), level)
    }

    /// The cell that a token names.
    pub(super) fn from_token(token: &str) -> Option<Self> {
        let is_token = (1..=16).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u64::from_str_radix(&format!("{token:0<16}"), 16).ok().filter(|_| is_token)?;
        let is_valid = id >> 61 < 6 && (id & id.wrapping_neg()) & 0x1555_5555_5555_5555 != 0;
        is_valid.then_some(Self(id))
    }

    pub(super) fn token(self) -> String {
        format!("{:016x}", self.0).trim_end_matches('0').to_owned()
    }

    pub(super) fn level(self) -> u32 {
        LEVEL_MAX - self.0.trailing_zeros() / 2
    }

    fn of_place(face: u64, i: i64, j: i64, level: u32) -> Self {
        let mut turn = usize::try_from(face & 1).unwrap_or(0);
        let mut id = face;
        for bit in (LEVEL_MAX - level..LEVEL_MAX).rev() {
            let quarter = ((i >> bit & 1) << 1 | (j >> bit & 1)).cast_unsigned();
            let step = QUARTERS[turn].iter().position(|known| *known == quarter).unwrap_or(0);
            id = id << 2 | step as u64;
            turn ^= TURNS[step];
        }
        Self((id << 1 | 1) << (2 * (LEVEL_MAX - level)))
    }

    /// The side, and the least corner in cells of the last level.
    fn place(self) -> (u64, i64, i64) {
        let face = self.0 >> 61;
        let mut turn = usize::try_from(face & 1).unwrap_or(0);
        let (mut i, mut j) = (0, 0);
        for step_at in 0..self.level() {
            let step = usize::try_from(self.0 >> (59 - 2 * step_at) & 3).unwrap_or(0);
            let quarter = QUARTERS[turn][step].cast_signed();
            let bit = LEVEL_MAX - 1 - step_at;
            i |= (quarter >> 1) << bit;
            j |= (quarter & 1) << bit;
            turn ^= TURNS[step];
        }
        (face, i, j)
    }

    fn size(self) -> i64 {
        1 << (LEVEL_MAX - self.level())
    }

    pub(super) fn center(self) -> Vector {
        let (face, i, j) = self.place();
        let half = real(self.size()) / 2.0;
        let at = |place: i64| to_u((real(place) + half) / real(SIZE));
        unit(point(face, at(i), at(j))).unwrap_or([1.0, 0.0, 0.0])
    }

    /// The corners against the clock, from the one with the least coordinates.
    pub(super) fn corners(self) -> [Vector; 4] {
        let (face, i, j) = self.place();
        let size = self.size();
        let at = |place: i64| to_u(real(place) / real(SIZE));
        let corner = |i, j| unit(point(face, at(i), at(j))).unwrap_or([1.0, 0.0, 0.0]);
        [corner(i, j), corner(i + size, j), corner(i + size, j + size), corner(i, j + size)]
    }

    /// The cells around it, beside its edges and at its corners.
    pub(super) fn neighbors(self) -> Vec<Self> {
        /// In the order that the language gives.
        const AROUND: [(i64, i64); 8] =
            [(1, 1), (-1, -1), (1, -1), (0, -1), (0, 1), (1, 0), (-1, 0), (-1, 1)];
        let (face, i, j) = self.place();
        let size = self.size();
        let mut found = Vec::with_capacity(8);
        for (east, north) in AROUND {
            let cell = Self::beyond(face, i + east * size, j + north * size, self.level());
            if cell != self && !found.contains(&cell) {
                found.push(cell);
            }
        }
        found
    }

    /// The four cells of the next level within it, in the order of the curve.
    pub(super) fn children(self) -> [Self; 4] {
        let quarter = (self.0 & self.0.wrapping_neg()) >> 2;
        let first = self.0 - 3 * quarter;
        [0, 1, 2, 3].map(|at| Self(first + 2 * at * quarter))
    }

    /// The cell at a place that may be beyond the edge of a side.
    fn beyond(face: u64, i: i64, j: i64, level: u32) -> Self {
        if (0..SIZE).contains(&i) && (0..SIZE).contains(&j) {
            return Self::of_place(face, i, j, level);
        }
        // Just beyond the edge, seen from the middle of the cube, is the next side.
        let limit = 1.0 + 1e-15;
        let at = |place: i64| (real(2 * place + 1 - SIZE) / real(SIZE)).clamp(-limit, limit);
        let (face, u, v) = face_of(point(face, at(i.clamp(-1, SIZE)), at(j.clamp(-1, SIZE))));
        Self::of_place(face, place(0.5 * (u + 1.0)), place(0.5 * (v + 1.0)), level)
    }
}

#[expect(clippy::cast_precision_loss, reason = "below 2³³")]
fn real(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn place(s: f64) -> i64 {
    ((s * real(SIZE)).floor() as i64).clamp(0, SIZE - 1)
}

fn to_s(u: f64) -> f64 {
    if u >= 0.0 { 0.5 * (1.0 + 3.0 * u).sqrt() } else { 1.0 - 0.5 * (1.0 - 3.0 * u).sqrt() }
}

fn to_u(s: f64) -> f64 {
    if s >= 0.5 { (4.0 * s * s - 1.0) / 3.0 } else { (1.0 - 4.0 * (1.0 - s) * (1.0 - s)) / 3.0 }
}

/// The side that a direction leads to, and where on it.
fn face_of([x, y, z]: Vector) -> (u64, f64, f64) {
    let (a, b, c) = (x.abs(), y.abs(), z.abs());
    if a > b && a > c {
        if x > 0.0 { (0, y / x, z / x) } else { (3, z / x, y / x) }
    } else if b > c {
        if y > 0.0 { (1, -x / y, z / y) } else { (4, z / y, -x / y) }
    } else if z > 0.0 {
        (2, -x / z, -y / z)
    } else {
        (5, -y / z, -x / z)
    }
}

fn point(face: u64, u: f64, v: f64) -> Vector {
    match face {
        0 => [1.0, u, v],
        1 => [-u, 1.0, v],
        2 => [-u, -v, 1.0],
        3 => [-1.0, -v, -u],
        4 => [v, -1.0, -u],
        _ => [v, u, -1.0],
    }
}
