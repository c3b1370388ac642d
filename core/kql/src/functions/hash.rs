//! Hashes of values. `hash` and its like take a value's bytes as the reference does (whole numbers and times as
//! eight bytes, strings as UTF-8); the named algorithms take its text.

use phalanx_signal::ColumnType::{self, Long, String};
use sha2::{Digest, Sha256};
use twox_hash::XxHash64;

use super::{
    Accepts::{Any, AsText, Only},
    Call, Column, Family, Function, FunctionError, Parameter, Returns,
    conversion::{TICKS_TO_1970, push_any},
    define::{Answer, Kernel, once, optional, repeated},
};

const fn hash(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: ColumnType,
    about: &'static str,
    kernel: Kernel,
) -> Function {
    Function::kernel(name, Family::Hash, parameters, Returns::Only(returns), about, kernel)
}

const VALUE: &[Parameter] = &[once("source", Any), optional("mod", Only(Long))];
const TEXT: &[Parameter] = &[once("source", AsText)];

pub(super) static FUNCTIONS: &[Function] = &[
    hash("hash", VALUE, Long, "The value's xxHash64, or its remainder.", xxhash64)
        .examples(&[("print hash(\"World\")", "1846988464401551951"), ("print hash(\"World\", 100)", "51")]),
    hash("hash_xxhash64", VALUE, Long, "The value's xxHash64, or its remainder.", xxhash64)
        .examples(&[("print hash_xxhash64(\"World\")", "1846988464401551951")]),
    hash("hash_combine", &[repeated("hash", Only(Long), 2)], Long, "One hash of several.", |call| {
        let hashes = (0..call.arguments.len()).map(|at| call.longs(at)).collect::<Result<Vec<_>, _>>()?;
        Ok(Column::longs((0..call.rows).map(|row| {
            Some(combine(hashes.iter().map(|hash| hash.get(row).unwrap_or_default().cast_unsigned())))
        })))
    })
    .examples(&[(
        r#"print hash_combine(hash("a"), hash("b")) == hash_combine(hash("b"), hash("a"))"#,
        "false",
    )]),
    hash("hash_many", &[repeated("source", Any, 1)], Long, "One hash of several values.", |call| {
        let hashes = (0..call.arguments.len()).map(|at| hashes(call, at)).collect::<Result<Vec<_>, _>>()?;
        Ok(Column::longs((0..call.rows).map(|row| Some(combine(hashes.iter().map(|hash| hash[row]))))))
    })
    .examples(&[(r#"print hash_many("a", "b") == hash_combine(hash("a"), hash("b"))"#, "true")]),
    hash("hash_md5", TEXT, String, "The MD5 of the value's text, in hexadecimal digits.", |call| {
        digest(call, |bytes| hex::encode(md5::Md5::digest(bytes)))
    })
    .examples(&[("print hash_md5(\"World\")", "f5a7924e621e84c9280a9a27e1bcb7f6")]),
    hash("hash_sha1", TEXT, String, "The SHA-1 of the value's text, in hexadecimal digits.", |call| {
        digest(call, |bytes| hex::encode(sha1_smol::Sha1::from(bytes).digest().bytes()))
    })
    .examples(&[("print hash_sha1(\"World\")", "70c07ec18ef89c5309bbb0937f3a6342411e1fdd")]),
    hash("hash_sha256", TEXT, String, "The SHA-256 of the value's text, in hexadecimal digits.", |call| {
        digest(call, |bytes| hex::encode(Sha256::digest(bytes)))
    })
    .examples(&[(
        "print hash_sha256(\"World\")",
        "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524",
    )]),
];

fn digest(call: &Call<'_>, f: fn(&[u8]) -> std::string::String) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| out.push_str(&f(values.text(row).as_bytes())))
}

fn xxhash64(call: &Call<'_>) -> Answer {
    let hashes = hashes(call, 0)?;
    let moduli = call.has(1).then(|| call.longs(1)).transpose()?;
    Ok(Column::longs(hashes.into_iter().enumerate().map(|(row, hash)| match &moduli {
        None => Some(hash.cast_signed()),
        Some(moduli) => {
            let modulus = u64::try_from(moduli.get(row)?).ok().filter(|modulus| *modulus > 0)?;
            i64::try_from(hash % modulus).ok()
        }
    })))
}

/// The hash of each row's value; of null, that of no bytes.
fn hashes(call: &Call<'_>, at: usize) -> Result<Vec<u64>, FunctionError> {
    let rows = 0..call.rows;
    let of = |bytes: &[u8]| XxHash64::oneshot(0, bytes);
    let optional = |bytes: Option<[u8; 8]>| bytes.map_or_else(|| of(&[]), |bytes| of(&bytes));
    Ok(match call.types[at] {
        ColumnType::DateTime => {
            let values = call.datetimes(at)?;
            let ticks = |micros: i64| micros.wrapping_mul(10).wrapping_add(TICKS_TO_1970).to_le_bytes();
            rows.map(|row| optional(values.get(row).map(ticks))).collect()
        }
        ColumnType::Int | ColumnType::Long | ColumnType::TimeSpan => {
            let values = call.longs(at)?;
            rows.map(|row| optional(values.get(row).map(i64::to_le_bytes))).collect()
        }
        ColumnType::Real => {
            let values = call.reals(at)?;
            rows.map(|row| optional(values.get(row).map(f64::to_le_bytes))).collect()
        }
        ColumnType::Bool => {
            let values = call.booleans(at)?;
            rows.map(|row| values.get(row).map_or_else(|| of(&[]), |value| of(&[u8::from(value)]))).collect()
        }
        _ => {
            let push = push_any(call, at)?;
            let mut text = std::string::String::new();
            rows.map(|row| {
                text.clear();
                push(row, &mut text);
                of(text.as_bytes())
            })
            .collect()
        }
    })
}

/// One hash of several; the order matters.
fn combine(hashes: impl Iterator<Item = u64>) -> i64 {
    let step = |seed: u64, hash: u64| {
        seed ^ hash.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_add(seed << 6).wrapping_add(seed >> 2)
    };
    hashes.reduce(step).unwrap_or_default().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::cells::{Cell, check};

    #[test]
    fn known_hashes() {
        let s = Cell::string;
        check(&[
            ("hash", &[s("World")], "1846988464401551951"),
            ("hash", &[s("World"), Cell::long(100)], "51"),
            ("hash", &[s("World"), Cell::long(0)], "null"),
            ("hash", &[Cell::datetime("2015-01-01")], "1380966698541616202"),
            ("hash_xxhash64", &[s("Hello")], "753694413698530628"),
            ("hash_md5", &[s("World")], "f5a7924e621e84c9280a9a27e1bcb7f6"),
            ("hash_sha1", &[s("World")], "70c07ec18ef89c5309bbb0937f3a6342411e1fdd"),
            (
                "hash_sha256",
                &[Cell::datetime("2020-01-01")],
                "ba666752dc1a20eb750b0eb64e780cc4c968bc9fb8813461c1d7e750f302d71d",
            ),
        ]);
    }

    #[test]
    fn combined_hashes_depend_on_order() {
        let (a, b) = (1846988464401551951u64, 753694413698530628u64);
        assert_ne!(combine([a, b].into_iter()), combine([b, a].into_iter()));
        assert_eq!(combine([a].into_iter()), a.cast_signed());
    }
}
