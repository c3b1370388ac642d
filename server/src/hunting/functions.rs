//! Saved functions: parsers and helpers that queries call by their names.
//!
//! Some everybody has (`builtin.kql`); a tenant's own are documents of the state store, so every change is a new
//! version with its author, and an own function goes before a built-in one of the same name.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use phalanx_kql::{
    bind::SavedFunction,
    syntax::{
        self,
        tree::{FunctionDecl, LetValue, StatementKind},
    },
};
use phalanx_signal::TenantId;
use phalanx_state::{AuditQuery, Author, Document, Etag, Key, Precondition, Query, State};
use serde::{Deserialize, Serialize};

/// The collection of functions; a document's id is the function's name.
pub const COLLECTION: &str = "hunting-functions";
/// Functions that a tenant may have.
const FUNCTIONS_MAX: usize = 10_000;
/// Bytes of a function's text.
const TEXT_MAX: usize = 256 << 10;
const PAGE_SIZE: usize = 500;

static BUILTIN: LazyLock<BTreeMap<String, Function>> =
    LazyLock::new(|| builtin(include_str!("builtin.kql")).expect("the built-in functions are in order"));

/// A function as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Declaration {
    /// With the parentheses: `(T:(*), days:long = 7)`.
    pub parameters: String,
    /// Without the braces.
    pub body: String,
    #[serde(default)]
    pub folder: String,
    #[serde(default)]
    pub doc_string: String,
}

/// A function, and which version it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub declaration: Declaration,
    /// `None` for a built-in function.
    pub stored: Option<Stored>,
}

/// What the store knows of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub version: u64,
    pub etag: String,
    pub modified: String,
    pub modified_by: String,
}

/// Why a function is not saved.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The text is no function, or its name can't be one.
    #[error("{0}")]
    Text(String),
    #[error(transparent)]
    State(#[from] phalanx_state::Error),
    #[error("a stored function can't be read: {0}")]
    Stored(#[from] serde_json::Error),
}

/// What must hold for a function to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Anything,
    /// That there is none of this name yet.
    New,
    /// That there is one.
    Old,
}

/// The saved functions of all tenants.
#[derive(Clone)]
pub struct Functions {
    state: Arc<dyn State>,
}

impl Functions {
    pub fn new(state: Arc<dyn State>) -> Self {
        Self { state }
    }

    /// All functions that a tenant's queries may call, by name.
    pub async fn of(&self, tenant: TenantId) -> Result<BTreeMap<String, Function>, FunctionError> {
        let mut functions = BUILTIN.clone();
        let mut query = Query::new(owner(tenant), COLLECTION).page_size(PAGE_SIZE);
        loop {
            let page = self.state.query(&query).await?;
            for document in page.documents {
                let function = function(document)?;
                functions.insert(function.name.clone(), function);
            }
            match page.next {
                Some(next) if functions.len() < FUNCTIONS_MAX + BUILTIN.len() => query.after = Some(next),
                _ => return Ok(functions),
            }
        }
    }

    /// Saves a function as its next version.
    ///
    /// # Errors
    /// It is none, its name is taken by the language, or what is expected or demanded does not hold.
    pub async fn save(
        &self,
        tenant: TenantId,
        name: &str,
        declaration: Declaration,
        expect: Expect,
        etag: Option<Etag>,
        author: &str,
    ) -> Result<Function, FunctionError> {
        check_name(name)?;
        let declaration = checked(declaration)?;
        let key = Key::new(owner(tenant), COLLECTION, name)?;
        if self.state.count(&Query::new(owner(tenant), COLLECTION)).await? >= FUNCTIONS_MAX as u64
            && self.state.get(&key).await?.is_none()
        {
            return Err(FunctionError::Text(format!(
                "there are {FUNCTIONS_MAX} functions, and no more may be"
            )));
        }
        let precondition = match (expect, etag) {
            (_, Some(etag)) => Precondition::Matches(etag),
            (Expect::New, None) => Precondition::Absent,
            (Expect::Anything, None) => Precondition::None,
            (Expect::Old, None) => match self.state.get(&key).await? {
                Some(document) => Precondition::Matches(document.etag),
                None => return Err(FunctionError::Text(format!("there is no function `{name}`"))),
            },
        };
        let body = serde_json::to_value(&declaration)?;
        function(self.state.put(&key, body, precondition, &Author::new(author)?).await?)
    }

