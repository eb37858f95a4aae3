//! [`Table`]: entries by the hash of their names.

use std::sync::Arc;

use foldhash::fast::RandomState;

use super::{entry::Entry, hash};

/// A copy shares everything until one of the two changes.
///
/// Open addressing: an entry lies where its hash says, or in the first free slot behind. To find
/// one, or to find that there is none, is mostly one look at memory.
#[derive(Debug, Clone)]
pub(super) struct Table<V> {
    // INVARIANT: a power of two, half of them free at least: a search ends at a free one.
    slots: Arc<[Option<Entry<V>>]>,
    len: usize,
}

impl<V> Table<V> {
    fn with_slots(count: usize) -> Self {
        let slots = std::iter::repeat_with(|| None).take(count).collect();
        Self { slots, len: 0 }
    }

    pub(super) fn get(&self, hash: u64, name: &str) -> Option<&V> {
        let entry = self.slots[self.find(hash, name.as_bytes())].as_ref()?;
        Some(&entry.value)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<V>> {
        self.slots.iter().flatten()
    }

    /// The slot of this name, or the free one where it would lie.
    fn find(&self, hash: u64, name: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "any bits of the hash will do"
        )]
        let mut at = hash as usize & mask;
        while let Some(entry) = &self.slots[at]
            && entry.name() != name
        {
            at = (at + 1) & mask;
        }
        at
    }
}

impl<V: Clone> Table<V> {
    /// Adds the entry, or puts it in place of the one with its name; whether the name is new.
    pub(super) fn insert(&mut self, entry: Entry<V>, hasher: &RandomState) -> bool {
        let mut at = self.find(hash(hasher, entry.name()), entry.name());
        let is_new = self.slots[at].is_none();
        if is_new && (self.len + 1) * 2 > self.slots.len() {
            self.lay_anew(self.slots.len() * 2, |_| true, hasher);
            at = self.find(hash(hasher, entry.name()), entry.name());
        }
        Arc::make_mut(&mut self.slots)[at] = Some(entry);
        self.len += usize::from(is_new);
        is_new
    }

    /// Whether the name was there.
    pub(super) fn remove(&mut self, name: &[u8], hasher: &RandomState) -> bool {
        let is_there = self.slots[self.find(hash(hasher, name), name)].is_some();
        if is_there {
            // What lies behind it may have to move up.
            self.lay_anew(self.slots.len(), |entry| entry.name() != name, hasher);
        }
        is_there
    }

    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry<V>> {
        Arc::make_mut(&mut self.slots).iter_mut().flatten()
    }

    fn lay_anew(&mut self, slots: usize, keep: impl Fn(&Entry<V>) -> bool, hasher: &RandomState) {
        let mut table = Self::with_slots(slots);
        for entry in self.entries().filter(|entry| keep(entry)) {
            table.insert(entry.clone(), hasher);
        }
        *self = table;
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self::with_slots(1)
    }
}
