//! The engine, on small mappings; and every mapping file of the crate.

use std::sync::Arc;

use super::{Mapper, Mapping, Record, Value};
use crate::{
    Catalog, TenantId,
    decode::{Output, Session},
    testing,
};

const MAPPING: &str = r"
values logon-type   # codes
  2 = Interactive
  3 = Network logon

columns device
  DeviceName = lower(@Computer)
  ActionType = 'Unknown'

on Security/4624, 4625 when not Skip -> DeviceLogonEvents
  use device
  ActionType  = 'LogonSuccess'
  LogonType   = lookup(logon-type, LogonType) | LogonType
  AccountName = lower(`User Name`)
  RemotePort  = Port
  AdditionalFields.Renamed = Other
  keep Port
  drop Noise

on Security/4625 when Kind in ('a', 'b') and Status != '0x0' -> DeviceLogonEvents
  ActionType = 'LogonFailed'

on Security/4624 -> SecurityEvent
  use *
  Computer = @Computer
  drop *
  keep @extras
";

fn rows(source: &str, fields: &[(&str, Value<'_>)]) -> Vec<String> {
    let mapping = Mapping::parse(MAPPING, &["Computer"]).expect("the mapping is right");
    let mut mapper = Mapper::new(&mapping);
    let catalog = Arc::new(Catalog::new());
    let session = Session::new(catalog, TenantId::new(uuid::Uuid::nil()), "test");
    let mut out = Output::new(Arc::new(session), "test");
    let headers = [Value::text("PC1.corp")];
    let set = mapping.rules(source).expect("the source has rules");
    let record =
        Record { time: Some(0), headers: &headers, fields, extras: &[("shipper", Value::text("x"))] };
    for _ in 0..2 {
        mapper.apply(&[set], &record, &mut out);
    }
    let mut rows: Vec<String> = out.flush().iter().flat_map(testing::rows).collect();
    rows.dedup();
    rows
}

#[test]
fn a_record_becomes_rows() {
    let fields = [
        ("LogonType", Value::text("3")),
        ("User Name", Value::text("ANN")),
        ("Port", Value::text("445")),
        ("Other", Value::text("x")),
        ("Noise", Value::text("gone")),
        ("Rest", Value::Json("[1]".into())),
        ("Empty", Value::text("")),
        ("Rest2", Value::Long(5)),
    ];
    assert_eq!(
        rows("Security/4624", &fields),
        [
            r#"{"Table":"DeviceLogonEvents","Timestamp":"1970-01-01T00:00:00.000000Z","DeviceName":"pc1.corp","ActionType":"LogonSuccess","LogonType":"Network logon","AccountName":"ann","RemotePort":445,"AdditionalFields":{"Renamed":"x","Port":"445","Rest":[1],"Rest2":5},"TimeGenerated":"1970-01-01T00:00:00.000000Z"}"#,
            r#"{"Table":"SecurityEvent","TimeGenerated":"1970-01-01T00:00:00.000000Z","Computer":"PC1.corp","LogonType":3,"_Unmapped":{"shipper":"x"}}"#,
        ]
    );
}

#[test]
fn the_first_rule_of_a_table_whose_condition_holds_applies() {
    let row = |fields: &[(&str, Value<'_>)]| rows("Security/4625", fields).join("\n");
    assert!(row(&[("Skip", Value::text(""))]).contains("LogonSuccess"));
    assert!(row(&[("Skip", Value::Bool(true)), ("Kind", Value::text("b"))]).contains("LogonFailed"));
    assert_eq!(row(&[("Skip", Value::text("y")), ("Kind", Value::text("c"))]), "");
    let zero = [("Skip", Value::text("y")), ("Kind", Value::text("a")), ("Status", Value::text("0x0"))];
    assert_eq!(row(&zero), "");
}

#[test]
fn what_no_column_could_use_is_kept() {
    let fields =
        [("Port", Value::text("many")), ("LogonType", Value::text("77")), ("Port", Value::text("2"))];
    let row = rows("Security/4625", &fields).join("\n");
    assert!(row.contains(r#""LogonType":"77""#), "{row}");
    assert!(row.contains(r#""RemotePort":"many","Port":"many","Port":"2""#), "{row}");
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (text, line, reason) in [
        ("  X = y", 1, "an indented line needs"),
        ("\nfoo bar", 2, "expected `values`"),
        ("values a\ncolumns b\nvalues a", 3, "stands twice"),
        ("on A -> Nowhere", 1, "there is no table"),
        ("on A -> Event\n  Nope = 'x'", 2, "has no column `Nope`"),
        ("on A -> Event\n  Type = 'x'", 2, "filled by the platform"),
        ("on A -> Event\n  Source = nope(x)", 2, "no function `nope`"),
        ("on A -> Event\n  Source = lower(x, y)", 2, "takes 1 arguments, not 2"),
        ("on A -> Event\n  Source = lookup(none, x)", 2, "no values are named `none`"),
        ("on A -> Event\n  Source = @None", 2, "no header is named"),
        ("on A -> Event\n  Source = 'x", 2, "' is not closed"),
        ("on A -> Event\n  Source = a b", 2, "something follows"),
        ("on A -> Event\n  use none", 2, "no columns are named `none`"),
        ("on A -> Event\n  Source = a\n  Source = b", 3, "stands twice"),
        ("on A -> Event\n  AdditionalFields.x = a", 2, "is not the overflow column"),
        ("on A when a in b -> Event", 1, "needs a list"),
        ("on A Event", 1, "needs ` -> `"),
    ] {
        let error = Mapping::parse(text, &[]).err().expect(text);
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.reason.contains(reason), "{text}: {error}");
    }
}
