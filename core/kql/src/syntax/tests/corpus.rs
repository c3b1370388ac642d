//! The public queries, which must be read without a complaint.

use std::path::PathBuf;

use crate::syntax::parse;

/// The queries of a corpus by id, or none where the corpora are not at hand.
pub(super) fn queries(file: &str) -> Vec<(String, String)> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let folder = std::env::var_os("PHALANX_CORPORA").map_or_else(default, PathBuf::from);
    let path = folder.join("kql").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: no corpus at {}; say where with PHALANX_CORPORA", path.display());
        return Vec::new();
    };
    let cases = text.lines().map(|line| {
        let case: serde_json::Value = serde_json::from_str(line).expect("a line of a corpus is JSON");
        let field = |name: &str| case[name].as_str().expect("id and query are strings").to_owned();
        (field("id"), field("query"))
    });
    cases.collect()
}

#[test]
fn every_public_query_is_read() {
    for file in ["hunting.jsonl", "reference.jsonl"] {
        let queries = queries(file);
        let mut failures = Vec::new();
        for (id, query) in &queries {
            let parsed = parse(query);
            if let Some(first) = parsed.diagnostics.first() {
                failures.push(format!("{id}\n{}", first.render(query)));
            }
        }
        assert!(
            failures.is_empty(),
            "{file}: {} of {}\n{}",
            failures.len(),
            queries.len(),
            failures.join("\n\n")
        );
    }
}
