//! Arithmetic that the engine would do otherwise: whole division and remainder without errors, decimals that keep
//! their scale, and numbers of rows. Not functions of the language: the binder calls them for operators.

use std::sync::atomic::{AtomicI64, Ordering};

use arrow_array::{cast::AsArray, types::Decimal128Type};
use phalanx_signal::ColumnType;

use super::{Accepts, Body, Call, Column, Family, Function, FunctionError, HowOften, Parameter, Returns};

/// One in units of a decimal.
const DECIMAL_ONE: i128 = 1_000_000_000_000_000_000;

const TWO: [Parameter; 2] = [
    Parameter { name: "left", accepts: Accepts::Any, how_often: HowOften::Once },
    Parameter { name: "right", accepts: Accepts::Any, how_often: HowOften::Once },
];

macro_rules! internal {
    ($(#[$doc:meta])* $name:ident, $text:literal, $body:expr) => {
        $(#[$doc])*
        pub static $name: Function = Function {
            name: $text,
            aliases: &[],
            family: Family::Math,
            parameters: &TWO,
            returns: Returns::Argument(0),
            about: "",
            examples: &[],
            body: $body,
        };
    };
}

internal!(
    /// Whole division of `long` or `timespan`; null for a divisor of 0.
    DIVIDE_WHOLE, "divide", Body::Kernel(|call| whole(call, i64::checked_div))
);
internal!(
    /// The remainder of whole division, never negative; null for a divisor of 0.
    REMAINDER_WHOLE, "remainder", Body::Kernel(|call| whole(call, i64::checked_rem_euclid))
);
internal!(
    /// The remainder of `real`, never negative.
    REMAINDER_REAL, "remainder", Body::Kernel(|call| {
        let (left, right) = (call.reals(0)?, call.reals(1)?);
        Ok(Column::reals((0..call.rows).map(|row| Some(left.get(row)?.rem_euclid(right.get(row)?)))))
    })
);
internal!(
    /// The sum of decimals; null where it does not fit.
    ADD_DECIMAL, "add", Body::Kernel(|call| decimal(call, i128::checked_add))
);
internal!(
    /// The difference of decimals; null where it does not fit.
    SUBTRACT_DECIMAL, "subtract", Body::Kernel(|call| decimal(call, i128::checked_sub))
);
internal!(
    /// The product of decimals; null where it does not fit.
    MULTIPLY_DECIMAL, "multiply", Body::Kernel(|call| decimal(call, multiply))
);
internal!(
    /// The quotient of decimals; null for a divisor of 0.
    DIVIDE_DECIMAL, "divide", Body::Kernel(|call| decimal(call, divide))
);
internal!(
    /// The remainder of decimals, never negative; null for a divisor of 0.
    REMAINDER_DECIMAL, "remainder", Body::Kernel(|call| decimal(call, i128::checked_rem_euclid))
);

/// A number that no other row of the query has.
pub static ROW_ID: Function = Function {
    name: "row_id",
    aliases: &[],
    family: Family::Row,
    parameters: &[],
    returns: Returns::Only(ColumnType::Long),
    about: "",
    examples: &[],
    body: Body::Volatile(|call| {
        static NEXT: AtomicI64 = AtomicI64::new(0);
        let first = NEXT.fetch_add(call.rows as i64, Ordering::Relaxed);
        Ok(Column::longs((0..call.rows as i64).map(|row| Some(first.wrapping_add(row)))))
    }),
};

fn whole(call: &Call<'_>, f: fn(i64, i64) -> Option<i64>) -> Result<Column, FunctionError> {
    let (left, right) = (call.longs(0)?, call.longs(1)?);
    Ok(Column::longs((0..call.rows).map(|row| f(left.get(row)?, right.get(row)?))))
}

fn decimal(call: &Call<'_>, f: fn(i128, i128) -> Option<i128>) -> Result<Column, FunctionError> {
    let (left, right) = (call.array(0)?, call.array(1)?);
    let misfit = || FunctionError("a decimal was promised".into());
    let left = left.as_primitive_opt::<Decimal128Type>().ok_or_else(misfit)?;
    let right = right.as_primitive_opt::<Decimal128Type>().ok_or_else(misfit)?;
    Ok(Column::decimals(left.iter().zip(right).map(|(left, right)| f(left?, right?))))
}

fn multiply(left: i128, right: i128) -> Option<i128> {
    // The whole part and the fraction apart, so that the product of the units does not overflow.
    let (whole, fraction) = (left.div_euclid(DECIMAL_ONE), left.rem_euclid(DECIMAL_ONE));
    let (other_whole, other_fraction) = (right.div_euclid(DECIMAL_ONE), right.rem_euclid(DECIMAL_ONE));
    whole
        .checked_mul(right)?
        .checked_add(fraction.checked_mul(other_whole)?)?
        .checked_add(fraction * other_fraction / DECIMAL_ONE)
}

fn divide(left: i128, right: i128) -> Option<i128> {
    let whole = left.checked_div(right)?;
    let mut rest = left % right;
    let mut units = 0i128;
    for _ in 0..18 {
        // A remainder is smaller than the divisor; where ten times it does not fit, the last digits are lost.
        let Some(next) = rest.checked_mul(10) else { break };
        units = units * 10 + next / right;
        rest = next % right;
    }
    whole.checked_mul(DECIMAL_ONE)?.checked_add(units)
}

#[cfg(test)]
mod tests {
    use super::{DECIMAL_ONE, divide, multiply};

    #[test]
    fn decimals_keep_their_scale() {
        let half = DECIMAL_ONE / 2;
        assert_eq!(multiply(3 * half, 3 * half), Some(9 * DECIMAL_ONE / 4));
        assert_eq!(multiply(-3 * half, half), Some(-3 * DECIMAL_ONE / 4));
        assert_eq!(divide(DECIMAL_ONE, 3 * DECIMAL_ONE), Some(333_333_333_333_333_333));
        assert_eq!(divide(-DECIMAL_ONE, 4 * DECIMAL_ONE), Some(-DECIMAL_ONE / 4));
        assert_eq!(divide(1, 0), None);
        assert_eq!(multiply(i128::MAX, i128::MAX), None);
    }
}
