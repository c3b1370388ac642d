//! A log file under every kind of rotation, with restarts at every moment.

use std::{
    fs::{self, OpenOptions},
    io::Write,
};

use tempfile::TempDir;

use super::*;

/// A log file, who writes and rotates it, and a follower that can be restarted.
struct Log {
    folder: TempDir,
    follower: Follower,
    now: Instant,
    read: String,
    position: Option<FilePosition>,
    gaps: usize,
}

impl Log {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let follower = Follower::new(&folder.path().join("auth.log"), Frame::Lines, None, 1 << 20);
        let (read, now) = (String::new(), Instant::now());
        Self { folder, follower, now, read, position: None, gaps: 0 }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, text: &str) {
        self.write_to("auth.log", text);
    }

    fn write_to(&self, name: &str, text: &str) {
        let file = OpenOptions::new().append(true).create(true).open(self.file(name));
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.file(from), self.file(to)).expect("renamed");
    }

    /// As logrotate's `copytruncate` does it.
    fn copy_and_truncate(&self) {
        fs::copy(self.file("auth.log"), self.file("auth.log.1")).expect("copied");
        OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(self.file("auth.log"))
            .expect("truncated");
    }

    /// Looks until nothing new is found.
    fn look(&mut self) {
        let mut nothing = 0;
        while nothing < 2 {
            match self.follower.next(self.now) {
                Ok(Found::Chunk(chunk)) => {
                    self.read += std::str::from_utf8(&chunk.bytes).expect("tests write text");
                    self.position = Some(chunk.position);
                }
                Ok(Found::Gap(_)) => self.gaps += 1,
                Ok(Found::Nothing) => nothing += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => nothing += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Looks again after some silence, so often that every rotation is noticed.
    fn look_later(&mut self) {
        for _ in 0..4 {
            self.now += SILENCE;
            self.look();
        }
    }

    /// A new follower, from the position that went with the last chunk.
    fn restart(&mut self) {
        // Through its text, as a cursor goes.
        let position = self.position.as_ref().map(|p| p.to_string().parse().expect("a position"));
        let path = self.file("auth.log");
        self.follower = Follower::new(&path, Frame::Lines, position, 1 << 20);
    }

    fn expect(&self, text: &str) {
        assert_eq!(self.read, text);
        assert_eq!(self.gaps, 0, "nothing is missing");
    }
}

#[test]
fn lines_are_read_as_they_are_written_and_unfinished_ones_held_back() {
    let mut log = Log::new();
    log.look();
    log.expect("");
    log.write("one\ntwo\nthr");
    log.look();
    log.expect("one\ntwo\n");
    log.look_later();
    log.expect("one\ntwo\n");
    log.write("ee\n");
    log.look();
    log.expect("one\ntwo\nthree\n");
    log.restart();
    log.write("four\n");
    log.look();
    log.expect("one\ntwo\nthree\nfour\n");
}

#[test]
fn a_restart_in_the_middle_of_a_line_reads_it_once() {
    let mut log = Log::new();
    log.write("one\ntw");
    log.look();
    log.restart();
    log.look();
    log.write("o\nthree\n");
    log.restart();
    log.look();
    log.expect("one\ntwo\nthree\n");
}

#[test]
fn a_renamed_file_is_read_to_its_end_before_the_next() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    log.rename("auth.log", "auth.log.1");
    log.write_to("auth.log.1", "late writer\n");
    log.write("new file\n");
    log.look();
    log.write_to("auth.log.1", "later still");
    log.look_later();
    log.expect("one\nlate writer\nlater stillnew file\n");
    log.write("goes on\n");
    log.look();
    log.expect("one\nlate writer\nlater stillnew file\ngoes on\n");
}

#[test]
fn a_file_renamed_before_the_next_is_made_is_waited_for() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    log.rename("auth.log", "auth.log.1");
    log.look_later();
    log.write("two\n");
    log.look_later();
    log.expect("one\ntwo\n");
}

#[test]
fn a_deleted_and_made_anew_file_is_read_from_its_beginning() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    fs::remove_file(log.file("auth.log")).expect("deleted");
    log.look_later();
    log.write("two\n");
    log.look_later();
    log.expect("one\ntwo\n");
}

#[test]
fn a_copied_and_truncated_file_loses_nothing_that_was_copied() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    log.write("two\n");
    log.copy_and_truncate();
    log.write("a line longer than all that was there before\n");
    log.look_later();
    log.expect("one\ntwo\na line longer than all that was there before\n");
}

