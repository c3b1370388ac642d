//! Other programs read the same tables.

use std::{path::Path, process::Command};

use deltalake::DeltaTableBuilder;
use url::Url;

use crate::{
    python,
    support::{NOON, PROBE, Place},
};

async fn place_with_tables() -> Place {
    let mut place = Place::new();
    place.config.compact_files = 3;
    let open = place.open().await;
    for nth in 0..5 {
        place.append(vec![place.rows(PROBE, nth * 10..(nth + 1) * 10, NOON)]).await;
        open.flush().await;
        if nth == 3 {
            open.lake.maintain_all(NOON).await.expect("a round");
        }
    }
    open.die().await;
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_opens_our_tables_and_counts_the_same() {
    let place = place_with_tables().await;
    let url = Url::from_directory_path(place.table_folder(PROBE)).expect("an absolute path");
    let mut table = DeltaTableBuilder::from_url(url).and_then(DeltaTableBuilder::build).expect("it opens");
    table.load().await.expect("it loads");
    let state = table.snapshot().expect("it is loaded");
    let rows: usize = state.log_data().iter().map(|file| file.num_records().expect("we state it")).sum();
    assert_eq!(rows, 50);
    assert_eq!(state.log_data().iter().count(), 2, "four compacted into one, and one more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_python_package_reads_our_tables() {
    let Some(python) = python::with(&["deltalake", "pyarrow"]) else { return };
    let place = place_with_tables().await;
    let script = r#"
import sys
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1])
rows = table.to_pyarrow_table(columns=["Number", "Name", "Payload", "TenantId", "Type"])
numbers = sorted(rows["Number"].to_pylist())
assert numbers == list(range(50)), numbers
assert rows["Payload"].null_count == 50
assert set(rows["Type"].to_pylist()) == {"Probe_CL"}
print(len(numbers), table.version(), flush=True)
# The packages' native threads now and then abort an interpreter that is shutting down.
import os
os._exit(0)
"#;
    assert_eq!(run(&python, script, &place.table_folder(PROBE)), "50 6");
}

fn run(python: &Path, script: &str, folder: &Path) -> String {
    let output = Command::new(python).args(["-c", script]).arg(folder).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}
