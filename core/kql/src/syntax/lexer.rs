//! Text to tokens, in one pass.

use super::diagnostic::{Code, Diagnostic};
use super::tree::ScalarType;
use super::{Span, Token, TokenKind};

/// Tokens of `text`, the last of which is [`TokenKind::End`], and what is wrong with them. `None` if there are too
/// many.
///
/// The text must be shorter than 4 GiB.
pub fn tokens(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<Token>> {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, diagnostics };
    // A token takes about five bytes of usual text; more is allocated as it is needed.
    let mut tokens = Vec::with_capacity(text.len() / 8 + 16);
    loop {
        lexer.skip_trivia();
        let start = lexer.at;
        let kind = lexer.next();
        tokens.push(Token { kind, span: Span::new(start as u32, lexer.at as u32) });
        if kind == TokenKind::End {
            return Some(tokens);
        }
        if tokens.len() > super::MAX_TOKENS {
            return None;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// White space, comments, and directives (`#…`, lines that only editors read).
    fn skip_trivia(&mut self) {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => self.at += 1,
                b'/' if self.peek(1) == b'/' => self.skip_line(),
                b'#' if self.begins_line() => self.skip_line(),
                0x80.. => match self.character() {
                    Some(found) if is_space(found) => self.at += found.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n' || *byte == b'\r').unwrap_or(rest.len());
    }

    fn begins_line(&self) -> bool {
        self.at == 0 || matches!(self.bytes[self.at - 1], b'\n' | b'\r')
    }

    fn character(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> TokenKind {
        let Some(&byte) = self.bytes.get(self.at) else { return TokenKind::End };
        match byte {
            b'0'..=b'9' => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => self.word(),
            b'"' | b'\'' => self.string(),
            b'@' if matches!(self.peek(1), b'"' | b'\'') => self.string(),
            b'`' | b'~' if self.fence(0) => self.string(),
            0x80.. => match self.character() {
                Some(found) if found.is_alphanumeric() => self.word(),
                _ => self.unknown(),
            },
            _ => self.punctuation(byte),
        }
    }

    fn punctuation(&mut self, byte: u8) -> TokenKind {
        let (kind, length) = match (byte, self.peek(1)) {
            (b'(', _) => (TokenKind::OpenParen, 1),
            (b')', _) => (TokenKind::CloseParen, 1),
            (b'[', _) => (TokenKind::OpenBracket, 1),
            (b']', _) => (TokenKind::CloseBracket, 1),
            (b'{', _) => (TokenKind::OpenBrace, 1),
            (b'}', _) => (TokenKind::CloseBrace, 1),
            (b'|', _) => (TokenKind::Bar, 1),
            (b'.', b'.') => (TokenKind::DotDot, 2),
            (b'.', _) => (TokenKind::Dot, 1),
            (b',', _) => (TokenKind::Comma, 1),
            (b':', _) => (TokenKind::Colon, 1),
            (b';', _) => (TokenKind::Semicolon, 1),
            (b'+', _) => (TokenKind::Plus, 1),
            (b'-', _) => (TokenKind::Minus, 1),
            (b'*', _) => (TokenKind::Star, 1),
            (b'/', _) => (TokenKind::Slash, 1),
            (b'%', _) => (TokenKind::Percent, 1),
            (b'<', b'=') => (TokenKind::LessOrEqual, 2),
            (b'<', b'>') => (TokenKind::NotEqual, 2),
            (b'<', b'|') => (TokenKind::LessBar, 2),
            (b'<', _) => (TokenKind::Less, 1),
            (b'>', b'=') => (TokenKind::GreaterOrEqual, 2),
            (b'>', _) => (TokenKind::Greater, 1),
            (b'=', b'=') => (TokenKind::Equal, 2),
            (b'=', b'~') => (TokenKind::EqualTilde, 2),
            (b'=', b'>') => (TokenKind::FatArrow, 2),
            (b'=', _) => (TokenKind::Assign, 1),
            (b'!', b'=') => (TokenKind::NotEqual, 2),
            (b'!', b'~') => (TokenKind::NotTilde, 2),
            (b'!', b'a'..=b'z') => {
                self.at += 1;
                return self.word();
            }
            _ => return self.unknown(),
        };
        self.at += length;
        kind
    }

    fn unknown(&mut self) -> TokenKind {
        let start = self.at;
        let found = self.character().unwrap_or(char::REPLACEMENT_CHARACTER);
        self.at += found.len_utf8().min(self.bytes.len() - self.at);
        // A run of them is one mistake.
        while let Some(&byte) = self.bytes.get(self.at)
            && byte == self.bytes[start]
            && byte < 0x80
        {
            self.at += 1;
        }
        let message = match found {
            '“' | '”' | '‘' | '’' => {
                format!("`{found}` is no quote of the language; use `\"` or `'`")
            }
            _ => format!("unknown character `{}`", found.escape_debug()),
        };
        self.report(Code::UnknownCharacter, message, start);
        TokenKind::Unknown
    }

    /// A name, keyword, `in~`, a string with the prefix `h`, a literal in parentheses of its type, a GUID.
    fn word(&mut self) -> TokenKind {
        let start = self.at;
        if let Some(end) = self.raw_guid() {
            self.at = end;
            return TokenKind::RawGuid;
        }
        self.skip_word();
        let word = &self.text[start..self.at];
        match (word, self.peek(0)) {
            ("h" | "H", b'"' | b'\'') => return self.string(),
            ("h" | "H", b'@') if matches!(self.peek(1), b'"' | b'\'') => return self.string(),
            ("h" | "H", b'`' | b'~') if self.fence(0) => return self.string(),
            ("in", b'~') => self.at += 1,
            (_, b'(') => {
                if let Some(of) = typed_literal(word) {
                    return self.typed(of, start);
                }
            }
            _ => {}
        }
        TokenKind::Word
    }

    fn skip_word(&mut self) {
        if matches!(self.peek(0), b'$') {
            self.at += 1;
        }
        loop {
            match self.peek(0) {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => self.at += 1,
                0x80.. => match self.character() {
                    Some(found) if found.is_alphanumeric() => self.at += found.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    /// Up to the next closing parenthesis, which no literal of this kind has in itself.
    fn typed(&mut self, of: ScalarType, start: usize) -> TokenKind {
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|byte| matches!(byte, b')' | b'\n' | b'\r')) {
            Some(length) if rest[length] == b')' => self.at += length + 1,
            found => {
                self.at += found.unwrap_or(rest.len());
                self.report(Code::MalformedLiteral, "expected `)` at the end of this literal".into(), start);
            }
        }
        TokenKind::Typed(of)
    }

    fn number(&mut self) -> TokenKind {
        if let Some(end) = self.raw_guid() {
            self.at = end;
            return TokenKind::RawGuid;
        }
        for (scan, kind) in [
            (real as fn(&[u8]) -> Option<usize>, TokenKind::Real),
            (timespan, TokenKind::TimeSpan),
            (hexadecimal, TokenKind::Long),
            (decimal, TokenKind::Long),
        ] {
            let rest = &self.bytes[self.at..];
            if let Some(length) = scan(rest)
                && !self.continues_word(length)
            {
                self.at += length;
                return kind;
            }
        }
        self.skip_word();
        TokenKind::Word
    }

    fn continues_word(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            0x80.. => self.text[self.at + ahead..].chars().next().is_some_and(char::is_alphanumeric),
            byte => byte == b'_' || byte.is_ascii_alphanumeric(),
        }
    }

    /// The end of a GUID that begins here: groups of 8, 4, 4, 4 and 12 digits.
    fn raw_guid(&self) -> Option<usize> {
        let bytes = self.bytes.get(self.at..self.at + 36)?;
        bytes
            .iter()
            .enumerate()
            .all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => *byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
            .then_some(self.at + 36)
            .filter(|_| !self.continues_word(36))
    }

    /// Whether three backticks or tildes stand here.
    fn fence(&self, ahead: usize) -> bool {
        let first = self.peek(ahead);
        matches!(first, b'`' | b'~') && self.peek(ahead + 1) == first && self.peek(ahead + 2) == first
    }

    /// From the prefix or quote to the closing quote; a string that is not closed ends with its line.
    fn string(&mut self) -> TokenKind {
        let start = self.at;
        let is_verbatim = self.peek(0) == b'@';
        self.at += usize::from(is_verbatim);
        if self.fence(0) {
            return self.fenced(start);
        }
        let quote = self.peek(0);
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            let Some(length) =
                rest.iter().position(|byte| *byte == quote || matches!(byte, b'\\' | b'\n' | b'\r'))
            else {
                self.at = self.bytes.len();
                break;
            };
            self.at += length;
            match self.peek(0) {
                b'\\' if is_verbatim => self.at += 1,
                b'\\' => self.escape(),
                found if found == quote => {
                    self.at += 1;
                    if is_verbatim && self.peek(0) == quote {
                        self.at += 1;
                        continue;
                    }
                    return TokenKind::String;
                }
                _ => break,
            }
        }
        let quote = char::from(quote);
        self.report(Code::UnterminatedString, format!("expected `{quote}` at the end of this string"), start);
        TokenKind::String
    }

    fn fenced(&mut self, start: usize) -> TokenKind {
        let fence = &self.bytes[self.at..self.at + 3];
        let rest = &self.bytes[self.at + 3..];
        match rest.windows(3).position(|window| window == fence) {
            Some(length) => self.at += length + 6,
            None => {
                let fence = &self.text[self.at..self.at + 3];
                let message = format!("expected `{fence}` at the end of this string");
                self.at = self.bytes.len();
                self.report(Code::UnterminatedString, message, start);
            }
        }
        TokenKind::String
    }

    /// Steps over `\` and what it stands before.
    fn escape(&mut self) {
        let start = self.at;
        let digits =
            |from: usize, count: usize| (from..from + count).all(|at| self.peek(at).is_ascii_hexdigit());
        let length = match self.peek(1) {
            b'\\' | b'\'' | b'"' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'0'..=b'7' => Some(2),
            b'x' if digits(2, 2) => Some(4),
            b'u' if digits(2, 4) => Some(6),
            b'U' if digits(2, 8) => Some(10),
            _ => None,
        };
        if let Some(length) = length {
            self.at += length;
            return;
        }
        self.at += 1;
        let Some(found) = self.character().filter(|found| !matches!(found, '\n' | '\r')) else { return };
        self.at += found.len_utf8();
        let found = found.escape_debug();
        let message = format!("`\\{found}` is no escape; write `\\\\`, or the string with `@` before it");
        self.report(Code::InvalidEscape, message, start);
    }

    fn report(&mut self, code: Code, message: String, start: usize) {
        if self.diagnostics.len() < super::MAX_DIAGNOSTICS {
            self.diagnostics.push(Diagnostic {
                code,
                message,
                span: Span::new(start as u32, self.at as u32),
            });
        }
    }
}

/// Also the invisible characters that come with text copied from pages.
fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

/// The types whose literals are written in parentheses after their name.
fn typed_literal(word: &str) -> Option<ScalarType> {
    Some(match word {
        "bool" | "boolean" => ScalarType::Bool,
        "int" | "int32" => ScalarType::Int,
        "long" | "int64" => ScalarType::Long,
        "real" | "double" => ScalarType::Real,
        "decimal" => ScalarType::Decimal,
        "datetime" | "date" => ScalarType::DateTime,
        "timespan" | "time" => ScalarType::TimeSpan,
        "guid" => ScalarType::Guid,
        _ => return None,
    })
}

fn decimal(bytes: &[u8]) -> Option<usize> {
    let length = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    (length > 0).then_some(length)
}

fn hexadecimal(bytes: &[u8]) -> Option<usize> {
    let [b'0', b'x' | b'X', digits @ ..] = bytes else { return None };
    let length = digits.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(digits.len());
    (length > 0).then_some(length + 2)
}

/// With a point or an exponent. `1..2` is a range, not `1.` and `.2`.
fn real(bytes: &[u8]) -> Option<usize> {
    let whole = decimal(bytes)?;
    match bytes[whole..] {
        [b'.', b'.', ..] => None,
        [b'.', ..] => {
            let fraction = whole + 1 + decimal(&bytes[whole + 1..]).unwrap_or(0);
            Some(fraction + exponent(&bytes[fraction..]).unwrap_or(0))
        }
        _ => Some(whole + exponent(&bytes[whole..])?),
    }
}

fn exponent(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'e' | b'E', b'+' | b'-', digits @ ..] => Some(2 + decimal(digits)?),
        [b'e' | b'E', digits @ ..] => Some(1 + decimal(digits)?),
        _ => None,
    }
}

/// A number and a unit without space between them.
fn timespan(bytes: &[u8]) -> Option<usize> {
    let mut number = decimal(bytes)?;
    if let [b'.', rest @ ..] = &bytes[number..]
        && let Some(fraction) = decimal(rest)
    {
        number += 1 + fraction;
    }
    let unit =
        bytes[number..].iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(bytes.len() - number);
    let unit_text = std::str::from_utf8(&bytes[number..number + unit]).ok()?;
    super::literal::unit_nanoseconds(unit_text).map(|_| number + unit)
}
