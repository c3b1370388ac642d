//! From a mapping's parts to rules whose tables, columns and functions are known to exist.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use super::{
    expression::{ARGUMENTS_MAX, Expr, Names, Test, TestKind},
    function,
    parse::{self, Ast, Item, LineKind, RuleLine, RuleText, Term},
};
use crate::{Catalog, Table};

/// A compiled mapping file.
pub struct Mapping {
    pub(super) rules: Vec<Rule>,
    pub(super) sets: Vec<Vec<usize>>,
    by_source: HashMap<String, RuleSet>,
}

/// The rules of one source, to look up once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuleSet(pub(super) usize);

/// A mapping file that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{file} line {line}: {reason}")]
pub struct MappingError {
    /// The file's name; empty for text that is in none.
    pub file: &'static str,
    /// 1-based.
    pub line: usize,
    pub reason: String,
}

pub(super) struct Rule {
    pub table: Arc<str>,
    pub condition: Vec<Test>,
    /// Columns that take a header field as it is: the header's place and the column's.
    pub headers_as_they_are: Vec<(u16, usize)>,
    pub columns: Vec<ColumnRule>,
    /// What happens to a field of a name; one that is not here is [`Fate::default`] or `unknown`.
    pub fates: Fates,
    /// As `fates`, for names in lower case: fields of any case that no name of `fates` is.
    pub loose_fates: Fates,
    /// Fields whose names begin so are left out, unless there is something about them above.
    dropped: Vec<Box<str>>,
    /// What happens to all other fields.
    pub unknown: Fate,
    /// Whether any field matters: false for a rule of header fields that drops the rest.
    pub reads_fields: bool,
    /// Whether fields are looked at after the columns: for the rest, or for columns of their own name.
    pub visits_fields: bool,
    /// Whether the row takes what the encoding or the shipper added.
    pub keeps_extras: bool,
    pub inputs: usize,
    /// The header fields it reads, bit n for the n-th.
    pub headers: u64,
}

/// Fates by name. All names that are kept in it are our own, so a quick hash does.
pub(super) type Fates = HashMap<Box<str>, Fate, BuildHasherDefault<QuickHasher>>;

/// The hash of FNV-1a, eight bytes at a time.
#[derive(Default)]
pub(super) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        const PRIME: u64 = 0x0100_0000_01b3;
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.0 = (self.0.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
        }
        for byte in tail {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    fn finish(&self) -> u64 {
        // The upper bits choose among equals, the lower the place.
        self.0 ^ self.0 >> 32
    }
}

/// A column or a member of the overflow column, and where its value comes from.
pub(super) struct ColumnRule {
    pub target: Target,
    /// The first that has a value counts.
    pub alternatives: Box<[Alternative]>,
}

/// An expression, with the inputs that a column has used up if it takes its value.
pub(super) type Alternative = (Expr, Box<[u16]>);

impl Rule {
    /// What happens to a field of a name.
    pub fn fate(&self, name: &str) -> Fate {
        if let Some(fate) = self.fates.get(name) {
            return *fate;
        }
        if !self.loose_fates.is_empty()
            && let Some(fate) = self.loose_fates.get(&*name.to_lowercase())
        {
            return *fate;
        }
        self.other_fate(name)
    }

    /// What happens to a field that has no fate of its own.
    fn other_fate(&self, name: &str) -> Fate {
        match self.dropped.iter().any(|outer| name.starts_with(&**outer)) {
            true => Fate { rest: Rest::Never, ..self.unknown },
            false => self.unknown,
        }
    }
}

pub(super) enum Target {
    Column(usize),
    Member(Box<str>),
}

/// What happens to a field.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fate {
    /// The input of the rule it is.
    pub slot: Option<u16>,
    /// The column of its own name, where `use *` asks for that.
    pub column: Option<u32>,
    pub rest: Rest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Rest {
    /// Goes to the overflow unless a column has used it.
    #[default]
    IfUnused,
    Always,
    Never,
}

impl Mapping {
    /// Compiles a mapping. `headers` names the header fields that the decoder gives, without the `@`.
    pub fn parse(text: &str, headers: &[&str]) -> Result<Self, MappingError> {
        Self::parse_files(&[("", text)], headers)
    }

