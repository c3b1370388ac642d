//! From a query to one statement.
//!
//! A filter is first brought to a normal form: names become index numbers, values become the bytes of module
//! `encode`, and negations move down to the comparisons ([`Node`]). Then:
//!
//! - Of the conditions that must all hold, a comparison that a document passes with one entry at most becomes a
//!   join with `entries`: the database may begin with any of them, or with the order, whichever its statistics
//!   say is the least work.
//! - Every other condition becomes a set of ids, made of entries by `UNION`, `INTERSECT` and `EXCEPT`, in which
//!   the document's id must be.
//!
//! No data gets into the text of the statement.

use std::ops::Bound;

use super::rows::{self, Declared};
use crate::{Error, Filter, FilterValue, Query, Result, driver::Sql, encode};

/// How deep a filter may be nested.
const DEPTH_MAX: usize = 16;
/// How many comparisons and connectives a filter may have.
const NODES_MAX: usize = 200;
/// How many values a filter may compare with, in all.
const VALUES_MAX: usize = 2000;
/// How many tables are joined; the further conditions become sets. SQLite joins 64 at most, and the more there
/// are, the longer either database thinks.
const JOINS_MAX: usize = 8;

/// Where a page ended: the value ordered by, if it is by an index, and the document's id.
pub(super) type Place = (Option<Vec<u8>>, String);

/// The statement for a page of a query. Its columns are [`rows::DOCUMENT`], and the encoded value ordered by if
/// there is one.
pub(super) fn page(query: &Query, declared: &[Declared], place: Option<&Place>, limit: usize) -> Result<Sql> {
    let order = query.order.index.as_deref().map(|name| orderable(query, declared, name)).transpose()?;
    let mut conditions = Conditions::new(query, declared)?;
    let anchor = match order {
        Some(number) => conditions.alias_ordered(number),
        None => conditions.alias_with_id_order(),
    };
    let mut sql = Sql::new("SELECT ");
    sql.push(rows::DOCUMENT);
    if order.is_some() {
        sql.push(&format!(", {anchor}.value"));
    }
    conditions.write(&mut sql);
    let columns =
        if order.is_some() { format!("({anchor}.value, {anchor}.id)") } else { format!("{anchor}.id") };
    if let Some((value, id)) = place {
        sql.push(" AND ").push(&columns).push(if query.order.descending { " < " } else { " > " });
        match (value, order) {
            (Some(value), Some(_)) => {
                sql.push("(").bind(value.clone()).push(", ").bind(id.as_str()).push(")")
            }
            (None, None) => sql.bind(id.as_str()),
            _ => return Err(Error::invalid("this is not a continuation")),
        };
    }
    let direction = if query.order.descending { " DESC" } else { "" };
    sql.push(" ORDER BY ");
    if order.is_some() {
        sql.push(&format!("{anchor}.value{direction}, "));
    }
    // The limit is no parameter, for the planners weigh it.
    sql.push(&format!("{anchor}.id{direction} LIMIT {limit}"));
    Ok(sql)
}

/// The statement for the number of a query's documents.
pub(super) fn count(query: &Query, declared: &[Declared]) -> Result<Sql> {
    let mut sql = Sql::new("SELECT COUNT(*)");
    Conditions::new(query, declared)?.write(&mut sql);
    Ok(sql)
}

/// A filter in normal form.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Test(Test),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// A comparison with the entries of an index.
#[derive(Clone, Debug, PartialEq)]
struct Test {
    number: i64,
    /// Whether a document may have several entries.
    multi: bool,
    negated: bool,
    values: Values,
}

/// Which encoded values pass a comparison.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Points(Vec<Vec<u8>>),
    Span { from: Vec<u8>, from_included: bool, to: Vec<u8>, to_included: bool },
}

impl Test {
    /// Whether no document passes with more than one entry, so that a join doesn't double it.
    fn is_single(&self) -> bool {
        match &self.values {
            Values::Points(points) if points.len() == 1 => !self.multi || !self.negated,
            _ => !self.multi,
        }
    }

    /// Whether those who pass have one and the same value.
    fn is_point(&self) -> bool {
        !self.negated && matches!(&self.values, Values::Points(points) if points.len() == 1)
    }
}

/// Brings filters to normal form.
struct Normalizer<'a> {
    collection: &'a str,
    declared: &'a [Declared],
    nodes: usize,
    values: usize,
}

