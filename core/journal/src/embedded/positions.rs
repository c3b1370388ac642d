//! The file `positions`: how far each consumer has come, over a restart.
//!
//! A few lines of text, replaced as a whole: what was there before or what is there now, never a mix.
//!
//! ```text
//! phalanx journal positions 1
//! head 4711
//! floor 4711
//! consumer 4700 lake
//! crc 1a2b3c4d
//! ```
//!
//! `head` was the newest durable entry; one that is missing later was lost.
//! `floor` is a position that has been given out or promised away: later entries come after it, even if
//! all segments were lost.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::{OpenError, Position, StorageError, consumer};

/// The name of the file in the journal's folder.
pub const POSITIONS_FILE: &str = "positions";
const MAGIC: &str = "phalanx journal positions ";
const VERSION: u8 = 1;

/// The contents of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    pub head: Position,
    pub floor: Position,
    pub consumers: BTreeMap<String, Position>,
}

/// What was found at the start.
#[derive(Debug, PartialEq, Eq)]
pub enum Loaded {
    Known(Positions),
    /// Set aside under this name; every consumer must say anew where it is.
    Damaged(PathBuf),
}

/// Reads the file; none is an empty one.
pub fn load(directory: &Path) -> Result<Loaded, OpenError> {
    let path = directory.join(POSITIONS_FILE);
    let text = match fs::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).unwrap_or_default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Loaded::Known(Positions::default()));
        }
        Err(error) => return Err(StorageError::new("read", path, error).into()),
    };
    match parse(&text) {
        Some(Ok(positions)) => Ok(Loaded::Known(positions)),
        Some(Err(found)) => Err(OpenError::Newer { path, found, known: VERSION }),
        None => {
            let aside = directory.join("positions.damaged");
            fs::rename(&path, &aside).map_err(|error| StorageError::new("rename", path, error))?;
            Ok(Loaded::Damaged(aside))
        }
    }
}

/// Replaces the file, durably.
pub fn store(directory: &Path, positions: &Positions) -> Result<(), StorageError> {
    let (path, new) = (directory.join(POSITIONS_FILE), directory.join("positions.new"));
    let failed = |doing| {
        let path = path.clone();
        move |error| StorageError::new(doing, path, error)
    };
    let mut file = File::create(&new).map_err(failed("write"))?;
    file.write_all(render(positions).as_bytes()).map_err(failed("write"))?;
    file.sync_all().map_err(failed("make durable"))?;
    fs::rename(&new, &path).map_err(failed("rename"))?;
    File::open(directory).and_then(|folder| folder.sync_all()).map_err(failed("make durable"))
}

fn render(positions: &Positions) -> String {
    let mut text = format!("{MAGIC}{VERSION}\nhead {}\nfloor {}\n", positions.head, positions.floor);
    for (name, position) in &positions.consumers {
        let _ = writeln!(text, "consumer {position} {name}");
    }
    let crc = crc32fast::hash(text.as_bytes());
    let _ = writeln!(text, "crc {crc:08x}");
    text
}

/// `None` when damaged, `Err` with the version when it is a later one.
fn parse(text: &str) -> Option<Result<Positions, u8>> {
    let (body, crc) = text.strip_suffix('\n')?.rsplit_once("\ncrc ")?;
    let body = &text[..=body.len()];
    if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(body.as_bytes()) {
        return None;
    }
    let mut lines = body.lines();
    let version = lines.next()?.strip_prefix(MAGIC)?.parse().ok()?;
    if version != VERSION {
        return Some(Err(version));
    }
    let head = Position(lines.next()?.strip_prefix("head ")?.parse().ok()?);
    let floor = Position(lines.next()?.strip_prefix("floor ")?.parse().ok()?);
    let mut consumers = BTreeMap::new();
    for line in lines {
        let (position, name) = line.strip_prefix("consumer ")?.split_once(' ')?;
        consumer::check_name(name).ok()?;
        consumers.insert(name.to_owned(), Position(position.parse().ok()?));
    }
    Some(Ok(Positions { head, floor, consumers }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions() -> Positions {
        let consumers = [("hub/rules", 3), ("lake", u64::MAX)];
        let consumers = consumers.map(|(name, at)| (name.to_owned(), Position(at))).into();
        Positions { head: Position(11), floor: Position(12), consumers }
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()).unwrap(), Loaded::Known(Positions::default()));
        store(folder.path(), &positions()).unwrap();
        assert_eq!(load(folder.path()).unwrap(), Loaded::Known(positions()));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let text = render(&positions());
        for cut in 0..text.len() {
            assert_eq!(parse(&text[..cut]), None, "cut at {cut}");
        }
        for bit in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let parsed = String::from_utf8(bytes).ok().and_then(|text| parse(&text));
            // A hexadecimal digit may become its capital twin.
            assert!(parsed.is_none() || parsed == Some(Ok(positions())), "bit {bit}");
        }
    }

    #[test]
    fn a_damaged_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(POSITIONS_FILE), "garbage").unwrap();
        let aside = folder.path().join("positions.damaged");
        assert_eq!(load(folder.path()).unwrap(), Loaded::Damaged(aside.clone()));
        assert_eq!(fs::read_to_string(aside).unwrap(), "garbage");
    }

    #[test]
    fn a_later_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let body = format!("{MAGIC}2\n");
        let crc = crc32fast::hash(body.as_bytes());
        fs::write(folder.path().join(POSITIONS_FILE), format!("{body}crc {crc:08x}\n")).unwrap();
        assert!(matches!(load(folder.path()), Err(OpenError::Newer { found: 2, .. })));
    }
}
