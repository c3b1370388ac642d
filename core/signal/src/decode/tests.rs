//! Every format against its fixtures. `FORMAT=<name>` narrows it to one.

use std::{env, panic};

use super::*;
use crate::testing;

#[test]
fn fixtures_give_their_rows_however_they_are_cut() {
    for_each_format(testing::check_fixtures);
}

#[test]
fn damaged_input_is_decoded_or_kept() {
    for_each_format(|format| testing::check_damaged(format, 60));
}

#[test]
fn names_are_unique_and_well_formed() {
    for (at, format) in FORMATS.iter().enumerate() {
        let is_valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(format.name.bytes().all(is_valid), "{}", format.name);
        assert!(FORMATS[..at].iter().all(|other| other.name != format.name), "{}", format.name);
        assert!(!format.title.is_empty());
    }
}

/// Checks all formats before it fails, so that one says nothing of the others.
fn for_each_format(check: fn(&'static Format)) {
    let only = env::var("FORMAT").ok();
    let wanted = FORMATS.iter().filter(|format| only.as_deref().is_none_or(|name| name == format.name));
    let failed: Vec<&str> = wanted
        .filter(|format| panic::catch_unwind(|| check(format)).is_err())
        .map(|format| format.name)
        .collect();
    assert!(failed.is_empty(), "failed: {failed:?}");
}
