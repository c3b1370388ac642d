//! Command lines and versions.

use crate::{
    dynamic::ArrayWriter,
    functions::{Call, Column, FunctionError, define::Answer},
};

pub(super) fn parse_command_line(call: &Call<'_>) -> Answer {
    let (values, parsers) = (call.texts(0)?, call.texts(1)?);
    if !parsers.text(0).eq_ignore_ascii_case("windows") {
        return Err(FunctionError("the only parser is \"windows\"".into()));
    }
    Ok(Column::texts((0..call.rows).map(|row| {
        let mut arguments = ArrayWriter::default();
        windows_arguments(values.text(row), |argument| arguments.push_text(argument));
        (!arguments.is_empty()).then(|| arguments.finish())
    })))
}

/// As `CommandLineToArgvW` does: in the first argument quotes only keep spaces; in others, backslashes count if a
/// quote comes behind them (each two are one, an odd one makes the quote a letter), and a doubled quote within
/// quotes is one.
fn windows_arguments(line: &str, mut push: impl FnMut(&str)) {
    let is_space = |letter: char| letter == ' ' || letter == '\t';
    let line = line.trim_matches(is_space);
    if line.is_empty() {
        return;
    }
    let (program, mut rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => line.split_at(line.find(is_space).unwrap_or(line.len())),
    };
    push(program);
    let mut argument = String::new();
    loop {
        rest = rest.trim_start_matches(is_space);
        if rest.is_empty() {
            return;
        }
        argument.clear();
        let mut is_quoted = false;
        while let Some(letter) = rest.chars().next() {
            if is_space(letter) && !is_quoted {
                break;
            }
            let backslashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
            let behind = &rest[backslashes..];
            if !behind.starts_with('"') {
                let end = backslashes + if backslashes > 0 { 0 } else { letter.len_utf8() };
                argument.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            argument.extend(std::iter::repeat_n('\\', backslashes / 2));
            rest = &behind[1..];
            if backslashes % 2 == 1 {
                argument.push('"');
            } else if is_quoted && rest.starts_with('"') {
                argument.push('"');
                rest = &rest[1..];
            } else {
                is_quoted = !is_quoted;
            }
        }
        push(&argument);
    }
}

pub(super) fn parse_version(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::decimals((0..call.rows).map(|row| version(values.text(row)))))
}

/// Eight digits for each of four parts. A decimal has 20 digits before its point, and the number would have 32:
/// so it stands in the decimal's units, and is 10¹⁸ times too small. Versions are there to be compared.
fn version(text: &str) -> Option<i128> {
    const PARTS: usize = 4;
    let mut number = 0;
    let mut count = 0;
    for part in text.trim().split('.') {
        count += 1;
        let is_number = (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if count > PARTS || !is_number {
            return None;
        }
        number = number * 100_000_000 + part.parse::<i128>().ok()?;
    }
    Some((count..PARTS).fold(number, |number, _| number * 100_000_000))
}