#[test]
fn a_truncated_file_without_a_copy_is_reported_and_read_anew() {
    let mut log = Log::new();
    log.write("one\ntwo\n");
    log.look();
    fs::write(log.file("auth.log"), "new\n").expect("overwritten");
    log.look_later();
    assert_eq!((log.read.as_str(), log.gaps), ("one\ntwo\nnew\n", 1));
}

#[test]
fn rotations_during_a_stop_are_caught_up_on() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    log.write("two\n");
    log.rename("auth.log", "auth.log.1");
    log.write("three\n");
    later(&log, "auth.log", 10);
    log.rename("auth.log.1", "auth.log.2");
    log.rename("auth.log", "auth.log.1");
    log.write("four\n");
    later(&log, "auth.log", 20);
    log.restart();
    log.look_later();
    log.expect("one\ntwo\nthree\nfour\n");
}

#[test]
fn a_copy_and_truncation_during_a_stop_is_caught_up_on() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    log.write("two\n");
    log.copy_and_truncate();
    log.write("three and some more, so that the file is longer than it was\n");
    log.restart();
    log.look_later();
    log.expect("one\ntwo\nthree and some more, so that the file is longer than it was\n");
}

#[test]
fn a_rotated_file_that_is_gone_is_reported() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    log.rename("auth.log", "auth.log.1.gz");
    log.write("two\n");
    log.restart();
    log.look_later();
    assert_eq!((log.read.as_str(), log.gaps), ("one\ntwo\n", 1));
}

#[test]
fn another_file_with_the_same_number_is_not_taken_for_the_first() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    // The same inode, other contents, longer than what was read.
    fs::write(log.file("auth.log"), "something else entirely\n").expect("overwritten");
    log.restart();
    log.look_later();
    assert_eq!((log.read.as_str(), log.gaps), ("one\nsomething else entirely\n", 1));
}

#[test]
fn a_restart_at_the_end_of_a_rotated_file_goes_on_with_the_next() {
    let mut log = Log::new();
    log.write("one\n");
    log.look();
    log.rename("auth.log", "auth.log.1");
    log.write("two\n");
    log.restart();
    log.look_later();
    log.restart();
    log.look_later();
    log.expect("one\ntwo\n");
}

#[test]
fn only_the_end_of_a_long_file_is_history() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("syslog");
    fs::write(&path, "a first line\nsecond\nthird\n").expect("written");
    let mut follower = Follower::new(&path, Frame::Lines, None, 16);
    let now = Instant::now();
    assert!(matches!(follower.next(now), Ok(Found::Nothing)));
    let Ok(Found::Chunk(chunk)) = follower.next(now) else { panic!("a chunk was expected") };
    assert_eq!((chunk.bytes.as_slice(), chunk.offset), (b"second\nthird\n".as_slice(), 13));
}

#[test]
fn a_line_longer_than_a_chunk_comes_in_pieces_that_are_not_whole() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("syslog");
    let long = "x".repeat(CHUNK_BYTES + 10);
    fs::write(&path, format!("short\n{long}\nlast\n")).expect("written");
    let mut follower = Follower::new(&path, Frame::Lines, None, 1 << 30);
    let now = Instant::now();
    let mut chunks = Vec::new();
    for _ in 0..6 {
        if let Ok(Found::Chunk(chunk)) = follower.next(now) {
            chunks.push((chunk.bytes.len(), chunk.is_whole, chunk.position.offset));
        }
    }
    let end = 6 + CHUNK_BYTES as u64 + 11 + 5;
    assert_eq!(chunks, [(6, true, 6), (CHUNK_BYTES, false, 6), (10 + 1 + 5, true, end)]);
}

#[test]
fn the_last_audit_event_waits_for_silence() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("audit.log");
    let (one, two) = ("type=A msg=audit(1.0:1): a\n", "type=A msg=audit(1.0:2): b\n");
    fs::write(&path, format!("{one}{two}")).expect("written");
    let mut follower = Follower::new(&path, Frame::AuditEvents, None, 1 << 20);
    let now = Instant::now();
    let mut next = |now| match follower.next(now) {
        Ok(Found::Chunk(chunk)) => String::from_utf8(chunk.bytes).expect("tests write text"),
        _ => String::new(),
    };
    assert_eq!([next(now), next(now), next(now)], ["", one, ""]);
    assert_eq!(next(now + SILENCE), two);
}

/// Dates a file some seconds later, as time would have.
fn later(log: &Log, name: &str, seconds: u64) {
    let file = File::options().append(true).open(log.file(name)).expect("opened");
    let modified = SystemTime::now() + Duration::from_secs(seconds);
    file.set_modified(modified).expect("dated");
}
