//! Control commands of saved functions: `.show functions`, `.show function NAME`, `.create-or-alter function …`,
//! `.create function [ifnotexists] …`, `.alter function …`, `.drop function NAME [ifexists]`. Saving takes the role
//! of an analyst.

use phalanx_signal::{ColumnType, TenantId};
use phalanx_web::{ApiError, Principal, Role};
use serde_json::Value;

use super::v1;
use crate::{
    api::functions::refusal,
    hunting::functions::{Declaration, Expect, Function, Functions, read_declaration},
};

/// What a command wants of the functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// One of them, or all.
    Show(Option<String>),
    Save {
        name: String,
        declaration: Declaration,
        expect: Expect,
        keeps_old: bool,
    },
    Drop {
        name: String,
        if_exists: bool,
    },
}

/// The command, if the text is about functions.
///
/// # Errors
/// It is, and it can't be read.
pub(super) fn command(text: &str) -> Option<Result<Command, ApiError>> {
    let mut words = Words { rest: text.trim() };
    let verb = words.next().to_ascii_lowercase();
    let noun = words.next().to_ascii_lowercase();
    match (verb.as_str(), noun.as_str()) {
        (".show", "functions") => Some(Ok(Command::Show(None))),
        (".show", "function") => Some(name(&mut words).map(|name| Command::Show(Some(name)))),
        (".create" | ".create-or-alter" | ".alter", "function") => Some(save(&verb, words)),
        (".drop", "function") => Some(name(&mut words).map(|name| {
            let if_exists = words.next().eq_ignore_ascii_case("ifexists");
            Command::Drop { name, if_exists }
        })),
        _ => None,
    }
}

/// Runs the command; its table in the first version of the protocol.
pub(super) async fn run(
    command: Command,
    functions: &Functions,
    asker: &Principal,
) -> Result<String, ApiError> {
    let tenant = TenantId::new(asker.tenant);
    if !matches!(command, Command::Show(_)) {
        asker.require(Role::Analyst)?;
    }
    let known = functions.of(tenant).await.map_err(refusal)?;
    let missing = |name: &str| ApiError::not_found(format!("there is no function `{name}`"));
    let shown: Vec<Function> = match command {
        Command::Show(None) => known.into_values().collect(),
        Command::Show(Some(name)) => vec![known.get(&name).cloned().ok_or_else(|| missing(&name))?],
        Command::Save { name, keeps_old: true, .. } if known.contains_key(&name) => {
            known.get(&name).cloned().into_iter().collect()
        }
        Command::Save { name, declaration, expect, .. } => {
            vec![
                functions
                    .save(tenant, &name, declaration, expect, None, &asker.subject)
                    .await
                    .map_err(refusal)?,
            ]
        }
        Command::Drop { name, if_exists } => {
            let was_there = functions.delete(tenant, &name, None, &asker.subject).await.map_err(refusal)?;
            if !was_there && !if_exists {
                return Err(missing(&name));
            }
            functions.of(tenant).await.map_err(refusal)?.into_values().collect()
        }
    };
    Ok(format!("{{\"Tables\":[{}]}}", table(&shown)))
}

fn table(functions: &[Function]) -> String {
    const TEXT: ColumnType = ColumnType::String;
    let columns =
        [("Name", TEXT), ("Parameters", TEXT), ("Body", TEXT), ("Folder", TEXT), ("DocString", TEXT)];
    let rows: Vec<Vec<Value>> = functions
        .iter()
        .map(|function| {
            let declaration = &function.declaration;
            vec![
                function.name.as_str().into(),
                declaration.parameters.as_str().into(),
                format!("{{\n{}\n}}", declaration.body).into(),
                declaration.folder.as_str().into(),
                declaration.doc_string.as_str().into(),
            ]
        })
        .collect();
    v1::table("Table_0", &columns, &rows)
}

