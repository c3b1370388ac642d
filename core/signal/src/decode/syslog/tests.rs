//! Headers, and what messages become.

use std::sync::Arc;

use super::{header::Header, stamp::Calendar, *};
use crate::{Catalog, TenantId, testing};

/// What was read: priority, whether there is a time, host, program, process id, text, prelude.
fn shown(message: &str) -> String {
    let header = Header::read(message, &mut Calendar::new(0), testing::RECEIVED);
    let priority = header.priority.map(|p| format!("{}.{}", p.facility(), p.severity())).unwrap_or_default();
    let time = header.time.map(crate::time::format_datetime).unwrap_or_default();
    let time = time.strip_suffix(".000000Z").unwrap_or(&time);
    let Header { host, program, pid, text, prelude, .. } = header;
    format!("{priority} {time} [{host}] [{program}] [{pid}] [{prelude}] {text}")
}

#[test]
fn headers_as_they_are_found() {
    let mut wrong = Vec::new();
    for (message, expected) in [
        (
            "<34>Oct 11 22:14:15 unix1 su: (to root) ann",
            "auth.crit 2025-10-11T22:14:15 [unix1] [su] [] [] (to root) ann",
        ),
        ("<38>Oct 11 22:14:15 h sshd[123]: x: y", "auth.info 2025-10-11T22:14:15 [h] [sshd] [123] [] x: y"),
        ("<38>Oct 11 22:14:15 sshd[123]: x", "auth.info 2025-10-11T22:14:15 [] [sshd] [123] [] x"),
        ("<38>Oct 11 22:14:15 su: x", "auth.info 2025-10-11T22:14:15 [] [su] [] [] x"),
        (
            "<38>Oct 11 22:14:15 10.1.2.3 postfix/smtpd[1]: x",
            "auth.info 2025-10-11T22:14:15 [10.1.2.3] [postfix/smtpd] [1] [] x",
        ),
        (
            "<38>Oct 11 22:14:15 2001:db8::1 /usr/sbin/cron[1]: x",
            "auth.info 2025-10-11T22:14:15 [2001:db8::1] [/usr/sbin/cron] [1] [] x",
        ),
        (
            "<38>Oct 11 22:14:15 2001:db8:: cron[1]: x",
            "auth.info 2025-10-11T22:14:15 [2001:db8::] [cron] [1] [] x",
        ),
        (
            "<38>Oct 11 22:14:15 [2001:db8::1] cron[1]: x",
            "auth.info 2025-10-11T22:14:15 [2001:db8::1] [cron] [1] [] x",
        ),
        (
            "<86>Oct 11 22:14:15 h su(pam_unix)[12]: x",
            "authpriv.info 2025-10-11T22:14:15 [h] [su(pam_unix)] [12] [] x",
        ),
        (
            "<86>Oct 11 22:14:15 h (systemd)[12]: x",
            "authpriv.info 2025-10-11T22:14:15 [h] [(systemd)] [12] [] x",
        ),
        (
            "<86>Oct 11 22:14:15 h gdm-password][12]: x",
            "authpriv.info 2025-10-11T22:14:15 [h] [gdm-password]] [12] [] x",
        ),
        ("<86>Oct 11 22:14:15 h app[main-1]: x", "authpriv.info 2025-10-11T22:14:15 [h] [app] [main-1] [] x"),
        ("<86>Oct 11 22:14:15 h app[7] x", "authpriv.info 2025-10-11T22:14:15 [h] [app] [7] [] x"),
        ("<86>Oct 11 22:14:15 h app[a b]: x", "authpriv.info 2025-10-11T22:14:15 [h] [] [] [] app[a b]: x"),
        (
            "<6>Oct 11 22:14:15 h kernel: [    1.5] x",
            "kern.info 2025-10-11T22:14:15 [h] [kernel] [] [] [    1.5] x",
        ),
        (
            "<6>Oct 11 22:14:15 h kernel:[    1.5] x",
            "kern.info 2025-10-11T22:14:15 [h] [kernel] [] [] [    1.5] x",
        ),
        (
            "<6>Oct 11 22:14:15 h last message repeated 3 times",
            "kern.info 2025-10-11T22:14:15 [h] [] [] [] last message repeated 3 times",
        ),
        (
            "<6>Oct 11 22:14:15 last message repeated 3 times",
            "kern.info 2025-10-11T22:14:15 [] [] [] [] last message repeated 3 times",
        ),
        (
            "<6>Oct 11 22:14:15 h --- last message repeated 1 time ---",
            "kern.info 2025-10-11T22:14:15 [h] [] [] [] --- last message repeated 1 time ---",
        ),
        ("<6>Oct 11 22:14:15 h no tag at all", "kern.info 2025-10-11T22:14:15 [h] [] [] [] no tag at all"),
        ("<6>Oct 11 22:14:15 h http://x/y z", "kern.info 2025-10-11T22:14:15 [h] [] [] [] http://x/y z"),
        ("<6>Oct 11 22:14:15 h Foo::Bar: x", "kern.info 2025-10-11T22:14:15 [h] [Foo::Bar] [] [] x"),
        ("<6>Oct 11 22:14:15 word", "kern.info 2025-10-11T22:14:15 [] [] [] [] word"),
        ("<6>Oct 11 22:14:15", "kern.info 2025-10-11T22:14:15 [] [] [] [] "),
        (
            "<6>Oct 11 22:14:15 Message forwarded from h: su: x",
            "kern.info 2025-10-11T22:14:15 [h] [su] [] [] x",
        ),
        ("Oct 11 22:14:15 h CRON[1]: x", " 2025-10-11T22:14:15 [h] [CRON] [1] [] x"),
        ("2026-11-25T02:13:02.123456+00:00 h sshd[1]: x", " 2026-11-25T02:13:02.123456Z [h] [sshd] [1] [] x"),
        ("<13>2026-11-25T02:13:02Z h sshd[1]: x", "user.notice 2026-11-25T02:13:02 [h] [sshd] [1] [] x"),
        ("plain text: with a colon", " [] [] [] [] plain text: with a colon"),
        ("app[1]: x", " [] [app] [1] [] x"),
        ("<13>x", "user.notice  [] [] [] [] x"),
        ("<13>app: x", "user.notice  [] [app] [] [] x"),
        ("<13>app[1]: x", "user.notice  [] [app] [1] [] x"),
        ("<13>h app[1]: x", "user.notice  [h] [app] [1] [] x"),
        ("<13>some text: here", "user.notice  [] [] [] [] some text: here"),
        ("<999>x", " [] [] [] [] <999>x"),
        (
            "<189>237: *Mar  1 00:00:00.123: %SYS-5-CONFIG_I: x",
            "local7.notice 2026-03-01T00:00:00.123000Z [] [%SYS-5-CONFIG_I] [] [237: *] x",
        ),
        (
            "<189>237: r1: 000123: .Jan  1 00:00:00 UTC: %SYS-5-CONFIG_I: x",
            "local7.notice 2026-01-01T00:00:00 [r1] [%SYS-5-CONFIG_I] [] [237: r1: 000123: .] x",
        ),
        (
            "<189>Jan  1 00:00:00 r1: %SYS-5-CONFIG_I: x",
            "local7.notice 2026-01-01T00:00:00 [r1] [%SYS-5-CONFIG_I] [] [] x",
        ),
        (
            "<189>: 2026 Jan  1 00:00:00 UTC: %ETHPORT-5-IF_UP: x",
            "local7.notice 2026-01-01T00:00:00 [] [%ETHPORT-5-IF_UP] [] [:] x",
        ),
        ("<189>r1 Jan  1 00:00:00 %A-5-B: x", "local7.notice 2026-01-01T00:00:00 [r1] [%A-5-B] [] [r1] x"),
        (
            "<189>34: RP/0/RSP0/CPU0:Jan  1 00:00:00.5 : config[65]: %MGBL-6: x",
            "local7.notice 2026-01-01T00:00:00.500000Z [RP/0/RSP0/CPU0] [config] [65] [34: RP/0/RSP0/CPU0:] %MGBL-6: x",
        ),
        (
            "<166>Jan 01 2026 00:00:00: %ASA-6-302013: x",
            "local4.info 2026-01-01T00:00:00 [] [%ASA-6-302013] [] [] x",
        ),
        (
            "<166>Jan 01 2026 00:00:00 fw : %ASA-6-302013: x",
            "local4.info 2026-01-01T00:00:00 [fw] [%ASA-6-302013] [] [] x",
        ),
        ("<166>%ASA-6-302013: x", "local4.info  [] [%ASA-6-302013] [] [] x"),
        (
            "<166>:Jan 01 00:00:00 UTC: %ASA-6-302013: x",
            "local4.info 2026-01-01T00:00:00 [] [%ASA-6-302013] [] [:] x",
        ),
        (
            "<134>1 1767323045.123456789 MX84 flows src=1.2.3.4",
            "local0.info 2026-01-02T03:04:05.123456Z [MX84] [] [] [1] flows src=1.2.3.4",
        ),
        (
            "<165>1 2003-10-11T22:14:15.003Z h app - ID47 - x",
            "local4.notice 2003-10-11T22:14:15.003000Z [h] [app] [] [] x",
        ),
        ("<165>1 - - - - - -", "local4.notice  [] [] [] [] "),
        (
            "<165>1 2003-10-11T22:14:15.003Z h app 7 ID47 [a b=\"c\"] \u{feff}x",
            "local4.notice 2003-10-11T22:14:15.003000Z [h] [app] [7] [] x",
        ),
        (
            "<165>1 2003-10-11T22:14:15.003Z h app 7 ID47 [a b=\"c] x",
            "local4.notice 2003-10-11T22:14:15.003000Z [h] [app] [7] [] [a b=\"c] x",
        ),
        (
            "<165>1 2003-10-11T22:14:15.003Z h app",
            "local4.notice 2003-10-11T22:14:15.003000Z [h] [app] [] [] ",
        ),
        ("<13>Oct 11 22:14:15 h CEF:0|a|b", "user.notice 2025-10-11T22:14:15 [h] [] [] [] CEF:0|a|b"),
        ("<13>Oct 11 22:14:15 CEF:0|a|b", "user.notice 2025-10-11T22:14:15 [] [] [] [] CEF:0|a|b"),
    ] {
        let got = shown(message);
        if got.trim_start() != expected.trim_start() {
            wrong.push(format!("{message}\n  got  {got}\n  want {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn session() -> Session {
    Session::new(Arc::new(Catalog::new()), TenantId::new(uuid::Uuid::nil()), "test")
}

#[test]
fn a_datagram_is_one_message_with_its_line_feeds() {
    let session = Arc::new(session());
    let mut out = Output::new(session.clone(), FORMAT.name);
    let mut messages = Messages::new(&session);
    let peer = "::ffff:192.0.2.7".parse().expect("an address");
    messages.message_from(peer, 0, b"<13>Oct 11 22:14:15 h app: one\ntwo\n\0", &mut out);
    messages.message(1, b"\n", &mut out);
    let rows: Vec<String> = out.flush().iter().flat_map(testing::rows).collect();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains(r#""SyslogMessage":"one\ntwo""#), "{}", rows[0]);
    assert!(rows[0].contains(r#""HostIP":"192.0.2.7""#), "{}", rows[0]);
    assert_eq!(out.counts().records, 1);
}

/// Numbers that look random and are the same in each run.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    }
}

/// Pieces that headers are made of, and that confuse their readers.
const PIECES: [&[u8]; 36] = [
    b"<34>",
    b"<",
    b">",
    b"<999>",
    b"1 ",
    b"Oct 11 22:14:15 ",
    b"Feb 29 23:59:60 ",
    b"2026-01-02T03:04:05Z ",
    b"2026-01-02 ",
    b"- ",
    b"host ",
    b"2001:db8::1 ",
    b"app[1]: ",
    b"app[",
    b"]",
    b": ",
    b"%A-5-B: ",
    b"*",
    b"123: ",
    b"[a b=\"c\"]",
    b"[a b=\"",
    b"\\",
    b"\"",
    b"CEF:0|a|b|c|d|e|5|",
    b"LEEF:2.0|a|b|c|d|^|",
    b"x=y ",
    b"|",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\t",
    b" ",
    b"Accepted password for ",
    b"sshd[2]: ",
    b" from 1.2.3.4 port 5 ssh2",
    b"\xc3\xa9",
];

#[test]
fn every_message_is_a_row_or_a_dead_letter() {
    let session = Arc::new(session());
    for seed in 0..3_000 {
        let mut below = numbers(seed);
        let message: Vec<u8> = (0..=below(12)).flat_map(|_| PIECES[below(PIECES.len())]).copied().collect();
        let mut out = Output::new(session.clone(), FORMAT.name);
        out.set_received(testing::RECEIVED);
        Messages::new(&session).message(0, &message, &mut out);
        let rows: Vec<String> = out.flush().iter().flat_map(testing::rows).collect();
        let is_empty = message.iter().all(|byte| matches!(byte, b'\n' | b'\r' | 0));
        let counts = out.counts();
        assert_eq!(counts.records + counts.dead_letter_count(), u64::from(!is_empty), "{message:?}");
        let kept = ["Syslog", "CommonSecurityLog", "PhalanxDeadLetter"];
        let own =
            rows.iter().filter(|row| kept.iter().any(|table| row.contains(&format!(r#""Table":"{table}""#))));
        assert_eq!(own.count(), usize::from(!is_empty), "{rows:#?}");
    }
}
