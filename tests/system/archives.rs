//! Archives, folders and files that nobody recognises, taken in by the command as users call it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Output,
};

use base64::Engine;
use flate2::{Compression, Crc, write::DeflateEncoder, write::GzEncoder};
use serde_json::Value;

use crate::context::{Folder, Program, run, succeed};

/// Bytes that are no format's.
const NONSENSE: &[u8] = b"\x00\x01\x02\x80 nobody knows this \xff\xfe";

fn rows(computer: &str, count: usize) -> Vec<u8> {
    format!("{{\"Type\":\"SecurityEvent\",\"Computer\":\"{computer}\"}}\n").repeat(count).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory takes it")
}

fn tar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        archive.append_data(&mut header, name, &bytes[..]).expect("memory takes it");
    }
    archive.into_inner().expect("memory takes it")
}

/// A zip archive (APPNOTE 4.3), its members deflated.
fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        let packed = packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory takes it");
        let mut crc = Crc::new();
        crc.update(bytes);
        let offset = archive.len() as u32;
        let mut common = Vec::new();
        for field in [20_u16, 0, 8, 0, 0] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        for field in [crc.sum(), packed.len() as u32, bytes.len() as u32] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&0_u16.to_le_bytes());
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&common);
        archive.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (count, start) = (members.len() as u16, archive.len() as u32);
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend_from_slice(&[count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    archive.extend_from_slice(&start.to_le_bytes());
    archive.extend_from_slice(&[0, 0]);
    archive
}

struct Files {
    folder: Folder,
}

impl Files {
    async fn new() -> Self {
        Self { folder: Folder::new().await }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.data.with_file_name("in").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(&path, bytes).expect("it can be written");
        path
    }

    fn ingest(&self, path: &Path) -> (Output, Value) {
        let output = run(&self.folder.data, &["ingest", "--json", path.to_str().expect("UTF-8")]);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        });
        (output, report)
    }

    fn query(&self, text: &str) -> Vec<Value> {
        let lines = succeed(&self.folder.data, &["query", "--format", "jsonl", text]);
        lines.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
    }
}

