//! The key `state.url` of a configuration file, read and changed with everything else left as its author wrote it.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use anyhow::{Context, bail};

/// What the file says; empty if it says nothing or is not there.
pub(super) fn get(file: &Path) -> anyhow::Result<String> {
    let read = match fs::read_to_string(file) {
        Ok(text) => of(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error.into()),
    };
    read.with_context(|| format!("can't read `state.url` in `{}`", file.display()))
}

/// Makes the file say this. A file is made only if there is something to say.
pub(super) fn set(file: &Path, url: &str) -> anyhow::Result<()> {
    if get(file)? == url {
        return Ok(());
    }
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("can't read `{}`", file.display())),
    };
    let changed = with(&text, url);
    if of(&changed).ok().as_deref() != Some(url) {
        bail!("can't change `state.url` in `{}`; nothing was restored", file.display());
    }
    // The URL may hold a password.
    let written = fs::write(file, changed).and_then(|()| {
        let is_new = text.is_empty();
        if is_new { fs::set_permissions(file, fs::Permissions::from_mode(0o600)) } else { Ok(()) }
    });
    written.with_context(|| format!("can't write `{}`", file.display()))
}

fn of(text: &str) -> anyhow::Result<String> {
    let table: toml::Table = text.parse()?;
    let url = table.get("state").and_then(|state| state.get("url")).and_then(toml::Value::as_str);
    Ok(url.unwrap_or_default().to_owned())
}

/// The text with the key's line replaced, or added.
fn with(text: &str, url: &str) -> String {
    let value = toml::Value::String(url.to_owned());
    let mut section = String::new();
    let mut is_said = false;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim().to_owned();
        }
        let key = trimmed.split_once('=').map(|(key, _)| key.trim()).unwrap_or_default();
        let is_it = (section == "state" && key == "url") || (section.is_empty() && key == "state.url");
        match is_it {
            true if is_said => {}
            true => lines.push(format!("{key} = {value}")),
            false => lines.push(line.to_owned()),
        }
        is_said |= is_it;
    }
    if !is_said {
        match lines.iter().position(|line| line.trim() == "[state]") {
            Some(at) => lines.insert(at + 1, format!("url = {value}")),
            None => lines.extend(["[state]".to_owned(), format!("url = {value}")]),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        let changed = with(before, "postgres://x");
        assert_eq!(changed, after);
        assert_eq!(of(&changed).expect("it is TOML"), "postgres://x");
    }

    #[test]
    fn only_the_key_changes() {
        check(
            "# a\n[state]\n  url = \"old\" # why\n[query]\n",
            "# a\n[state]\nurl = \"postgres://x\"\n[query]\n",
        );
        check("[server]\nnames = []\n[state]\n", "[server]\nnames = []\n[state]\nurl = \"postgres://x\"\n");
        check("[server]\nurl = \"mine\"\n", "[server]\nurl = \"mine\"\n[state]\nurl = \"postgres://x\"\n");
        check("state.url = 'old'\n[server]\n", "state.url = \"postgres://x\"\n[server]\n");
        check("", "[state]\nurl = \"postgres://x\"\n");
    }

    #[test]
    fn what_can_not_be_changed_is_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("phalanx.toml");
        set(&file, "").expect("there is nothing to say");
        assert!(!file.exists());
        let inline = "state = { url = \"old\" }\n";
        fs::write(&file, inline).expect("it is written");
        assert_eq!(get(&file).expect("it is read"), "old");
        assert!(set(&file, "new").is_err());
        assert_eq!(fs::read_to_string(&file).expect("it is read"), inline);
        fs::remove_file(&file).expect("it is removed");
        set(&file, "postgres://u:secret@h/d").expect("it is made");
        let mode = fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
