//! Completion as editors ask for it: `‸` is the cursor.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::{catalog::TableProvider, error::DataFusionError};
use phalanx_signal::ColumnType;

use super::{complete, hover};
use crate::{
    bind::{SavedFunction, Settings, TableColumn, Tables},
    catalog,
    syntax::parse,
};

struct Schema;

#[async_trait]
impl Tables for Schema {
    fn columns(&self, table: &str) -> Option<Vec<TableColumn>> {
        let names: &[(&str, ColumnType)] = match table {
            "Events" => &[
                ("Time", ColumnType::DateTime),
                ("Account", ColumnType::String),
                ("Bag", ColumnType::Dynamic),
            ],
            "Hosts" => &[
                ("Host", ColumnType::String),
                ("Address", ColumnType::String),
                ("odd name", ColumnType::Long),
            ],
            _ => return None,
        };
        let column = |(name, kind): &(&str, ColumnType)| TableColumn {
            name: Arc::from(*name),
            physical: Arc::from(*name),
            kind: *kind,
        };
        Some(names.iter().map(column).collect())
    }

    fn names(&self) -> Vec<Arc<str>> {
        vec![Arc::from("Events"), Arc::from("Hosts")]
    }

    fn function(&self, name: &str) -> Option<SavedFunction> {
        (name == "Saved").then(|| SavedFunction { parameters: "".into(), body: "Events".into() })
    }

    fn functions(&self) -> Vec<Arc<str>> {
        vec![Arc::from("Saved")]
    }

    async fn provider(&self, table: &str) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        Err(DataFusionError::Plan(table.to_owned()))
    }
}

fn split(marked: &str) -> (String, usize) {
    let at = marked.find('‸').expect("a cursor");
    (marked.replace('‸', ""), at)
}

fn labels(marked: &str) -> Vec<String> {
    let (text, at) = split(marked);
    let found = complete(&text, at, &Schema, &Settings::default());
    found.candidates.into_iter().map(|candidate| candidate.label).collect()
}

/// What must be among the candidates, and what must not.
#[test]
fn candidates_fit_their_place() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("‸", &["Events", "Saved", "print", "let", "union"], &["where", "strlen", "Account"]),
        ("Ev‸", &["Events"], &["Hosts"]),
        ("let x = 1; ‸", &["Events", "let"], &["where"]),
        ("let T = ‸", &["Events", "Hosts"], &["where"]),
        ("let T = Events | where Account == 'x'; ‸", &["T", "Events"], &[]),
        ("Events | ‸", &["where", "summarize", "mv-expand", "limit"], &["Account", "strlen", "print"]),
        ("Events | mv-ex‸", &["mv-expand"], &["where"]),
        ("Events | where ‸", &["Account", "Time", "strlen", "ago"], &["count", "dcount", "where", "Host"]),
        ("Events | where Acc‸", &["Account"], &["Time"]),
        ("Events | where ‸ | summarize count()", &["Account"], &["count_"]),
        ("Events | where Account ‸", &["has", "==", "contains", "and"], &["Account", "strlen"]),
        ("Events | where Account has ‸", &["Account", "tolower"], &["has"]),
        ("Events | where Account has 'a‸", &[], &["Account", "strlen"]),
        ("Events | where Account has 'a' and ‸", &["Account"], &["and"]),
        ("Events | extend n = strlen(‸", &["Account", "tolower"], &["count"]),
        ("Events | extend n = strlen(Account) | where ‸", &["n", "Account"], &["Host"]),
        ("Events | project n = 1 | where ‸", &["n"], &["Account"]),
        ("Events | summarize ‸", &["count", "dcount", "Account"], &["where"]),
        ("Events | summarize n = count() by ‸", &["Account", "bin"], &["count", "dcount"]),
        ("Events | summarize n = count() by Account | ‸", &["where"], &[]),
        ("Events | summarize n = count() by Account | where ‸", &["n", "Account"], &["Time"]),
        ("Events | project-away ‸", &["Account", "Time"], &["strlen"]),
        ("Events | sort by ‸", &["Account", "strlen"], &["by"]),
        ("Events | sort by Account ‸", &["asc", "desc", "nulls first"], &["Time"]),
        ("Events | sort ‸", &["by"], &["Account"]),
        ("Events | top 5 ‸", &["by"], &["Account"]),
        ("Events | top 5 by ‸", &["Account"], &[]),
        ("Events | join ‸", &["kind", "hint.strategy", "Hosts"], &["Account", "innerunique"]),
        ("Events | join kind=‸", &["innerunique", "leftanti"], &["Hosts", "Account"]),
        ("Events | join kind=inner ‸", &["Hosts"], &["Account"]),
        ("Events | join kind=inner (‸", &["Hosts", "Events"], &["Account"]),
        ("Events | join kind=inner (Hosts | where ‸", &["Host", "Address"], &["Account"]),
        ("Events | join (Hosts | project Host) on $left.‸", &["Account"], &["Host"]),
        (
            "Events | join (Hosts | project Host) on $left.Account == $right.‸",
            &["Host"],
            &["Account", "Address"],
        ),
        ("Events | join (Hosts) on ‸", &["Account", "$left"], &["Host"]),
        ("Events | union ‸", &["Hosts", "kind"], &["Account"]),
        ("union Events, ‸", &["Hosts"], &["Account"]),
        ("Events | evaluate ‸", &["bag_unpack", "pivot"], &["Account"]),
        ("Events | evaluate bag_unpack(‸", &["Bag"], &[]),
        ("Events | render ‸", &["timechart", "piechart"], &["Account"]),
        ("Events | mv-expand Bag to ‸", &["typeof("], &[]),
        ("Events | mv-expand Bag to typeof(‸", &["long", "string"], &["Account"]),
        ("Events | mv-apply x = Bag on (‸", &["where", "summarize"], &["Account"]),
        ("Events | invoke ‸", &["Saved"], &["Account"]),
        ("let f = (T: (a: long)) { T | where ‸", &["a"], &["Account"]),
        ("let f = (n: ‸", &["long"], &["Account"]),
        ("let days = 3; print d‸", &["days", "datetime_diff"], &["Account"]),
        ("print x = ‸", &["strlen", "now"], &["Account"]),
        ("print toscalar(Events | where ‸", &["Account"], &["Host"]),
        // What is wrong before the place does not matter.
        ("Events | where Nothing == 1 | extend x = | where ‸", &["Account"], &[]),
        ("Events | where strlen( | where ‸", &[], &[]),
        ("Events | where Account == 1 // ‸", &[], &["Account"]),
        ("Events | extend k = Bag.‸", &[], &["Account"]),
        ("Hosts | where odd‸", &["odd name"], &[]),
        ("range ‸", &[], &["Events"]),
        ("Saved | where ‸", &["Account"], &[]),
    ];
    for (marked, wanted, unwanted) in cases {
        let found = labels(marked);
        for label in *wanted {
            assert!(found.iter().any(|known| known == label), "{marked}: no `{label}` in {found:?}");
        }
        for label in *unwanted {
            assert!(!found.iter().any(|known| known == label), "{marked}: `{label}` is a candidate");
        }
    }
}

