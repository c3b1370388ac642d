//! Random expressions, evaluated by the plan and by a slow, obvious interpreter, agree.
//!
//! The interpreter knows nothing of Arrow or of the engine: a value is an option, an operator a few lines that follow
//! the language's reference. `KQL_SEED` runs another seed than the usual ones.

mod support;

use serde_json::{Value as Json, json};
use support::{Memory, cells, run};

/// A value of the interpreter. A string is never null.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Bool(Option<bool>),
    Long(Option<i64>),
    Real(Option<f64>),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Long,
    Real,
    Text,
}

/// A row of the table below.
struct Row {
    n: Option<i64>,
    x: Option<f64>,
    s: &'static str,
    b: Option<bool>,
}

const ROWS: [Row; 6] = [
    Row { n: Some(1), x: Some(0.5), s: "Alpha beta", b: Some(true) },
    Row { n: None, x: Some(-2.25), s: "", b: Some(false) },
    Row { n: Some(-7), x: None, s: "beta-gamma", b: None },
    Row { n: Some(0), x: Some(0.0), s: "ALPHA", b: Some(true) },
    Row { n: Some(12), x: Some(1e6), s: "a,b,c", b: None },
    Row { n: Some(3), x: Some(-1.0), s: "Grüße", b: Some(false) },
];

fn table() -> String {
    let cells: Vec<String> = ROWS
        .iter()
        .map(|row| {
            format!(
                "{}, {}, '{}', {}",
                row.n.map_or("long(null)".into(), |n| format!("long({n})")),
                row.x.map_or("real(null)".into(), |x| format!("real({x})")),
                row.s,
                row.b.map_or("bool(null)".into(), |b| b.to_string()),
            )
        })
        .collect();
    format!("datatable(n:long, x:real, s:string, b:bool)[{}]", cells.join(", "))
}

/// An expression: its text, and what it gives for a row.
struct Expr {
    text: String,
    kind: Kind,
    value: Box<dyn Fn(&Row) -> Value>,
}

impl Expr {
    fn new(text: String, kind: Kind, value: impl Fn(&Row) -> Value + 'static) -> Self {
        Self { text, kind, value: Box::new(value) }
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }
}

fn as_long(value: Value) -> Option<i64> {
    match value {
        Value::Long(value) => value,
        other => panic!("a long is promised, not {other:?}"),
    }
}

fn as_real(value: Value) -> Option<f64> {
    match value {
        Value::Real(value) => value,
        Value::Long(value) => value.map(|value| value as f64),
        other => panic!("a number is promised, not {other:?}"),
    }
}

fn as_bool(value: Value) -> Option<bool> {
    match value {
        Value::Bool(value) => value,
        other => panic!("a bool is promised, not {other:?}"),
    }
}

fn as_text(value: Value) -> String {
    match value {
        Value::Text(value) => value,
        other => panic!("a string is promised, not {other:?}"),
    }
}

/// The terms of a text: runs of letters and digits.
fn has(text: &str, needle: &str) -> bool {
    let (text, needle) = (text.to_lowercase(), needle.to_lowercase());
    if needle.is_empty() {
        return true;
    }
    let is_term = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(&needle).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + found.len()..].chars().next();
        let goes_on = is_term(before) && is_term(found.chars().next());
        !(goes_on || is_term(behind) && is_term(found.chars().next_back()))
    })
}

fn leaf(random: &mut Random, kind: Kind) -> Expr {
    match (kind, random.below(2)) {
        (Kind::Bool, 0) => Expr::new("b".into(), kind, |row| Value::Bool(row.b)),
        (Kind::Long, 0) => Expr::new("n".into(), kind, |row| Value::Long(row.n)),
        (Kind::Real, 0) => Expr::new("x".into(), kind, |row| Value::Real(row.x)),
        (Kind::Text, 0) => Expr::new("s".into(), kind, |row| Value::Text(row.s.into())),
        (Kind::Bool, _) => {
            let value = [Some(true), Some(false), None][random.below(3)];
            let text = value.map_or("bool(null)".into(), |value| value.to_string());
            Expr::new(text, kind, move |_| Value::Bool(value))
        }
        (Kind::Long, _) => {
            let value = [Some(2), Some(-3), Some(0), Some(10), None][random.below(5)];
            let text = value.map_or("long(null)".into(), |value| format!("long({value})"));
            Expr::new(text, kind, move |_| Value::Long(value))
        }
        (Kind::Real, _) => {
            let value = [Some(1.5), Some(-0.25), Some(4.0), None][random.below(4)];
            let text = value.map_or("real(null)".into(), |value| format!("real({value})"));
            Expr::new(text, kind, move |_| Value::Real(value))
        }
        (Kind::Text, _) => {
            let value = ["alpha", "beta", "", ",", "B"][random.below(5)];
            Expr::new(format!("'{value}'"), kind, move |_| Value::Text(value.into()))
        }
    }
}

