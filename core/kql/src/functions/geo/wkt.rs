//! Shapes written as well-known text.

use phalanx_signal::ColumnType::{Dynamic, String as Text};

use crate::functions::{
    Accepts::Only,
    Call, Family, Function, Returns,
    define::{Answer, once},
};

pub static FUNCTIONS: &[Function] = &[Function::kernel(
    "geo_from_wkt",
    Family::Geo,
    &[once("wkt", Only(Text))],
    Returns::Only(Dynamic),
    "The GeoJSON of a shape in well-known text; null for what is none.",
    geo_from_wkt,
)
.examples(&[(r#"print tostring(geo_from_wkt("POINT (1 2)"))"#, r#"{"type":"Point","coordinates":[1,2]}"#)])];

/// How deep collections may be in one another.
const DEPTH_MAX: usize = 16;

fn geo_from_wkt(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| {
        let mut reader = Reader { rest: texts.text(row).trim() };
        let json = reader.geometry(DEPTH_MAX)?;
        reader.rest.trim().is_empty().then_some(json)
    })
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn geometry(&mut self, depth: usize) -> Option<String> {
        let word = self.word().to_ascii_uppercase();
        let (kind, levels) = match word.as_str() {
            "POINT" => ("Point", 0),
            "LINESTRING" => ("LineString", 1),
            "POLYGON" => ("Polygon", 2),
            "MULTIPOINT" => ("MultiPoint", 1),
            "MULTILINESTRING" => ("MultiLineString", 2),
            "MULTIPOLYGON" => ("MultiPolygon", 3),
            "GEOMETRYCOLLECTION" if depth > 0 => {
                let parts = self.list(|reader| reader.geometry(depth - 1))?;
                return Some(format!(r#"{{"type":"GeometryCollection","geometries":{parts}}}"#));
            }
            _ => return None,
        };
        let coordinates = if levels == 0 {
            self.expect('(')?;
            let position = self.position()?;
            self.expect(')')?;
            position
        } else {
            self.nested(levels, kind == "MultiPoint")?
        };
        Some(format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#))
    }

    /// Lists in lists, of positions; those of a `MULTIPOINT` may have parentheses of their own.
    fn nested(&mut self, levels: usize, may_wrap: bool) -> Option<String> {
        self.list(|reader| {
            if levels > 1 {
                return reader.nested(levels - 1, may_wrap);
            }
            let is_wrapped = may_wrap && reader.expect('(').is_some();
            let position = reader.position()?;
            if is_wrapped {
                reader.expect(')')?;
            }
            Some(position)
        })
    }

    /// A list in parentheses, as a JSON array.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<String>) -> Option<String> {
        self.expect('(')?;
        let mut out = String::from("[");
        loop {
            out.push_str(&item(self)?);
            if self.expect(')').is_some() {
                out.push(']');
                return Some(out);
            }
            self.expect(',')?;
            out.push(',');
        }
    }

    /// Two numbers or more.
    fn position(&mut self) -> Option<String> {
        let mut numbers = Vec::new();
        while let Ok(number) = self.peek().parse::<f64>() {
            self.word();
            numbers.push(number.is_finite().then_some(number)?.to_string());
        }
        (2..=4).contains(&numbers.len()).then(|| format!("[{}]", numbers.join(",")))
    }

    /// The next characters up to a space or a sign.
    fn peek(&self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | ','));
        &rest[..end.unwrap_or(rest.len())]
    }

    fn word(&mut self) -> &'a str {
        let word = self.peek();
        self.rest = &self.rest.trim_start()[word.len()..];
        word
    }

    fn expect(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(sign)?;
        Some(())
    }
}
