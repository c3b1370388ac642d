//! Finding where the parts of JSON text end.

/// The byte behind the value that begins at `at`, which is no white space.
pub(super) fn end_of_value(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'"') => end_of_string(text, at),
        Some(b'{' | b'[') => end_of_nested(text, at),
        Some(_) => end_of_word(text, at),
        None => text.len(),
    }
}

/// The first byte from `at` on that is no white space.
pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && matches!(text[at], b' ' | b'\t' | b'\n' | b'\r') {
        at += 1;
    }
    at
}

/// The byte behind the string whose quote is at `at`.
pub(super) fn end_of_string(text: &[u8], at: usize) -> usize {
    let mut from = at + 1;
    while let Some(found) = text.get(from..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        if text[from + found] == b'"' {
            return from + found + 1;
        }
        from += found + 2;
    }
    text.len()
}

/// The byte behind the array or object that begins at `at`.
fn end_of_nested(text: &[u8], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut from = at;
    while from < text.len() {
        match text[from] {
            b'"' => {
                from = end_of_string(text, from);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return from + 1;
                }
            }
            _ => {}
        }
        from += 1;
    }
    text.len()
}

fn end_of_word(text: &[u8], at: usize) -> usize {
    let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\n' | b'\r');
    text[at..].iter().position(is_end).map_or(text.len(), |length| at + length.max(1))
}
