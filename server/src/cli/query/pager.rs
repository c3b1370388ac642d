//! Text that is longer than the terminal goes through a pager.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::cli::show;

/// How large the terminal is, in characters; what most have where it does not say.
pub fn terminal() -> (usize, usize) {
    terminal_size::terminal_size()
        .map_or((80, 24), |(width, height)| (usize::from(width.0).max(20), usize::from(height.0).max(5)))
}

/// Shows a text on the terminal. `$PAGER`, or `less -S`, gets what is longer or wider than the terminal.
pub fn show(text: &str, may_page: bool) {
    let (width, height) = terminal();
    let is_large = text.lines().count() >= height
        || text
            .lines()
            .any(|line| line.len() > width && unicode_width::UnicodeWidthStr::width(line) > width + 16);
    if may_page && is_large && page(text) {
        return;
    }
    show::print(text);
}

/// Whether there is a pager and it took the text.
fn page(text: &str) -> bool {
    let asked = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let command = asked.as_deref().unwrap_or("less -S");
    let mut child = match Command::new("sh")
        .args(["-c", command])
        // Colours, and no screen of its own for what fits.
        .env("LESS", std::env::var("LESS").unwrap_or_else(|_| "FRX".to_owned()))
        .stdin(Stdio::piped())
        .spawn()
    {
        Ok(child) => child,
        Err(_) => return false,
    };
    if let Some(mut input) = child.stdin.take() {
        // Who has seen enough closes the pager before the end.
        let _closed = input.write_all(text.as_bytes());
    }
    // A pager that the shell does not find has shown nothing.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}
