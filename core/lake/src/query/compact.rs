//! Rows of an answer without the memory that they were found in.
//!
//! A text of a batch is a reference into the page that it was read from. A filter that leaves one row of a page leaves
//! the whole page in memory with it: two hundred rows of an answer could hold two hundred megabytes.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, cast::AsArray};
use arrow_schema::{ArrowError, DataType};

/// The same rows; texts that use less than half of what they hold are moved to memory of their own.
pub(super) fn compacted(rows: RecordBatch) -> Result<RecordBatch, ArrowError> {
    if !rows.columns().iter().any(is_sparse) {
        return Ok(rows);
    }
    let columns = rows.columns().iter().map(|column| match is_sparse(column) {
        true => Arc::new(column.as_string_view().gc()) as ArrayRef,
        false => column.clone(),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(rows.schema(), columns.collect(), &options)
}

fn is_sparse(column: &ArrayRef) -> bool {
    if *column.data_type() != DataType::Utf8View {
        return false;
    }
    let texts = column.as_string_view();
    let held: usize = texts.data_buffers().iter().map(|buffer| buffer.len()).sum();
    texts.total_buffer_bytes_used() < held / 2
}

#[cfg(test)]
mod tests {
    use arrow_array::StringViewArray;

    use super::*;

    #[test]
    fn a_few_rows_do_not_hold_all_others() {
        let texts =
            (0..10_000).map(|n| (n % 10 != 0).then(|| format!("a text that no reference holds, {n}")));
        let texts = texts.collect::<StringViewArray>();
        let numbers = arrow_array::Int64Array::from_iter_values(0..10_000);
        let columns: [(&str, ArrayRef); 2] = [("text", Arc::new(texts)), ("number", Arc::new(numbers))];
        let all = RecordBatch::try_from_iter(columns).expect("two columns");
        let few = all.slice(5_000, 20);
        let compact = compacted(few.clone()).expect("the same columns");
        assert_eq!(compact, few);
        let held = |rows: &RecordBatch| rows.column(0).get_array_memory_size();
        assert!(held(&few) > 300_000, "{}", held(&few));
        assert!(held(&compact) < 20_000, "{}", held(&compact));
        let all_columns = all.columns().to_vec();
        let untouched = compacted(all).expect("the same columns");
        assert!(Arc::ptr_eq(&all_columns[0], untouched.column(0)), "what is dense stays where it is");
    }
}
