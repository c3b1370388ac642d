//! A clock that jumps, backwards and forwards, under a running server: nothing is lost, nothing stops, and
//! nothing that was kept is thrown away.
//!
//! The program runs with Debian's `libfaketime`, which reads the shift from a file; the monotonic clock is left
//! alone, as the kernel leaves it alone when somebody sets the time.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::json;

use crate::context::{Api, Folder, Program, phalanx};

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_kept_whatever_the_clock_says() {
    let folder = Folder::new().await;
    let shift = folder.data.with_file_name("shift");
    let set = |text: &str| fs::write(&shift, format!("{text}\n")).expect("it can be written");
    set("+0");
    let library = library();
    let environment = [
        ("LD_PRELOAD", library.to_str().expect("UTF-8")),
        ("FAKETIME_TIMESTAMP_FILE", shift.to_str().expect("UTF-8")),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
        ("NO_FAKE_STAT", "1"),
        ("PHALANX_LAKE__FLUSH_SECONDS", "1"),
    ];
    let mut sent = 0;
    let program = Program::serve_by(phalanx(&folder.data), &folder.data, &environment);
    // Back over midnight, forward by a day, back before the first start, and beyond all retention.
    for jump in ["-26h", "+26h", "-400d", "+4000d", "+0"] {
        set(jump);
        let api = Api::new(&folder, program.url());
        let token = api.token().await;
        for _ in 0..5 {
            let rows = json!([{ "ReportId": sent, "DeviceName": jump }]);
            assert_eq!(
                api.upload(&token, "Custom-DeviceProcessEvents", &rows).await.status(),
                204,
                "after a jump to {jump}"
            );
            sent += 1;
        }
        api.wait_for(&token, "select count(distinct \"ReportId\") as n from DeviceProcessEvents", sent).await;
        // Long enough for a flush and a round of maintenance on the jumped clock.
        tokio::time::sleep(Duration::from_millis(1_800)).await;
        api.wait_for(&token, "select count(*) as n from DeviceProcessEvents", sent).await;
    }
    program.kill();
    let program = Program::serve(&folder.data, &[]);
    let api = Api::new(&folder, program.url());
    let token = api.token().await;
    api.wait_for(&token, "select count(*) as n from DeviceProcessEvents", sent).await;
    assert!(program.stop().success());
}

fn library() -> PathBuf {
    let arch = format!("{}-linux-gnu", std::env::consts::ARCH);
    let path = PathBuf::from(format!("/usr/lib/{arch}/faketime/libfaketimeMT.so.1"));
    assert!(path.is_file(), "`{}` is missing: `scripts/setup test` installs libfaketime", path.display());
    path
}
