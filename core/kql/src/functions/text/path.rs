//! Paths of files.

use crate::{
    dynamic::BagWriter,
    functions::{Call, Column, define::Answer},
};

pub(super) fn parse_path(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::texts((0..call.rows).map(|row| Some(parts(values.text(row))))))
}

/// A bag of what a path is made of: `scheme://`, `C:`, directories, file name, `:stream`.
fn parts(path: &str) -> String {
    let (scheme, path) = path.split_once("://").unwrap_or(("", path));
    let is_drive = path.len() > 1 && path.as_bytes()[0].is_ascii_alphabetic() && path.as_bytes()[1] == b':';
    let root = if is_drive { &path[..2] } else { "" };
    let rest = &path[root.len()..];
    let (directories, file) = match rest.rfind(['/', '\\']) {
        Some(at) => (&path[..root.len() + at], &rest[at + 1..]),
        None => (root, rest),
    };
    let (file, stream) = file.split_once(':').unwrap_or((file, ""));
    let directory = directories[root.len()..].rsplit(['/', '\\']).next().unwrap_or_default();
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let mut bag = BagWriter::default();
    for (name, value) in [
        ("Scheme", scheme),
        ("RootPath", root),
        ("DirectoryPath", directories),
        ("DirectoryName", directory),
        ("Filename", file),
        ("Extension", extension),
        ("AlternateDataStreamName", stream),
    ] {
        bag.push_text(name, value);
    }
    bag.finish()
}
