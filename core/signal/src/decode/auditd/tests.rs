//! Each rule of the mapping, on the smallest records that it is for; what the format is recognised by.

use serde_json::Value;

use super::FORMAT;
use crate::{
    decode::{self, Confidence, Sample},
    testing,
};

/// The rows of one table that records of one event give.
fn rows(records: &[(&str, &str)], table: &str) -> Vec<Value> {
    let lines: String = records
        .iter()
        .map(|(kind, body)| format!("type={kind} msg=audit(1767323045.123:77): {body}\n"))
        .collect();
    let (rows, counts) = testing::decode(&FORMAT, lines.as_bytes(), &[]);
    assert_eq!(counts.records as usize, records.len());
    let rows = rows.iter().map(|row| serde_json::from_str(row).expect("rows are shown as JSON"));
    rows.filter(|row: &Value| row["Table"] == table).collect()
}

/// Checks columns (`AdditionalFields.x` for members) of the only row of a table.
fn check(records: &[(&str, &str)], table: &str, expected: &[(&str, &str)]) {
    let rows = rows(records, table);
    assert_eq!(rows.len(), 1, "{records:?}: {rows:#?}");
    for (column, value) in expected {
        let found = column.split('.').fold(&rows[0], |found, name| &found[name]);
        let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        assert_eq!(found, *value, "{column} of {records:?}: {:#}", rows[0]);
    }
}

fn check_none(records: &[(&str, &str)], table: &str) {
    let rows = rows(records, table);
    assert!(rows.is_empty(), "{records:?}: {rows:#?}");
}

/// A `SYSCALL` record of x86_64.
fn call(number: u32, rest: &str) -> String {
    format!(
        "arch=c000003e syscall={number} {rest} ppid=1 pid=2 auid=1000 uid=0 comm=\"c\" exe=\"/bin/p\" key=\"k\""
    )
}

const PATHS: [(&str, &str); 4] = [
    ("CWD", "cwd=\"/d\""),
    ("PATH", "item=0 name=\"/d\" nametype=PARENT mode=040755"),
    ("PATH", "item=1 name=\"old\" nametype=DELETE mode=0100644"),
    ("PATH", "item=2 name=\"new\" nametype=CREATE mode=0100600"),
];
const NORMAL: [(&str, &str); 2] =
    [("CWD", "cwd=\"/d\""), ("PATH", "item=0 name=\"x\" nametype=NORMAL mode=0100644")];

#[test]
fn every_record_is_a_row() {
    let exe = call(59, "success=yes exit=0 a0=1");
    let records = [("SYSCALL", &*exe), ("EXECVE", "argc=2 a0=\"ls\" a1=2D6C"), ("EOE", "")];
    assert_eq!(rows(&records, "LinuxAuditLog").len(), 3);
    check(
        &records[..1],
        "LinuxAuditLog",
        &[
            ("RecordType", "SYSCALL"),
            ("AuditID", "1767323045.123:77"),
            ("SerialNumber", "77"),
            ("TimeGenerated", "2026-01-02T03:04:05.123000Z"),
            ("arch", "x86_64"),
            ("syscall", "execve"),
            ("exe", "/bin/p"),
            ("key", "k"),
            ("auid", "1000"),
            ("a0", "1"),
            ("RawRecord", &format!("type=SYSCALL msg=audit(1767323045.123:77): {exe}")),
        ],
    );
    check(&records[1..2], "LinuxAuditLog", &[("argc", "2"), ("a0", "ls"), ("a1", "-l")]);
    check(
        &[("SOCKADDR", "saddr=02000035C00002010000000000000000")],
        "LinuxAuditLog",
        &[("family", "inet"), ("addr", "192.0.2.1"), ("_Unmapped.port", "53")],
    );
    check(
        &[(
            "USER_LOGIN",
            "pid=1 uid=0 msg='op=login id=1000 hostname=? addr=? res=success'\u{1d}UID=\"root\" ID=\"ann\"",
        )],
        "LinuxAuditLog",
        &[("user", "root"), ("op", "login"), ("res", "success"), ("addr", "null"), ("_Unmapped.ID", "ann")],
    );
    check(
        &[("AVC", "avc:  denied  { read } for  pid=7 scontext=a:b:c:s0 tclass=file")],
        "LinuxAuditLog",
        &[
            ("_Unmapped.seresult", "denied"),
            ("_Unmapped.seperms", "read"),
            ("_Unmapped.scontext", "a:b:c:s0"),
        ],
    );
}

