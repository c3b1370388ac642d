//! The text on the terminal, in the colours of the language.

use std::io::{self, Write};

use phalanx_kql::{
    catalog::{self, Kind},
    operators,
    syntax::{TokenKind, tokens},
};
use unicode_width::UnicodeWidthChar;

use super::{super::pager::terminal, editor::Editor};

const PROMPT: &str = "kql> ";
const MORE: &str = "   | ";

/// What is drawn, and where the cursor is in it.
pub struct Screen {
    is_coloured: bool,
    /// The cursor's line, from the first one of the text.
    row: usize,
}

impl Screen {
    pub fn new(is_coloured: bool) -> Self {
        Self { is_coloured, row: 0 }
    }

    /// Draws the text in place of what was drawn before.
    pub fn draw(&mut self, editor: &Editor<'_>) -> io::Result<()> {
        let (text, cursor) = editor.text();
        let (width, _) = terminal();
        let mut out = self.home();
        out.push_str(&self.lines(text));
        let (end_row, end_column) = place(text, text.len(), width);
        // A terminal waits at the end of a full line; the next one is begun for it.
        if end_column == 0 && end_row > 0 && !text.ends_with('\n') {
            out.push_str("\r\n");
        }
        let (row, column) = place(text, cursor, width);
        if end_row > row {
            out.push_str(&format!("\x1b[{}A", end_row - row));
        }
        out.push('\r');
        if column > 0 {
            out.push_str(&format!("\x1b[{column}C"));
        }
        self.row = row;
        write(&out)
    }

    /// Writes lines below the text; it is drawn again below them.
    pub fn below(&mut self, editor: &Editor<'_>, list: &[String]) -> io::Result<()> {
        self.leave(editor, "")?;
        let (width, _) = terminal();
        let widest = list.iter().map(|entry| entry.chars().count()).max().unwrap_or(0) + 2;
        let columns = (width / widest).max(1);
        let mut out = String::new();
        for row in list.chunks(columns) {
            let row: String = row.iter().map(|entry| format!("{entry:widest$}")).collect();
            out.push_str(row.trim_end());
            out.push_str("\r\n");
        }
        write(&out)
    }

    /// Leaves the text where it is, with a mark behind, and goes to a new line.
    pub fn leave(&mut self, editor: &Editor<'_>, mark: &str) -> io::Result<()> {
        let (text, _) = editor.text();
        let (width, _) = terminal();
        let (end_row, end_column) = place(text, text.len(), width);
        let mut out = String::new();
        if end_row > self.row {
            out.push_str(&format!("\x1b[{}B", end_row - self.row));
        }
        out.push('\r');
        if end_column > 0 {
            out.push_str(&format!("\x1b[{end_column}C"));
        }
        out.push_str(mark);
        out.push_str("\r\n");
        self.row = 0;
        write(&out)
    }

    pub fn clear(&mut self) -> io::Result<()> {
        self.row = 0;
        write("\x1b[H\x1b[2J")
    }

    /// To the beginning of what is drawn, which is erased.
    fn home(&self) -> String {
        let up = if self.row > 0 { format!("\x1b[{}A", self.row) } else { String::new() };
        format!("{up}\r\x1b[J")
    }

