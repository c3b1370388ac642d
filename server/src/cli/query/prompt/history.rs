//! What was asked before, in a file of the user's: one entry a line, line ends in it as `\n`.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

/// Entries that are kept.
const KEPT: usize = 2_000;

pub struct History {
    entries: Vec<String>,
    path: Option<PathBuf>,
}

impl History {
    /// Reads the file, `$XDG_STATE_HOME/phalanx/history`. Without one, what is asked is remembered until the end.
    pub fn open() -> Self {
        let folder = std::env::var_os("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")));
        let path = folder.map(|folder| folder.join("phalanx/history"));
        let text = path.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let mut entries: Vec<String> = text.lines().map(decode).collect();
        entries.drain(..entries.len().saturating_sub(KEPT));
        Self { entries, path }
    }

    #[cfg(test)]
    pub fn of(entries: &[&str]) -> Self {
        Self { entries: entries.iter().map(|entry| (*entry).to_owned()).collect(), path: None }
    }

    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Adds a text, unless it is the last one again. That it can't be written is no reason to stop.
    pub fn add(&mut self, text: &str) {
        if self.entries.last().is_some_and(|last| last == text) {
            return;
        }
        self.entries.push(text.to_owned());
        let Some(path) = &self.path else { return };
        if let Some(folder) = path.parent() {
            let _refused = fs::create_dir_all(folder);
        }
        // A query may name what is secret.
        let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        if let Ok(mut file) = opened {
            let _refused = file.write_all((encode(text) + "\n").as_bytes());
        }
    }
}

fn encode(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn decode(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_lines() {
        for text in ["T | take 1", "T\n| where a has \"\\\\n\"", "\\", "日本"] {
            let line = encode(text);
            assert!(!line.contains('\n'));
            assert_eq!(decode(&line), text);
        }
    }
}