    /// Compiles a mapping that is divided into files, given by name and text. A file may use what an
    /// earlier one defines.
    pub fn parse_files(files: &[(&'static str, &str)], headers: &[&str]) -> Result<Self, MappingError> {
        assert!(headers.len() <= 64, "a decoder gives at most 64 header fields");
        let mut compiler = Compiler { headers, ..Compiler::default() };
        let mut mapping = Self { rules: Vec::new(), sets: Vec::new(), by_source: HashMap::new() };
        for (file, text) in files {
            let in_file = |error| MappingError { file, ..error };
            for item in parse::parse(text).map_err(in_file)? {
                mapping.add_item(item, &mut compiler).map_err(in_file)?;
            }
        }
        Ok(mapping)
    }

    /// The rules of a source, whose name may be in any case.
    pub fn rules(&self, source: &str) -> Option<RuleSet> {
        self.by_source.get(&source.to_lowercase()).copied()
    }

    /// The tables that the rules of a source fill.
    pub fn tables_of(&self, set: RuleSet) -> impl Iterator<Item = &str> {
        self.sets[set.0].iter().map(|rule| &*self.rules[*rule].table)
    }

    /// The header fields that the rules of a source read: bit n for the n-th header.
    pub fn headers_of(&self, set: RuleSet) -> u64 {
        self.sets[set.0].iter().fold(0, |bits, rule| bits | self.rules[*rule].headers)
    }

    /// The sources that have rules, each with the tables they fill, sorted.
    pub fn sources(&self) -> Vec<(&str, Vec<&str>)> {
        let tables =
            |set: &RuleSet| self.sets[set.0].iter().map(|rule| &*self.rules[*rule].table).collect::<Vec<_>>();
        let mut sources: Vec<_> =
            self.by_source.iter().map(|(source, set)| (source.as_str(), tables(set))).collect();
        sources.sort();
        sources
    }

    fn add_item<'a>(&mut self, item: Item<'a>, compiler: &mut Compiler<'a>) -> Result<(), MappingError> {
        match item {
            Item::Values { line, name, pairs } => {
                let before = compiler.values.insert(name.to_owned(), Arc::new(Names::new(&pairs)));
                unique(before, line, name)?;
            }
            Item::Columns { line, name, lines } => {
                unique(compiler.groups.insert(name.to_owned(), lines), line, name)?;
            }
            Item::Rule(text) => self.add_rule(&text, compiler)?,
        }
        Ok(())
    }

    fn add_rule(&mut self, text: &RuleText<'_>, compiler: &Compiler<'_>) -> Result<(), MappingError> {
        self.rules.push(compiler.rule(text)?);
        for source in &text.sources {
            let set = *self.by_source.entry(source.to_lowercase()).or_insert_with(|| {
                self.sets.push(Vec::new());
                RuleSet(self.sets.len() - 1)
            });
            self.sets[set.0].push(self.rules.len() - 1);
        }
        Ok(())
    }
}

#[derive(Default)]
struct Compiler<'a> {
    catalog: Catalog,
    headers: &'a [&'a str],
    values: HashMap<String, Arc<Names>>,
    groups: HashMap<String, Vec<RuleLine<'a>>>,
}

/// A rule's lines with those of its groups, in order.
#[derive(Default)]
struct Gathered<'a> {
    columns: Vec<(usize, &'a str, Ast<'a>)>,
    keep: Vec<&'a str>,
    drop: Vec<&'a str>,
    by_own_name: bool,
    /// What stands in front of the names of fields that columns of such a name take, in any case.
    by_loose_name: Vec<&'a str>,
}

impl<'a> Compiler<'a> {
    fn rule(&self, text: &RuleText<'a>) -> Result<Rule, MappingError> {
        let table = self.catalog.require(text.table).map_err(|e| at(text.line, e.to_string()))?;
        let mut gathered = Gathered::default();
        self.gather(&text.lines, &mut gathered, 0)?;

        let mut inputs = InputNames::default();
        let condition = text
            .condition
            .iter()
            .map(|term| self.test(term, text.line, &mut inputs))
            .collect::<Result<_, _>>()?;
        let mut columns = Vec::with_capacity(gathered.columns.len());
        let mut headers_as_they_are = Vec::new();
        for (line, name, ast) in &gathered.columns {
            let target = target(&table, name).map_err(|reason| at(*line, reason))?;
            let alternatives = self.alternatives(ast, *line, &mut inputs)?;
            match (&target, &*alternatives) {
                (Target::Column(column), [(Expr::Header(header), _)]) => {
                    headers_as_they_are.push((*header, *column));
                }
                _ => columns.push(ColumnRule { target, alternatives }),
            }
        }
        let mut rule = Rule {
            table: table.name().clone(),
            condition,
            headers_as_they_are,
            columns,
            fates: Fates::default(),
            loose_fates: Fates::default(),
            dropped: Vec::new(),
            unknown: Fate::default(),
            reads_fields: true,
            visits_fields: true,
            keeps_extras: gathered.keep.contains(&EXTRAS),
            inputs: inputs.names.len(),
            headers: inputs.headers,
        };
        rule.decide_fates(&table, &gathered, &inputs);
        Ok(rule)
    }

