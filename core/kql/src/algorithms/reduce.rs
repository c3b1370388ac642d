//! `reduce`: patterns that stand for many similar texts.
//!
//! After R. Vaarandi, "A Data Clustering Algorithm for Mining Patterns From Event Logs" (2003). A text is a row of terms
//! with separators between them. A term is frequent at its place if enough texts have it there; a text's pattern has its
//! frequent terms, and `*` for the others. A pattern that enough texts have is a group, and what is in no group is one
//! of the others. Numbers vary by nature and are never frequent.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, StringViewArray, builder::StringViewBuilder, cast::AsArray,
};
use datafusion::common::{Result, exec_datafusion_err};

use super::{Algorithm, Work};

/// The pattern of texts that are in no group.
const OTHERS: &str = "others";

/// The groups of the texts in the input's last column.
#[derive(Debug)]
pub struct Reduce {
    /// The share of the texts that makes a term or pattern frequent, from 0 to 1.
    pub threshold: f64,
    /// What separates terms; without any, all that is neither letter nor digit.
    pub separators: Option<Arc<str>>,
    pub gives: ReduceGives,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReduceGives {
    /// A row for each group: its pattern, the number of its texts, and one of them.
    Groups,
    /// The other columns of each row, and its pattern.
    Rows,
}

#[derive(Default)]
struct Group<'a> {
    count: usize,
    representative: &'a str,
}

impl Algorithm for Reduce {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let batches = inputs.first().map_or(&[][..], Vec::as_slice);
        let texts = batches.iter().map(texts_of).collect::<Result<Vec<_>>>()?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        // A pattern of one text would be the text itself.
        let least = ((self.threshold * rows as f64).ceil() as usize).max(2);
        let frequent = self.frequent(&texts, least, work)?;
        let mut groups: HashMap<String, Group<'_>> = HashMap::new();
        for text in texts.iter().copied().flatten().map(Option::unwrap_or_default) {
            work.step(1 + text.len() / 16)?;
            let Some(pattern) = self.pattern(text, &frequent) else { continue };
            let group = match groups.get_mut(&*pattern) {
                Some(group) => group,
                None => {
                    work.hold(2 * pattern.len() + 64)?;
                    groups.entry(pattern.into_owned()).or_insert(Group { count: 0, representative: text })
                }
            };
            group.count += 1;
        }
        groups.retain(|_, group| group.count >= least);
        match self.gives {
            ReduceGives::Groups => give_groups(groups, rows, work),
            ReduceGives::Rows => {
                for (batch, texts) in batches.iter().zip(texts) {
                    work.step(batch.num_rows())?;
                    let mut patterns = StringViewBuilder::with_capacity(batch.num_rows());
                    for text in texts {
                        let pattern = self.pattern(text.unwrap_or_default(), &frequent);
                        let known = pattern.filter(|pattern| groups.contains_key(&**pattern));
                        patterns.append_value(known.as_deref().unwrap_or(OTHERS));
                    }
                    let mut columns = batch.columns()[..batch.num_columns() - 1].to_vec();
                    columns.push(Arc::new(patterns.finish()));
                    work.give(columns)?;
                }
                Ok(())
            }
        }
    }
}

impl Reduce {
    /// How often terms are at their places, of those that are frequent.
    fn frequent<'a>(
        &self,
        texts: &[&'a StringViewArray],
        least: usize,
        work: &mut Work<'_>,
    ) -> Result<HashMap<(usize, &'a str), usize>> {
        let mut counts: HashMap<(usize, &'a str), usize> = HashMap::new();
        for text in texts.iter().copied().flatten().flatten() {
            work.step(1 + text.len() / 16)?;
            let before = counts.len();
            for (place, (_, term)) in self.terms(text).enumerate().filter(|(_, (_, term))| !is_number(term)) {
                *counts.entry((place, term)).or_default() += 1;
            }
            work.hold((counts.len() - before) * 48)?;
        }
        counts.retain(|_, count| *count >= least);
        Ok(counts)
    }

    /// The terms of a text, each with the separators before it; the last may be an empty one.
    fn terms<'a>(&self, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_separator = |char: char| match &self.separators {
            Some(separators) => separators.contains(char),
            None => !char.is_alphanumeric(),
        };
        let mut rest = text;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let begin = rest.find(|char| !is_separator(char)).unwrap_or(rest.len());
            let length = rest[begin..].find(is_separator).unwrap_or(rest.len() - begin);
            let found = (&rest[..begin], &rest[begin..begin + length]);
            rest = &rest[begin + length..];
            Some(found)
        })
    }

    /// A text's pattern; `None` if it has no frequent term. Whatever separates something from a `*` is part of that,
    /// unless it is space.
    fn pattern<'a>(
        &self,
        text: &'a str,
        frequent: &HashMap<(usize, &'a str), usize>,
    ) -> Option<Cow<'a, str>> {
        let mut pattern = String::new();
        let (mut has_frequent, mut has_wildcard, mut is_behind_wildcard) = (false, false, false);
        for (place, (separators, term)) in self.terms(text).enumerate() {
            let is_known = term.is_empty() || frequent.contains_key(&(place, term));
            let is_space = separators.chars().all(char::is_whitespace);
            if (is_known && !is_behind_wildcard) || is_space {
                pattern.push_str(separators);
            }
            if is_known {
                pattern.push_str(term);
                has_frequent |= !term.is_empty();
            } else if !is_behind_wildcard || !pattern.ends_with('*') {
                pattern.push('*');
            }
            is_behind_wildcard = !is_known;
            has_wildcard |= !is_known;
        }
        has_frequent.then_some(if has_wildcard { Cow::Owned(pattern) } else { Cow::Borrowed(text) })
    }
}

