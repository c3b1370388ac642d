//! The discrete Fourier transform.

use std::f64::consts::PI;

use phalanx_signal::ColumnType::Dynamic;

use super::values::{numbers, real, write_reals};
use crate::functions::{
    Accepts::Only,
    Call, Family, Function, Returns,
    define::{Answer, once, optional},
};

const COLUMNS: Returns = Returns::Columns(&[("real", Dynamic), ("imag", Dynamic)]);

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "series_fft",
        Family::Series,
        &[once("real", Only(Dynamic)), optional("imaginary", Only(Dynamic))],
        COLUMNS,
        "The frequencies in a series of complex numbers: their real and imaginary parts.",
        |call| both(call, false),
    )
    .examples(&[(
        "print y = dynamic([1,0,0,0]) | extend (re, im) = series_fft(y) | project tostring(re)",
        "[1.0,1.0,1.0,1.0]",
    )]),
    Function::kernel(
        "series_ifft",
        Family::Series,
        &[once("real", Only(Dynamic)), optional("imaginary", Only(Dynamic))],
        COLUMNS,
        "The series that has these frequencies: the real and imaginary parts of its numbers.",
        |call| both(call, true),
    )
    .examples(&[(
        "print y = dynamic([4,0,0,0]) | extend (re, im) = series_ifft(y) | project tostring(re)",
        "[1.0,1.0,1.0,1.0]",
    )]),
];

fn both(call: &Call<'_>, is_inverse: bool) -> Answer {
    let real_parts = call.texts(0)?;
    let imaginary_parts = call.has(1).then(|| call.texts(1)).transpose()?;
    call.dynamics(|row| {
        let reals = numbers(real_parts.value(row))?;
        let imaginary = match &imaginary_parts {
            Some(parts) => numbers(parts.value(row))?,
            None => vec![0.0; reals.len()],
        };
        if reals.len() != imaginary.len() {
            return None;
        }
        let values: Vec<Complex> = reals.into_iter().zip(imaginary).collect();
        let values = transform(&values, is_inverse);
        let scale = if is_inverse { real(values.len()) } else { 1.0 };
        let (reals, imaginary): (Vec<f64>, Vec<f64>) =
            values.iter().map(|value| (value.0 / scale, value.1 / scale)).unzip();
        Some(format!("[{},{}]", write_reals(&reals), write_reals(&imaginary)))
    })
}

/// A real and an imaginary part.
pub(super) type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// The transform of any number of values, in n log n; the inverse is not scaled.
pub(super) fn transform(values: &[Complex], is_inverse: bool) -> Vec<Complex> {
    if values.len() < 2 {
        return values.to_vec();
    }
    if values.len().is_power_of_two() {
        let mut values = values.to_vec();
        transform_power_of_two(&mut values, is_inverse);
        return values;
    }
    // Bluestein: as a convolution with a chirp, whose length may be a power of two.
    let length = values.len();
    let sign = if is_inverse { 1.0 } else { -1.0 };
    let chirp: Vec<Complex> = (0..length)
        .map(|at| {
            let angle = sign * PI * real(at * at % (2 * length)) / real(length);
            (angle.cos(), angle.sin())
        })
        .collect();
    let padded = (2 * length - 1).next_power_of_two();
    let mut left = vec![(0.0, 0.0); padded];
    let mut right = vec![(0.0, 0.0); padded];
    for at in 0..length {
        left[at] = times(values[at], chirp[at]);
        let conjugate = (chirp[at].0, -chirp[at].1);
        right[at] = conjugate;
        right[(padded - at) % padded] = conjugate;
    }
    transform_power_of_two(&mut left, false);
    transform_power_of_two(&mut right, false);
    for (left, right) in left.iter_mut().zip(&right) {
        *left = times(*left, *right);
    }
    transform_power_of_two(&mut left, true);
    let scale = real(padded);
    (0..length).map(|at| times((left[at].0 / scale, left[at].1 / scale), chirp[at])).collect()
}

fn transform_power_of_two(values: &mut [Complex], is_inverse: bool) {
    let length = values.len();
    let mut reversed = 0;
    for at in 1..length {
        let mut bit = length >> 1;
        while reversed & bit != 0 {
            reversed ^= bit;
            bit >>= 1;
        }
        reversed |= bit;
        if at < reversed {
            values.swap(at, reversed);
        }
    }
    let sign = if is_inverse { 1.0 } else { -1.0 };
    let mut size = 2;
    while size <= length {
        let half = size / 2;
        let roots: Vec<Complex> = (0..half)
            .map(|at| {
                let angle = sign * 2.0 * PI * real(at) / real(size);
                (angle.cos(), angle.sin())
            })
            .collect();
        for block in values.chunks_exact_mut(size) {
            for at in 0..half {
                let (even, odd) = (block[at], times(block[at + half], roots[at]));
                block[at] = (even.0 + odd.0, even.1 + odd.1);
                block[at + half] = (even.0 - odd.0, even.1 - odd.1);
            }
        }
        size *= 2;
    }
}

/// For each lag up to `lags`, how the values go together with themselves so much later; 1 at lag 0.
pub(super) fn autocorrelation(values: &[f64], lags: usize) -> Vec<f64> {
    let mean = super::values::mean(values);
    let padded = (2 * values.len()).next_power_of_two();
    let mut spectrum: Vec<Complex> = values.iter().map(|value| (value - mean, 0.0)).collect();
    spectrum.resize(padded, (0.0, 0.0));
    transform_power_of_two(&mut spectrum, false);
    for value in &mut spectrum {
        *value = (value.0 * value.0 + value.1 * value.1, 0.0);
    }
    transform_power_of_two(&mut spectrum, true);
    let whole = spectrum[0].0;
    let lags = lags.min(values.len().saturating_sub(1));
    (0..=lags).map(|lag| if whole > 0.0 { spectrum[lag].0 / whole } else { 0.0 }).collect()
}