    /// Deletes a function; whether there was one.
    pub async fn delete(
        &self,
        tenant: TenantId,
        name: &str,
        etag: Option<Etag>,
        author: &str,
    ) -> Result<bool, FunctionError> {
        let key = Key::new(owner(tenant), COLLECTION, name)?;
        let precondition = etag.map_or(Precondition::None, Precondition::Matches);
        Ok(self.state.delete(&key, precondition, &Author::new(author)?).await?.is_some())
    }

    /// The versions before the present one, the newest first: when each was replaced, by whom, and what it was.
    pub async fn history(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Vec<(u64, String, String, Declaration)>, FunctionError> {
        let key = Key::new(owner(tenant), COLLECTION, name)?;
        let page = self.state.audit(&AuditQuery::of(&key)).await?;
        let mut versions = Vec::new();
        for record in page.records {
            if let Some(before) = record.body_before {
                let declaration = serde_json::from_value(before)?;
                let change = record.change;
                let version = change.version.saturating_sub(1);
                versions.push((version, change.at.to_rfc3339(), change.by, declaration));
            }
        }
        Ok(versions)
    }
}

impl Function {
    /// As the language takes it.
    pub fn saved(&self) -> SavedFunction {
        SavedFunction {
            parameters: self.declaration.parameters.as_str().into(),
            body: self.declaration.body.as_str().into(),
        }
    }
}

fn owner(tenant: TenantId) -> phalanx_state::TenantId {
    phalanx_state::TenantId::from(*tenant.as_uuid())
}

fn function(document: Document) -> Result<Function, FunctionError> {
    Ok(Function {
        name: document.key.id().to_owned(),
        declaration: serde_json::from_value(document.body)?,
        stored: Some(Stored {
            version: document.version,
            etag: document.etag.as_str().to_owned(),
            modified: document.modified.to_rfc3339(),
            modified_by: document.modified_by,
        }),
    })
}

fn check_name(name: &str) -> Result<(), FunctionError> {
    let is_name = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        && name.len() <= 256;
    if !is_name {
        let message =
            format!("`{name}` can't be a function's name: letters, digits and `_`, 256 bytes at most");
        return Err(FunctionError::Text(message));
    }
    if phalanx_kql::functions::function(name).is_some() {
        return Err(FunctionError::Text(format!("`{name}` is a function of the language")));
    }
    Ok(())
}

/// The declaration, if the language can read it.
fn checked(mut declaration: Declaration) -> Result<Declaration, FunctionError> {
    if declaration.parameters.trim().is_empty() {
        declaration.parameters = "()".into();
    }
    let text = format!("let f = {} {{\n{}\n}};", declaration.parameters.trim(), declaration.body.trim());
    let read = read(&text)?;
    match read.as_slice() {
        [(_, parameters, body, _)] => {
            Ok(Declaration { parameters: parameters.clone(), body: body.clone(), ..declaration })
        }
        _ => Err(FunctionError::Text("the text is more than one function".into())),
    }
}

/// A function's text behind its name, as commands have it: `(x:long) { T | where a > x }`.
///
/// # Errors
/// It is no such text.
pub fn read_declaration(text: &str) -> Result<Declaration, FunctionError> {
    let read = read(&format!("let f = {};", text.trim().trim_end_matches(';')))?;
    match read.as_slice() {
        [(_, parameters, body, _)] => Ok(Declaration {
            parameters: parameters.clone(),
            body: body.clone(),
            folder: String::new(),
            doc_string: String::new(),
        }),
        _ => Err(FunctionError::Text("a function is `(parameters) { body }`".into())),
    }
}

/// Name, parameters, body and the comment before each function that a text declares.
fn read(text: &str) -> Result<Vec<(String, String, String, String)>, FunctionError> {
    if text.len() > TEXT_MAX {
        return Err(FunctionError::Text(format!("a function's text has {TEXT_MAX} bytes at most")));
    }
    let parsed = syntax::parse(text);
    if let Some(first) = parsed.diagnostics.first() {
        let drawn = syntax::diagnostic::render(first.code.as_str(), &first.message, first.span, text);
        return Err(FunctionError::Text(drawn));
    }
    let mut functions = Vec::new();
    for statement in &parsed.query.statements {
        let StatementKind::Let(declaration) = &statement.kind else {
            return Err(FunctionError::Text("this is no function: `(parameters) { body }`".into()));
        };
        let LetValue::Function(function) = &declaration.value else {
            return Err(FunctionError::Text("this is a value, no function: `(parameters) { body }`".into()));
        };
        let Some((parameters, body)) = split(text, function) else {
            return Err(FunctionError::Text("the function has no body".into()));
        };
        let before = &text[..statement.span.start as usize];
        let about: Vec<&str> = before
            .lines()
            .rev()
            .take_while(|line| line.starts_with("//"))
            .map(|line| line.trim_start_matches('/').trim())
            .collect();
        let about: Vec<&str> = about.into_iter().rev().collect();
        functions.push((declaration.name.text.clone(), parameters, body, about.join(" ")));
    }
    Ok(functions)
}

/// The parameters with their parentheses, and the body without its braces.
fn split(text: &str, function: &FunctionDecl) -> Option<(String, String)> {
    let whole = function.span.text(text);
    let start = function.span.start as usize;
    // The parameters end behind the last of them; what is between has no other parenthesis or brace.
    let behind = function
        .parameters
        .last()
        .map_or_else(|| whole.find('('), |last| Some(last.span.end as usize - start))?;
    let close = behind + whole[behind..].find(')')?;
    let open = close + whole[close..].find('{')?;
    let parameters = &whole[whole.find('(')?..=close];
    let body = whole[open + 1..].trim_end().strip_suffix('}')?;
    Some((parameters.to_owned(), body.trim_matches('\n').trim_end().to_owned()))
}

fn builtin(text: &str) -> Result<BTreeMap<String, Function>, FunctionError> {
    let functions = read(text)?.into_iter().map(|(name, parameters, body, doc_string)| {
        let declaration = Declaration { parameters, body, folder: "builtin".into(), doc_string };
        (name.clone(), Function { name, declaration, stored: None })
    });
    Ok(functions.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_functions_have_names_and_comments() {
        assert!(BUILTIN.contains_key("_GetWatchlist") && BUILTIN.contains_key("_Im_Dns"));
        for function in BUILTIN.values() {
            assert!(!function.declaration.doc_string.is_empty(), "{} says nothing of itself", function.name);
            assert!(function.declaration.parameters.starts_with('('), "{}", function.name);
            assert!(!function.declaration.body.trim().is_empty(), "{}", function.name);
        }
    }

    #[test]
    fn declarations_are_taken_apart() {
        for (text, parameters, body) in [
            ("() { print 1 }", "()", " print 1"),
            ("(x:long = 1) { T | where a == x }", "(x:long = 1)", " T | where a == x"),
            ("(T:(a:long, *), s:string = ')') { T }", "(T:(a:long, *), s:string = ')')", " T"),
        ] {
            let read = read_declaration(text).expect(text);
            assert_eq!((read.parameters.as_str(), read.body.as_str()), (parameters, body), "{text}");
        }
        for text in ["", "(x) { ", "print 1", "() { T }; print 1"] {
            assert!(read_declaration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_of_the_language_are_taken() {
        assert!(check_name("MyParser").is_ok() && check_name("_Im_X").is_ok());
        for name in ["strlen", "1x", "a b", "", "a-b"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