fn is_number(term: &str) -> bool {
    term.bytes().all(|byte| byte.is_ascii_digit())
}

fn texts_of(batch: &RecordBatch) -> Result<&StringViewArray> {
    let texts = batch.columns().last().and_then(|column| column.as_string_view_opt());
    texts.ok_or_else(|| exec_datafusion_err!("the texts to reduce are no strings"))
}

/// The largest group first; the others last.
fn give_groups(groups: HashMap<String, Group<'_>>, rows: usize, work: &mut Work<'_>) -> Result<()> {
    let mut groups: Vec<(String, Group<'_>)> = groups.into_iter().collect();
    groups.sort_by(|(a, left), (b, right)| right.count.cmp(&left.count).then_with(|| a.cmp(b)));
    let rest = rows - groups.iter().map(|(_, group)| group.count).sum::<usize>();
    if rest > 0 {
        groups.push((OTHERS.to_owned(), Group { count: rest, representative: "" }));
    }
    let count = |group: &Group<'_>| i64::try_from(group.count).unwrap_or(i64::MAX);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from_iter_values(groups.iter().map(|(pattern, _)| pattern))),
        Arc::new(Int64Array::from_iter_values(groups.iter().map(|(_, group)| count(group)))),
        Arc::new(StringViewArray::from_iter_values(groups.iter().map(|(_, group)| group.representative))),
    ];
    work.give(columns)
}

#[cfg(test)]
mod tests {
    use phalanx_signal::ColumnType;

    use super::*;
    use crate::algorithms::testing::rows;

    #[test]
    fn similar_texts_are_groups() {
        let texts = |texts: &[&str]| -> Vec<RecordBatch> {
            let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts));
            vec![RecordBatch::try_from_iter([("text", column)]).unwrap()]
        };
        let types = [ColumnType::String, ColumnType::Long, ColumnType::String];
        for (given, threshold, separators, expected) in [
            (&["fooZ1", "fooZ2", "fooZ3"][..], 0.1, None, &["others 3 "][..]),
            (&["fooZ1", "fooZ2", "fooZ3"], 0.1, Some("Z"), &["foo* 3 fooZ1"]),
            (
                &["San Bo", "San Lu", "Paris", "Paris", "Rome"],
                0.4,
                None,
                &["Paris 2 Paris", "San * 2 San Bo", "others 1 "],
            ),
            (&["user a logged in", "user b logged in"], 0.5, None, &["user * logged in 2 user a logged in"]),
            (&["user a logged in", "user b c logged in"], 0.5, None, &["others 2 "]),
            (&["", "", "!!"], 0.1, None, &["others 3 "]),
            (&[], 0.1, None, &[]),
        ] {
            let separators = separators.map(Arc::from);
            let reduce = Reduce { threshold, separators, gives: ReduceGives::Groups };
            assert_eq!(rows(&reduce, &[texts(given)], &types).unwrap(), expected, "{given:?}");
        }
        let reduce = Reduce { threshold: 0.4, separators: None, gives: ReduceGives::Rows };
        let given = texts(&["San Bo", "Rome", "San Lu"]);
        assert_eq!(rows(&reduce, &[given], &types[..1]).unwrap(), ["San *", "others", "San *"]);
    }
}
