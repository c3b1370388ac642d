//! Answers drawn as text, as the query's `render` wants.
//!
//! Lines and points are dots of Braille, four rows and two columns of them in a character; bars are blocks.

mod bars;
mod data;
mod plot;

use super::answer::{Render, Table};

/// How large a drawing is, and whether it may have colours.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    /// In characters.
    pub width: usize,
    /// Of the part with the dots, in lines.
    pub height: usize,
    pub is_coloured: bool,
}

/// The drawing; `None` for a chart that can't be drawn of these columns: the rows are shown then.
pub fn draw(render: &Render, table: &Table, canvas: Canvas) -> Option<String> {
    if table.rows.is_empty() {
        return None;
    }
    let body = match render.chart.to_ascii_lowercase().as_str() {
        "timechart" | "linechart" | "areachart" | "stackedareachart" | "anomalychart" => {
            plot::draw(&data::points(render, table)?, canvas, true)
        }
        "scatterchart" => plot::draw(&data::points(render, table)?, canvas, false),
        "barchart" | "columnchart" => bars::draw(&data::bars(render, table)?, canvas, false),
        "piechart" => bars::draw(&data::bars(render, table)?, canvas, true),
        "card" => card(table)?,
        _ => return None,
    };
    let title = render.property("title").map_or(String::new(), |title| format!("{}\n\n", clean(title)));
    Some(title + &body)
}

/// The first row's values, each under its name.
fn card(table: &Table) -> Option<String> {
    let row = table.rows.first()?;
    let cards = table.columns.iter().zip(row).map(|(column, cell)| {
        let cell = clean(cell);
        let line =
            "─".repeat(unicode_width::UnicodeWidthStr::width(cell.as_str()).max(column.name.len()) + 2);
        format!("{}\n{line}\n {cell}\n", clean(&column.name))
    });
    Some(cards.collect::<Vec<_>>().join("\n"))
}

fn clean(text: &str) -> String {
    text.chars().map(super::table::printable).collect()
}

/// Colours that can be told apart on dark and on light.
const COLOURS: [&str; 6] = ["\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[31m", "\x1b[34m"];
const PLAIN: &str = "\x1b[0m";

/// A number in few characters: `1.2k`, `0.05`.
fn short(value: f64) -> String {
    let size = value.abs();
    let (value, unit) = match size {
        _ if size >= 1e12 => (value / 1e12, "T"),
        _ if size >= 1e9 => (value / 1e9, "G"),
        _ if size >= 1e6 => (value / 1e6, "M"),
        _ if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = if value.fract() == 0.0 || value.abs() >= 1_000.0 {
        0
    } else if value.abs() < 0.1 {
        4
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cli::query::answer::Column;

    fn sample(columns: &[(&str, &str)], rows: &[&[&str]]) -> Table {
        let column = |(name, kind): &(&str, &str)| Column { name: (*name).into(), kind: (*kind).into() };
        let row = |cells: &&[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        Table { columns: columns.iter().map(column).collect(), rows: rows.iter().map(row).collect() }
    }

    fn drawn(chart: &str, properties: &[(&str, &str)], table: &Table) -> Option<String> {
        let properties: BTreeMap<String, String> =
            properties.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let canvas = Canvas { width: 40, height: 5, is_coloured: false };
        draw(&Render { chart: chart.into(), properties }, table, canvas)
    }

    #[test]
    fn bars_are_labelled() {
        let table = sample(
            &[("Host", "string"), ("n", "long")],
            &[&["web", "10"], &["mail server", "5"], &["x", "0"]],
        );
        let expected =
            "web          ████████████████████████ 10\nmail server  ████████████ 5\nx             0\n";
        assert_eq!(drawn("barchart", &[], &table).as_deref(), Some(expected));
        let pie = drawn("piechart", &[("title", "Hosts")], &table).expect("a drawing");
        assert!(
            pie.starts_with("Hosts\n\nweb ") && pie.contains("66.7 %") && pie.contains("33.3 %"),
            "{pie}"
        );
        let grouped = sample(
            &[("Day", "string"), ("Kind", "string"), ("n", "long")],
            &[&["Mon", "a", "1"], &["Mon", "b", "2"], &["Tue", "a", "3"]],
        );
        let text = drawn("columnchart", &[], &grouped).expect("a drawing");
        assert!(text.contains("Mon, a") && text.contains("Tue, a"), "{text}");
    }

    #[test]
    fn lines_have_axes_and_a_legend() {
        let rows: Vec<Vec<String>> =
            (0..10).map(|n| vec![format!("2024-01-{:02}T00:00:00.000000Z", n + 1), n.to_string()]).collect();
        let mut table = sample(&[("Time", "datetime"), ("n", "long")], &[]);
        table.rows = rows;
        let text = drawn("timechart", &[], &table).expect("a drawing");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].trim_start().starts_with("9 ┤"), "{text}");
        assert!(lines[4].trim_start().starts_with("0 ┤"), "{text}");
        assert!(lines[5].contains("└"), "{text}");
        assert!(lines[6].contains("2024-01-01") && lines[6].contains("2024-01-10"), "{text}");
        assert!(text.ends_with("n\n"), "the legend: {text}");
        // It rises from the left below to the right above.
        assert!(lines[4].contains('⣀') || lines[4].contains('⡠') || lines[4].contains('⢀'), "{text}");
        assert!(lines.iter().all(|line| unicode_width::UnicodeWidthStr::width(*line) <= 40), "{text}");
    }

    #[test]
    fn series_and_arrays_become_lines() {
        let table = sample(
            &[("Time", "datetime"), ("Host", "string"), ("n", "long")],
            &[
                &["2024-01-01T00:00:00Z", "a", "1"],
                &["2024-01-02T00:00:00Z", "a", "2"],
                &["2024-01-01T00:00:00Z", "b", "4"],
            ],
        );
        let text = drawn("timechart", &[], &table).expect("a drawing");
        assert!(text.contains("• a") && text.contains("+ b"), "{text}");
        let arrays = sample(
            &[("Host", "string"), ("n", "dynamic"), ("Time", "dynamic")],
            &[&["a", "[1,2,3]", r#"["2024-01-01T00:00:00Z","2024-01-02T00:00:00Z","2024-01-03T00:00:00Z"]"#]],
        );
        let text = drawn("timechart", &[], &arrays).expect("a drawing");
        assert!(text.contains("2024-01-03") && text.contains('a'), "{text}");
    }

    #[test]
    fn what_can_not_be_drawn_is_left_to_the_table() {
        let texts = sample(&[("a", "string")], &[&["x"]]);
        assert_eq!(drawn("timechart", &[], &texts), None);
        assert_eq!(drawn("pivotchart", &[], &texts), None);
        assert_eq!(drawn("barchart", &[], &sample(&[("n", "long")], &[])), None);
        assert!(drawn("card", &[], &texts).expect("a card").contains(" x\n"));
        let same = sample(&[("x", "long"), ("y", "real")], &[&["1", "2"], &["", "NaN"]]);
        assert!(drawn("linechart", &[], &same).is_some());
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in
            [(0.0, "0"), (12.0, "12"), (0.05, "0.05"), (15_300.0, "15.3k"), (-2e9, "-2G")]
        {
            assert_eq!(short(value), expected);
        }
    }
}
