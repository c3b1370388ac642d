use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use zip::write::SimpleFileOptions;

use super::*;

/// Paths, names and contents (or the error) of all files, and how the walk ended.
fn walk_all(path: &str, bytes: &[u8], limits: ArchiveLimits, seekable: bool) -> (Vec<String>, String) {
    let mut seen = Vec::new();
    let mut each = |found: Found<'_>| {
        let mut text = Vec::new();
        let result = found.bytes.read_to_end(&mut text);
        let shown = if text.len() > 100 { format!("{} bytes", text.len()) } else { String::from_utf8_lossy(&text).into() };
        let error = result.err().map(|e| format!(" and then: {e}")).unwrap_or_default();
        seen.push(format!("{} ({}) {shown}{error}", found.path, found.name));
        Ok::<(), io::Error>(())
    };
    let mut spool = |bytes: &mut dyn Read| {
        let mut held = Vec::new();
        bytes.read_to_end(&mut held)?;
        Ok(Box::new(Cursor::new(held)) as Box<dyn ReadSeek>)
    };
    let mut cursor = Cursor::new(bytes);
    let input = if seekable { Input::Seekable(&mut cursor) } else { Input::Stream(&mut cursor) };
    let end = walk(path, input, limits, &mut spool, &mut each);
    (seen, end.map_or_else(|error| error.to_string(), |()| "done".into()))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a new member");
        writer.write_all(bytes).expect("writing to memory");
    }
    writer.finish().expect("writing to memory").into_inner()
}

fn tar_of(members: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, kind, bytes) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[156] = *kind;
        header[257..263].copy_from_slice(b"ustar\0");
        tar.extend_from_slice(&header);
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

#[test]
fn every_file_of_nested_archives_is_found() {
    let tar = tar_of(&[
        ("a/plain.log", b'0', b"in tar"),
        ("a", b'5', b""),
        ("x", b'x', b"30 path=a/very/long/name.json\n"),
        ("short", b'0', b"{}"),
        ("inner.zip", b'0', &zip_of(&[("deep.csv", b"a,b")])),
    ]);
    let zip = zip_of(&[
        ("logs/Auth.log.gz", &[gzip(b"first "), gzip(b"second")].concat()),
        ("__MACOSX/logs/._Auth.log", b"\0\x05\x16\x07"),
        ("host.tar.gz", &gzip(&tar)),
        ("empty.log", b""),
    ]);
    let expected = [
        "x.zip!logs/Auth.log.gz (auth.log) first second",
        "x.zip!host.tar.gz!a/plain.log (plain.log) in tar",
        "x.zip!host.tar.gz!a/very/long/name.json (name.json) {}",
        "x.zip!host.tar.gz!inner.zip (inner) ",
        "x.zip!empty.log (empty.log) ",
    ];
    for seekable in [true, false] {
        let (seen, end) = walk_all("x.zip", &zip, ArchiveLimits::default(), seekable);
        for (at, (seen, expected)) in seen.iter().zip(expected).enumerate() {
            // The innermost zip is a level too deep and so handed on as it is.
            if at == 3 {
                assert!(seen.starts_with(expected), "{seen}");
            } else {
                assert_eq!(seen, expected);
            }
        }
        assert_eq!((seen.len(), end.as_str()), (expected.len(), "done"));
    }
    assert_eq!(walk_all("a.log", b"plain", ArchiveLimits::default(), true).0, ["a.log (a.log) plain"]);
}

#[test]
fn bombs_end_at_the_bound_and_name_it() {
    let bomb = gzip(&vec![0; 40 << 20]);
    for seekable in [true, false] {
        let limits = ArchiveLimits { bytes_max: 1 << 20, ratio_max: 2000 };
        let (seen, end) = walk_all("bomb.gz", &bomb, limits, seekable);
        assert!(seen[0].ends_with("and then: archive unpacks to more than 1048576 bytes"), "{seen:?}");
        assert_eq!(end, "`bomb.gz` unpacks to more than 1048576 bytes");
    }
    let limits = ArchiveLimits { bytes_max: 1 << 40, ratio_max: 100 };
    let zip = zip_of(&[("fine.log", b"fine"), ("bomb", &vec![0; 40 << 20]), ("never.log", b"never")]);
    let (seen, end) = walk_all("b.zip", &zip, limits, true);
    assert_eq!(seen[0], "b.zip!fine.log (fine.log) fine");
    assert!(seen[1].ends_with("archive unpacks to more than 100 times its own size"), "{seen:?}");
    assert_eq!((seen.len(), end.as_str()), (2, "`b.zip!bomb` unpacks to more than 100 times its own size"));
}

#[test]
fn what_a_damaged_archive_still_gives_is_kept() {
    let text: Vec<u8> = (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut cut = gzip(&text);
    cut.truncate(cut.len() / 2);
    let (seen, end) = walk_all("cut.gz", &cut, ArchiveLimits::default(), false);
    let bytes: usize = seen[0].split(' ').nth(2).and_then(|n| n.parse().ok()).expect("a number of bytes");
    assert!(bytes > 100_000 && seen[0].contains("and then: "), "{seen:?}");
    assert_eq!(end, "done");

    let mut zip = zip_of(&[("a", b"fine"), ("b", &text), ("c", b"fine, too")]);
    zip[1000] ^= 0xff;
    let (seen, end) = walk_all("z.zip", &zip, ArchiveLimits::default(), true);
    assert_eq!((seen.len(), end.as_str()), (3, "done"));
    assert!(seen[1].contains("and then: ") && seen[2] == "z.zip!c (c) fine, too", "{seen:?}");

    let (_, end) = walk_all("no.zip", b"PK\x03\x04 and nothing more", ArchiveLimits::default(), true);
    assert_eq!(end, "`no.zip` is no readable archive");
}
