//! Filters over a series: moving averages, differences, smoothing.

use phalanx_signal::ColumnType::{Bool, Dynamic};

use super::values::{numbers, write_reals};
use crate::functions::{
    Accepts::Only,
    Call, Family, Function, FunctionError, Returns, Texts,
    define::{Answer, once, optional},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "series_fir",
        Family::Series,
        &[
            once("series", Only(Dynamic)),
            once("filter", Only(Dynamic)),
            optional("normalize", Only(Bool)),
            optional("center", Only(Bool)),
        ],
        Returns::Only(Dynamic),
        "Each number and those before it, weighted by a filter, summed. The filter's sum becomes 1 (unless it has \
         negative numbers); `center` takes as many numbers from behind as from before.",
        series_fir,
    )
    .examples(&[("print tostring(series_fir(dynamic([2,4,6]), dynamic([1,1])))", "[1.0,3.0,5.0]")]),
    Function::kernel(
        "series_iir",
        Family::Series,
        &[once("series", Only(Dynamic)), once("numerators", Only(Dynamic)), once("denominators", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The numbers so far weighted by numerators, less the answers so far weighted by denominators.",
        series_iir,
    )
    .examples(&[("print tostring(series_iir(dynamic([1,2,3]), dynamic([1]), dynamic([1,-1])))", "[1.0,3.0,6.0]")]),
];

/// The coefficients that a filter may have: the work is theirs times the length of the series.
const COEFFICIENTS_MAX: usize = 1024;

fn coefficients(texts: &Texts, row: usize) -> Result<Option<Vec<f64>>, FunctionError> {
    let values = numbers(texts.value(row));
    if values.as_ref().is_some_and(|values| values.len() > COEFFICIENTS_MAX) {
        return Err(FunctionError(format!("a filter has at most {COEFFICIENTS_MAX} coefficients")));
    }
    Ok(values.filter(|values| !values.is_empty()))
}

fn series_fir(call: &Call<'_>) -> Answer {
    let (series, filters) = (call.texts(0)?, call.texts(1)?);
    let normalize = call.has(2).then(|| call.booleans(2)).transpose()?;
    let center = call.has(3).then(|| call.booleans(3)).transpose()?;
    call.try_dynamics(|row| {
        let Some(filter) = coefficients(&filters, row)? else { return Ok(None) };
        let Some(values) = numbers(series.value(row)) else { return Ok(None) };
        let has_negative = filter.iter().any(|value| *value < 0.0);
        let normalize = normalize.as_ref().and_then(|values| values.get(row)).unwrap_or(!has_negative);
        if normalize && has_negative {
            return Ok(None);
        }
        let sum = if normalize { filter.iter().sum() } else { 1.0 };
        let is_centered = center.as_ref().and_then(|values| values.get(row)).unwrap_or(false);
        let ahead = if is_centered { filter.len() / 2 } else { 0 };
        let filtered = |at: usize| {
            let weighted = filter.iter().enumerate().map(|(back, weight)| {
                let place = (at + ahead).checked_sub(back);
                weight * place.and_then(|place| values.get(place)).copied().unwrap_or(0.0)
            });
            weighted.sum::<f64>() / sum
        };
        Ok(Some(write_reals(&(0..values.len()).map(filtered).collect::<Vec<_>>())))
    })
}

fn series_iir(call: &Call<'_>) -> Answer {
    let (series, numerators, denominators) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    call.try_dynamics(|row| {
        let (Some(numerators), Some(denominators)) =
            (coefficients(&numerators, row)?, coefficients(&denominators, row)?)
        else {
            return Ok(None);
        };
        let Some(values) = numbers(series.value(row)).filter(|_| denominators[0] != 0.0) else {
            return Ok(None);
        };
        let mut out: Vec<f64> = Vec::with_capacity(values.len());
        for at in 0..values.len() {
            let weighted = |weights: &[f64], of: &[f64], skip: usize| -> f64 {
                let weights = weights.iter().enumerate().skip(skip).take_while(|(back, _)| *back <= at);
                weights.map(|(back, weight)| weight * of[at - back]).sum()
            };
            let value = weighted(&numerators, &values, 0) - weighted(&denominators, &out, 1);
            out.push(value / denominators[0]);
        }
        Ok(Some(write_reals(&out)))
    })
}
