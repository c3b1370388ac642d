//! Archives made here, walked as files and as streams.

use std::io::Write;

use ::zip::{CompressionMethod, write::SimpleFileOptions};
use flate2::{Compression, write::GzEncoder};

use super::*;

/// Writes down what it is handed.
#[derive(Default)]
struct Seen(Vec<String>);

impl Visitor for Seen {
    type Error = io::Error;

    fn file(&mut self, found: Found<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        let error = found.bytes.read_to_end(&mut bytes).err();
        let shown = match bytes.len() {
            ..100 => String::from_utf8_lossy(&bytes).into_owned(),
            length => format!("{length} bytes"),
        };
        let error = error.map(|error| format!(" and then: {error}")).unwrap_or_default();
        self.0.push(format!("{} ({}) {shown}{error}", found.path, found.name));
        Ok(())
    }

    fn unreadable(&mut self, path: &str, reason: io::Error) -> io::Result<()> {
        self.0.push(format!("{path}: {reason}"));
        Ok(())
    }

    fn spool(&mut self, bytes: &mut dyn Read) -> io::Result<Box<dyn ReadSeek>> {
        let mut held = Vec::new();
        bytes.read_to_end(&mut held)?;
        Ok(Box::new(Cursor::new(held)))
    }
}

/// What a walk saw, and how it ended.
fn walk_with(path: &str, bytes: &[u8], limits: ArchiveLimits, seekable: bool) -> (Vec<String>, String) {
    let mut seen = Seen::default();
    let mut cursor = Cursor::new(bytes);
    let input = if seekable { Input::Seekable(&mut cursor) } else { Input::Stream(&mut cursor) };
    let end = walk(path, input, limits, &mut seen);
    (seen.0, end.map_or_else(|error| error.to_string(), |()| "done".into()))
}

/// Checks what a walk sees, the same by either way of reading.
fn check(path: &str, bytes: &[u8], expected: &[&str]) {
    for seekable in [true, false] {
        let (seen, end) = walk_with(path, bytes, ArchiveLimits::default(), seekable);
        assert_eq!(seen, expected, "{path}, seekable: {seekable}");
        assert_eq!(end, "done");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn zip_with(options: SimpleFileOptions, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, options).expect("a new member");
        writer.write_all(bytes).expect("writing to memory");
    }
    writer.finish().expect("writing to memory").into_inner()
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(SimpleFileOptions::default(), members)
}

/// A zip archive written to something that can't be gone back in: sizes stand behind the members.
fn streamed_zip(options: SimpleFileOptions, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ::zip::ZipWriter::new_stream(&mut bytes);
    for (name, content) in members {
        writer.start_file(*name, options).expect("a new member");
        writer.write_all(content).expect("writing to memory");
    }
    writer.finish().expect("writing to memory");
    bytes
}

fn tar_of(members: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, kind, bytes) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[156] = *kind;
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].copy_from_slice(b"        ");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend_from_slice(&header);
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

/// Bytes that do not pack.
fn noise(length: u32) -> Vec<u8> {
    (0..length / 4).flat_map(|n| n.wrapping_mul(2_654_435_761).rotate_left(n % 31).to_le_bytes()).collect()
}

#[test]
fn every_file_of_nested_archives_is_found() {
    let tar = tar_of(&[
        ("a/plain.log", b'0', b"in tar"),
        ("a/", b'5', b""),
        ("to/plain.log", b'2', b""),
        ("x", b'x', b"30 path=a/very/long/name.json\n"),
        ("short", b'0', b"{}"),
        ("x", b'L', b"long-by-gnu.log\0"),
        ("short", 0, b"old"),
        ("inner.zip", b'0', &zip_of(&[("deep.csv.gz", &gzip(b"a,b"))])),
    ]);
    let zip = zip_of(&[
        ("logs/Auth.log.gz", &[gzip(b"first "), gzip(b"second")].concat()),
        ("__MACOSX/logs/._Auth.log", b"\0\x05\x16\x07"),
        ("host.tar.gz", &gzip(&tar)),
        ("empty.log", b""),
    ]);
    let too_deep = "x.zip!host.tar.gz!inner.zip!deep.csv.gz: \
                    an archive in archives more than 4 deep; unpack it first";
    check(
        "x.zip",
        &zip,
        &[
            "x.zip!logs/Auth.log.gz (auth.log) first second",
            "x.zip!host.tar.gz!a/plain.log (plain.log) in tar",
            "x.zip!host.tar.gz!a/very/long/name.json (name.json) {}",
            "x.zip!host.tar.gz!long-by-gnu.log (long-by-gnu.log) old",
            too_deep,
            "x.zip!empty.log (empty.log) ",
        ],
    );
    check("a.log", b"plain", &["a.log (a.log) plain"]);
    check("empty", b"", &["empty (empty) "]);
}

