//! Reading what the aggregates `hll` and `tdigest` gave.

use phalanx_signal::ColumnType::{Dynamic, Long, Real};

use super::{
    Accepts::{Any, Number, Only, Ordinal},
    Call, Column, Family, Function, FunctionError, Returns, Texts,
    define::{Answer, once, repeated},
};
use crate::{
    aggregates::{Digest, Sketch, render::Cells},
    dynamic::{ArrayWriter, Json},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "dcount_hll",
        Family::Dynamic,
        &[once("hll", Only(Dynamic))],
        Returns::Only(Long),
        "How many distinct values went into a sketch of `hll`.",
        dcount_hll,
    )
    .examples(&[("range x from 1 to 9 step 1 | summarize h = hll(x) | project dcount_hll(h)", "9")]),
    Function::kernel(
        "hll_merge",
        Family::Dynamic,
        &[repeated("hll", Only(Dynamic), 1)],
        Returns::Only(Dynamic),
        "One sketch of all that went into several.",
        hll_merge,
    )
    .examples(&[(
        "range x from 1 to 9 step 1 | summarize a = hll(x), b = hll(x + 3) | project dcount_hll(hll_merge(a, b))",
        "12",
    )]),
    Function::kernel(
        "merge_tdigest",
        Family::Dynamic,
        &[repeated("digest", Only(Dynamic), 1)],
        Returns::Only(Dynamic),
        "One digest of all that went into several.",
        merge_tdigest,
    )
    .alias(&["tdigest_merge"])
    .examples(&[(
        "range x from 1 to 9 step 1 | summarize a = tdigest(x), b = tdigest(x + 10) \
         | project rank_tdigest(merge_tdigest(a, b), 12)",
        "11.0",
    )]),
    Function::kernel(
        "percentile_tdigest",
        Family::Dynamic,
        &[once("digest", Only(Dynamic)), once("percent", Number)],
        Returns::Only(Dynamic),
        "The value that so many percent of a digest's values are not above. A third argument, `typeof(type)`, \
         converts it.",
        percentile_tdigest,
    )
    .examples(&[("range x from 1 to 9 step 1 | summarize t = tdigest(x) | project percentile_tdigest(t, 50)", "5")]),
    Function::kernel(
        "percentiles_array_tdigest",
        Family::Dynamic,
        &[once("digest", Only(Dynamic)), repeated("percents", Any, 1)],
        Returns::Only(Dynamic),
        "The percentiles of a digest for several numbers, or for an array of them.",
        percentiles_array_tdigest,
    )
    .examples(&[(
        "range x from 1 to 9 step 1 | summarize t = tdigest(x) | project percentiles_array_tdigest(t, 10, 50)",
        "[1,5]",
    )]),
    Function::kernel(
        "rank_tdigest",
        Family::Dynamic,
        &[once("digest", Only(Dynamic)), once("value", Ordinal)],
        Returns::Only(Real),
        "About how many of a digest's values are not above this one.",
        |call| rank(call, |_, rank| rank),
    )
    .examples(&[("range x from 1 to 9 step 1 | summarize t = tdigest(x) | project rank_tdigest(t, 4)", "4.0")]),
    Function::kernel(
        "percentrank_tdigest",
        Family::Dynamic,
        &[once("digest", Only(Dynamic)), once("value", Ordinal)],
        Returns::Only(Real),
        "About how many percent of a digest's values are not above this one.",
        |call| rank(call, |count, rank| rank / count * 100.0),
    )
    .examples(&[(
        "range x from 1 to 8 step 1 | summarize t = tdigest(x) | project percentrank_tdigest(t, 4)",
        "50.0",
    )]),
];

fn dcount_hll(call: &Call<'_>) -> Answer {
    let sketches = call.texts(0)?;
    Ok(Column::longs((0..call.rows).map(|row| sketch(&sketches, row).map(|sketch| sketch.count()))))
}

fn hll_merge(call: &Call<'_>) -> Answer {
    let columns = columns(call)?;
    let merged = |row| {
        let mut sketches = columns.iter().filter_map(|column| sketch(column, row));
        let mut first = sketches.next()?;
        // Above what a sketch keeps, it has a precision of its own.
        sketches.for_each(|sketch| first.merge(&sketch, Sketch::PRECISION));
        Some(first.to_json())
    };
    Ok(Column::texts((0..call.rows).map(merged)))
}

fn merge_tdigest(call: &Call<'_>) -> Answer {
    let columns = columns(call)?;
    let merged = |row| {
        let mut digests = columns.iter().filter_map(|column| digest(column, row));
        let mut first = digests.next()?;
        digests.for_each(|digest| first.merge(&digest));
        Some(first.to_json())
    };
    Ok(Column::texts((0..call.rows).map(merged)))
}

fn percentile_tdigest(call: &Call<'_>) -> Answer {
    let digests = call.texts(0)?;
    let percents = call.array(1)?;
    let percents = cells(call, 1, &percents)?;
    let percentile = |row| {
        let percent = percents.real(row)?;
        Some(digest(&digests, row)?.percentile_json(percent)).filter(|json| json != "null")
    };
    Ok(Column::texts((0..call.rows).map(percentile)))
}

fn percentiles_array_tdigest(call: &Call<'_>) -> Answer {
    let digests = call.texts(0)?;
    let arrays = (1..call.arguments.len()).map(|at| call.array(at)).collect::<Result<Vec<_>, _>>()?;
    let percents: Vec<Cells<'_>> =
        arrays.iter().enumerate().map(|(at, array)| cells(call, at + 1, array)).collect::<Result<_, _>>()?;
    let percentiles = |row| {
        let digest = digest(&digests, row)?;
        let mut answer = ArrayWriter::default();
        for percents in &percents {
            let elements = match percents {
                Cells::Dynamic(texts) if !percents.is_null(row) => Json::new(texts.value(row)).elements(),
                _ => None,
            };
            match elements {
                Some(elements) => elements
                    .filter_map(Json::as_real)
                    .for_each(|percent| answer.push(Json::new(&digest.percentile_json(percent)))),
                None => answer.push(Json::new(&digest.percentile_json(percents.real(row)?))),
            }
        }
        Some(answer.finish())
    };
    Ok(Column::texts((0..call.rows).map(percentiles)))
}

fn rank(call: &Call<'_>, scale: fn(f64, f64) -> f64) -> Answer {
    let digests = call.texts(0)?;
    let values = call.array(1)?;
    let values = cells(call, 1, &values)?;
    let rank = |row| {
        let digest = digest(&digests, row)?;
        Some(scale(digest.count(), digest.rank(values.real(row)?)?))
    };
    Ok(Column::reals((0..call.rows).map(rank)))
}

fn columns(call: &Call<'_>) -> Result<Vec<Texts>, FunctionError> {
    (0..call.arguments.len()).map(|at| call.texts(at)).collect()
}

fn cells<'a>(
    call: &Call<'_>,
    at: usize,
    array: &'a arrow_array::ArrayRef,
) -> Result<Cells<'a>, FunctionError> {
    Cells::new(call.types[at], array).map_err(|error| FunctionError(error.to_string()))
}

fn sketch(texts: &Texts, row: usize) -> Option<Sketch> {
    Sketch::from_json(Json::new(texts.json(row)?))
}

fn digest(texts: &Texts, row: usize) -> Option<Digest> {
    Digest::from_json(Json::new(texts.json(row)?))
}