fn save(verb: &str, mut words: Words<'_>) -> Result<Command, ApiError> {
    let (mut doc_string, mut folder) = (String::new(), String::new());
    let mut keeps_old = false;
    loop {
        let before = words.rest;
        match words.next().to_ascii_lowercase().as_str() {
            "ifnotexists" => keeps_old = true,
            "with" => {
                for (name, value) in words.properties()? {
                    match name.to_ascii_lowercase().as_str() {
                        "docstring" => doc_string = value,
                        "folder" => folder = value,
                        "skipvalidation" | "view" => {}
                        other => {
                            return Err(ApiError::invalid(format!("a function has no property `{other}`")));
                        }
                    }
                }
            }
            _ => {
                words.rest = before;
                break;
            }
        }
    }
    let name = name(&mut words)?;
    let declaration = read_declaration(words.rest).map_err(refusal)?;
    let expect = match verb {
        ".create" => Expect::New,
        ".alter" => Expect::Old,
        _ => Expect::Anything,
    };
    Ok(Command::Save {
        name,
        declaration: Declaration { folder, doc_string, ..declaration },
        expect,
        keeps_old,
    })
}

fn name(words: &mut Words<'_>) -> Result<String, ApiError> {
    let word = words.next();
    let name = word.trim_start_matches(['[', '\'', '"']).trim_end_matches([']', '\'', '"']);
    if name.is_empty() {
        return Err(ApiError::invalid("the name of a function is missing"));
    }
    Ok(name.to_owned())
}

/// A command's text, word by word.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    /// The next word: up to white space or a parenthesis.
    fn next(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let ends = |letter: char| letter.is_whitespace() || letter == '(';
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// `(name = 'value', …)`.
    fn properties(&mut self) -> Result<Vec<(String, String)>, ApiError> {
        let wrong =
            || ApiError::invalid("properties are written `with (docstring = 'text', folder = 'text')`");
        let mut rest = self.rest.trim_start().strip_prefix('(').ok_or_else(wrong)?.trim_start();
        let mut properties = Vec::new();
        loop {
            if let Some(behind) = rest.strip_prefix(')') {
                self.rest = behind;
                return Ok(properties);
            }
            let (name, behind) = rest.split_once('=').ok_or_else(wrong)?;
            let behind = behind.trim_start();
            let (value, behind) = match behind.chars().next() {
                Some(quote @ ('\'' | '"')) => behind[1..].split_once(quote).ok_or_else(wrong)?,
                _ => behind.split_at(behind.find([',', ')']).ok_or_else(wrong)?),
            };
            properties.push((name.trim().to_owned(), value.trim().to_owned()));
            rest = behind.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let read = |text: &str| command(text).expect("it is about functions").expect("it is in order");
        assert_eq!(read(".show functions"), Command::Show(None));
        assert_eq!(read(".show function F"), Command::Show(Some("F".into())));
        assert_eq!(read(".drop function F ifexists"), Command::Drop { name: "F".into(), if_exists: true });
        let saved = read(
            ".create-or-alter function with (docstring = 'a, b', folder=\"x\") F(n:long) { T | take n }",
        );
        let Command::Save { name, declaration, expect, keeps_old } = saved else { panic!("it saves") };
        assert_eq!((name.as_str(), expect, keeps_old), ("F", Expect::Anything, false));
        assert_eq!((declaration.parameters.as_str(), declaration.body.as_str()), ("(n:long)", " T | take n"));
        assert_eq!((declaration.doc_string.as_str(), declaration.folder.as_str()), ("a, b", "x"));
        let kept = read(".create function ifnotexists G() { print 1 }");
        assert!(matches!(kept, Command::Save { keeps_old: true, expect: Expect::New, .. }), "{kept:?}");
        assert!(command(".show tables").is_none());
        for wrong in
            [".create function", ".create function F(", ".create function with (x = 1) F() { print 1 }"]
        {
            assert!(command(wrong).expect("it is about functions").is_err(), "{wrong}");
        }
    }
}
