//! What is in an entry comes back as it was.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    LargeStringArray, ListArray, NullArray, RecordBatch, RecordBatchOptions, StringArray, StringViewArray,
    StructArray, TimestampMicrosecondArray, UInt64Array,
    types::{Int16Type, Int32Type},
};
use arrow_schema::{DataType, Field, Fields, Schema};
use phalanx_signal::{SignalBatch, TenantId};
use uuid::Uuid;

use super::{Context, batch};
use crate::Position;

pub async fn all_types_come_back(context: Context) {
    let long = "a text that is too long for a view ".repeat(30);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from(vec![Some(""), None, Some("\0 not UTF-16: \u{1F512}"), Some(&*long)])),
        Arc::new(StringArray::from(vec![Some("a"), None, Some(""), Some(&*long)])),
        Arc::new(LargeStringArray::from(vec![Some("a"), None, Some(""), Some("b")])),
        Arc::new(BinaryArray::from_opt_vec(vec![
            Some(&b"\xff\0"[..]),
            None,
            Some(b""),
            Some(long.as_bytes()),
        ])),
        Arc::new(BinaryViewArray::from_iter(vec![
            Some(&b"\xff\0"[..]),
            None,
            Some(b""),
            Some(long.as_bytes()),
        ])),
        Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                [Some([7u8; 16]), None, Some([0; 16]), None].into_iter(),
                16,
            )
            .expect("values of one size"),
        ),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), None])),
        Arc::new(Int8Array::from(vec![Some(i8::MIN), None, Some(0), Some(i8::MAX)])),
        Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(0), Some(i16::MAX)])),
        Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(0), Some(i32::MAX)])),
        Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(0), Some(i64::MAX)])),
        Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0), None])),
        Arc::new(Float32Array::from(vec![Some(f32::MIN_POSITIVE), None, Some(-0.0), Some(f32::INFINITY)])),
        Arc::new(Float64Array::from(vec![Some(f64::MIN_POSITIVE), None, Some(-0.0), Some(f64::INFINITY)])),
        Arc::new(Date32Array::from(vec![Some(i32::MIN), None, Some(0), Some(20_000)])),
        Arc::new(
            TimestampMicrosecondArray::from(vec![Some(i64::MIN), None, Some(0), Some(i64::MAX)])
                .with_timezone("UTC"),
        ),
        Arc::new(
            Decimal128Array::from(vec![Some(i128::from(i64::MAX)), None, Some(0), Some(-1)])
                .with_precision_and_scale(38, 9)
                .expect("a valid precision"),
        ),
        Arc::new(DictionaryArray::<Int16Type>::from_iter([Some("x"), None, Some("y"), Some("x")])),
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(1), None]),
            None,
            Some(vec![]),
            Some(vec![Some(2)]),
        ])),
        Arc::new(StructArray::new(
            Fields::from(vec![Field::new("inner", DataType::Utf8View, true)]),
            vec![Arc::new(StringViewArray::from(vec![Some("a"), None, Some(&*long), Some("")]))],
            None,
        )),
        Arc::new(NullArray::new(4)),
    ];
    let field = |(at, column): (usize, &ArrayRef)| {
        let note = HashMap::from([("note".to_owned(), at.to_string())]);
        Field::new(format!("{at} \u{e9}, \"\""), column.data_type().clone(), true).with_metadata(note)
    };
    let fields: Vec<_> = columns.iter().enumerate().map(field).collect();
    let note = HashMap::from([("phalanx.cursor".to_owned(), "s=1;\n\"\u{e9}\"".to_owned())]);
    let schema = Schema::new(fields).with_metadata(note);
    let rows = RecordBatch::try_new(Arc::new(schema), columns).expect("columns of equal length");
    come_back(context, vec![signal("All", rows)]).await;
}

pub async fn shapes_come_back(context: Context) {
    let schema = Arc::new(Schema::empty());
    let options = RecordBatchOptions::new().with_row_count(Some(17));
    let no_columns = RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options)
        .expect("the rows are counted");
    let fields: Vec<_> = (0..300).map(|at| Field::new(format!("c{at}"), DataType::Utf8View, true)).collect();
    let wide =
        (0..300).map(|at| Arc::new(StringViewArray::from(vec![format!("{at}")])) as ArrayRef).collect();
    let wide = RecordBatch::try_new(Arc::new(Schema::new(fields)), wide).expect("columns of equal length");
    let batches = vec![
        signal("", no_columns),
        signal("Empty", RecordBatch::new_empty(schema)),
        batch(1, 0),
        signal(&"long name ".repeat(100), wide),
        batch(2, 5_000),
    ];
    come_back(context, batches).await;
}

pub async fn slices_come_back_without_what_they_were_cut_from(context: Context) {
    let whole = batch(1, 4_000);
    let slices: Vec<_> = [(0, 1), (3_999, 1), (17, 0), (1_001, 13)]
        .into_iter()
        .map(|(at, rows)| SignalBatch { rows: whole.rows.slice(at, rows), ..whole.clone() })
        .collect();
    let held = whole.rows.get_array_memory_size();
    let entries = come_back(context, slices).await;
    assert!(
        entries.iter().all(|memory| *memory < held / 4 || *memory >= held),
        "{entries:?} of {held} bytes"
    );
}

/// Appends one entry, reads it from memory and, where there is a disk, from there. Says what memory the
/// entries took.
async fn come_back(mut context: Context, batches: Vec<SignalBatch>) -> Vec<usize> {
    let _ = context.journal.append(1, batches.clone()).await.expect("there is room");
    let mut memory = Vec::new();
    loop {
        let entry = context.read(Position::ZERO, 1).await.remove(0);
        assert_eq!(entry.batches.len(), batches.len());
        for (found, expected) in entry.batches.iter().zip(&batches) {
            assert_eq!((found.tenant, &found.table), (expected.tenant, &expected.table));
            assert_eq!(found.rows.schema(), expected.rows.schema());
            assert_eq!(found.rows, expected.rows);
        }
        memory.push(entry.memory());
        if memory.len() == 2 || !context.reopen().await {
            return memory;
        }
    }
}

fn signal(table: &str, rows: RecordBatch) -> SignalBatch {
    SignalBatch { tenant: TenantId::new(Uuid::from_u128(9)), table: Arc::from(table), rows }
}
