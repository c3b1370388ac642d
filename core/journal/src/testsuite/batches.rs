//! Batches that tests recognise.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
    cast::AsArray, types::Int64Type,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use phalanx_signal::{SignalBatch, TenantId};
use uuid::Uuid;

/// The batch with this number: all of its contents follow from the number and the number of rows.
pub fn batch(number: u64, rows: usize) -> SignalBatch {
    let row = |row: usize| number.wrapping_mul(1_000_003).wrapping_add(row as u64);
    let texts = (0..rows).map(|at| {
        let filler = "abcdefghijklmnopqrstuvwxyz".repeat(row(at) as usize % 3);
        (row(at) % 5 != 0).then(|| format!("row {at} of batch {number} {filler}"))
    });
    let columns: Vec<(&str, DataType, ArrayRef)> = vec![
        ("Number", DataType::Int64, Arc::new(Int64Array::from(vec![number as i64; rows]))),
        ("Row", DataType::Int32, Arc::new(Int32Array::from_iter_values(0..rows as i32))),
        (
            "TimeGenerated",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Arc::new(
                TimestampMicrosecondArray::from_iter_values((0..rows).map(|at| row(at) as i64))
                    .with_timezone("UTC"),
            ),
        ),
        ("Text", DataType::Utf8View, Arc::new(StringViewArray::from_iter(texts).gc())),
        (
            "Flag",
            DataType::Boolean,
            Arc::new(
                (0..rows).map(|at| (row(at) % 7 != 0).then_some(row(at) % 2 == 0)).collect::<BooleanArray>(),
            ),
        ),
    ];
    signal(number, columns)
}

/// The number of a batch that [`batch`] made; panics if anything in it has changed.
pub fn number_of(found: &SignalBatch) -> u64 {
    let numbers = found.rows.column_by_name("Number").expect("the column is there");
    let number = numbers.as_primitive::<Int64Type>().value(0) as u64;
    let expected = batch(number, found.rows.num_rows());
    assert_eq!(found.rows, expected.rows, "batch {number}");
    assert_eq!((found.tenant, &found.table), (expected.tenant, &expected.table), "batch {number}");
    number
}

/// A batch of one row with about so many bytes that no compression makes smaller.
pub fn noise(number: u64, bytes: usize) -> SignalBatch {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(bytes + 8);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // 64 characters carry 6 bits a byte: a coder by entropy would find something, LZ4 finds nothing.
        text.extend(state.to_le_bytes().map(|byte| char::from(b'0' + byte % 64)));
    }
    let text: ArrayRef = Arc::new(StringViewArray::from_iter_values([text]).gc());
    signal(number, vec![("Text", DataType::Utf8View, text)])
}

fn signal(number: u64, columns: Vec<(&str, DataType, ArrayRef)>) -> SignalBatch {
    let (fields, columns): (Vec<_>, Vec<_>) = columns
        .into_iter()
        .map(|(name, data_type, column)| (Field::new(name, data_type, true), column))
        .unzip();
    SignalBatch {
        tenant: TenantId::new(Uuid::from_u128(u128::from(number % 3) + 1)),
        table: Arc::from(["DeviceProcessEvents", "SigninLogs", "Syslog"][number as usize % 3]),
        rows: RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns of equal length"),
    }
}
