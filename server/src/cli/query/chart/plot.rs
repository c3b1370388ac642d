//! Lines and points over two axes.

use phalanx_signal::time::format_datetime;
use unicode_width::UnicodeWidthStr;

use super::{COLOURS, Canvas, PLAIN, clean, data::Points, short};

/// Series that are drawn; the legend says how many more there are.
const SERIES_MAX: usize = 6;
/// Where there are no colours, what points of a series are drawn with.
const MARKS: [char; SERIES_MAX] = ['•', '+', 'x', 'o', '*', '#'];
/// The bits of a character of Braille, by row and column of its dots.
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// The drawing, with the axes and a legend. Lines join the points of a series, or points stay points.
pub fn draw(points: &Points, canvas: Canvas, is_line: bool) -> String {
    let all = || points.series.iter().flat_map(|(_, points)| points);
    let (left, right) = bounds(all().map(|point| point.0));
    let (low, high) = bounds(all().map(|point| point.1));
    // A line far above nothing would say more than it knows.
    let low = if is_line && low > 0.0 && low < high * 0.5 { 0.0 } else { low };
    let labels: Vec<String> = (0..canvas.height)
        .map(|row| short(high - (high - low) * row as f64 / (canvas.height - 1).max(1) as f64))
        .collect();
    let margin = labels.iter().map(String::len).max().unwrap_or(0);
    let width = canvas.width.saturating_sub(margin + 3).max(8);
    let mut grid = Grid::new(width, canvas.height);
    for (series, (_, points)) in points.series.iter().take(SERIES_MAX).enumerate() {
        let mut before: Option<(i64, i64)> = None;
        for (x, y) in points {
            let across = scale(*x, left, right, width * 2 - 1);
            let down = (canvas.height * 4 - 1) as i64 - scale(*y, low, high, canvas.height * 4 - 1);
            match before.filter(|_| is_line) {
                Some(from) => grid.line(from, (across, down), series),
                None => grid.dot(across, down, series),
            }
            before = Some((across, down));
        }
    }
    let has_marks = !canvas.is_coloured && points.series.len() > 1;
    let mut out = String::new();
    for (row, label) in labels.iter().enumerate() {
        // Every second label: the eye counts the rest.
        let label = if row % 2 == 0 || row + 1 == canvas.height { label.as_str() } else { "" };
        let tick = if label.is_empty() { '│' } else { '┤' };
        out.push_str(&format!("{label:>margin$} {tick}"));
        out.push_str(grid.row(row, canvas.is_coloured, has_marks).trim_end());
        out.push('\n');
    }
    out.push_str(&format!("{:margin$} └{}\n", "", "─".repeat(width)));
    let (from, to) = (place(left, points.is_time, right - left), place(right, points.is_time, right - left));
    let room = width.saturating_sub(from.width() + to.width()).max(1);
    out.push_str(&format!("{:margin$}  {from}{}{to}\n", "", " ".repeat(room)));
    out.push_str(&legend(points, canvas, has_marks, margin));
    out
}

fn legend(points: &Points, canvas: Canvas, has_marks: bool, margin: usize) -> String {
    let mut out = String::from("\n");
    for (at, (name, _)) in points.series.iter().take(SERIES_MAX).enumerate() {
        let name = clean(name);
        let mark = if has_marks { MARKS[at] } else { '━' };
        let line = match canvas.is_coloured {
            true => format!("{}{mark}{PLAIN} {name}", COLOURS[at]),
            false => format!("{mark} {name}"),
        };
        out.push_str(&format!("{:margin$}  {line}\n", ""));
    }
    if points.series.len() > SERIES_MAX {
        out.push_str(&format!("{:margin$}  and {} more series\n", "", points.series.len() - SERIES_MAX));
    }
    out
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match high > low {
        true => (low, high),
        false => (low - 0.5, low + 0.5),
    }
}

fn scale(value: f64, low: f64, high: f64, most: usize) -> i64 {
    ((value - low) / (high - low) * most as f64).round() as i64
}

/// A place on the horizontal axis; of times, no more than tells the ends apart.
fn place(value: f64, is_time: bool, span: f64) -> String {
    if !is_time {
        return short(value);
    }
    let text = format_datetime(value as i64);
    let day = 86_400_000_000.0;
    match span {
        _ if span >= day * 2.0 => text.get(..10).unwrap_or(&text).to_owned(),
        _ => text.get(..16).unwrap_or(&text).replace('T', " "),
    }
}

/// Dots, and whose the last one in each character is.
struct Grid {
    width: usize,
    cells: Vec<(u32, usize)>,
}

impl Grid {
    fn new(width: usize, height: usize) -> Self {
        Self { width, cells: vec![(0, 0); width * height] }
    }

    fn dot(&mut self, across: i64, down: i64, series: usize) {
        let (Ok(across), Ok(down)) = (usize::try_from(across), usize::try_from(down)) else { return };
        if across / 2 >= self.width {
            return;
        }
        if let Some(cell) = self.cells.get_mut(down / 4 * self.width + across / 2) {
            *cell = (cell.0 | DOTS[down % 4][across % 2], series);
        }
    }

    fn line(&mut self, from: (i64, i64), to: (i64, i64), series: usize) {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1);
        for step in 0..=steps {
            let along =
                |from: i64, to: i64| from + ((to - from) as f64 * step as f64 / steps as f64).round() as i64;
            self.dot(along(from.0, to.0), along(from.1, to.1), series);
        }
    }

    fn row(&self, row: usize, is_coloured: bool, has_marks: bool) -> String {
        let mut out = String::new();
        let mut colour = None;
        for (dots, series) in &self.cells[row * self.width..(row + 1) * self.width] {
            let wanted = (is_coloured && *dots > 0).then_some(*series);
            if wanted != colour {
                out.push_str(wanted.map_or(PLAIN, |series| COLOURS[series % COLOURS.len()]));
                colour = wanted;
            }
            out.push(match dots {
                0 => ' ',
                _ if has_marks => MARKS[series % MARKS.len()],
                dots => char::from_u32(0x2800 + dots).unwrap_or(' '),
            });
        }
        if colour.is_some() {
            out.push_str(PLAIN);
        }
        out
    }
}