impl Normalizer<'_> {
    fn node(&mut self, filter: &Filter, negated: bool, depth: usize) -> Result<Node> {
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            return Err(Error::invalid(format!(
                "a filter has at most {NODES_MAX} conditions, nested at most {DEPTH_MAX} deep"
            )));
        }
        match filter {
            Filter::Not(inner) => self.node(inner, !negated, depth + 1),
            Filter::And(inner) => self.nodes(inner, negated, depth).map(|nodes| connect(!negated, nodes)),
            Filter::Or(inner) => self.nodes(inner, negated, depth).map(|nodes| connect(negated, nodes)),
            Filter::Eq(name, value) => self.points(name, std::slice::from_ref(value), negated),
            Filter::In(name, values) => self.points(name, values, negated),
            Filter::IsNull(name) => {
                let declared = find(self.collection, self.declared, name)?;
                Ok(test(declared, negated, Values::Points(vec![encode::NULL.to_vec()])))
            }
            Filter::Prefix(name, prefix) => {
                let declared = find(self.collection, self.declared, name)?;
                let (from, to) = encode::prefix(name, declared.index.kind, prefix)?;
                let span = Values::Span { from, from_included: true, to, to_included: false };
                Ok(test(declared, negated, span))
            }
            Filter::Range(name, from, to) => self.range(name, from, to, negated),
        }
    }

    fn nodes(&mut self, filters: &[Filter], negated: bool, depth: usize) -> Result<Vec<Node>> {
        filters.iter().map(|filter| self.node(filter, negated, depth + 1)).collect()
    }

    fn points(&mut self, name: &str, values: &[FilterValue], negated: bool) -> Result<Node> {
        self.values += values.len();
        if self.values > VALUES_MAX {
            return Err(Error::invalid(format!("a filter compares with at most {VALUES_MAX} values")));
        }
        let declared = find(self.collection, self.declared, name)?;
        let operand = |value| encode::operand(name, declared.index.kind, value);
        let mut points = values.iter().map(operand).collect::<Result<Vec<_>>>()?;
        points.sort();
        points.dedup();
        Ok(test(declared, negated, Values::Points(points)))
    }

    fn range(
        &self,
        name: &str,
        from: &Bound<FilterValue>,
        to: &Bound<FilterValue>,
        negated: bool,
    ) -> Result<Node> {
        let declared = find(self.collection, self.declared, name)?;
        let operand = |value| encode::operand(name, declared.index.kind, value);
        let (from, from_included) = match from {
            Bound::Unbounded => (encode::LEAST.to_vec(), true),
            Bound::Included(value) => (operand(value)?, true),
            Bound::Excluded(value) => (operand(value)?, false),
        };
        let (to, to_included) = match to {
            Bound::Unbounded => (encode::BEYOND.to_vec(), false),
            Bound::Included(value) => (operand(value)?, true),
            Bound::Excluded(value) => (operand(value)?, false),
        };
        Ok(test(declared, negated, Values::Span { from, from_included, to, to_included }))
    }
}

fn test(declared: &Declared, negated: bool, values: Values) -> Node {
    Node::Test(Test { number: declared.number, multi: declared.index.multi, negated, values })
}

fn connect(all: bool, nodes: Vec<Node>) -> Node {
    if all { Node::All(nodes) } else { Node::Any(nodes) }
}

fn find<'a>(collection: &str, declared: &'a [Declared], name: &str) -> Result<&'a Declared> {
    declared
        .iter()
        .find(|declared| declared.index.name == name)
        .ok_or_else(|| Error::NotIndexed { collection: collection.to_owned(), index: name.to_owned() })
}

fn orderable(query: &Query, declared: &[Declared], name: &str) -> Result<i64> {
    let declared = find(&query.collection, declared, name)?;
    if declared.index.multi {
        return Err(Error::invalid(format!(
            "index `{name}` has several values per document, so it gives no order"
        )));
    }
    Ok(declared.number)
}

/// The conditions of a query, as the part of a statement from `FROM` on.
struct Conditions<'a> {
    query: &'a Query,
    /// The index of each join, and which of its entries.
    joins: Vec<(i64, Option<Test>)>,
    sets: Vec<Node>,
}

impl<'a> Conditions<'a> {
    fn new(query: &'a Query, declared: &'a [Declared]) -> Result<Self> {
        let mut conditions = Self { query, joins: Vec::new(), sets: Vec::new() };
        if let Some(filter) = &query.filter {
            let mut normalizer = Normalizer { collection: &query.collection, declared, nodes: 0, values: 0 };
            conditions.require(normalizer.node(filter, false, 0)?);
        }
        Ok(conditions)
    }

    fn require(&mut self, node: Node) {
        match node {
            Node::All(nodes) => nodes.into_iter().for_each(|node| self.require(node)),
            Node::Test(test) if test.is_single() && self.joins.len() < JOINS_MAX => {
                self.joins.push((test.number, Some(test)));
            }
            node => self.sets.push(node),
        }
    }

    /// The alias of a join that has the index's entries, one for each document.
    fn alias_ordered(&mut self, number: i64) -> String {
        let position = self.joins.iter().position(|(joined, _)| *joined == number).unwrap_or_else(|| {
            self.joins.push((number, None));
            self.joins.len() - 1
        });
        alias(position)
    }