#[test]
fn processes() {
    let yes = call(59, "success=yes exit=0");
    let records =
        [("SYSCALL", &*yes), ("EXECVE", "argc=2 a0=\"p\" a1=\"-x\""), ("PROCTITLE", "proctitle=\"p\"")];
    check(
        &records,
        "DeviceProcessEvents",
        &[
            ("ActionType", "ProcessCreated"),
            ("FileName", "p"),
            ("FolderPath", "/bin/p"),
            ("ProcessId", "2"),
            ("ProcessCommandLine", "p -x"),
            ("AccountName", "root"),
            ("InitiatingProcessId", "1"),
            ("AdditionalFields.Key", "k"),
            ("AdditionalFields.AuditId", "1767323045.123:77"),
        ],
    );
    let no = call(59, "success=no exit=-13");
    check_none(&[("SYSCALL", &*no), ("PROCTITLE", "proctitle=\"p\"")], "DeviceProcessEvents");
    check(
        &[("SYSCALL", &*call(322, "success=yes exit=0")), ("PROCTITLE", "proctitle=70002D79")],
        "DeviceProcessEvents",
        &[("ProcessCommandLine", "p -y")],
    );
}

#[test]
fn a_parent_is_what_it_executed() {
    let lines = "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=59 success=yes ppid=1 pid=5 exe=\"/bin/sh\"\n\
                 type=EXECVE msg=audit(1.0:1): argc=1 a0=\"sh\"\n\
                 type=EOE msg=audit(1.0:1):\n\
                 type=SYSCALL msg=audit(1.1:2): arch=c000003e syscall=59 success=yes ppid=5 pid=6 exe=\"/bin/id\"\n\
                 node=b type=SYSCALL msg=audit(1.1:2): arch=c000003e syscall=59 success=yes ppid=5 pid=7 exe=\"/bin/w\"\n";
    let (rows, _) = testing::decode(&FORMAT, lines.as_bytes(), &[]);
    let with = |part: &str| rows.iter().filter(|row| row.contains(part)).count();
    assert_eq!(with(r#""InitiatingProcessFileName":"sh""#), 1);
    assert_eq!(with(r#""InitiatingProcessCommandLine":"sh","#), 1);
}

#[test]
fn network() {
    let address = ("SOCKADDR", "saddr=02000035C00002010000000000000000");
    let table = "DeviceNetworkEvents";
    for (number, result, action) in [
        (42, "success=yes exit=0", "ConnectionSuccess"),
        (42, "success=no exit=-115", "ConnectionAttempt"),
        (42, "success=no exit=-111", "ConnectionFailed"),
        (44, "success=yes exit=9", "ConnectionAttempt"),
        (43, "success=yes exit=4", "InboundConnectionAccepted"),
        (288, "success=yes exit=4", "InboundConnectionAccepted"),
    ] {
        let call = call(number, result);
        let expected = [
            ("ActionType", action),
            ("RemoteIP", "192.0.2.1"),
            ("RemotePort", "53"),
            ("RemoteIPType", "Reserved"),
            ("InitiatingProcessFileName", "p"),
            ("InitiatingProcessId", "2"),
            ("InitiatingProcessParentId", "1"),
        ];
        check(&[("SYSCALL", &*call), address], table, &expected);
    }
    let bind = call(49, "success=yes exit=0");
    let expected =
        [("ActionType", "ListeningConnectionCreated"), ("LocalIP", "192.0.2.1"), ("LocalPort", "53")];
    check(&[("SYSCALL", &*bind), address], table, &expected);
    let port_zero = ("SOCKADDR", "saddr=02000000C00002010000000000000000");
    let local = ("SOCKADDR", "saddr=01002F72756E2F7800");
    for other in [port_zero, local] {
        check_none(&[("SYSCALL", &*bind), other], table);
        check_none(&[("SYSCALL", &*call(42, "success=yes exit=0")), other], table);
    }
    check_none(&[("SYSCALL", &*call(43, "success=no exit=-11")), address], table);
    let socketcall = "arch=40000003 syscall=102 success=yes exit=0 a0=3 pid=2 exe=\"/p\"";
    check(&[("SYSCALL", socketcall), address], table, &[("ActionType", "ConnectionSuccess")]);
}

#[test]
fn files() {
    let table = "DeviceFileEvents";
    let with = |call: &str, paths: &[(&'static str, &'static str)]| -> Vec<(String, String)> {
        let records = [("SYSCALL", call)].into_iter().chain(paths.iter().copied());
        records.map(|(kind, body)| (kind.to_owned(), body.to_owned())).collect()
    };
    let check_call =
        |number: u32, rest: &str, paths: &[(&'static str, &'static str)], expected: &[(&str, &str)]| {
            let records = with(&call(number, &format!("success=yes exit=3 {rest}")), paths);
            let records: Vec<_> = records.iter().map(|(kind, body)| (&**kind, &**body)).collect();
            match expected {
                [] => check_none(&records, table),
                _ => check(&records, table, expected),
            }
        };
    let created = [("ActionType", "FileCreated"), ("FileName", "new"), ("FolderPath", "/d/new")];
    for number in [2, 85, 86, 88, 133, 257, 259, 265, 266, 437] {
        check_call(number, "a1=241 a2=241", &PATHS, &created);
    }
    let modified =
        [("ActionType", "FileModified"), ("FolderPath", "/d/x"), ("InitiatingProcessFileName", "p")];
    for number in [76, 77, 85, 90, 91, 92, 93, 94, 188, 189, 190, 197, 260, 268] {
        check_call(number, "a1=0 a2=0", &NORMAL, &modified);
    }
    check_call(2, "a1=1", &NORMAL, &modified);
    check_call(2, "a1=200", &NORMAL, &modified);
    check_call(257, "a1=0 a2=402", &NORMAL, &modified);
    check_call(2, "a1=8000", &NORMAL, &[]);
    check_call(257, "a1=2 a2=80000", &NORMAL, &[]);
    let deleted = [("ActionType", "FileDeleted"), ("FileName", "old"), ("FolderPath", "/d/old")];
    check_call(87, "", &PATHS, &deleted);
    check_call(263, "", &PATHS, &deleted);
    let folder = [("CWD", "cwd=\"/d\""), ("PATH", "item=0 name=\"f\" nametype=DELETE mode=040755")];
    check_call(263, "a2=200", &folder, &[]);
    let renamed = [
        ("ActionType", "FileRenamed"),
        ("FolderPath", "/d/new"),
        ("PreviousFileName", "old"),
        ("PreviousFolderPath", "/d/old"),
    ];
    for number in [82, 264, 316] {
        check_call(number, "", &PATHS, &renamed);
    }
    let failed = with(&call(87, "success=no exit=-1"), &PATHS);
    let failed: Vec<_> = failed.iter().map(|(kind, body)| (&**kind, &**body)).collect();
    check_none(&failed, table);
}

#[test]
fn other_calls() {
    let table = "DeviceEvents";
    let module = call(313, "success=yes exit=0 a0=3");
    let expected = [("ActionType", "DriverLoad"), ("FileName", "dummy")];
    check(&[("SYSCALL", &*module), ("KERN_MODULE", "name=\"dummy\"")], table, &expected);
    let attach = call(101, "success=yes exit=0 a0=10 a1=4d2");
    check(&[("SYSCALL", &*attach)], table, &[("ActionType", "PTraceDetected"), ("ProcessId", "1234")]);
    let target = ("OBJ_PID", "opid=99 ocomm=\"t\"");
    check(&[("SYSCALL", &*attach), target], table, &[("ProcessId", "99"), ("FileName", "t")]);
    check_none(&[("SYSCALL", &*call(101, "success=yes exit=0 a0=1 a1=4d2"))], table);
    let touch = call(280, "success=yes exit=0");
    let records: Vec<_> = [("SYSCALL", &*touch)].into_iter().chain(NORMAL).collect();
    let expected = [("ActionType", "FileTimestampModificationEvent"), ("FolderPath", "/d/x")];
    check(&records, table, &expected);
}

#[test]
fn logons() {
    let table = "DeviceLogonEvents";
    let from = |exe: &str, res: &str| {
        format!(
            "pid=7 uid=0 auid=1000 ses=3 msg='op=login acct=\"ann\" exe=\"{exe}\" hostname=h addr=192.0.2.9 terminal=ssh res={res}'"
        )
    };
    let expected = |action: &'static str| {
        [("ActionType", action), ("AccountName", "ann"), ("RemoteIP", "192.0.2.9"), ("LogonType", "Network")]
    };
    for (kind, exe, res, action) in [
        ("USER_LOGIN", "/usr/sbin/sshd", "success", "LogonSuccess"),
        ("USER_LOGIN", "/usr/sbin/sshd", "failed", "LogonFailed"),
        ("USER_AUTH", "/usr/sbin/sshd", "failed", "LogonAttempted"),
        ("USER_AUTH", "/usr/bin/su", "failed", "LogonFailed"),
        ("USER_START", "/usr/bin/su", "success", "LogonSuccess"),
    ] {
        check(&[(kind, &*from(exe, res))], table, &expected(action));
    }
    for (kind, exe, res) in [
        ("USER_AUTH", "/usr/sbin/sshd", "success"),
        ("USER_AUTH", "/usr/bin/su", "success"),
        ("USER_START", "/usr/sbin/sshd", "success"),
        ("USER_START", "/usr/bin/sudo", "success"),
        ("USER_START", "/usr/lib/systemd/systemd", "success"),
        ("USER_START", "/usr/bin/su", "failed"),
        ("CRED_ACQ", "/usr/sbin/sshd", "success"),
        ("USER_LOGOUT", "/usr/sbin/sshd", "success"),
    ] {
        check_none(&[(kind, &*from(exe, res))], table);
    }
    let local = "pid=7 msg='acct=\"b\" exe=\"/usr/sbin/cron\" hostname=? addr=? terminal=cron res=success'";
    check(&[("USER_START", local)], table, &[("LogonType", "Batch"), ("RemoteIP", "null")]);
    let console =
        "pid=7 uid=0 msg='op=login id=0 exe=\"/bin/login\" hostname=? addr=? terminal=tty1 res=success'";
    check(&[("USER_LOGIN", console)], table, &[("LogonType", "Interactive"), ("AccountName", "root")]);
}

#[test]
fn accounts_and_groups() {
    let table = "DeviceEvents";
    for (kind, op, action) in [
        ("ADD_USER", "adding user", "UserAccountCreated"),
        ("DEL_USER", "deleting user", "UserAccountDeleted"),
        ("USER_MGMT", "adding user to group", "UserAccountAddedToLocalGroup"),
        ("GRP_MGMT", "add-user-to-group", "UserAccountAddedToLocalGroup"),
        ("USER_MGMT", "deleting user from group", "UserAccountRemovedFromLocalGroup"),
        ("USER_MGMT", "changing-uid", "UserAccountModified"),
        ("ACCT_LOCK", "locked-password", "UserAccountModified"),
        ("USER_CHAUTHTOK", "PAM:chauthtok", "PasswordChangeAttempt"),
    ] {
        let body = format!("pid=7 uid=0 msg='op={op} grp=\"g\" acct=\"eve\" exe=\"/sbin/x\" res=success'");
        let expected = [("ActionType", action), ("AccountName", "eve"), ("AdditionalFields.Operation", op)];
        check(&[(kind, &*body)], table, &expected);
        if kind != "USER_CHAUTHTOK" {
            check_none(&[(kind, &*body.replace("success", "failed"))], table);
        }
    }
    for (kind, action) in [("ADD_GROUP", "SecurityGroupCreated"), ("DEL_GROUP", "SecurityGroupDeleted")] {
        let body = "pid=7 uid=0 msg='op=x acct=\"g\" exe=\"/sbin/x\" res=success'";
        let expected = [("ActionType", action), ("AccountName", "null"), ("AdditionalFields.GroupName", "g")];
        check(&[(kind, body)], table, &expected);
    }
}

#[test]
fn recognised_by_its_lines() {
    let guess = |text: &str| {
        let sample = Sample { name: "x", bytes: text.as_bytes(), table: None };
        decode::guess(&sample).filter(|(format, _)| format.name == "auditd").map(|(_, sure)| sure)
    };
    let one = "type=CWD msg=audit(1.0:1): cwd=\"/\"\n";
    assert_eq!(guess(one), Some(Confidence::Certain));
    assert_eq!(guess(&format!("\n\nnode=a {one}")), Some(Confidence::Certain));
    assert_eq!(guess(&format!("{one}type=CWD msg=au")), Some(Confidence::Certain));
    assert_eq!(guess(&format!("{one}{one}odd\n")), Some(Confidence::Likely));
    assert_eq!(guess(&format!("----\ntime->Tue Nov 10 07:48:16 2020\n{one}")), Some(Confidence::Certain));
    assert_eq!(guess("audit: type=1307 audit(1.0:1): cwd=\"/\"\n"), Some(Confidence::Certain));
    for other in [
        "",
        "type=CWD\n",
        "type=a,b=c\n1,2\n",
        &format!("Jan  2 03:04:05 host audispd: {one}"),
        &format!("{{\"x\":\"{}\"}}\n", one.trim().replace('"', "'")),
        &format!("<13>1 2026-01-02T03:04:05Z host - - - - {one}"),
    ] {
        assert_eq!(guess(other), None, "{other}");
    }
}

#[test]
fn a_silent_stream_lets_go_of_its_events() {
    use std::sync::Arc;

    use crate::{
        Catalog, TenantId,
        decode::{Output, Session},
    };
    let catalog = Arc::new(Catalog::new());
    let session = Arc::new(Session::new(catalog, TenantId::new(uuid::Uuid::nil()), "test"));
    let (mut decoder, mut out) = ((FORMAT.open)(&session), Output::new(session.clone(), FORMAT.name));
    let line = format!("type=SYSCALL msg=audit(1.0:1): {}\n", call(59, "success=yes exit=0"));
    decoder.push(0, line.as_bytes(), &mut out);
    assert_eq!(out.pending_rows(), 1);
    decoder.idle(&mut out);
    assert_eq!(out.pending_rows(), 2);
    decoder.finish(&mut out);
    assert_eq!(out.pending_rows(), 2);
}