fn sources(report: &Value) -> Vec<(String, String)> {
    let sources = report["sources"].as_array().expect("a list");
    let text = |source: &Value, key: &str| source[key].as_str().expect("text").to_owned();
    let name = |source: &Value| {
        let whole = text(source, "source");
        whole.rsplit_once("/in/").map_or(whole.clone(), |(_, name)| name.to_owned())
    };
    sources.iter().map(|source| (name(source), text(source, "format"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_an_archive_is_a_source_of_its_own() {
    let files = Files::new().await;
    let syslog = b"<38>Jan  2 03:04:05 web sshd[7]: one\n<38>Jan  2 03:04:06 web sshd[7]: two\n";
    let inner = zip(&[("deep/c.jsonl", rows("c", 3)), ("empty.log", Vec::new())]);
    let members = [
        ("a.jsonl", rows("a", 1)),
        ("nonsense.bin", NONSENSE.to_vec()),
        ("auth.log.gz", gzip(syslog)),
        ("more.zip", inner),
        ("b.jsonl", rows("b", 2)),
    ];
    let path = files.write("logs.tar.gz", &gzip(&tar(&members)));
    let (output, report) = files.ingest(&path);
    assert_eq!(report["rows"]["SecurityEvent"], 6, "{report}");
    assert_eq!(report["rows"]["Syslog"], 2, "{report}");
    assert_eq!(report["failures"].as_array().map(Vec::len), Some(0), "{report}");
    let expected = [
        ("logs.tar.gz!a.jsonl", "json-lines"),
        ("logs.tar.gz!nonsense.bin", "unrecognised"),
        ("logs.tar.gz!auth.log.gz", "syslog"),
        ("logs.tar.gz!more.zip!deep/c.jsonl", "json-lines"),
        ("logs.tar.gz!more.zip!empty.log", "empty"),
        ("logs.tar.gz!b.jsonl", "json-lines"),
    ]
    .map(|(source, format)| (source.to_owned(), format.to_owned()));
    assert_eq!(sources(&report), expected);
    assert_eq!(output.status.code(), Some(2), "one file is kept as it is");
    let kept = files.query("select Format, Encoding, Raw, RawBytes, Reason from PhalanxDeadLetter");
    let reason = kept[0]["Reason"].as_str().expect("a reason");
    assert!(reason.starts_with("format not recognised"), "{reason}");
    assert_eq!(kept[0]["RawBytes"], NONSENSE.len());
    assert_eq!(kept[0]["Encoding"], "base64");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_archive_comes_through_a_running_server() {
    let files = Files::new().await;
    let program = Program::serve(&files.folder.data, &[]);
    let path = files.write("logs.zip", &zip(&[("a.jsonl", rows("a", 5_000))]));
    let (output, report) = files.ingest(&path);
    assert_eq!(report["rows"]["SecurityEvent"], 5_000, "{report}");
    assert_eq!(output.status.code(), Some(0));
    let temporary = std::fs::read_dir(files.folder.data.join("tmp")).expect("a folder");
    let spooled = temporary.filter_map(Result::ok).filter(|entry| entry.path().is_file()).count();
    assert_eq!(spooled, 0, "nothing is left behind");
    assert!(program.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_stopped_and_what_came_before_it_is_kept() {
    let files = Files::new().await;
    let spaces = vec![b' '; 40 << 20];
    let row_and_spaces = [rows("a", 1), spaces.clone()].concat();
    for (name, bytes) in [
        ("bomb.jsonl.gz", gzip(&row_and_spaces)),
        ("bomb.zip", zip(&[("a.jsonl", rows("a", 10)), ("spaces", spaces)])),
    ] {
        let (output, report) = files.ingest(&files.write(name, &bytes));
        assert_eq!(output.status.code(), Some(1), "{report}");
        let message = report["failures"][0]["message"].as_str().expect("a reason").to_owned();
        assert!(message.contains("unpacks to more than"), "{message}");
    }
    let found = files.query("select count(*) as n from SecurityEvent");
    assert_eq!(found[0]["n"], 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_in_an_archive_is_told_and_the_others_are_taken() {
    let files = Files::new().await;
    let mut torn = gzip(&rows("torn", 20_000));
    torn.truncate(torn.len() / 2);
    let members = [("torn.jsonl.gz", torn), ("whole.jsonl", rows("whole", 4))];
    let (output, report) = files.ingest(&files.write("logs.tar", &tar(&members)));
    assert_eq!(output.status.code(), Some(1), "{report}");
    let failed = report["failures"][0]["source"].as_str().expect("a name").to_owned();
    assert!(failed.ends_with("logs.tar!torn.jsonl.gz"), "{report}");
    let found = files.query("select Computer, count(*) as n from SecurityEvent group by Computer order by 1");
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[1]["n"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_goes_on_behind_a_file_that_nobody_recognises() {
    let files = Files::new().await;
    for (name, bytes) in [("1.jsonl", rows("a", 2)), ("3/deep.jsonl", rows("b", 3))] {
        files.write(name, &bytes);
    }
    let nonsense = files.write("2.bin", NONSENSE);
    let folder = nonsense.parent().expect("a folder").to_owned();
    let (output, report) = files.ingest(&folder);
    assert_eq!(output.status.code(), Some(2), "everything is kept: {report}");
    assert_eq!(report["rows"]["SecurityEvent"], 5, "{report}");
    let kept = files.query("select Raw, Encoding, Reason, Source from PhalanxDeadLetter");
    assert_eq!(kept[0]["Raw"], base64::prelude::BASE64_STANDARD.encode(NONSENSE));
    assert!(kept[0]["Reason"].as_str().expect("a reason").contains("replay --as"), "{kept:?}");
    assert!(kept[0]["Source"].as_str().expect("a path").ends_with("2.bin"), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_read_through_links_and_past_what_can_not_be_read() {
    let files = Files::new().await;
    let inside = files.write("in/1.jsonl", &rows("a", 2));
    let outside = files.write("elsewhere/2.jsonl", &rows("b", 3));
    let folder = inside.parent().expect("a folder").to_owned();
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, folder.join(name)).expect("a link can be made");
    };
    link(&outside, "linked.jsonl");
    // Back to where it stands, and to nowhere.
    link(&folder, "loop");
    link(Path::new("/no/such/file"), "broken.jsonl");
    let (output, report) = files.ingest(&folder);
    assert_eq!(report["rows"]["SecurityEvent"], 5, "{report}");
    assert_eq!(output.status.code(), Some(1), "one of them could not be read: {report}");
    let failed = report["failures"][0]["source"].as_str().expect("a path");
    assert!(failed.ends_with("broken.jsonl"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_or_long_first_line_does_not_hide_the_format() {
    let files = Files::new().await;
    let long = format!("{{\"Type\":\"SecurityEvent\",\"Computer\":\"{}\"}}\n", "x".repeat(200_000));
    let cases: [(&str, Vec<u8>, u64, u64); 4] = [
        ("broken.jsonl", [b"{broken\n".to_vec(), rows("a", 7)].concat(), 7, 1),
        ("long.jsonl", [long.into_bytes(), rows("a", 7)].concat(), 8, 0),
        ("noise.log", [b"\x00\xff\n<34>Oct 11 22:14:15 host su: hello\n".to_vec()].concat(), 0, 1),
        ("text.log", [b"not a record\n".to_vec(), rows("a", 3)].concat(), 3, 1),
    ];
    for (name, bytes, events, dead_letters) in cases {
        let (_, report) = files.ingest(&files.write(name, &bytes));
        assert_eq!(report["rows"]["SecurityEvent"].as_u64().unwrap_or(0), events, "{name}: {report}");
        assert_eq!(report["dead_letters"], dead_letters, "{name}: {report}");
        assert_eq!(report["failures"].as_array().map(Vec::len), Some(0), "{name}: {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_is_decoded_by_several_threads_without_loss() {
    let files = Files::new().await;
    let mut text = String::new();
    for number in 0..60_000 {
        text += &format!("{{\"Type\":\"SecurityEvent\",\"Computer\":\"host\",\"EventID\":{number}}}\n");
        if number % 20_000 == 5 {
            text += "{broken\n";
        }
    }
    let (output, report) = files.ingest(&files.write("large.jsonl", text.as_bytes()));
    assert_eq!(output.status.code(), Some(2), "{report}");
    assert_eq!(report["rows"]["SecurityEvent"], 60_000, "{report}");
    assert_eq!(report["dead_letters"], 3, "{report}");
    let found = files.query("select count(*) as n, count(distinct \"EventID\") as d from SecurityEvent");
    assert_eq!(found[0]["n"], 60_000);
    assert_eq!(found[0]["d"], 60_000);
    let at = text.find("{broken").expect("it is there") as u64;
    assert_eq!(report["sources"][0]["dead_letters"][0]["first_offset"], at);
}
