//! The straight line that is nearest to numbers one step apart.

use super::values::real;

/// A line over the places 1, 2, 3 …, and how well it fits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub slope: f64,
    pub interception: f64,
    /// Of the numbers.
    pub variance: f64,
    /// Of what the line leaves of them.
    pub residual_variance: f64,
}

impl Line {
    pub(super) fn at(&self, place: usize) -> f64 {
        self.interception + self.slope * real(place + 1)
    }

    /// How much of the variance the line explains, from 0 to 1.
    pub(super) fn rsquare(&self) -> f64 {
        if self.variance == 0.0 { 0.0 } else { 1.0 - self.residual_variance / self.variance }
    }
}

/// Sums over the first so many numbers, from which the line of any stretch is known at once.
pub(super) struct Sums {
    /// Of y, y², and x·y with x = 1, 2, 3 …, over the first n numbers less their mean.
    sums: Vec<[f64; 3]>,
    mean: f64,
}

impl Sums {
    pub(super) fn new(values: &[f64]) -> Self {
        // Without the mean, squares of large numbers keep their digits.
        let mean = if values.is_empty() { 0.0 } else { super::values::mean(values) };
        let mut sums = Vec::with_capacity(values.len() + 1);
        let mut sum = [0.0; 3];
        sums.push(sum);
        for (at, value) in values.iter().enumerate() {
            let value = value - mean;
            sum[0] += value;
            sum[1] += value * value;
            sum[2] += real(at + 1) * value;
            sums.push(sum);
        }
        Self { sums, mean }
    }

    /// The line of the numbers from one place to before another, which must be behind it.
    pub(super) fn line(&self, from: usize, to: usize) -> Line {
        let [y, yy, xy] = [0, 1, 2].map(|at| self.sums[to][at] - self.sums[from][at]);
        let count = real(to - from);
        // x is n numbers in a row: their mean and squares have closed forms.
        let x_mean = real(from + 1 + to) / 2.0;
        let xx = count * (count * count - 1.0) / 12.0;
        let y_squares = (yy - y * y / count).max(0.0);
        let together = xy - x_mean * y;
        let slope = if xx > 0.0 { together / xx } else { 0.0 };
        let residual = (y_squares - slope * together).max(0.0);
        let freedom = (count - 1.0).max(1.0);
        Line {
            slope,
            interception: self.mean + y / count - slope * x_mean,
            variance: y_squares / freedom,
            residual_variance: residual / freedom,
        }
    }
}