    /// The alias of a table that can be read in the order of ids.
    fn alias_with_id_order(&self) -> String {
        let point = self.joins.iter().position(|(_, test)| test.as_ref().is_some_and(Test::is_point));
        point.map_or_else(|| "d".to_owned(), alias)
    }

    /// Writes the tables and the conditions. The bodies come last: once the entries have said which documents,
    /// each is one look at its key. `CROSS JOIN` is how SQLite is told so; PostgreSQL decides by itself.
    fn write(&self, sql: &mut Sql) {
        let narrow = if self.joins.is_empty() { "d" } else { "e0" };
        sql.push(" FROM ");
        for position in 0..self.joins.len() {
            sql.push(&format!("entries e{position}"));
            sql.push(if position + 1 < self.joins.len() { ", " } else { " CROSS JOIN " });
        }
        sql.push("documents d WHERE d.collection = ").bind(self.query.collection.as_str());
        sql.push(" AND d.tenant = ").bind(self.query.tenant);
        for (position, (number, test)) in self.joins.iter().enumerate() {
            let alias = alias(position);
            let same = if position == 0 { "d" } else { narrow };
            sql.push(&format!(" AND {alias}.id = {same}.id AND {alias}.number = ")).bind(*number);
            sql.push(&format!(" AND {alias}.tenant = ")).bind(self.query.tenant);
            if let Some(test) = test {
                sql.push(" AND ");
                write_test(sql, &alias, test);
            }
        }
        for set in &self.sets {
            sql.push(&format!(" AND {narrow}.id IN ("));
            self.write_set(sql, set);
            sql.push(")");
        }
    }

    /// Writes a statement for the ids that pass.
    fn write_set(&self, sql: &mut Sql, node: &Node) {
        match node {
            Node::Test(test) if test.negated && test.multi => {
                // Every document has an entry in every index, if only that of absence.
                self.write_entries(sql, test.number);
                sql.push(" EXCEPT ");
                self.write_entries(sql, test.number);
                sql.push(" AND ");
                write_test(sql, "s", &Test { negated: false, ..test.clone() });
            }
            Node::Test(test) => {
                self.write_entries(sql, test.number);
                sql.push(" AND ");
                write_test(sql, "s", test);
            }
            Node::All(nodes) => self.write_compound(sql, " INTERSECT ", nodes, true),
            Node::Any(nodes) => self.write_compound(sql, " UNION ", nodes, false),
        }
    }

    /// Writes the combination of several sets; of none it is all documents or none.
    fn write_compound(&self, sql: &mut Sql, operator: &str, nodes: &[Node], of_none: bool) {
        if nodes.is_empty() {
            sql.push("SELECT a.id FROM documents a WHERE a.collection = ")
                .bind(self.query.collection.as_str());
            sql.push(" AND a.tenant = ").bind(self.query.tenant);
            sql.push(if of_none { "" } else { " AND 1 = 0" });
        }
        for (position, node) in nodes.iter().enumerate() {
            sql.push(if position == 0 { "" } else { operator });
            sql.push("SELECT u.id FROM (");
            self.write_set(sql, node);
            sql.push(") u");
        }
    }

    fn write_entries(&self, sql: &mut Sql, number: i64) {
        sql.push("SELECT s.id FROM entries s WHERE s.number = ").bind(number);
        sql.push(" AND s.tenant = ").bind(self.query.tenant);
    }
}

fn alias(position: usize) -> String {
    format!("e{position}")
}

fn write_test(sql: &mut Sql, alias: &str, test: &Test) {
    let value = format!("{alias}.value");
    let negated = test.negated;
    match &test.values {
        Values::Points(points) if points.is_empty() => {
            sql.push(if negated { "1 = 1" } else { "1 = 0" });
        }
        Values::Points(points) if points.len() == 1 => {
            sql.push(&value).push(if negated { " <> " } else { " = " }).bind(points[0].clone());
        }
        Values::Points(points) => {
            sql.push(&value).push(if negated { " NOT IN (" } else { " IN (" });
            sql.bind_list(points.iter().cloned()).push(")");
        }
        Values::Span { from, from_included, to, to_included } => {
            let (below, above) = match (negated, from_included, to_included) {
                (false, true, true) => (" >= ", " <= "),
                (false, true, false) => (" >= ", " < "),
                (false, false, true) => (" > ", " <= "),
                (false, false, false) => (" > ", " < "),
                (true, true, true) => (" < ", " > "),
                (true, true, false) => (" < ", " >= "),
                (true, false, true) => (" <= ", " > "),
                (true, false, false) => (" <= ", " >= "),
            };
            sql.push("(").push(&value).push(below).bind(from.clone());
            sql.push(if negated { " OR " } else { " AND " });
            sql.push(&value).push(above).bind(to.clone()).push(")");
        }
    }
}
