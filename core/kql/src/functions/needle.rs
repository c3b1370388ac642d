//! Texts that are looked for in others, prepared once for many rows.

use std::borrow::Cow;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

/// Where a needle may be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    Start,
    End,
    /// As the whole text.
    All,
    /// As terms: with no alphanumeric character before or behind.
    Terms,
    /// At the start of a term.
    TermStart,
    /// At the end of a term.
    TermEnd,
}

/// A text to look for.
pub(super) struct Needle {
    /// With small letters if case does not matter.
    text: String,
    place: Place,
    search: Search,
}

enum Search {
    Exact(Finder<'static>),
    /// The case of ASCII letters does not matter, and the needle has no others: the place of the byte that is
    /// rarest in ordinary text, and that byte in both cases.
    Ascii {
        at: usize,
        bytes: [u8; 2],
    },
    /// The text that is searched must be folded first.
    Folded(Finder<'static>),
}

impl Needle {
    pub(super) fn exact(text: &str, place: Place) -> Self {
        let search = Search::Exact(Finder::new(text).into_owned());
        Self { text: text.to_owned(), place, search }
    }

    pub(super) fn ignoring_case(text: &str, place: Place) -> Self {
        let text = fold(text).into_owned();
        let search = if text.is_ascii() {
            let at = rarest(text.as_bytes());
            let byte = text.as_bytes().get(at).copied().unwrap_or_default();
            Search::Ascii { at, bytes: [byte, byte.to_ascii_uppercase()] }
        } else {
            Search::Folded(Finder::new(&text).into_owned())
        };
        Self { text, place, search }
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        match &self.search {
            Search::Exact(finder) => self.is_placed(
                text,
                |a, b| a == b,
                |from| Some(from + finder.find(&text.as_bytes()[from..])?),
            ),
            Search::Ascii { at, bytes } => self.is_placed(text, <[u8]>::eq_ignore_ascii_case, |from| {
                self.find_ascii(text.as_bytes(), from, *at, *bytes)
            }),
            // A needle with other letters is in no text of ASCII.
            Search::Folded(_) if text.is_ascii() => false,
            Search::Folded(finder) => {
                let text = fold(text);
                self.is_placed(
                    &text,
                    |a, b| a == b,
                    |from| Some(from + finder.find(&text.as_bytes()[from..])?),
                )
            }
        }
    }

    /// Whether the needle is in its place: `is_same` compares it with a part of the text of its length, `find`
    /// looks for it from a position on.
    fn is_placed(
        &self,
        text: &str,
        is_same: impl Fn(&[u8], &[u8]) -> bool,
        find: impl Fn(usize) -> Option<usize>,
    ) -> bool {
        let (needle, hay) = (self.text.as_bytes(), text.as_bytes());
        match self.place {
            Place::Anywhere => find(0).is_some(),
            Place::All => hay.len() == needle.len() && is_same(hay, needle),
            Place::Start => hay.get(..needle.len()).is_some_and(|start| is_same(start, needle)),
            Place::End => hay.len().checked_sub(needle.len()).is_some_and(|at| is_same(&hay[at..], needle)),
            Place::Terms | Place::TermStart | Place::TermEnd => {
                let mut from = 0;
                while let Some(at) = find(from) {
                    if is_term(text, at, &self.text, self.place) {
                        return true;
                    }
                    from = at + 1;
                    if from > hay.len() {
                        break;
                    }
                }
                false
            }
        }
    }

    fn find_ascii(&self, hay: &[u8], from: usize, at: usize, [lower, upper]: [u8; 2]) -> Option<usize> {
        let needle = self.text.as_bytes();
        if needle.is_empty() {
            return Some(from);
        }
        let mut from = from;
        // The byte at `at` of a match is at or behind `from + at`, and has the rest of the needle behind it.
        let end = (hay.len() + at + 1).checked_sub(needle.len())?;
        loop {
            let rest = hay.get(from + at..end)?;
            let found = match lower == upper {
                true => memchr::memchr(lower, rest)?,
                false => memchr::memchr2(lower, upper, rest)?,
            };
            let start = from + found;
            if hay[start..start + needle.len()].eq_ignore_ascii_case(needle) {
                return Some(start);
            }
            from = start + 1;
        }
    }
}

/// Several texts to look for at once.
pub(super) struct Needles {
    needles: Vec<Needle>,
    /// For many: one search for all of them, and whether what is searched must be folded.
    together: Option<(AhoCorasick, bool)>,
}

/// How many needles are looked for one after the other.
const APART_MAX: usize = 3;

impl Needles {
    /// Terms, whatever their case.
    pub(super) fn terms(texts: &[Cow<'_, str>]) -> Self {
        let needles: Vec<_> = texts.iter().map(|text| Needle::ignoring_case(text, Place::Terms)).collect();
        let is_together = needles.len() > APART_MAX && needles.iter().all(|needle| !needle.text.is_empty());
        let together = is_together.then(|| {
            let needs_fold = needles.iter().any(|needle| !needle.text.is_ascii());
            let built = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(needles.iter().map(|needle| needle.text.as_bytes()));
            Some((built.ok()?, needs_fold))
        });
        Self { needles, together: together.flatten() }
    }

    pub(super) fn is_any_in(&self, text: &str) -> bool {
        let Some((together, needs_fold)) = &self.together else {
            return self.needles.iter().any(|needle| needle.is_in(text));
        };
        let text = if *needs_fold { fold(text) } else { Cow::Borrowed(text) };
        together.find_overlapping_iter(&*text).any(|found| {
            is_term(&text, found.start(), &self.needles[found.pattern().as_usize()].text, Place::Terms)
        })
    }

    pub(super) fn are_all_in(&self, text: &str) -> bool {
        self.needles.iter().all(|needle| needle.is_in(text))
    }

    /// Which of them is the first that is found.
    pub(super) fn first_in(&self, text: &str) -> Option<usize> {
        self.needles.iter().position(|needle| needle.is_in(text))
    }
}

/// Whether the needle found at `at` begins and ends where terms do.
fn is_term(text: &str, at: usize, needle: &str, place: Place) -> bool {
    let is_start = || {
        let first = needle.chars().next();
        !first.is_some_and(char::is_alphanumeric)
            || !text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
    };
    let is_end = || {
        let last = needle.chars().next_back();
        !last.is_some_and(char::is_alphanumeric)
            || !text[at + needle.len()..].chars().next().is_some_and(char::is_alphanumeric)
    };
    (place == Place::TermEnd || is_start()) && (place == Place::TermStart || is_end())
}

/// The text with small letters, each of them one character as before.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(fold_char).collect())
}

fn fold_char(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let mut small = letter.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => letter,
    }
}

/// Whether two texts are the same but for the case of their letters.
pub(super) fn is_same_ignoring_case(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(fold_char).eq(right.chars().map(fold_char))
}

/// The place of the byte that is the least common in names, paths and command lines.
fn rarest(needle: &[u8]) -> usize {
    const COMMON: &[u8] = b"etaoinsrlcdupmhgf.wb/\\ 01-2y_v345k678:9";
    let rank = |byte: u8| {
        COMMON.iter().position(|common| *common == byte.to_ascii_lowercase()).unwrap_or(COMMON.len())
    };
    (0..needle.len()).max_by_key(|at| rank(needle[*at])).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (text, needle, place, exact, ignoring) in [
            ("North America", "america", Place::Terms, false, true),
            ("KustoExplorerQueryRun", "Explorer", Place::Terms, false, false),
            (r"C:\Windows\powershell.exe -enc x", "powershell.exe", Place::Terms, true, true),
            (r"C:\Windows\powershell.exe -encoded x", "-enc", Place::Terms, false, false),
            ("a-enc b", "-ENC", Place::Terms, false, true),
            ("xx abcabc abc", "abc", Place::Terms, true, true),
            ("North America", "ica", Place::TermEnd, true, true),
            ("North America", "AME", Place::TermStart, false, true),
            ("North America", "mer", Place::TermStart, false, false),
            ("Fabrikam", "BRIK", Place::Anywhere, false, true),
            ("Fabrikam", "Fab", Place::Start, true, true),
            ("Fabrikam", "kam", Place::End, true, true),
            ("Fabrikam", "Fabrikam2", Place::End, false, false),
            ("abc", "ABC", Place::All, false, true),
            ("straße ÄRGER", "ärger", Place::Terms, false, true),
            ("straßeärger", "ärger", Place::Terms, false, false),
            ("日本語 text", "TEXT", Place::Terms, false, true),
            ("abc", "", Place::Terms, true, true),
            ("", "", Place::Anywhere, true, true),
            ("", "x", Place::Anywhere, false, false),
            ("éa", "a", Place::Terms, false, false),
        ] {
            assert_eq!(Needle::exact(needle, place).is_in(text), exact, "{text:?} {needle:?} {place:?}");
            let needle_ignoring = Needle::ignoring_case(needle, place);
            assert_eq!(needle_ignoring.is_in(text), ignoring, "{text:?} {needle:?} {place:?} ignoring case");
        }
    }

    #[test]
    fn many_at_once_agree_with_one_after_the_other() {
        let lists =
            [vec!["curl", "wget", "-enc", "iex", "Ärger"], vec!["a", "b"], vec![], vec!["x", "", "y", "z"]];
        let texts = ["x CURL.exe", "curly", "powershell -ENC abc", "iexplore", "ärger", "B", "", "no"];
        for list in &lists {
            let list: Vec<_> = list.iter().map(|text| Cow::Borrowed(*text)).collect();
            let needles = Needles::terms(&list);
            for text in texts {
                let apart = list.iter().any(|needle| Needle::ignoring_case(needle, Place::Terms).is_in(text));
                assert_eq!(needles.is_any_in(text), apart, "{list:?} in {text:?}");
                assert_eq!(needles.first_in(text).is_some(), apart, "{list:?} in {text:?}");
            }
        }
    }
}