#[test]
fn the_word_at_the_cursor_is_replaced() {
    let (text, at) = split("Hosts | where odd‸ == 1");
    let found = complete(&text, at, &Schema, &Settings::default());
    assert_eq!((found.replace.text(&text), &*found.candidates[0].insert), ("odd", "['odd name']"));
    let (text, at) = split("Events | mv-e‸");
    let found = complete(&text, at, &Schema, &Settings::default());
    assert_eq!((found.replace.text(&text), &*found.candidates[0].insert), ("mv-e", "mv-expand"));
    assert!(!found.candidates[0].doc.is_empty());
}

#[test]
fn what_stands_at_a_place_is_explained() {
    for (marked, signature) in [
        ("Events | where str‸len(Account) > 1", "strlen(value): long"),
        ("Events | where Acc‸ount == ''", "Account: string"),
        (
            "Events | mv-ex‸pand Bag",
            "T | mv-expand [kind = bag] [Name =] array [to typeof(type)], … [limit n]",
        ),
        ("Ev‸ents", "Events"),
        ("Events | cou‸nt", "T | count [as Name]"),
        ("Events | summarize cou‸nt()", "count([value]): long"),
    ] {
        let (text, at) = split(marked);
        let found = hover(&text, at, &Schema, &Settings::default());
        assert_eq!(found.map(|found| found.signature).as_deref(), Some(signature), "{marked}");
    }
}

/// Every beginning of every example, with the cursor at its end and in its midst.
#[test]
fn no_text_is_too_broken() {
    let is_written_long = |entry: &&catalog::Entry| {
        matches!(entry.kind, catalog::Kind::Statement | catalog::Kind::Operator | catalog::Kind::Plugin)
    };
    for entry in catalog::entries().iter().filter(is_written_long) {
        for (query, _) in entry.examples {
            for (at, _) in query.char_indices() {
                let cut = &query[..at];
                complete(cut, at, &Schema, &Settings::default());
                hover(query, at, &Schema, &Settings::default());
                parse(cut);
            }
        }
    }
    for text in
        ["(((((", "))))", "|||", "let", "Events | join kind", "\u{1F600}|", "Events | where (((", "{;{;"]
    {
        complete(text, text.len(), &Schema, &Settings::default());
    }
}
