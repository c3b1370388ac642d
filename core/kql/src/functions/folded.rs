//! A set of texts whose case does not matter.

use std::collections::HashSet;

use super::needle::fold;

/// The texts, with small letters.
pub(super) struct FoldedSet {
    texts: HashSet<String>,
    /// Bit n is set if a text has n bytes; the last bit stands for all longer ones as well.
    lengths: u128,
}

/// Texts below this length are folded without memory of their own.
const SHORT: usize = 128;

impl FoldedSet {
    pub fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let texts: HashSet<String> = texts.map(|text| fold(text).into_owned()).collect();
        let lengths = texts.iter().fold(0, |lengths, text| lengths | length_bit(text));
        Self { texts, lengths }
    }

    pub fn contains(&self, text: &str) -> bool {
        if !text.is_ascii() {
            return self.texts.contains(&*fold(text));
        }
        // Folding does not change how long an ASCII text is, and most texts have another length than all wanted ones.
        if self.lengths & length_bit(text) == 0 {
            return false;
        }
        let mut folded = [0; SHORT];
        let Some(folded) = folded.get_mut(..text.len()) else { return self.texts.contains(&*fold(text)) };
        folded.copy_from_slice(text.as_bytes());
        folded.make_ascii_lowercase();
        std::str::from_utf8(folded).is_ok_and(|folded| self.texts.contains(folded))
    }
}

fn length_bit(text: &str) -> u128 {
    1 << text.len().min(SHORT - 1)
}

#[cfg(test)]
mod tests {
    use super::FoldedSet;

    #[test]
    fn case_does_not_matter() {
        let long = "x".repeat(300);
        let set = FoldedSet::new(["cmd.exe", "PowerShell.exe", "ÄRGER", "", &long].into_iter());
        for (text, is_in) in [
            ("CMD.EXE", true),
            ("cmd.exe ", false),
            ("powershell.EXE", true),
            ("pwsh.exe", false),
            ("ärger", true),
            ("ÄrgeR", true),
            ("arger", false),
            ("", true),
            (&long.to_uppercase(), true),
            (&long[1..], false),
        ] {
            assert_eq!(set.contains(text), is_in, "{text:?}");
        }
        // A text of 127 bytes and a longer one have the same bit.
        assert!(!set.contains(&"x".repeat(127)));
    }
}