#[test]
fn zip_archives_are_read_however_they_were_written() {
    let members: [(&str, &[u8]); 2] = [("one.log", b"one"), ("two/two.log", b"two")];
    let expected = ["z.zip!one.log (one.log) one", "z.zip!two/two.log (two.log) two"];
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let large = SimpleFileOptions::default().large_file(true);
    for options in [SimpleFileOptions::default(), stored, large] {
        check("z.zip", &zip_with(options, &members), &expected);
        check("z.zip", &streamed_zip(options, &members), &expected);
    }
    check("z.zip", &zip_of(&[]), &[]);
}

#[test]
fn bombs_end_at_the_bound_and_name_it() {
    let bomb = gzip(&vec![0; 40 << 20]);
    for seekable in [true, false] {
        let limits = ArchiveLimits { bytes_max: 1 << 20, ratio_max: 2000 };
        let (seen, end) = walk_with("bomb.gz", &bomb, limits, seekable);
        assert!(seen[0].ends_with("and then: archive unpacks to more than 1048576 bytes"), "{seen:?}");
        assert_eq!(end, "`bomb.gz` unpacks to more than 1048576 bytes");
    }
    let limits = ArchiveLimits { bytes_max: 1 << 40, ratio_max: 100 };
    let zeros = vec![0; 40 << 20];
    let zip = zip_of(&[("fine.log", b"fine"), ("bomb", &zeros), ("never.log", b"never")]);
    let (seen, end) = walk_with("b.zip", &zip, limits, true);
    assert_eq!(seen[0], "b.zip!fine.log (fine.log) fine");
    assert!(seen[1].ends_with("archive unpacks to more than 100 times its own size"), "{seen:?}");
    assert_eq!((seen.len(), end.as_str()), (2, "`b.zip!bomb` unpacks to more than 100 times its own size"));

    // A zip archive that is itself a bomb's content ends in the spool.
    let packed = gzip(&zip_with(
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored),
        &[("zeros", &zeros)],
    ));
    let (seen, end) = walk_with("z.zip.gz", &packed, limits, false);
    assert_eq!((seen.len(), end.as_str()), (0, "`z.zip.gz` unpacks to more than 100 times its own size"));
}

#[test]
fn what_a_damaged_archive_still_gives_is_kept() {
    let text = noise(800_000);
    let mut cut = gzip(&text);
    cut.truncate(cut.len() / 2);
    let (seen, end) = walk_with("cut.gz", &cut, ArchiveLimits::default(), false);
    let bytes: usize = seen[0].split(' ').nth(2).and_then(|n| n.parse().ok()).expect("a number of bytes");
    assert!(bytes > 100_000 && seen[0].contains("and then: "), "{seen:?}");
    assert_eq!(end, "done");

    let mut zip = zip_of(&[("a", b"fine"), ("b", &text), ("c", b"fine, too")]);
    zip[1000] ^= 0xff;
    let (seen, end) = walk_with("z.zip", &zip, ArchiveLimits::default(), true);
    assert_eq!((seen.len(), end.as_str()), (3, "done"));
    assert!(seen[1].contains("and then: ") && seen[2] == "z.zip!c (c) fine, too", "{seen:?}");

    // The inner archive's damage does not end the walk through the outer one.
    let mut broken_tar = tar_of(&[("first", b'0', b"fine"), ("second", b'0', b"lost")]);
    broken_tar[1024] ^= 0xff;
    let outer = zip_of(&[("in.tar", &broken_tar), ("in.zip", b"PK\x03\x04 and no more"), ("end", b"fine")]);
    check(
        "o.zip",
        &outer,
        &[
            "o.zip!in.tar!first (first) fine",
            "o.zip!in.tar: the tar archive is damaged: a header with a wrong checksum, behind `first`",
            "o.zip!in.zip: the zip archive's directory is missing or damaged: failed to fill whole buffer",
            "o.zip!end (end) fine",
        ],
    );

    let mut cut = tar_of(&[("first", b'0', b"fine"), ("second", b'0', &[b'x'; 90])]);
    cut.truncate(512 * 3 + 40);
    check(
        "c.tar",
        &cut,
        &[
            "c.tar!first (first) fine",
            &format!("c.tar!second (second) {} and then: unexpected end of file", "x".repeat(40)),
            "c.tar: the tar archive is damaged: ends within a member, behind `second`",
        ],
    );
}

