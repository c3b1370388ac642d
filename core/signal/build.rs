//! Turns the schema's data files into static Rust tables, so that a malformed line is a build error
//! and the program starts without parsing anything.

use std::{collections::HashSet, env, fmt::Write, fs, path::Path};

fn main() {
    let mut out = String::from("pub(super) static TABLES: &[TableFacts] = &[\n");
    let mut seen = HashSet::new();
    for file in ["data/own.tsv", "data/tables.tsv"] {
        println!("cargo::rerun-if-changed={file}");
        let text = fs::read_to_string(file).expect("the data file is part of the crate");
        for (number, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let at = format!("{file}:{}", number + 1);
            table(&mut out, line, &at, &mut seen);
        }
    }
    out.push_str("];\n");
    let target = Path::new(&env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("tables.rs");
    fs::write(target, out).expect("OUT_DIR is writable");
}

fn table(out: &mut String, line: &str, at: &str, seen: &mut HashSet<String>) {
    let mut parts = line.split('\t');
    let (Some(name), Some(families), Some(columns), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        panic!("{at}: expected name, families and columns, divided by tabs");
    };
    assert!(seen.insert(name.to_owned()), "{at}: `{name}` is listed twice");
    let families: Vec<&str> = families.chars().map(|letter| family(letter, at)).collect();
    let columns = columns
        .replace("@res", "@bill _ResourceId _SubscriptionId")
        .replace("@bill", "_IsBillable _BilledSize:r");
    write!(out, "TableFacts {{ name: {name:?}, families: &[{}], columns: &[", families.join(", "))
        .expect("writing to a string");
    let mut names = HashSet::new();
    for column in columns.split(' ') {
        let (column, kind) = column.split_once(':').unwrap_or((column, ""));
        assert!(names.insert(column), "{at}: column `{column}` is listed twice");
        write!(out, "({column:?}, {}), ", column_type(kind, at)).expect("writing to a string");
    }
    out.push_str("] },\n");
}

fn family(letter: char, at: &str) -> &'static str {
    match letter {
        'H' => "Family::AdvancedHunting",
        'L' => "Family::LogAnalytics",
        'A' => "Family::Asim",
        'P' => "Family::Phalanx",
        _ => panic!("{at}: unknown family `{letter}`"),
    }
}

fn column_type(letter: &str, at: &str) -> &'static str {
    match letter {
        "" => "ColumnType::String",
        "b" => "ColumnType::Bool",
        "i" => "ColumnType::Int",
        "l" => "ColumnType::Long",
        "r" => "ColumnType::Real",
        "m" => "ColumnType::Decimal",
        "d" => "ColumnType::DateTime",
        "t" => "ColumnType::TimeSpan",
        "g" => "ColumnType::Guid",
        "y" => "ColumnType::Dynamic",
        _ => panic!("{at}: unknown column type `{letter}`"),
    }
}
