//! A Python with some published packages, installed once per target folder.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The interpreter; `None`, with the reason on the error output, when they can't be installed.
pub fn with(packages: &[&str]) -> Option<PathBuf> {
    let _one_at_a_time = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let name = packages.join("-").replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python").join(name);
    let (python, ready) = (folder.join("bin/python"), folder.join("ready"));
    if ready.exists() {
        return Some(python);
    }
    let done = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let is_installed = done(Command::new("python3").args(["-m", "venv"]).arg(&folder))
        && done(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))
        && std::fs::write(&ready, b"").is_ok();
    if !is_installed {
        eprintln!("SKIPPED: the Python packages {packages:?} can't be installed here");
        return None;
    }
    Some(python)
}
