//! Replacing plain texts.

use memchr::memmem::Finder;

use crate::functions::{Call, FunctionError, define::Answer, operators::texts};

pub(super) fn replace_string(call: &Call<'_>) -> Answer {
    let (sources, rewrites) = (call.texts(0)?, call.texts(2)?);
    let mut lookups = call.prepared(1, |text| Ok(Finder::new(text).into_owned()))?;
    call.try_strings(|row, out| {
        let (source, lookup) = (sources.text(row), lookups.get(row)?);
        let mut from = 0;
        if !lookup.needle().is_empty() {
            for at in lookup.find_iter(source.as_bytes()) {
                out.push_str(&source[from..at]);
                out.push_str(rewrites.text(row));
                from = at + lookup.needle().len();
            }
        }
        out.push_str(&source[from..]);
        Ok(())
    })
}

pub(super) fn replace_strings(call: &Call<'_>) -> Answer {
    let sources = call.texts(0)?;
    let owned = |list: &str| {
        Ok::<Vec<String>, FunctionError>(texts(list)?.into_iter().map(|text| text.into_owned()).collect())
    };
    let mut lookups = call.prepared(1, owned)?;
    // For what is no string the text stays, and is done with as if it had been replaced.
    let strings = |list: &str| {
        let values: Vec<serde_json::Value> = serde_json::from_str(list).unwrap_or_default();
        Ok::<Vec<Option<String>>, FunctionError>(
            values.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
        )
    };
    let mut rewrites = call.prepared(2, strings)?;
    call.try_strings(|row, out| {
        let (lookups, rewrites) = (lookups.get(row)?, rewrites.get(row)?);
        if lookups.len() != rewrites.len() {
            return Err(FunctionError(format!(
                "there are {} texts to look for, but {} to replace them",
                lookups.len(),
                rewrites.len()
            )));
        }
        // What was replaced stays as it is; the pieces between are looked at for the texts further on.
        let mut pieces = vec![Piece::Open(sources.text(row))];
        for (lookup, rewrite) in lookups.iter().zip(rewrites).filter(|(lookup, _)| !lookup.is_empty()) {
            let rewrite = rewrite.as_deref().unwrap_or(lookup);
            pieces = pieces.into_iter().fold(Vec::new(), |mut next, piece| {
                match piece {
                    Piece::Open(text) => split(text, lookup, rewrite, &mut next),
                    done => next.push(done),
                }
                next
            });
        }
        for piece in pieces {
            match piece {
                Piece::Open(text) | Piece::Done(text) => out.push_str(text),
            }
        }
        Ok(())
    })
}

enum Piece<'a> {
    Open(&'a str),
    Done(&'a str),
}

fn split<'a>(text: &'a str, lookup: &str, rewrite: &'a str, pieces: &mut Vec<Piece<'a>>) {
    for (at, part) in text.split(lookup).enumerate() {
        if at > 0 {
            pieces.push(Piece::Done(rewrite));
        }
        if !part.is_empty() {
            pieces.push(Piece::Open(part));
        }
    }
}
