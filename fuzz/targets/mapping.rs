//! Mapping files: whatever stands in one, it is refused with a line or it works for any record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::{
    decode::Output,
    mapping::{Mapper, Mapping, Record, Value},
    testing::{self, Setting},
};

fuzz_target!(|input: &str| {
    let mapping = match Mapping::parse(input, &["EventID", "Computer"]) {
        Ok(mapping) => mapping,
        Err(error) => {
            assert!((1..=input.lines().count().max(1)).contains(&error.line), "line {}", error.line);
            return assert!(!error.reason.is_empty());
        }
    };
    let session = Setting::default().session();
    let mut out = Output::new(session, "fuzz");
    let mut mapper = Mapper::new(&mapping);
    let headers = [Value::Long(1), Value::text("PC1")];
    let fields = [
        ("Image", Value::text(r"C:\Windows\x.exe")),
        ("Image", Value::text("twice")),
        ("Hashes", Value::text("SHA1=1,MD5=2")),
        ("Ip", Value::text("::ffff:1.2.3.4")),
        ("Number", Value::Long(i64::MIN)),
        ("Real", Value::Real(f64::NAN)),
        ("Json", Value::Json("[1,{}]".into())),
        ("Empty", Value::Null),
    ];
    for (source, tables) in mapping.sources() {
        let Some(set) = mapping.rules(source) else { continue };
        let record = Record { time: Some(1), headers: &headers, fields: &fields, extras: &fields[..2] };
        let rows = mapper.apply(&[set], &record, &mut out);
        assert!(rows <= tables.len(), "{source} gives {rows} rows");
    }
    for batch in out.flush() {
        testing::rows(&batch).iter().for_each(|row| {
            serde_json::from_str::<serde_json::Value>(row).expect("values of dynamic columns are JSON");
        });
    }
});
