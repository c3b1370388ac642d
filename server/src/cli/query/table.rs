//! A table that fits a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::answer::Table;

/// Between two columns.
const GAP: &str = "  ";
/// No column is made narrower than this to make room for others.
const NARROWEST: usize = 8;
/// Cells are measured up to here.
const MEASURED: usize = 400;

/// Lines of a table within a width, in columns of a terminal; without one, every cell is whole. `is_bold` for a header
/// that stands out.
pub fn table(table: &Table, width: Option<usize>, is_bold: bool) -> String {
    let mut widths: Vec<usize> = table.columns.iter().map(|column| shown_width(&column.name)).collect();
    for row in &table.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(shown_width(cell));
        }
    }
    if let Some(width) = width {
        narrow(&mut widths, width);
    }
    let mut out = String::new();
    let header: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    if is_bold {
        out.push_str("\x1b[1m");
    }
    push_row(&mut out, table, &widths, &header);
    if is_bold {
        out.push_str("\x1b[0m");
    }
    out.push('\n');
    for row in &table.rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        push_row(&mut out, table, &widths, &cells);
        out.push('\n');
    }
    out
}

/// Takes room from the widest columns until all fit.
fn narrow(widths: &mut [usize], most: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    loop {
        let total: usize = widths.iter().sum::<usize>() + gaps;
        let Some(widest) = widths.iter().copied().max().filter(|widest| total > most && *widest > NARROWEST)
        else {
            return;
        };
        let second = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or(0);
        let count = widths.iter().filter(|width| **width == widest).count();
        // All the widest go down together, to the next width or to what is needed.
        let by = (total - most).div_ceil(count).min(widest - second.max(NARROWEST)).max(1);
        for width in widths.iter_mut().filter(|width| **width == widest) {
            *width -= by;
        }
    }
}

fn push_row(out: &mut String, table: &Table, widths: &[usize], cells: &[&str]) {
    let last = widths.len().saturating_sub(1);
    for (at, (width, cell)) in widths.iter().zip(cells).enumerate() {
        let cell = fitted(cell, *width);
        let room = " ".repeat(width.saturating_sub(cell.width()));
        let is_right = table.columns[at].is_number();
        if is_right {
            out.push_str(&room);
        }
        out.push_str(&cell);
        if at < last {
            if !is_right {
                out.push_str(&room);
            }
            out.push_str(GAP);
        }
    }
}

/// A cell on one line, cut with `…` where it is longer than its column.
fn fitted(cell: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    let characters = cell.chars().map(printable);
    for character in characters {
        let next = character.width().unwrap_or(0);
        if used + next > width {
            while used + 1 > width {
                let Some(last) = out.pop() else { break };
                used -= last.width().unwrap_or(0);
            }
            out.push('…');
            return out;
        }
        used += next;
        out.push(character);
    }
    out
}

/// A terminal obeys control characters, also those of a foreign log line.
pub fn printable(character: char) -> char {
    match character {
        '\n' | '\r' => '⏎',
        '\t' => ' ',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

fn shown_width(cell: &str) -> usize {
    cell.chars().take(MEASURED).map(|character| printable(character).width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::query::answer::Column;

    fn sample() -> Table {
        let column = |name: &str, kind: &str| Column { name: name.into(), kind: kind.into() };
        let row = |cells: [&str; 3]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        Table {
            columns: vec![column("Host", "string"), column("n", "long"), column("Text", "string")],
            rows: vec![
                row(["a", "1", "short"]),
                row(["日本語", "1000", "a\nlong text\x1b[31m that goes on and on"]),
            ],
        }
    }

    #[test]
    fn numbers_stand_right_and_wide_characters_count_twice() {
        let text = table(&sample(), None, false);
        let expected = "Host       n  Text\na          1  short\n日本語  1000  a⏎long text\u{fffd}[31m that goes on and on\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn tables_fit_the_terminal() {
        for width in [30, 40, 60] {
            for line in table(&sample(), Some(width), false).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
        let text = table(&sample(), Some(30), false);
        assert!(text.lines().nth(2).expect("a row").ends_with('…'), "{text}");
        assert_eq!(fitted("日本語", 4), "日…");
    }
}
