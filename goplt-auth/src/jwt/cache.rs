//! Tokens that were verified before: a fixed table, read without locks.
//!
//! An entry is found by a hash of the token's end, which is signature and so spread evenly, and
//! counts only if the whole token is equal: a collision costs a place, never a wrong answer. The
//! hash is keyed anew in each process. Only verified tokens enter, so a flood of forged ones
//! displaces nothing.

use std::{
    fmt,
    hash::BuildHasher,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use arc_swap::ArcSwapOption;
use foldhash::quality::RandomState;
use goplt_core::{Principal, Timestamp};

/// The places that one token may lie at.
const WAYS: usize = 4;
const TAIL_BYTES: usize = 32;

pub(super) struct TokenCache {
    hasher: RandomState,
    places: Box<[Place]>,
}

/// Where one token may lie.
#[derive(Default)]
struct Place {
    /// The hash of the token that lies here, so that others are passed by. Only a hint: it may
    /// be another's for a moment.
    hash: AtomicU64,
    entry: ArcSwapOption<Entry>,
}

pub(super) struct Entry {
    pub(super) token: Box<str>,
    pub(super) principal: Principal,
    /// When it no longer counts: expiry with leeway.
    pub(super) until: Timestamp,
    /// Of the key set that it was verified with.
    pub(super) generation: u64,
}

impl TokenCache {
    /// For about `capacity` tokens; 0 remembers none.
    pub(super) fn new(capacity: usize) -> Self {
        let places = match capacity {
            0 => 0,
            _ => capacity.clamp(WAYS, 1 << 20).next_power_of_two(),
        };
        let places = std::iter::repeat_with(Place::default)
            .take(places)
            .collect();
        Self {
            hasher: RandomState::default(),
            places,
        }
    }

    /// Whether it remembers anything.
    pub(super) fn is_on(&self) -> bool {
        !self.places.is_empty()
    }

    pub(super) fn get(&self, token: &str, generation: u64, now: Timestamp) -> Option<Principal> {
        let hash = self.hash(token);
        for place in self.ways(hash) {
            if place.hash.load(Relaxed) != hash {
                continue;
            }
            let entry = place.entry.load();
            if let Some(entry) = &*entry
                && entry.generation == generation
                && *entry.token == *token
            {
                return (now < entry.until).then(|| entry.principal.clone());
            }
        }
        None
    }

    pub(super) fn insert(&self, entry: Entry, now: Timestamp) {
        let hash = self.hash(&entry.token);
        let ways = self.ways(hash);
        let worth = |place: &Place| match &*place.entry.load() {
            None => Timestamp::UNIX_EPOCH,
            Some(old) if old.token == entry.token => Timestamp::UNIX_EPOCH,
            Some(old) if old.generation != entry.generation || old.until <= now => {
                Timestamp::UNIX_EPOCH
            }
            Some(old) => old.until,
        };
        // What ends first makes room.
        if let Some(place) = ways.iter().min_by_key(|place| worth(place)) {
            place.entry.store(Some(Arc::new(entry)));
            place.hash.store(hash, Relaxed);
        }
    }

    fn hash(&self, token: &str) -> u64 {
        let bytes = token.as_bytes();
        let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        self.hasher.hash_one(tail)
    }

    fn ways(&self, hash: u64) -> &[Place] {
        let sets = self.places.len() / WAYS;
        if sets == 0 {
            return &[];
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "any bits of the hash will do"
        )]
        let set = hash as usize & (sets - 1);
        &self.places[set * WAYS..(set + 1) * WAYS]
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("places", &self.places.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn entry(token: &str) -> Entry {
        let until = NOW.plus(Duration::from_secs(60));
        let principal = Principal::user(token);
        Entry {
            token: token.into(),
            principal,
            until,
            generation: 1,
        }
    }

    #[test]
    fn a_token_with_the_same_end_is_not_the_same() {
        let cache = TokenCache::new(8);
        let end = "x".repeat(TAIL_BYTES);
        cache.insert(entry(&format!("a{end}")), NOW);
        assert!(cache.get(&format!("b{end}"), 1, NOW).is_none());
        assert_eq!(
            cache.get(&format!("a{end}"), 1, NOW).unwrap().subject(),
            format!("a{end}")
        );
    }

    #[test]
    fn an_entry_ends_with_its_time_and_with_its_keys() {
        let cache = TokenCache::new(8);
        cache.insert(entry("t"), NOW);
        assert!(
            cache
                .get("t", 1, NOW.plus(Duration::from_secs(59)))
                .is_some()
        );
        assert!(
            cache
                .get("t", 1, NOW.plus(Duration::from_secs(60)))
                .is_none()
        );
        assert!(cache.get("t", 2, NOW).is_none());
    }

    #[test]
    fn it_never_grows() {
        let cache = TokenCache::new(8);
        (0..1_000).for_each(|n| cache.insert(entry(&n.to_string()), NOW));
        let found = (0..1_000)
            .filter(|n| cache.get(&n.to_string(), 1, NOW).is_some())
            .count();
        assert!((1..=8).contains(&found), "{found}");
    }

    #[test]
    fn a_capacity_of_zero_remembers_nothing() {
        let cache = TokenCache::new(0);
        cache.insert(entry("t"), NOW);
        assert!(cache.get("t", 1, NOW).is_none());
    }
}
