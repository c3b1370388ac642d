//! Each rule of the mapping; both encodings against each other; what the formats are recognised by.

use serde_json::{Value, json};

use super::{JSON, TSV};
use crate::{
    decode::{self, Confidence, Sample},
    testing,
};

const ENDS: &str =
    r#""uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":5000,"id.resp_h":"192.0.2.1","id.resp_p":80"#;

/// The rows of a record with the two ends of a connection.
fn rows(log: &str, fields: &str) -> Vec<Value> {
    let comma = if fields.is_empty() { "" } else { "," };
    rows_of(&format!(
        r#"{{"_path":"{log}","_system_name":"Sensor","ts":1767323045.5,{ENDS}{comma}{fields}}}"#
    ))
}

fn rows_of(line: &str) -> Vec<Value> {
    let (rows, counts) = testing::decode(&JSON, line.as_bytes(), &[]);
    assert_eq!((counts.records, counts.dead_letter_count()), (1, 0), "{line}");
    rows.iter().map(|row| serde_json::from_str(row).expect("rows are shown as JSON")).collect()
}

/// Checks columns of the only row of a table.
fn check(rows: &[Value], table: &str, expected: &[(&str, Value)]) {
    let rows: Vec<_> = rows.iter().filter(|row| row["Table"] == table).collect();
    assert_eq!(rows.len(), 1, "{table}: {rows:#?}");
    for (column, value) in expected {
        let found = column.split('/').fold(rows[0], |found, name| &found[name]);
        assert_eq!(found, value, "{column}: {:#}", rows[0]);
    }
}

#[test]
fn connections() {
    let full = r#""proto":"tcp","service":"ssl","duration":1.5,"orig_bytes":10,"resp_bytes":20,"conn_state":"SF","local_orig":true,"local_resp":false,"history":"Sh","orig_pkts":3,"resp_pkts":4,"community_id":"1:x""#;
    let found = rows("conn", full);
    assert_eq!(found.len(), 2);
    check(
        &found,
        "ASimNetworkSessionLogs",
        &[
            ("TimeGenerated", json!("2026-01-02T03:04:05.500000Z")),
            ("EventStartTime", json!("2026-01-02T03:04:05.500000Z")),
            ("EventEndTime", json!("2026-01-02T03:04:07.000000Z")),
            ("EventType", json!("NetworkSession")),
            ("EventResult", json!("Success")),
            ("EventCount", json!(1)),
            ("EventProduct", json!("Zeek")),
            ("EventVendor", json!("Zeek")),
            ("EventOriginalUid", json!("C1")),
            ("Dvc", json!("Sensor")),
            ("SrcIpAddr", json!("10.0.0.1")),
            ("SrcPortNumber", json!(5000)),
            ("DstIpAddr", json!("192.0.2.1")),
            ("DstPortNumber", json!(80)),
            ("NetworkProtocol", json!("TCP")),
            ("NetworkApplicationProtocol", json!("SSL")),
            ("NetworkDirection", json!("Outbound")),
            ("NetworkDuration", json!(1500)),
            ("SrcBytes", json!(10)),
            ("DstBytes", json!(20)),
            ("NetworkBytes", json!(30)),
            ("NetworkPackets", json!(7)),
            ("AdditionalFields/community_id", json!("1:x")),
        ],
    );
    check(
        &found,
        "DeviceNetworkEvents",
        &[
            ("ActionType", json!("ConnectionSuccess")),
            ("DeviceName", json!("sensor")),
            ("LocalIP", json!("10.0.0.1")),
            ("LocalPort", json!(5000)),
            ("LocalIPType", json!("Private")),
            ("RemoteIP", json!("192.0.2.1")),
            ("RemotePort", json!(80)),
            ("Protocol", json!("Tcp")),
            ("AdditionalFields/direction", json!("Out")),
            ("AdditionalFields/uid", json!("C1")),
            ("AdditionalFields/orig_bytes", json!(10)),
        ],
    );
}

