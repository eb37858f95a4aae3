//! [`Names`]: values by name, cheap to copy and to change, quick to ask.

mod entry;
mod table;

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use self::{entry::Entry, table::Table};

/// What snapshots are made of: a copy shares what does not change, and a change of one name
/// copies the group that the name is in, not all of them.
#[derive(Debug, Clone)]
pub(super) struct Names<V> {
    // INVARIANT: a power of two.
    groups: Vec<Table<V>>,
    len: usize,
    hasher: RandomState,
}

/// More groups when there are as many names in each, on average.
const GROUP: usize = 256;
/// A copy counts a reference to each.
const MAX_GROUPS: usize = 256;

impl<V> Names<V> {
    pub(super) fn get(&self, name: &str) -> Option<&V> {
        let hash = hash(&self.hasher, name.as_bytes());
        self.groups[group(hash, self.groups.len())].get(hash, name)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl<V: Clone> Names<V> {
    /// In place of the value that the name had.
    pub(super) fn insert(&mut self, name: &str, value: V) {
        if self.len >= self.groups.len() * GROUP && self.groups.len() < MAX_GROUPS {
            self.regroup(self.groups.len() * 2);
        }
        self.put(Entry::new(name, value));
    }

    pub(super) fn remove(&mut self, name: &str) {
        let name = name.as_bytes();
        let group = group(hash(&self.hasher, name), self.groups.len());
        let was_there = self.groups[group].remove(name, &self.hasher);
        self.len -= usize::from(was_there);
    }

    /// Changes the values of all names.
    pub(super) fn change_all(&mut self, mut change: impl FnMut(&mut V)) {
        let entries = self.groups.iter_mut().flat_map(Table::entries_mut);
        entries.for_each(|entry| change(&mut entry.value));
    }

    fn regroup(&mut self, groups: usize) {
        let before = std::mem::replace(&mut self.groups, vec![Table::default(); groups]);
        self.len = 0;
        for entry in before.iter().flat_map(Table::entries) {
            self.put(entry.clone());
        }
    }

    fn put(&mut self, entry: Entry<V>) {
        let group = group(hash(&self.hasher, entry.name()), self.groups.len());
        let is_new = self.groups[group].insert(entry, &self.hasher);
        self.len += usize::from(is_new);
    }
}

impl<V: Clone> Default for Names<V> {
    fn default() -> Self {
        Self {
            groups: vec![Table::default()],
            len: 0,
            hasher: RandomState::default(),
        }
    }
}

fn hash(hasher: &RandomState, name: &[u8]) -> u64 {
    hasher.hash_one(name)
}

/// Of the high bits: the low ones choose the slot within the group.
fn group(hash: u64, groups: usize) -> usize {
    (hash >> 40) as usize & (groups - 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn assert_same(names: &Names<usize>, model: &BTreeMap<String, usize>, asked: &[String]) {
        assert_eq!(names.len(), model.len());
        for name in asked {
            assert_eq!(names.get(name), model.get(name), "{name}");
        }
        let mut all = Vec::new();
        names.clone().change_all(|value| all.push(*value));
        all.sort();
        let mut expected: Vec<_> = model.values().copied().collect();
        expected.sort();
        assert_eq!(all, expected);
    }

    #[test]
    fn keeps_every_name_while_groups_are_added() {
        let mut names = Names::default();
        let numbers = 0..GROUP * MAX_GROUPS + 10_000;
        numbers
            .clone()
            .for_each(|n| names.insert(&n.to_string(), n));
        assert_eq!(names.groups.len(), MAX_GROUPS);
        assert_eq!(names.len(), numbers.len());
        for n in numbers {
            assert_eq!(names.get(&n.to_string()), Some(&n));
        }
        assert_eq!(names.get("nobody"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn answers_like_a_map_and_copies_do_not_change(
            // Short names and long ones, few enough to meet again.
            changes in prop::collection::vec(("[a-c]{0,2}|[a-b]{38,40}|u[0-9]{3}", prop::option::weighted(0.7, 0..9_usize)), 0..700),
        ) {
            let mut names = Names::default();
            let mut model = BTreeMap::new();
            let asked: Vec<_> = changes.iter().map(|(name, _)| name.clone()).collect();
            let middle = changes.len() / 2;
            let mut copy = (names.clone(), model.clone());
            for (step, (name, value)) in changes.into_iter().enumerate() {
                if step == middle {
                    copy = (names.clone(), model.clone());
                }
                match value {
                    Some(value) => {
                        names.insert(&name, value);
                        model.insert(name, value);
                    }
                    None => {
                        names.remove(&name);
                        model.remove(&name);
                    }
                }
            }
            assert_same(&names, &model, &asked);
            assert_same(&copy.0, &copy.1, &asked);
        }
    }
}