#[test]
fn a_zip_archive_without_its_directory_is_read_from_its_beginning() {
    let text = noise(8000);
    let members: [(&str, &[u8]); 3] = [("a.log", b"aaaa"), ("b.log", b"bb"), ("c.log", &text)];
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for whole in [
        zip_of(&members),
        zip_with(stored, &members),
        zip_with(SimpleFileOptions::default().large_file(true), &members),
        streamed_zip(SimpleFileOptions::default(), &members),
        streamed_zip(SimpleFileOptions::default().large_file(true), &members),
    ] {
        let (seen, end) = walk_with("z.zip", &whole[..whole.len() / 2], ArchiveLimits::default(), true);
        assert_eq!(end, "done");
        assert_eq!(seen[..2], ["z.zip!a.log (a.log) aaaa", "z.zip!b.log (b.log) bb"]);
        assert!(seen[2].starts_with("z.zip!c.log (c.log) ") && seen[2].contains("and then: "), "{seen:?}");
        let end = seen.last().expect("the archive's own damage is told");
        assert!(end.starts_with("z.zip: the zip archive's directory is missing or damaged: "), "{end}");
        assert!(end.ends_with("; its members up to `c.log` were read without it"), "{end}");
    }
}

#[test]
fn what_is_not_opened_is_told_by_name() {
    let mut encrypted = zip_of(&[("secret.log", b"hidden"), ("open.log", b"open")]);
    // The flag in the directory's entry, and in the header before the member.
    let directory = encrypted.windows(4).position(|w| w == b"PK\x01\x02").expect("a directory");
    encrypted[directory + 8] |= 1;
    encrypted[6] |= 1;
    let expected =
        ["e.zip!secret.log: encrypted; unpack it with its password first", "e.zip!open.log (open.log) open"];
    check("e.zip", &encrypted, &expected);
    let (seen, _) = walk_with("e.zip", &encrypted[..directory], ArchiveLimits::default(), true);
    assert_eq!(seen[..2], expected);

    let mut method = zip_of(&[("odd.log", b"odd"), ("open.log", b"open")]);
    let directory = method.windows(4).position(|w| w == b"PK\x01\x02").expect("a directory");
    (method[directory + 10], method[8]) = (93, 93);
    let expected = [
        "m.zip!odd.log: packed by Zstd, which is not supported; unpack it first",
        "m.zip!open.log (open.log) open",
    ];
    check("m.zip", &method, &expected);

    let tar = tar_of(&[
        ("a.log.xz", b'0', b"\xfd7zXZ\0\0"),
        ("sparse", b'S', b"part"),
        ("pax", b'x', b"22 GNU.sparse.major=1\n"),
        ("sparse-too", b'0', b"part"),
        ("b.log", b'0', b"fine"),
    ]);
    check(
        "t.tar",
        &tar,
        &[
            "t.tar!a.log.xz: packed by xz, which is not supported; unpack it first",
            "t.tar!sparse: a sparse file, which is not supported; unpack the archive first",
            "t.tar!sparse-too: a sparse file, which is not supported; unpack the archive first",
            "t.tar!b.log (b.log) fine",
        ],
    );
}

#[test]
fn padding_behind_gzip_is_no_error_and_anything_else_is() {
    let padded = [gzip(b"text"), vec![0; 1000]].concat();
    check("p.gz", &padded, &["p.gz (p) text"]);
    let followed = [gzip(b"text"), b"more".to_vec()].concat();
    check(
        "f.gz",
        &followed,
        &["f.gz (f) text and then: something that is no gzip member follows the last one"],
    );
}

#[test]
fn the_visitors_error_ends_the_walk() {
    struct Full;
    impl Visitor for Full {
        type Error = &'static str;

        fn file(&mut self, _: Found<'_>) -> Result<(), Self::Error> {
            Err("no room")
        }

        fn unreadable(&mut self, _: &str, _: io::Error) -> Result<(), Self::Error> {
            Ok(())
        }

        fn spool(&mut self, _: &mut dyn Read) -> io::Result<Box<dyn ReadSeek>> {
            Err(io::Error::other("no disk"))
        }
    }
    let zip = zip_of(&[("a", b"a"), ("b", b"b")]);
    let mut cursor = Cursor::new(&zip);
    let end = walk("z.zip", Input::Seekable(&mut cursor), ArchiveLimits::default(), &mut Full);
    assert!(matches!(end, Err(WalkError::Visitor("no room"))));
    // A spool that fails is told, and is no error of the visitor's.
    let end = walk("z.zip", Input::Stream(&mut &zip[..]), ArchiveLimits::default(), &mut Full);
    assert!(end.is_ok());
}