    /// Puts the groups' lines in the place of their `use`; what the rule itself says of a column wins.
    fn gather(
        &self,
        lines: &[RuleLine<'a>],
        gathered: &mut Gathered<'a>,
        depth: usize,
    ) -> Result<(), MappingError> {
        let mut own = HashSet::new();
        for RuleLine { line, what } in lines {
            match what {
                LineKind::Use(groups) => {
                    for group in groups {
                        if *group == "*" {
                            gathered.by_own_name = true;
                            continue;
                        }
                        if let Some(outer) = group.strip_suffix(".*") {
                            gathered.by_loose_name.push(outer);
                            continue;
                        }
                        let group = self
                            .groups
                            .get(*group)
                            .filter(|_| depth < 4)
                            .ok_or_else(|| at(*line, format!("no columns are named `{group}`")))?;
                        self.gather(group, gathered, depth + 1)?;
                    }
                }
                LineKind::Keep(names) => gathered.keep.extend(names),
                LineKind::Drop(names) => gathered.drop.extend(names),
                LineKind::Column(name, ast) => {
                    if !own.insert(*name) {
                        return Err(at(*line, format!("column `{name}` stands twice")));
                    }
                    gathered.columns.retain(|(_, earlier, _)| earlier != name);
                    gathered.columns.push((*line, name, ast.clone()));
                }
            }
        }
        Ok(())
    }

    fn alternatives(
        &self,
        ast: &Ast<'a>,
        line: usize,
        inputs: &mut InputNames<'a>,
    ) -> Result<Box<[Alternative]>, MappingError> {
        let asts = match ast {
            Ast::First(asts) => asts.as_slice(),
            one => std::slice::from_ref(one),
        };
        asts.iter()
            .map(|ast| {
                let expr = self.expr(ast, line, inputs)?;
                let mut used = Vec::new();
                expr.for_each_input(&mut |slot| used.push(slot));
                Ok((expr, used.into()))
            })
            .collect()
    }

    fn test(&self, term: &Term<'a>, line: usize, inputs: &mut InputNames<'a>) -> Result<Test, MappingError> {
        let kind = match &term.test {
            parse::Test::IsSet => TestKind::IsSet,
            parse::Test::Equals(asts) => TestKind::Equals(self.exprs(asts, line, inputs)?),
            parse::Test::EqualsIgnoringCase(ast) => {
                TestKind::EqualsIgnoringCase(self.expr(ast, line, inputs)?)
            }
        };
        Ok(Test { negated: term.negated, left: self.expr(&term.left, line, inputs)?, kind })
    }

    fn exprs(
        &self,
        asts: &[Ast<'a>],
        line: usize,
        inputs: &mut InputNames<'a>,
    ) -> Result<Box<[Expr]>, MappingError> {
        asts.iter().map(|ast| self.expr(ast, line, inputs)).collect()
    }

    fn expr(&self, ast: &Ast<'a>, line: usize, inputs: &mut InputNames<'a>) -> Result<Expr, MappingError> {
        Ok(match ast {
            Ast::Text(text) => Expr::Text((*text).into()),
            Ast::Number(number) => Expr::Number(*number),
            Ast::First(asts) => Expr::First(self.exprs(asts, line, inputs)?),
            Ast::Name(name) => match name.strip_prefix('@') {
                Some(header) => {
                    let place = self.headers.iter().position(|known| *known == header);
                    let place = place.ok_or_else(|| at(line, format!("no header is named `{name}`")))?;
                    inputs.headers |= 1 << place;
                    Expr::Header(place as u16)
                }
                None => Expr::Field(inputs.slot(name)),
            },
            Ast::Call("lookup", arguments) => {
                let [Ast::Name(values), code] = arguments.as_slice() else {
                    return Err(at(line, "`lookup` takes the name of values and a code".into()));
                };
                let names = self.values.get(*values);
                let names = names.ok_or_else(|| at(line, format!("no values are named `{values}`")))?;
                Expr::Lookup(names.clone(), Box::new(self.expr(code, line, inputs)?))
            }
            Ast::Call(name, arguments) => {
                let function = function::function(name)
                    .ok_or_else(|| at(line, format!("there is no function `{name}`")))?;
                let count = arguments.len();
                if count != function.arguments || count > ARGUMENTS_MAX {
                    let wanted = function.arguments;
                    return Err(at(line, format!("`{name}` takes {wanted} arguments, not {count}")));
                }
                Expr::Call(function, self.exprs(arguments, line, inputs)?)
            }
        })
    }
}

impl Rule {
    fn decide_fates(&mut self, table: &Table, gathered: &Gathered<'_>, inputs: &InputNames<'_>) {
        if gathered.drop.contains(&"*") {
            self.unknown.rest = Rest::Never;
        }
        let outer = |name: &&str| name.strip_suffix('*').filter(|outer| outer.ends_with('.')).map(Box::from);
        self.dropped = gathered.drop.iter().filter_map(outer).collect();
        for (slot, name) in inputs.names.iter().enumerate() {
            let fate = Fate { slot: Some(slot as u16), ..self.other_fate(name) };
            self.fates.insert((*name).into(), fate);
        }
        if gathered.by_own_name {
            for (place, column) in table.columns().iter().enumerate() {
                let has_line = gathered.columns.iter().any(|(_, name, _)| **name == *column.name);
                if !has_line && !is_platforms(table, place) {
                    let fate = self.fates.entry((*column.name).into()).or_insert(self.unknown);
                    fate.column = Some(place as u32);
                }
            }
        }
        for (names, rest) in [(&gathered.keep, Rest::Always), (&gathered.drop, Rest::Never)] {
            for name in names.iter().filter(|name| !name.ends_with('*') && **name != EXTRAS) {
                self.fates.entry((*name).into()).or_insert(self.unknown).rest = rest;
            }
        }
        for outer in &gathered.by_loose_name {
            for (place, column) in table.columns().iter().enumerate() {
                if !is_platforms(table, place) {
                    let name = if outer.is_empty() {
                        column.name.to_string()
                    } else {
                        format!("{outer}.{}", column.name)
                    };
                    let fate = Fate { column: Some(place as u32), ..self.unknown };
                    self.loose_fates.entry(name.to_lowercase().into()).or_insert(fate);
                }
            }
        }
        let is_visited = |fate: &Fate| fate.column.is_some() || fate.rest != Rest::Never;
        self.visits_fields =
            is_visited(&self.unknown) || self.fates.values().any(is_visited) || !self.loose_fates.is_empty();
        self.reads_fields = self.visits_fields || !self.fates.is_empty();
    }
}

/// `keep @extras`: the row takes what is no part of the event's own data.
const EXTRAS: &str = "@extras";

/// The names of the fields a rule reads, and which header fields.
#[derive(Default)]
struct InputNames<'a> {
    names: Vec<&'a str>,
    headers: u64,
}

impl<'a> InputNames<'a> {
    fn slot(&mut self, name: &'a str) -> u16 {
        let at = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        u16::try_from(at).expect("a rule of a file of ours reads fewer than 65,536 fields")
    }
}

/// The overflow column of whichever table it is.
const REST: &str = "rest";

fn target(table: &Table, name: &str) -> Result<Target, String> {
    let overflow = &table.columns()[table.overflow()].name;
    if let Some((column, member)) = name.split_once('.') {
        return if *column == **overflow || column == REST {
            Ok(Target::Member(member.into()))
        } else {
            Err(format!("`{column}` is not the overflow column of `{}`: that is `{overflow}`", table.name()))
        };
    }
    match table.index_of(name) {
        Some(place) if !is_platforms(table, place) => Ok(Target::Column(place)),
        Some(_) => Err(format!("`{name}` is filled by the platform")),
        None => Err(format!("`{}` has no column `{name}`", table.name())),
    }
}

/// Whether only the platform writes the column.
fn is_platforms(table: &Table, place: usize) -> bool {
    table.is_constant(place) || place == table.time_received() || place == table.overflow()
}

fn unique<T>(before: Option<T>, line: usize, name: &str) -> Result<(), MappingError> {
    before.map_or(Ok(()), |_| Err(at(line, format!("`{name}` stands twice"))))
}

fn at(line: usize, reason: String) -> MappingError {
    MappingError { file: "", line, reason }
}
