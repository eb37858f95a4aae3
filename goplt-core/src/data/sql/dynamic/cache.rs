use std::{collections::HashMap, mem, sync::Arc};

/// How many texts a generation holds, and how many bytes they have.
const MOST: usize = 500;
const MOST_BYTES: usize = 4 << 20;

/// Values by table list and text, in two generations: when the young one is full it becomes the old
/// one, and what was not asked for since is gone. So what is in use stays, whatever passes by.
#[derive(Debug)]
pub(super) struct Cache<V> {
    young: Generation<V>,
    old: Generation<V>,
}

#[derive(Debug)]
struct Generation<V> {
    /// By tables, then by text: looking one up makes no copy of the text.
    values: HashMap<Box<str>, HashMap<Box<str>, Arc<V>>>,
    count: usize,
    bytes: usize,
}

impl<V> Cache<V> {
    /// A value that was asked for lately; this needs no exclusive access.
    pub(super) fn young(&self, tables: &str, text: &str) -> Option<Arc<V>> {
        self.young.get(tables, text)
    }

    /// A value that was asked for some time ago: it is young again.
    pub(super) fn renewed(&mut self, tables: &str, text: &str) -> Option<Arc<V>> {
        let value = self.young.get(tables, text);
        value.or_else(|| {
            let value = self.old.get(tables, text)?;
            self.insert(tables, text, value.clone());
            Some(value)
        })
    }

    pub(super) fn insert(&mut self, tables: &str, text: &str, value: Arc<V>) {
        if self.young.count >= MOST || self.young.bytes + text.len() > MOST_BYTES {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(tables, text, value);
    }
}

impl<V> Generation<V> {
    fn get(&self, tables: &str, text: &str) -> Option<Arc<V>> {
        self.values.get(tables)?.get(text).cloned()
    }

    fn insert(&mut self, tables: &str, text: &str, value: Arc<V>) {
        let texts = self.values.entry(tables.into()).or_default();
        if texts.insert(text.into(), value).is_none() {
            self.count += 1;
            self.bytes += text.len();
        }
    }
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self {
            young: Generation::default(),
            old: Generation::default(),
        }
    }
}

impl<V> Default for Generation<V> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            count: 0,
            bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(cache: &mut Cache<String>, text: &str) -> bool {
        if cache.renewed("t", text).is_some() {
            return true;
        }
        cache.insert("t", text, Arc::new(text.to_owned()));
        false
    }

    #[test]
    fn what_is_in_use_stays_whatever_passes_by() {
        let mut cache = Cache::default();
        assert!(!ask(&mut cache, "SELECT 1"));
        for number in 0..20 * MOST {
            assert!(!ask(&mut cache, &format!("SELECT {number} + 1")));
            if number % 100 == 0 {
                assert!(ask(&mut cache, "SELECT 1"), "gone after {number}");
            }
        }
        assert_eq!(*cache.renewed("t", "SELECT 1").unwrap(), "SELECT 1");
        assert!(!ask(&mut cache, "SELECT 0 + 1"), "not asked for since");
    }

    #[test]
    fn it_grows_neither_in_number_nor_in_bytes_without_end() {
        let mut cache = Cache::default();
        let long = "x".repeat(64 << 10);
        for number in 0..3 * MOST {
            ask(&mut cache, &number.to_string());
            ask(&mut cache, &format!("{number}{long}"));
            for generation in [&cache.young, &cache.old] {
                assert!(generation.count <= MOST && generation.bytes <= MOST_BYTES);
            }
        }
    }

    #[test]
    fn the_same_text_over_other_tables_is_another() {
        let mut cache = Cache::default();
        cache.insert("a", "SELECT 1", Arc::new(1));
        assert!(cache.renewed("b", "SELECT 1").is_none());
        assert_eq!(cache.young("a", "SELECT 1").as_deref(), Some(&1));
    }
}