    fn lines(&self, text: &str) -> String {
        let shown = if self.is_coloured { coloured(text) } else { clean(text) };
        let prompt = |text: &str| match self.is_coloured {
            true => format!("\x1b[1m{text}\x1b[0m"),
            false => text.to_owned(),
        };
        prompt(PROMPT) + &shown.replace('\n', &format!("\r\n{}", prompt(MORE)))
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Row and column at which a byte of the text is drawn.
fn place(text: &str, at: usize, width: usize) -> (usize, usize) {
    let (mut row, mut column) = (0, PROMPT.len());
    for character in text[..at].chars() {
        if character == '\n' {
            row += 1;
            column = MORE.len();
            continue;
        }
        let wide = shown(character).width().unwrap_or(0);
        if column + wide > width {
            row += 1;
            column = 0;
        }
        column += wide;
        if column == width {
            row += 1;
            column = 0;
        }
    }
    (row, column)
}

/// A terminal obeys control characters.
fn shown(character: char) -> char {
    match character {
        '\t' => ' ',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

fn clean(text: &str) -> String {
    text.chars().map(|character| if character == '\n' { character } else { shown(character) }).collect()
}

const STRING: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const OPERATOR: &str = "\x1b[1;34m";
const CALL: &str = "\x1b[33m";
const WORD: &str = "\x1b[35m";
const COMMENT: &str = "\x1b[90m";
const WRONG: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// The text with the colours of its tokens.
fn coloured(text: &str) -> String {
    let all = tokens(text);
    let mut out = String::new();
    let mut end = 0;
    for (at, token) in all.iter().enumerate() {
        let range = token.span.range();
        let Some(between) = text.get(end..range.start) else { break };
        if between.contains("//") {
            out.push_str(&format!(
                "{COMMENT}{}{PLAIN}",
                clean(between).replace('\n', &format!("{PLAIN}\n{COMMENT}"))
            ));
        } else {
            out.push_str(&clean(between));
        }
        let word = token.span.text(text);
        let after_bar = at == 0
            || matches!(all[at - 1].kind, TokenKind::Bar | TokenKind::OpenParen | TokenKind::Semicolon);
        let is_called = all.get(at + 1).is_some_and(|next| next.kind == TokenKind::OpenParen);
        let colour = match token.kind {
            TokenKind::String => STRING,
            TokenKind::Long
            | TokenKind::Real
            | TokenKind::TimeSpan
            | TokenKind::RawGuid
            | TokenKind::Typed(_) => NUMBER,
            TokenKind::Unknown => WRONG,
            TokenKind::Word
                if after_bar
                    && operators::all().any(|known| {
                        known.is_called(word) || known.name.starts_with(&format!("{word}-"))
                    }) =>
            {
                OPERATOR
            }
            TokenKind::Word => match catalog::find(word).first().map(|entry| entry.kind) {
                Some(Kind::Infix | Kind::Statement) => WORD,
                Some(_) if is_called => CALL,
                _ if matches!(word, "by" | "on" | "asc" | "desc" | "with" | "true" | "false" | "null") => {
                    WORD
                }
                _ => "",
            },
            _ => "",
        };
        let word = clean(word);
        match colour {
            "" => out.push_str(&word),
            colour => {
                out.push_str(&format!("{colour}{}{PLAIN}", word.replace('\n', &format!("{PLAIN}\n{colour}"))))
            }
        }
        end = range.end;
    }
    out.push_str(&clean(text.get(end..).unwrap_or_default()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_character() {
        for text in [
            "T | where a has \"x\" // why\n| take 5",
            "print 'open",
            "日本 | extend x = strlen(y)",
            "\u{1F600}",
            "",
        ] {
            let mut plain = String::new();
            let mut rest = coloured(text);
            while let Some(at) = rest.find('\x1b') {
                plain.push_str(&rest[..at]);
                let end = rest[at..].find('m').expect("a colour ends") + at + 1;
                rest = rest[end..].to_owned();
            }
            assert_eq!(plain + &rest, text);
        }
        let text = coloured("T | where a has 'x'");
        assert!(
            text.contains("\x1b[1;34mwhere") && text.contains("\x1b[35mhas") && text.contains("\x1b[32m'x'"),
            "{text:?}"
        );
    }

    #[test]
    fn the_cursor_is_found_behind_wide_characters_and_long_lines() {
        assert_eq!(place("abc", 3, 80), (0, 8));
        assert_eq!(place("日本", 6, 80), (0, 9));
        assert_eq!(place("a\nbc", 4, 80), (1, 7));
        assert_eq!(place(&"x".repeat(20), 20, 20), (1, 5));
        assert_eq!(place(&"x".repeat(15), 15, 20), (1, 0));
    }
}