#[test]
fn states_of_connections() {
    for (state, action, result) in [
        ("SF", "ConnectionSuccess", "Success"),
        ("S1", "ConnectionSuccess", "Success"),
        ("RSTR", "ConnectionSuccess", "Success"),
        ("S0", "ConnectionAttempt", "Failure"),
        ("RSTOS0", "ConnectionAttempt", "Failure"),
        ("REJ", "ConnectionFailed", "Failure"),
        ("OTH", "ConnectionFound", "Success"),
    ] {
        let found = rows("conn", &format!(r#""proto":"tcp","conn_state":"{state}""#));
        check(&found, "DeviceNetworkEvents", &[("ActionType", json!(action))]);
        check(&found, "ASimNetworkSessionLogs", &[("EventResult", json!(result))]);
    }
    let inbound = rows("conn", r#""proto":"tcp","conn_state":"SF","local_orig":false,"local_resp":true"#);
    let expected = [
        ("ActionType", json!("InboundConnectionAccepted")),
        ("LocalIP", json!("192.0.2.1")),
        ("RemoteIP", json!("10.0.0.1")),
        ("RemotePort", json!(5000)),
        ("AdditionalFields/direction", json!("In")),
    ];
    check(&inbound, "DeviceNetworkEvents", &expected);
    check(&inbound, "ASimNetworkSessionLogs", &[("NetworkDirection", json!("Inbound"))]);
    let icmp = rows("conn", r#""proto":"icmp","conn_state":"OTH""#);
    let expected = [("ActionType", json!("IcmpConnectionInspected")), ("RemotePort", Value::Null)];
    check(&icmp, "DeviceNetworkEvents", &expected);
    let expected =
        [("NetworkIcmpType", json!("5000")), ("NetworkIcmpCode", json!(80)), ("DstPortNumber", Value::Null)];
    check(&icmp, "ASimNetworkSessionLogs", &expected);
}

#[test]
fn names() {
    let found = rows(
        "dns",
        r#""proto":"udp","trans_id":65535,"rtt":0.0015,"query":"a.example","qclass":1,"qclass_name":"C_INTERNET","qtype":28,"qtype_name":"AAAA","rcode":3,"rcode_name":"NXDOMAIN","AA":true,"TC":false,"RD":true,"RA":true,"Z":0,"answers":["x"],"TTLs":[5.0]"#,
    );
    check(
        &found,
        "ASimDnsActivityLogs",
        &[
            ("EventType", json!("Query")),
            ("EventSubType", json!("response")),
            ("EventResult", json!("Failure")),
            ("EventResultDetails", json!("NXDOMAIN")),
            ("DnsQuery", json!("a.example")),
            ("DnsQueryType", json!(28)),
            ("DnsQueryTypeName", json!("AAAA")),
            ("DnsQueryClassName", json!("IN")),
            ("DnsResponseCode", json!(3)),
            ("DnsResponseName", json!("[\"x\"]")),
            ("DnsNetworkDuration", json!(2)),
            ("DnsFlagsAuthoritative", json!(true)),
            ("DnsFlagsTruncated", json!(false)),
            ("DnsFlagsZ", json!(false)),
            ("TransactionIdHex", json!("ffff")),
            ("Src", json!("10.0.0.1")),
        ],
    );
    let expected = [
        ("ActionType", json!("DnsConnectionInspected")),
        ("AdditionalFields/query", json!("a.example")),
        ("AdditionalFields/answers", json!(["x"])),
    ];
    check(&found, "DeviceNetworkEvents", &expected);
    let request = rows("dns", r#""query":"a""#);
    let expected = [("EventSubType", json!("request")), ("EventResult", json!("NA"))];
    check(&request, "ASimDnsActivityLogs", &expected);
}

#[test]
fn the_web() {
    let url = |fields: &str| {
        let rows = rows("http", fields);
        let row = rows.iter().find(|row| row["Table"] == "ASimWebSessionLogs").expect("a web session");
        row["Url"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(url(r#""host":"a.example","uri":"/b?c""#), "http://a.example/b?c");
    assert_eq!(url(r#""uri":"/b""#), "http://192.0.2.1/b");
    assert_eq!(url(r#""host":"a:81","uri":"/b""#), "http://a:81/b");
    assert_eq!(url(r#""host":"a","uri":"http://c:82/d""#), "http://c:82/d");
    let found = rows(
        "http",
        r#""method":"POST","host":"a","uri":"/b","version":"1.1","user_agent":"curl","request_body_len":3,"response_body_len":4,"status_code":404,"status_msg":"Not Found","tags":[]"#,
    );
    check(
        &found,
        "ASimWebSessionLogs",
        &[
            ("EventType", json!("HTTPsession")),
            ("EventResult", json!("Failure")),
            ("EventResultDetails", json!("404")),
            ("HttpRequestMethod", json!("POST")),
            ("HttpUserAgent", json!("curl")),
            ("HttpHost", json!("a")),
            ("SrcBytes", json!(3)),
            ("DstBytes", json!(4)),
        ],
    );
    let expected = [
        ("ActionType", json!("HttpConnectionInspected")),
        ("RemoteUrl", json!("a")),
        ("AdditionalFields/method", json!("POST")),
        ("AdditionalFields/status_code", json!(404)),
        ("AdditionalFields/host", json!("a")),
    ];
    check(&found, "DeviceNetworkEvents", &expected);
    let ok = rows("http", r#""status_code":200"#);
    check(&ok, "ASimWebSessionLogs", &[("EventResult", json!("Success"))]);
}

#[test]
fn other_logs() {
    for (log, fields, action) in [
        ("ssl", r#""server_name":"a.example","established":true"#, "SslConnectionInspected"),
        ("ssh", r#""auth_success":true"#, "SshConnectionInspected"),
        ("smtp", r#""mailfrom":"a""#, "SmtpConnectionInspected"),
        ("ftp", r#""user":"a","command":"RETR""#, "FtpConnectionInspected"),
    ] {
        let found = rows(log, fields);
        assert_eq!(found.len(), 2);
        check(&found, "DeviceNetworkEvents", &[("ActionType", json!(action)), ("Protocol", json!("Tcp"))]);
        check(
            &found,
            "ASimNetworkSessionLogs",
            &[("EventOriginalType", json!(log)), ("EventResult", json!("Success"))],
        );
    }
    let failed = rows("ssh", r#""auth_success":false,"direction":"INBOUND""#);
    check(
        &failed,
        "ASimNetworkSessionLogs",
        &[("EventResult", json!("Failure")), ("NetworkDirection", json!("Inbound"))],
    );
    check(
        &failed,
        "DeviceNetworkEvents",
        &[("LocalIP", json!("192.0.2.1")), ("AdditionalFields/direction", json!("In"))],
    );
    for log in
        ["kerberos", "ntlm", "rdp", "dce_rpc", "smb_files", "smb_mapping", "files", "weird", "never_heard_of"]
    {
        let found = rows(log, r#""x":{"y":[1,null]}"#);
        assert_eq!(found.len(), 1, "{log}");
        let expected = [("EventOriginalType", json!(log)), ("AdditionalFields/x", json!({"y": [1, null]}))];
        check(&found, "ASimNetworkSessionLogs", &expected);
    }
}

#[test]
fn findings() {
    let notice = rows("notice", r#""note":"Scan","msg":"m""#);
    let expected = [("EventType", json!("IDS")), ("ThreatName", json!("Scan")), ("EventMessage", json!("m"))];
    check(&notice, "ASimNetworkSessionLogs", &expected);
    let signature = rows_of(
        r#"{"_path":"signatures","ts":1,"src_addr":"10.0.0.1","src_port":1,"dst_addr":"192.0.2.1","dst_port":2,"sig_id":"s","event_msg":"m"}"#,
    );
    let expected =
        [("ActionType", json!("NetworkSignatureInspected")), ("AdditionalFields/SignatureName", json!("s"))];
    check(&signature, "DeviceNetworkEvents", &expected);
    check(&signature, "ASimNetworkSessionLogs", &[("ThreatId", json!("s")), ("DstPortNumber", json!(2))]);
}

#[test]
fn leases() {
    for (types, event, result) in [
        (r#"["DISCOVER","OFFER","REQUEST","ACK"]"#, "Assign", "Success"),
        (r#"["REQUEST","ACK"]"#, "Renew", "Success"),
        (r#"["REQUEST","NAK"]"#, "Renew", "Failure"),
        (r#"["RELEASE"]"#, "Release", "Success"),
    ] {
        let found = rows_of(&format!(
            r#"{{"_path":"dhcp","ts":1,"uids":["C"],"mac":"a","host_name":"h","assigned_addr":"10.0.0.5","lease_time":60.0,"msg_types":{types}}}"#
        ));
        let expected = [
            ("EventType", json!(event)),
            ("EventResult", json!(result)),
            ("SrcHostname", json!("h")),
            ("SrcIpAddr", json!("10.0.0.5")),
            ("SrcMacAddr", json!("a")),
            ("DhcpLeaseDuration", json!(60)),
        ];
        check(&found, "ASimDhcpEventLogs", &expected);
    }
}

#[test]
fn what_is_no_connection_is_kept_whole() {
    let found =
        rows_of(r#"{"_path":"x509","ts":1.5,"fuid":"F","certificate.serial":"0A","n":-1.5e-3,"b":false}"#);
    assert_eq!(found.len(), 1);
    let expected = [
        ("Log", json!("x509")),
        ("FileUid", json!("F")),
        ("AdditionalFields", json!({"certificate.serial": "0A", "n": -1.5e-3, "b": false})),
    ];
    check(&found, "PhalanxNetworkLog", &expected);
    let found = rows_of(r#"{"_path":"x509","ts":"never"}"#);
    check(&found, "PhalanxNetworkLog", &[("AdditionalFields", json!({"ts": "never"}))]);
}

#[test]
fn both_encodings_give_the_same_rows() {
    let tsv = "#separator \\x09\n#path\tconn\n\
               #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\tconn_state\tlocal_orig\ttunnel_parents\n\
               #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tinterval\tstring\tbool\tset[string]\n\
               1767323045.500000\tC1\t10.0.0.1\t5\t192.0.2.1\t80\ttcp\t0.25\tSF\tT\tCp\n";
    let json = r#"{"_path":"conn","ts":1767323045.5,"uid":"C1","id_orig_h":"10.0.0.1","id_orig_p":5,"id_resp_h":"192.0.2.1","id_resp_p":80,"proto":"tcp","duration":0.25,"conn_state":"SF","local_orig":true,"tunnel_parents":["Cp"]}"#;
    let nested = json
        .replace(r#""id_orig_h":"10.0.0.1","id_orig_p":5,"#, r#""id":{"orig_h":"10.0.0.1","orig_p":5,"#)
        .replace(r#""id_resp_h":"192.0.2.1","id_resp_p":80"#, r#""resp_h":"192.0.2.1","resp_p":80}"#);
    let tagged = format!(r#"{{"conn":{}}}"#, json.replace(r#""_path":"conn","#, ""));
    let expected = testing::decode(&TSV, tsv.as_bytes(), &[]).0;
    assert_eq!(expected.len(), 2);
    for other in [json, &nested, &tagged] {
        assert_eq!(testing::decode(&JSON, other.as_bytes(), &[]).0, expected, "{other}");
    }
}

#[test]
fn recognised_by_shape() {
    let guess = |name: &str, text: &str| {
        let sample = Sample { name, bytes: text.as_bytes(), table: None };
        decode::guess(&sample).map(|(format, sure)| (format.name, sure))
    };
    let certain = |name| Some((name, Confidence::Certain));
    assert_eq!(guess("x", "#separator \\x09\n"), certain("zeek"));
    assert_eq!(
        guess("x", "#fields\tts\tuid\n#types\ttime\tstring\n1\tC\n"),
        Some(("zeek", Confidence::Likely))
    );
    for text in [
        r#"{"_path":"conn","ts":1}"#,
        r#"{"ts":1,"uid":"C","id.orig_h":"10.0.0.1"}"#,
        r#"{"ts":1,"uid":"C","id_orig_h":"10.0.0.1"}"#,
        r#"{"ts":1,"uid":"C","id":{"orig_h":"10.0.0.1"}}"#,
        r#"{"dns":{"ts":1,"query":"a"}}"#,
        r#"{"@stream":"loaded_scripts","@proc":"zeek","name":"x"}"#,
        r#"{"ts":1,"fuid":"F","seen_bytes":3}"#,
    ] {
        assert_eq!(guess("x.log", &format!("{text}\n")), certain("zeek-json"), "{text}");
    }
    assert_eq!(
        guess("weird.log", "{\"ts\":1,\"name\":\"x\",\"notice\":false,\"peer\":\"z\"}\n"),
        certain("zeek-json")
    );
    for text in [
        r#"{"ts":1,"msg":"started"}"#,
        r#"{"uid":"x","name":"y"}"#,
        r#"{"id":{"orig_h":1}}"#,
        r#"{"_path":"/a"}"#,
        r#"{"EventID":1,"Channel":"Security","Provider":"x"}"#,
        r#"{"TimeGenerated":"2026-01-01","Computer":"x"}"#,
        r#"{"files":{"name":"x"}}"#,
        "#separator\n",
        "# a comment\nx,y\n",
        "ts\tuid\tid.orig_h\n1\tC\t10.0.0.1\n",
    ] {
        let found = guess("x.log", &format!("{text}\n"));
        assert!(found.is_none_or(|(name, _)| !name.starts_with("zeek")), "{text}: {found:?}");
    }
}

/// Over the public logs that `PHALANX_CORPORA` names, if it does.
#[test]
fn every_line_of_public_logs_is_a_record() {
    for path in testing::corpora("log") {
        let bytes = std::fs::read(&path).expect("a readable file");
        let name = path.to_string_lossy().to_lowercase();
        let sample = Sample { name: &name, bytes: &bytes[..bytes.len().min(64 << 10)], table: None };
        if decode::guess(&sample).is_none_or(|(format, _)| format.name != JSON.name) {
            continue;
        }
        let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        let (_, counts) = testing::decode(&JSON, &bytes, &[]);
        assert_eq!((counts.records, counts.dead_letter_count()), (lines as u64, 0), "{}", path.display());
    }
}
