//! The pieces of an XML text, one after the other.

/// A piece that means something. Comments, instructions and declarations do not.
pub(super) enum Event<'a> {
    Start { name: &'a str, attributes: Vec<(String, String)>, is_empty: bool },
    End(&'a str),
    Text(String),
}

pub(super) struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim_start_matches('\u{feff}') }
    }

    fn piece(&mut self) -> Option<Option<Event<'a>>> {
        let Some(tag) = self.rest.strip_prefix('<') else {
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Some(Some(Event::Text(resolve(text))));
        };
        for (begin, end) in [("!--", "-->"), ("?", "?>")] {
            if let Some(inner) = tag.strip_prefix(begin) {
                self.rest = inner.split_once(end)?.1;
                return Some(None);
            }
        }
        if let Some(inner) = tag.strip_prefix("![CDATA[") {
            let (text, rest) = inner.split_once("]]>")?;
            self.rest = rest;
            return Some(Some(Event::Text(text.to_owned())));
        }
        if tag.starts_with('!') {
            self.rest = skip_declaration(tag)?;
            return Some(None);
        }
        if let Some(inner) = tag.strip_prefix('/') {
            let (name, rest) = inner.split_once('>')?;
            self.rest = rest;
            return Some(Some(Event::End(name.trim_end())));
        }
        self.start(tag).map(Some)
    }

    fn start(&mut self, tag: &'a str) -> Option<Event<'a>> {
        let (name, mut rest) = take_name(tag)?;
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            for (end, is_empty) in [("/>", true), (">", false)] {
                if let Some(behind) = rest.strip_prefix(end) {
                    self.rest = behind;
                    return Some(Event::Start { name, attributes, is_empty });
                }
            }
            let (attribute, behind) = take_name(rest)?;
            let value = behind.trim_start().strip_prefix('=')?.trim_start();
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let (value, behind) = value[1..].split_once(quote)?;
            attributes.push((attribute.to_owned(), resolve(value)));
            rest = behind;
        }
    }
}

impl<'a> Iterator for Reader<'a> {
    /// `None` where the text stops being XML.
    type Item = Option<Event<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.piece() {
                Some(Some(event)) => return Some(Some(event)),
                Some(None) => {}
                None => return Some(None),
            }
        }
        None
    }
}

fn take_name(text: &str) -> Option<(&str, &str)> {
    let is_end =
        |letter: char| letter.is_whitespace() || matches!(letter, '>' | '/' | '=' | '<' | '"' | '\'');
    let end = text.find(is_end).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// What is behind a declaration, which may have others in brackets.
fn skip_declaration(tag: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, letter) in tag.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '>' if depth == 0 => return Some(&tag[at + 1..]),
            _ => {}
        }
    }
    None
}

/// Text with its references to characters resolved. Others stay as they are.
fn resolve(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest.bytes().take(12).position(|byte| byte == b';').map(|end| &rest[1..end]);
        match name.and_then(character) {
            Some(letter) => {
                out.push(letter);
                rest = &rest[name.map_or(0, str::len) + 2..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}
