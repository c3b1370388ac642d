//! JSON texts, one behind the other, each once: what `make_set` and `make_bag` keep for a group.

use super::hash;

/// From so many texts on, they are found by their hash.
const SCAN_MAX: usize = 8;

/// A list of texts, in the order of their coming.
#[derive(Clone, Debug, Default)]
pub struct TextList {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

/// A list without doubles.
#[derive(Clone, Debug, Default)]
pub struct TextSet {
    list: TextList,
    /// Places of texts by hash, plus one; 0 where none is. As many as a power of two, or none at all.
    slots: Vec<u32>,
}

impl TextList {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Appends a text; `false` if the list cannot take more than it has (4 GiB).
    pub fn push(&mut self, text: &str) -> bool {
        let Ok(end) = u32::try_from(self.text.len() + text.len()) else { return false };
        self.text.push_str(text);
        self.ends.push(end);
        true
    }

    pub fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.text[start..self.ends[at] as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// The texts as a JSON array.
    pub fn to_array(&self) -> String {
        let mut array = String::with_capacity(self.text.len() + self.len() + 2);
        array.push('[');
        for (at, text) in self.iter().enumerate() {
            if at > 0 {
                array.push(',');
            }
            array.push_str(text);
        }
        array.push(']');
        array
    }

    /// The bytes held besides its own.
    pub fn heap(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

impl TextSet {
    pub fn list(&self) -> &TextList {
        &self.list
    }

    /// Where a text is; `None` if it is not in the set.
    pub fn find(&self, text: &str) -> Option<usize> {
        if self.slots.is_empty() {
            return self.list.iter().position(|known| known == text);
        }
        let at = self.slots[self.slot(text)] as usize;
        at.checked_sub(1)
    }

    /// Adds a text; `false` if it is known already or there is no room.
    pub fn insert(&mut self, text: &str) -> bool {
        if self.find(text).is_some() || !self.list.push(text) {
            return false;
        }
        let count = self.list.len();
        if count <= SCAN_MAX {
            return true;
        }
        if count * 4 > self.slots.len() * 3 {
            self.slots = vec![0; (count * 2).next_power_of_two()];
            (0..count).for_each(|at| self.place(at));
        } else {
            self.place(count - 1);
        }
        true
    }

    /// The bytes held besides its own.
    pub fn heap(&self) -> usize {
        self.list.heap() + self.slots.capacity() * size_of::<u32>()
    }

    fn place(&mut self, at: usize) {
        let slot = self.slot(self.list.get(at));
        self.slots[slot] =
            u32::try_from(at + 1).expect("a list has fewer than 2³² texts, for it has fewer bytes");
    }

    /// The slot of a text, or the free one where it belongs.
    fn slot(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "masked anyway")]
        let mut slot = hash::of_text(text.as_bytes()) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => return slot,
                at if self.list.get(at as usize - 1) == text => return slot,
                _ => slot = (slot + 1) & mask,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_kept_once_in_order() {
        let mut set = TextSet::default();
        for n in 0..1000 {
            assert!(set.insert(&n.to_string()), "{n}");
            assert!(!set.insert(&(n / 2).to_string()), "{n}");
        }
        assert_eq!(set.list().len(), 1000);
        assert_eq!(set.find("999"), Some(999));
        assert_eq!(set.find("1000"), None);
        assert!(set.list().to_array().starts_with("[0,1,2,"));
        assert!(set.heap() > 1000 * 2 * size_of::<u32>(), "{}", set.heap());
    }
}