fn expression(random: &mut Random, kind: Kind, depth: usize) -> Expr {
    if depth == 0 || random.below(5) == 0 {
        return leaf(random, kind);
    }
    let sub = |random: &mut Random, kind| expression(random, kind, depth - 1);
    if random.below(6) == 0 {
        let condition = sub(random, Kind::Bool);
        let (yes, no) = (sub(random, kind), sub(random, kind));
        let text = format!("iff({}, {}, {})", condition.text, yes.text, no.text);
        return Expr::new(text, kind, move |row| match as_bool((condition.value)(row)) {
            Some(true) => (yes.value)(row),
            _ => (no.value)(row),
        });
    }
    match kind {
        Kind::Bool => truth(random, depth),
        Kind::Long => {
            let which = random.below(7);
            if which == 5 {
                let text = sub(random, Kind::Text);
                return Expr::new(format!("strlen({})", text.text), kind, move |row| {
                    Value::Long(Some(as_text((text.value)(row)).chars().count() as i64))
                });
            }
            if which == 6 {
                let text = sub(random, Kind::Text);
                return Expr::new(format!("indexof({}, 'b')", text.text), kind, move |row| {
                    let text = as_text((text.value)(row));
                    let at = text.find('b').map_or(-1, |at| text[..at].chars().count() as i64);
                    Value::Long(Some(at))
                });
            }
            let (a, b) = (sub(random, kind), sub(random, kind));
            let sign = ["+", "-", "*", "/", "%"][which];
            Expr::new(format!("({} {sign} {})", a.text, b.text), kind, move |row| {
                let pair = as_long((a.value)(row)).zip(as_long((b.value)(row)));
                Value::Long(pair.and_then(|(a, b)| match sign {
                    "+" => Some(a.wrapping_add(b)),
                    "-" => Some(a.wrapping_sub(b)),
                    "*" => Some(a.wrapping_mul(b)),
                    "/" => a.checked_div(b),
                    // Never negative.
                    _ => a.checked_rem_euclid(b),
                }))
            })
        }
        Kind::Real => {
            let of = [Kind::Real, Kind::Long][random.below(2)];
            let (a, b) = (sub(random, kind), sub(random, of));
            let sign = ["+", "-", "*", "/"][random.below(4)];
            Expr::new(format!("({} {sign} {})", a.text, b.text), kind, move |row| {
                let pair = as_real((a.value)(row)).zip(as_real((b.value)(row)));
                Value::Real(pair.map(|(a, b)| match sign {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    _ => a / b,
                }))
            })
        }
        Kind::Text => {
            let a = sub(random, kind);
            match random.below(5) {
                0 => Expr::new(format!("toupper({})", a.text), kind, move |row| {
                    Value::Text(as_text((a.value)(row)).to_uppercase())
                }),
                1 => {
                    let b = sub(random, kind);
                    Expr::new(format!("strcat({}, {})", a.text, b.text), kind, move |row| {
                        Value::Text(as_text((a.value)(row)) + &as_text((b.value)(row)))
                    })
                }
                2 => {
                    let (from, length) = (random.below(4), random.below(5));
                    Expr::new(format!("substring({}, {from}, {length})", a.text), kind, move |row| {
                        Value::Text(as_text((a.value)(row)).chars().skip(from).take(length).collect())
                    })
                }
                3 => {
                    let number = sub(random, Kind::Long);
                    Expr::new(format!("tostring({})", number.text), kind, move |row| {
                        Value::Text(
                            as_long((number.value)(row)).map_or(String::new(), |value| value.to_string()),
                        )
                    })
                }
                _ => Expr::new(format!("replace_string({}, 'a', 'oo')", a.text), kind, move |row| {
                    Value::Text(as_text((a.value)(row)).replace('a', "oo"))
                }),
            }
        }
    }
}

