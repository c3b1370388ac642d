//! A text that is being written: what keys do to it. Draws nothing.

use phalanx_kql::syntax::{parse, tree::StatementKind};

use super::{history::History, keys::Key};

/// What comes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The text is still being written.
    More,
    /// The terminal is to be cleared.
    Clear,
    /// The text is given up.
    Drop,
    /// The text is to be answered.
    Send,
    /// The user leaves.
    End,
}

/// What may be written at the cursor.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// How many UTF-16 units before the cursor are replaced.
    pub written: usize,
    pub list: Vec<Candidate>,
}

#[derive(Clone, Debug)]
pub struct Candidate {
    pub label: String,
    pub insert: String,
    /// What it is.
    pub detail: String,
}

pub struct Editor<'h> {
    text: String,
    /// In bytes, at the boundary of a character.
    cursor: usize,
    history: &'h History,
    /// Which entry is shown, and what was written before one was.
    shown: Option<(usize, String)>,
    /// What Ctrl-K and its like have cut.
    cut: String,
}

impl<'h> Editor<'h> {
    pub fn new(history: &'h History) -> Self {
        Self { text: String::new(), cursor: 0, history, shown: None, cut: String::new() }
    }

    /// The text, and the byte of it where the cursor is.
    pub fn text(&self) -> (&str, usize) {
        (&self.text, self.cursor)
    }

    pub fn into_text(self) -> String {
        self.text
    }

