//! Geohashes: rectangles named by letters, of which each more cuts the rectangle in 32.

use phalanx_signal::ColumnType::{Dynamic, Long, Real, String as Text};

use super::{
    points::points,
    shape::{point_json, polygons_json},
    sphere::Point,
};
use crate::{
    dynamic::ArrayWriter,
    functions::{
        Accepts::Only,
        Call, Column, Family, Function, Returns,
        define::{Answer, once, optional},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "geo_point_to_geohash",
        Family::Geo,
        &[once("longitude", Only(Real)), once("latitude", Only(Real)), optional("accuracy", Only(Long))],
        Returns::Only(Text),
        "The geohash of a point, 5 letters long or as asked for (1 to 18); empty for what is no point.",
        geo_point_to_geohash,
    )
    .examples(&[("print geo_point_to_geohash(-80.195829, 25.802215, 8)", "dhwfz15h")]),
    Function::kernel(
        "geo_geohash_to_central_point",
        Family::Geo,
        &[once("geohash", Only(Text))],
        Returns::Only(Dynamic),
        "The middle of a geohash, as GeoJSON.",
        |call| each(call, |cell| point_json(cell.center())),
    )
    .examples(&[(r#"print tostring(geo_geohash_to_central_point("s").coordinates)"#, "[22.5,22.5]")]),
    Function::kernel(
        "geo_geohash_to_polygon",
        Family::Geo,
        &[once("geohash", Only(Text))],
        Returns::Only(Dynamic),
        "The rectangle of a geohash, as GeoJSON.",
        |call| each(call, |cell| polygons_json(&[vec![cell.corners()]])),
    )
    .examples(&[(
        r#"print tostring(geo_geohash_to_polygon("s").coordinates)"#,
        "[[[0,0],[45,0],[45,45],[0,45],[0,0]]]",
    )]),
    Function::kernel(
        "geo_geohash_neighbors",
        Family::Geo,
        &[once("geohash", Only(Text))],
        Returns::Only(Dynamic),
        "The geohashes around one, at most eight.",
        |call| each(call, |cell| cell.neighbors()),
    )
    .examples(&[(r#"print array_length(geo_geohash_neighbors("sunny"))"#, "8")]),
];

const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
const LETTERS_MAX: usize = 18;

/// A rectangle: how far from the south-west corner of the world, in its own widths and heights.
struct Cell {
    x: u64,
    y: u64,
    letters: usize,
}

impl Cell {
    fn new(text: &str) -> Option<Self> {
        let mut cell = Self { x: 0, y: 0, letters: text.len() };
        if !(1..=LETTERS_MAX).contains(&text.len()) {
            return None;
        }
        let mut is_x = true;
        for letter in text.bytes() {
            let five = LETTERS.iter().position(|known| *known == letter.to_ascii_lowercase())?;
            for bit in (0..5).rev() {
                let part = if is_x { &mut cell.x } else { &mut cell.y };
                *part = *part << 1 | u64::from(five >> bit & 1 == 1);
                is_x = !is_x;
            }
        }
        Some(cell)
    }

    fn of_point(point: Point, letters: usize) -> Self {
        let mut cell = Self { x: 0, y: 0, letters };
        let (x_cells, y_cells) = cell.cells();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below 2⁴⁵, and saturates"
        )]
        let place = |degrees: f64, range: f64, cells: f64| {
            ((degrees + range) / (2.0 * range) * cells).min(cells - 1.0) as u64
        };
        cell.x = place(point.0, 180.0, x_cells);
        cell.y = place(point.1, 90.0, y_cells);
        cell
    }

    /// How many cells are side by side, and one above the other.
    #[expect(clippy::cast_precision_loss, reason = "powers of two")]
    fn cells(&self) -> (f64, f64) {
        let bits = 5 * self.letters;
        ((1_u64 << bits.div_ceil(2)) as f64, (1_u64 << (bits / 2)) as f64)
    }

    fn text(&self) -> String {
        let bits = 5 * self.letters;
        let (mut x_bit, mut y_bit) = (bits.div_ceil(2), bits / 2);
        let mut out = String::with_capacity(self.letters);
        let mut is_x = true;
        for _ in 0..self.letters {
            let mut five = 0;
            for _ in 0..5 {
                let (part, bit) = if is_x { (self.x, &mut x_bit) } else { (self.y, &mut y_bit) };
                *bit -= 1;
                five = five << 1 | (part >> *bit & 1);
                is_x = !is_x;
            }
            out.push(char::from(LETTERS[usize::try_from(five).unwrap_or(0)]));
        }
        out
    }

    /// The degrees of a place in cells.
    fn degrees(&self, x: f64, y: f64) -> Point {
        let (x_cells, y_cells) = self.cells();
        (x / x_cells * 360.0 - 180.0, y / y_cells * 180.0 - 90.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "below 2⁴⁵")]
    fn corner(&self) -> (f64, f64) {
        (self.x as f64, self.y as f64)
    }

    fn center(&self) -> Point {
        let (x, y) = self.corner();
        self.degrees(x + 0.5, y + 0.5)
    }

    fn corners(&self) -> Vec<Point> {
        let (x, y) = self.corner();
        [(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0)].map(|(x, y)| self.degrees(x, y)).to_vec()
    }

    fn neighbors(&self) -> String {
        /// The steps east and north, in the order that the language gives.
        const AROUND: [(i64, i64); 8] =
            [(-1, -1), (-1, 1), (1, -1), (0, 1), (-1, 0), (1, 1), (1, 0), (0, -1)];
        let bits = 5 * self.letters;
        let (x_cells, y_cells) = (1_i64 << bits.div_ceil(2), 1_i64 << (bits / 2));
        let mut out = ArrayWriter::default();
        for (east, north) in AROUND {
            let x = (self.x.cast_signed() + east).rem_euclid(x_cells).cast_unsigned();
            let y = self.y.cast_signed() + north;
            if (0..y_cells).contains(&y) {
                out.push_text(&Self { x, y: y.cast_unsigned(), letters: self.letters }.text());
            }
        }
        out.finish()
    }
}

fn each(call: &Call<'_>, f: fn(&Cell) -> String) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| Cell::new(texts.text(row)).map(|cell| f(&cell)))
}

fn geo_point_to_geohash(call: &Call<'_>) -> Answer {
    let points = points::<1>(call, 0)?;
    let accuracies = call.has(2).then(|| call.longs(2)).transpose()?;
    let hash = |row| {
        let [point] = points(row)?;
        let letters = accuracies.as_ref().map_or(Some(5), |values| values.get(row))?;
        let letters = usize::try_from(letters).ok().filter(|letters| (1..=LETTERS_MAX).contains(letters))?;
        Some(Cell::of_point(point, letters).text())
    };
    Ok(Column::texts((0..call.rows).map(|row| Some(hash(row).unwrap_or_default()))))
}
