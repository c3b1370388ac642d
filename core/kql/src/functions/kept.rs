//! What a function has made of a constant argument, kept from one batch to the next: a list of ten thousand names is
//! read once for a query, not once for every eight thousand rows.

use std::{
    any::Any,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// The last thing made, and the text that it was made of. Shared by all threads that run one call of a function.
#[derive(Default)]
pub struct Kept(Mutex<Option<(String, Arc<dyn Any + Send + Sync>)>>);

impl Kept {
    /// What `make` gives for a text; what it gave last if the text is the same. The others wait meanwhile.
    ///
    /// # Errors
    /// Those of `make`; they are not kept.
    pub(super) fn get<T: Send + Sync + 'static, E>(
        &self,
        text: &str,
        make: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, made)) = &*last
            && of == text
            && let Ok(made) = Arc::clone(made).downcast::<T>()
        {
            return Ok(made);
        }
        let made = Arc::new(make(text)?);
        *last = Some((text.to_owned(), Arc::clone(&made) as Arc<dyn Any + Send + Sync>));
        Ok(made)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Kept;

    #[test]
    fn a_text_is_read_once_until_another_comes() {
        let (kept, made) = (Kept::default(), Cell::new(0));
        let length = |text: &str| {
            made.set(made.get() + 1);
            if text.is_empty() { Err("empty") } else { Ok(text.len()) }
        };
        for (text, expected, times) in [
            ("abc", Ok(3), 1),
            ("abc", Ok(3), 1),
            ("", Err("empty"), 2),
            ("abc", Ok(3), 2),
            ("ab", Ok(2), 3),
            ("abc", Ok(3), 4),
        ] {
            assert_eq!(kept.get(text, length).map(|length| *length), expected, "{text:?}");
            assert_eq!(made.get(), times, "{text:?}");
        }
        assert_eq!(
            *kept.get("abc", |_| Ok::<_, ()>("of another type")).expect("it is made"),
            "of another type"
        );
    }
}
