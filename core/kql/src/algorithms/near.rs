//! `rows_near`: the rows around those of interest.

use arrow_array::{Array, BooleanArray};

/// Which rows, in their order, are at most `before` rows before or `after` rows behind one where the condition is
/// true.
pub fn rows_near(condition: &BooleanArray, before: usize, after: usize) -> BooleanArray {
    let rows = condition.len();
    let mut is_near = vec![false; rows];
    // Up to where rows are marked already, so that each is marked once.
    let mut marked = 0;
    for row in (0..rows).filter(|row| condition.is_valid(*row) && condition.value(*row)) {
        let end = row.saturating_add(after).saturating_add(1).min(rows);
        let start = row.saturating_sub(before).max(marked).min(end);
        is_near[start..end].fill(true);
        marked = marked.max(end);
    }
    BooleanArray::from(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_around_are_near() {
        for (condition, before, after, expected) in [
            ("000010000", 2, 2, "001111100"),
            ("100000001", 1, 1, "110000011"),
            ("001010000", 0, 3, "001111110"),
            ("000000000", 5, 5, "000000000"),
            ("0100", usize::MAX, usize::MAX, "1111"),
            ("", 1, 1, ""),
        ] {
            let condition: BooleanArray = condition.chars().map(|flag| Some(flag == '1')).collect();
            let near = rows_near(&condition, before, after);
            let shown: String = near.iter().map(|flag| if flag == Some(true) { '1' } else { '0' }).collect();
            assert_eq!(shown, expected);
        }
    }
}