fn truth(random: &mut Random, depth: usize) -> Expr {
    let kind = Kind::Bool;
    let sub = |random: &mut Random, kind| expression(random, kind, depth - 1);
    match random.below(6) {
        0 | 1 => {
            let (a, b) = (sub(random, kind), sub(random, kind));
            let is_and = random.below(2) == 0;
            let word = if is_and { "and" } else { "or" };
            Expr::new(format!("({} {word} {})", a.text, b.text), kind, move |row| {
                let (a, b) = (as_bool((a.value)(row)), as_bool((b.value)(row)));
                // What decides, decides; else what is not known is not known.
                Value::Bool(match (a, b) {
                    (Some(decides), _) | (_, Some(decides)) if decides != is_and => Some(decides),
                    (Some(_), Some(_)) => Some(is_and),
                    _ => None,
                })
            })
        }
        2 => {
            let of = [Kind::Long, Kind::Real][random.below(2)];
            let (a, b) = (sub(random, of), sub(random, of));
            let sign = ["<", "<=", ">", ">="][random.below(4)];
            Expr::new(format!("({} {sign} {})", a.text, b.text), kind, move |row| {
                let (a, b) = (as_real((a.value)(row)), as_real((b.value)(row)));
                // What is no number is neither less nor greater, not even than null.
                if a.is_some_and(f64::is_nan) || b.is_some_and(f64::is_nan) {
                    return Value::Bool(Some(false));
                }
                Value::Bool(a.zip(b).map(|(a, b)| match sign {
                    "<" => a < b,
                    "<=" => a <= b,
                    ">" => a > b,
                    _ => a >= b,
                }))
            })
        }
        3 => {
            let (a, b) = (sub(random, Kind::Long), sub(random, Kind::Long));
            let is_equal = random.below(2) == 0;
            let sign = if is_equal { "==" } else { "!=" };
            Expr::new(format!("({} {sign} {})", a.text, b.text), kind, move |row| {
                // Null is equal to null as far as anybody knows, and different from all else.
                Value::Bool(match (as_long((a.value)(row)), as_long((b.value)(row))) {
                    (None, None) => None,
                    (a, b) => Some((a == b) == is_equal),
                })
            })
        }
        4 => {
            let text = sub(random, Kind::Text);
            let word = ["has", "contains", "startswith", "endswith", "=~", "contains_cs"][random.below(6)];
            let needle = ["alpha", "BETA", "a", "gamma", "beta-"][random.below(5)];
            Expr::new(format!("({} {word} '{needle}')", text.text), kind, move |row| {
                let text = as_text((text.value)(row));
                let (low, folded) = (text.to_lowercase(), needle.to_lowercase());
                Value::Bool(Some(match word {
                    "has" => has(&text, needle),
                    "contains" => low.contains(&folded),
                    "startswith" => low.starts_with(&folded),
                    "endswith" => low.ends_with(&folded),
                    "=~" => low == folded,
                    _ => text.contains(needle),
                }))
            })
        }
        _ => {
            let of = [Kind::Long, Kind::Real][random.below(2)];
            let a = sub(random, of);
            Expr::new(format!("isnull({})", a.text), kind, move |row| {
                Value::Bool(Some(match (a.value)(row) {
                    Value::Long(value) => value.is_none(),
                    Value::Real(value) => value.is_none(),
                    _ => false,
                }))
            })
        }
    }
}

fn as_json(value: Value) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::Long(value) => json!(value),
        Value::Real(Some(value)) if value.is_nan() => json!("NaN"),
        Value::Real(Some(value)) if value.is_infinite() => {
            json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
        }
        Value::Real(value) => json!(value),
        Value::Text(value) => json!(value),
    }
}

fn is_same(given: &Json, wanted: &Json) -> bool {
    match (given.as_f64(), wanted.as_f64()) {
        (Some(given), Some(wanted)) => given == wanted || (given - wanted).abs() <= 1e-9 * wanted.abs(),
        _ => given == wanted,
    }
}

#[tokio::test]
async fn the_plan_and_the_interpreter_agree() {
    let seeds = match std::env::var("KQL_SEED").ok().and_then(|text| text.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 1..6,
    };
    for seed in seeds {
        agree(seed).await;
    }
}

async fn agree(seed: u64) {
    let mut random = Random(seed);
    let tables = Memory::default();
    for round in 0..60 {
        // Several at once, so that equal parts of them are shared as in real queries.
        let kinds = [Kind::Bool, Kind::Long, Kind::Real, Kind::Text];
        let all: Vec<Expr> = (0..4).map(|at| expression(&mut random, kinds[at], 1 + round % 4)).collect();
        let columns: Vec<String> =
            all.iter().enumerate().map(|(at, expr)| format!("c{at} = {}", expr.text)).collect();
        let query = format!("{} | project {}", table(), columns.join(", "));
        let output =
            run(&query, &tables).await.unwrap_or_else(|error| panic!("KQL_SEED={seed}: {query}: {error}"));
        for (row, given) in ROWS.iter().zip(cells(&output)) {
            for (expr, given) in all.iter().zip(given) {
                let wanted = as_json((expr.value)(row));
                let text = &expr.text;
                assert!(
                    is_same(&given, &wanted),
                    "KQL_SEED={seed}: {text} ({:?}) gives {given}, not {wanted}, where n = {:?}, x = {:?}, s = '{}', b = {:?}",
                    expr.kind,
                    row.n,
                    row.x,
                    row.s,
                    row.b
                );
            }
        }
    }
}
