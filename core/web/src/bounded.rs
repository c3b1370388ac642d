//! A map that forgets what has not been asked for, so that outsiders cannot make it grow.

use std::collections::HashMap;
use std::hash::Hash;

/// A map of at most about `capacity` entries. When the young half is full it becomes the old half, and what was
/// in the old half and not touched since is forgotten: constant time, no order kept.
#[derive(Debug)]
pub(crate) struct BoundedMap<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> BoundedMap<K, V> {
    pub fn new(capacity: usize) -> Self {
        Self { half: (capacity / 2).max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// The entry of `key`, which counts as touched.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    pub fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_bounded_and_keeps_what_is_touched() {
        let mut map = BoundedMap::new(8);
        for key in 0..1000 {
            map.insert(key, key);
            assert_eq!(map.get_mut(&0).copied(), Some(0), "touched at every step");
            assert_eq!(map.get_mut(&key).copied(), Some(key), "just inserted");
            assert!(map.len() <= 8);
        }
        assert_eq!(map.get_mut(&500), None);
        map.insert(0, 7);
        assert_eq!(map.get_mut(&0).copied(), Some(7));
        map.remove(&0);
        assert_eq!(map.get_mut(&0), None);
        map.clear();
        assert_eq!(map.len(), 0);
    }
}