    pub fn press(&mut self, key: Key) -> Step {
        match key {
            Key::Enter if self.is_whole() => return Step::Send,
            Key::Enter => self.insert("\n"),
            Key::Character(character) => self.insert(character.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.insert(&text),
            Key::Control('c') => return Step::Drop,
            Key::Control('d') if self.text.is_empty() => return Step::End,
            Key::Control('l') => return Step::Clear,
            Key::Control('a') | Key::Home => self.cursor = self.line_start(),
            Key::Control('e') | Key::End => self.cursor = self.line_end(),
            Key::Control('b') | Key::Left => self.cursor = self.before(),
            Key::Control('f') | Key::Right => self.cursor = self.behind(),
            Key::WordLeft => self.cursor = self.word_start(),
            Key::WordRight => self.cursor = self.word_end(),
            Key::Backspace => self.remove(self.before()..self.cursor),
            Key::Control('d') | Key::Delete => self.remove(self.cursor..self.behind()),
            Key::Control('k') => self.take(self.cursor..self.line_end()),
            Key::Control('u') => self.take(self.line_start()..self.cursor),
            Key::Control('w') => self.take(self.word_start()..self.cursor),
            Key::Control('y') => {
                let cut = self.cut.clone();
                self.insert(&cut);
            }
            Key::Up | Key::Control('p') => self.up(),
            Key::Down | Key::Control('n') => self.down(),
            Key::Tab | Key::Escape | Key::Control(_) => {}
        }
        Step::More
    }

    /// Writes what all candidates have in common; a list of them where that is nothing new, at most so many.
    pub fn complete(&mut self, candidates: &Candidates, most: usize) -> Option<Vec<String>> {
        let mut units = 0;
        let start = self.text[..self.cursor]
            .char_indices()
            .rev()
            .take_while(|(_, character)| {
                let is_written = units < candidates.written;
                units += character.len_utf16();
                is_written
            })
            .last()
            .map_or(self.cursor, |(at, _)| at);
        let written = self.text[start..self.cursor].to_lowercase();
        // Those that begin like the word come first, and only they can be gone on with.
        let fitting: Vec<&Candidate> =
            candidates.list.iter().filter(|known| known.label.to_lowercase().starts_with(&written)).collect();
        if fitting.is_empty() {
            // What only has the word in it is shown, and left to the writer.
            let list: Vec<String> = candidates.list.iter().take(most).map(shown).collect();
            return (!list.is_empty()).then_some(list);
        }
        let first = fitting.first()?;
        let common = match fitting.as_slice() {
            [only] => only.insert.clone(),
            several => {
                let inserts: Vec<&str> = several.iter().map(|known| known.insert.as_str()).collect();
                common_start(&inserts)
            }
        };
        if common.len() > self.cursor - start
            || (fitting.len() == 1 && first.insert != self.text[start..self.cursor])
        {
            self.text.replace_range(start..self.cursor, &common);
            self.cursor = start + common.len();
            if fitting.len() == 1 {
                return None;
            }
        }
        if fitting.len() == 1 {
            return None;
        }
        let mut list: Vec<String> = fitting.iter().take(most).map(|known| shown(known)).collect();
        if fitting.len() > most {
            list.push(format!("and {} more", fitting.len() - most));
        }
        Some(list)
    }

    /// Whether a line end sends the text: a command, an empty line, or a `;` behind something that has an answer.
    fn is_whole(&self) -> bool {
        let text = self.text.trim();
        if text.is_empty() || text.starts_with('.') || matches!(text, "exit" | "quit") {
            return true;
        }
        let is_at_end = self.text[self.cursor..].trim().is_empty();
        let is_line_empty = self.text.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
        if is_at_end && is_line_empty {
            return true;
        }
        let is_ended = text.ends_with(';') && is_at_end;
        is_ended && {
            let parsed = parse(text);
            let last = parsed.query.statements.last();
            parsed.diagnostics.is_empty()
                && last.is_some_and(|last| matches!(last.kind, StatementKind::Expression(_)))
        }
    }

    fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    fn remove(&mut self, range: std::ops::Range<usize>) {
        self.cursor = range.start;
        self.text.replace_range(range, "");
    }

    fn take(&mut self, range: std::ops::Range<usize>) {
        if !range.is_empty() {
            self.cut = self.text[range.clone()].to_owned();
            self.remove(range);
        }
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn behind(&self) -> usize {
        self.text[self.cursor..].chars().next().map_or(self.cursor, |next| self.cursor + next.len_utf8())
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    fn word_start(&self) -> usize {
        let before = self.text[..self.cursor].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len()
    }

    fn word_end(&self) -> usize {
        let behind = self.text[self.cursor..].trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_');
        self.text.len() - behind.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len()
    }

    /// A line up; from the first one, to the entry before.
    fn up(&mut self) {
        let start = self.line_start();
        if start > 0 {
            let column = self.text[start..self.cursor].chars().count();
            self.cursor = start - 1;
            self.move_to_column(column);
            return;
        }
        let at = self.shown.as_ref().map_or(self.history.entries().len(), |(at, _)| *at);
        let Some(entry) = at.checked_sub(1).and_then(|at| self.history.entries().get(at)) else { return };
        let written = self.shown.take().map_or_else(|| self.text.clone(), |(_, written)| written);
        self.shown = Some((at - 1, written));
        self.text.clone_from(entry);
        self.cursor = self.text.len();
    }

    /// A line down; from the last one, to the entry behind, and at last to what was written.
    fn down(&mut self) {
        let end = self.line_end();
        if end < self.text.len() {
            let column = self.text[self.line_start()..self.cursor].chars().count();
            self.cursor = end + 1;
            self.move_to_column(column);
            return;
        }
        let Some((at, written)) = self.shown.take() else { return };
        match self.history.entries().get(at + 1) {
            Some(entry) => {
                self.text.clone_from(entry);
                self.shown = Some((at + 1, written));
            }
            None => self.text = written,
        }
        self.cursor = self.text.len();
    }

    fn move_to_column(&mut self, column: usize) {
        let (start, end) = (self.line_start(), self.line_end());
        let line = &self.text[start..end];
        self.cursor = line.char_indices().nth(column).map_or(end, |(at, _)| start + at);
    }
}

fn shown(candidate: &Candidate) -> String {
    format!("{} ({})", candidate.label, candidate.detail)
}

fn common_start(texts: &[&str]) -> String {
    let Some((first, rest)) = texts.split_first() else { return String::new() };
    let mut common = String::new();
    for (at, character) in first.char_indices() {
        if rest.iter().any(|text| text.get(at..).and_then(|text| text.chars().next()) != Some(character)) {
            break;
        }
        common.push(character);
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(editor: &mut Editor<'_>, text: &str) -> Step {
        let mut last = Step::More;
        for character in text.chars() {
            last = editor.press(if character == '\n' { Key::Enter } else { Key::Character(character) });
        }
        last
    }

    #[test]
    fn an_empty_line_or_a_semicolon_sends() {
        for (text, step) in [
            ("Syslog\n", Step::More),
            ("Syslog\n\n", Step::Send),
            ("Syslog;\n", Step::Send),
            ("let a = 1;\n", Step::More),
            ("let a = 1;\nprint a;\n", Step::Send),
            ("print \"a;\n", Step::More),
            ("T | where x in (1;\n", Step::More),
            (".tables\n", Step::Send),
            ("\n", Step::Send),
        ] {
            let history = History::of(&[]);
            assert_eq!(typed(&mut Editor::new(&history), text), step, "{text:?}");
        }
    }

    #[test]
    fn keys_change_the_text() {
        let history = History::of(&["old", "two\nlines"]);
        let mut editor = Editor::new(&history);
        typed(&mut editor, "where né x");
        for key in
            [Key::WordLeft, Key::WordLeft, Key::Control('k'), Key::Home, Key::Control('y'), Key::Delete]
        {
            assert_eq!(editor.press(key), Step::More);
        }
        assert_eq!(editor.text(), ("né xhere ", 5));
        editor.press(Key::Control('w'));
        editor.press(Key::Backspace);
        assert_eq!(editor.text().0, "néhere ");
        editor.press(Key::Up);
        assert_eq!(editor.text().0, "two\nlines");
        editor.press(Key::Up);
        editor.press(Key::Up);
        assert_eq!(editor.text().0, "old");
        editor.press(Key::Down);
        editor.press(Key::Down);
        assert_eq!(editor.text().0, "néhere ", "what was written comes back");
        assert_eq!(editor.press(Key::Control('c')), Step::Drop);
        assert_eq!(Editor::new(&history).press(Key::Control('d')), Step::End);
    }

    #[test]
    fn completion_goes_as_far_as_it_is_sure() {
        let history = History::of(&[]);
        let mut editor = Editor::new(&history);
        typed(&mut editor, "T | pro");
        let candidate =
            |label: &str| Candidate { label: label.into(), insert: label.into(), detail: "operator".into() };
        let list = ["project", "project-away"].map(candidate).to_vec();
        let shown = editor.complete(&Candidates { written: 3, list }, 40).expect("a list");
        assert_eq!((editor.text().0, shown.len()), ("T | project", 2));
        let list = vec![candidate("project-away")];
        assert_eq!(editor.complete(&Candidates { written: 7, list }, 40), None);
        assert_eq!(editor.text().0, "T | project-away");
        assert_eq!(editor.complete(&Candidates::default(), 40), None);
    }
}
