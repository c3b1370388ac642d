//! Which log a record is of.

/// A log by the fields that only its records have.
struct Signature {
    log: &'static str,
    fields: &'static [&'static str],
}

/// For records that do not say it, from files whose name does not tell either. The first that fits counts.
const SIGNATURES: [Signature; 25] = [
    Signature { log: "conn", fields: &["uid", "proto", "conn_state"] },
    Signature { log: "dns", fields: &["uid", "trans_id"] },
    Signature { log: "dns", fields: &["uid", "query", "qtype_name"] },
    Signature { log: "http", fields: &["uid", "trans_depth", "request_body_len"] },
    Signature { log: "ssl", fields: &["uid", "established", "resumed"] },
    Signature { log: "x509", fields: &["certificate.serial"] },
    Signature { log: "x509", fields: &["certificate_serial"] },
    Signature { log: "ssh", fields: &["uid", "auth_attempts"] },
    Signature { log: "smtp", fields: &["uid", "helo"] },
    Signature { log: "smtp", fields: &["uid", "mailfrom"] },
    Signature { log: "ftp", fields: &["uid", "command", "user"] },
    Signature { log: "kerberos", fields: &["uid", "request_type"] },
    Signature { log: "ntlm", fields: &["uid", "domainname"] },
    Signature { log: "ntlm", fields: &["uid", "server_nb_computer_name"] },
    Signature { log: "rdp", fields: &["uid", "cookie"] },
    Signature { log: "rdp", fields: &["uid", "security_protocol"] },
    Signature { log: "dce_rpc", fields: &["uid", "endpoint", "operation"] },
    Signature { log: "smb_mapping", fields: &["uid", "share_type"] },
    Signature { log: "smb_files", fields: &["uid", "action"] },
    Signature { log: "dhcp", fields: &["uids", "mac"] },
    Signature { log: "files", fields: &["fuid", "seen_bytes"] },
    Signature { log: "notice", fields: &["note", "actions"] },
    Signature { log: "signatures", fields: &["sig_id", "event_msg"] },
    Signature { log: "software", fields: &["software_type"] },
    Signature { log: "weird", fields: &["name", "notice", "peer"] },
];

/// The log whose records have such fields.
pub fn by_fields(has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let fits = |signature: &&Signature| signature.fields.iter().all(|field| has(field));
    SIGNATURES.iter().find(fits).map(|signature| signature.log)
}

/// Logs that Zeek writes by itself, sorted.
const KNOWN: [&str; 65] = [
    "analyzer",
    "barnyard2",
    "broker",
    "capture_loss",
    "cluster",
    "config",
    "conn",
    "dce_rpc",
    "dhcp",
    "dnp3",
    "dns",
    "dpd",
    "files",
    "ftp",
    "http",
    "intel",
    "irc",
    "kerberos",
    "known_certs",
    "known_hosts",
    "known_modbus",
    "known_services",
    "ldap",
    "ldap_search",
    "loaded_scripts",
    "modbus",
    "modbus_register_change",
    "mqtt_connect",
    "mqtt_publish",
    "mqtt_subscribe",
    "mysql",
    "netcontrol",
    "notice",
    "notice_alarm",
    "ntlm",
    "ntp",
    "ocsp",
    "openflow",
    "packet_filter",
    "pe",
    "postgresql",
    "quic",
    "radius",
    "rdp",
    "reporter",
    "rfb",
    "signatures",
    "sip",
    "smb_cmd",
    "smb_files",
    "smb_mapping",
    "smtp",
    "snmp",
    "socks",
    "software",
    "ssh",
    "ssl",
    "stats",
    "syslog",
    "telemetry",
    "traceroute",
    "tunnel",
    "websocket",
    "weird",
    "x509",
];

pub fn known(name: &str) -> Option<&'static str> {
    KNOWN.binary_search(&name).ok().map(|at| KNOWN[at])
}

/// The log that a file's name tells: `conn.log`, `/x/conn.2020-01-01-00-00-00.log.gz`,
/// `conn.00:00:00-01:00:00.log`, `site_conn.log`.
pub fn by_file_name(name: &str) -> Option<&'static str> {
    let file = name.rsplit(['/', '\\', '!']).next().unwrap_or_default();
    let (stem, rest) = file.split_once('.')?;
    if !rest.split('.').any(|part| matches!(part, "log" | "json")) {
        return None;
    }
    let stem = stem.to_ascii_lowercase();
    let mut tail = stem.as_str();
    loop {
        if let Some(log) = known(tail) {
            return Some(log);
        }
        tail = tail.split_once(['_', '-'])?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for (name, log) in [
            ("conn.log", Some("conn")),
            ("/nsm/zeek/2020-01-01/conn.00:00:00-01:00:00.log.gz", Some("conn")),
            ("http.2020-01-01-00-00-00.log", Some("http")),
            ("NASHUA_dce_rpc.log", Some("dce_rpc")),
            ("UTICA-ONE-DRIVE_files.log", Some("files")),
            ("x.zip!day1/dns.json", Some("dns")),
            ("conn", None),
            ("conn.csv", None),
            ("error.log", None),
            ("", None),
        ] {
            assert_eq!(by_file_name(name), log, "{name}");
        }
    }

    #[test]
    fn lists_are_sorted() {
        assert!(KNOWN.is_sorted());
        assert!(SIGNATURES.iter().all(|signature| known(signature.log).is_some()));
    }

    #[test]
    fn fields_tell_the_log() {
        let has = |fields: &'static [&'static str]| move |field: &str| fields.contains(&field);
        assert_eq!(by_fields(has(&["ts", "uid", "id.orig_h", "proto", "conn_state"])), Some("conn"));
        assert_eq!(by_fields(has(&["ts", "uid", "trans_id", "query"])), Some("dns"));
        assert_eq!(by_fields(has(&["ts", "uid"])), None);
    }
}
