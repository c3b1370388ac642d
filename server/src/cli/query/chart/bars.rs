//! Bars that lie, each with its label before and its value behind.

use unicode_width::UnicodeWidthStr;

use super::{COLOURS, Canvas, PLAIN, clean, short};

/// An eighth of a character, two eighths, …
const PARTS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Widest label, in parts of the width.
const LABEL_PART: usize = 3;

/// Of parts of a whole, the value has its share behind it.
pub fn draw(bars: &[(String, f64)], canvas: Canvas, has_share: bool) -> String {
    let most = bars.iter().map(|(_, size)| size.abs()).fold(0.0, f64::max);
    let total: f64 = bars.iter().map(|(_, size)| size.max(0.0)).sum();
    let values: Vec<String> = bars
        .iter()
        .map(|(_, size)| match has_share && total > 0.0 {
            true => format!("{} ({:.1} %)", short(*size), size.max(0.0) / total * 100.0),
            false => short(*size),
        })
        .collect();
    let labels: Vec<String> =
        bars.iter().map(|(label, _)| cut(&clean(label), canvas.width / LABEL_PART)).collect();
    let label_width = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let value_width = values.iter().map(String::len).max().unwrap_or(0);
    let room = canvas.width.saturating_sub(label_width + value_width + 3).max(4);
    let mut out = String::new();
    for ((label, (_, size)), value) in labels.iter().zip(bars).zip(values) {
        let eighths = if most > 0.0 { (size.abs() / most * room as f64 * 8.0).round() as usize } else { 0 };
        let mut bar: String = PARTS[7..].iter().cycle().take(eighths / 8).collect();
        if eighths % 8 > 0 {
            bar.push(PARTS[eighths % 8 - 1]);
        }
        if canvas.is_coloured && !bar.is_empty() {
            // What is below nothing is told by its colour and its sign.
            let colour = if *size < 0.0 { COLOURS[4] } else { COLOURS[0] };
            bar = format!("{colour}{bar}{PLAIN}");
        }
        let space = " ".repeat(label_width - label.width());
        out.push_str(&format!("{label}{space}  {bar} {value}\n"));
    }
    out
}

fn cut(text: &str, width: usize) -> String {
    let mut out = text.to_owned();
    if out.width() <= width {
        return out;
    }
    while out.width() + 1 > width && out.pop().is_some() {}
    out.push('…');
    out
}
