//! Queries: any text gives a tree and diagnostics that lie in it, and a tree without diagnostics has no holes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_kql::syntax;

fuzz_target!(|input: &str| {
    let parsed = syntax::parse(input);
    for diagnostic in &parsed.diagnostics {
        assert!(input.get(diagnostic.span.range()).is_some(), "{diagnostic:?} lies elsewhere");
        assert!(diagnostic.render(input).ends_with('^'));
    }
    let has_hole = format!("{:?}", parsed.query).contains("kind: Missing");
    assert!(!has_hole || !parsed.diagnostics.is_empty(), "a hole that nothing is said of");
});
