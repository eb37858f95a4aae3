//! Randomness through one seam, so that a test replays a failure from its seed.

use std::{
    cell::RefCell,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// A source of random bytes. Clones share one stream.
///
/// [`system`](Self::system) asks the operating system and is fit for secrets;
/// [`seeded`](Self::seeded) is for tests alone.
///
/// # Examples
///
/// ```
/// use goplt_core::Random;
///
/// assert_eq!(Random::seeded(7).bytes::<16>(), Random::seeded(7).bytes::<16>());
/// assert_ne!(Random::system().bytes::<16>(), Random::system().bytes::<16>());
/// ```
#[derive(Clone)]
pub struct Random {
    source: Source,
}

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<fastrand::Rng>>),
}

/// What is asked of the operating system at once, for ids.
const STORE_BYTES: usize = 512;

/// Random bytes in stock.
struct Store {
    bytes: [u8; STORE_BYTES],
    /// How many from the beginning on were not given yet.
    left: usize,
}

thread_local! {
    static STORE: RefCell<Store> = const {
        RefCell::new(Store {
            bytes: [0; STORE_BYTES],
            left: 0,
        })
    };
}

impl Random {
    /// The operating system's generator.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            source: Source::System,
        }
    }

    /// A stream that depends on nothing but `seed`. Never for secrets.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self {
            source: Source::Seeded(Arc::new(Mutex::new(rng))),
        }
    }

    /// Fills `bytes`.
    ///
    /// # Panics
    ///
    /// If the operating system has no randomness to give: nothing secret can be made then.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.source {
            Source::System => fill_by_system(bytes),
            Source::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill(bytes),
        }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `N` random bytes of an id: nobody else has them, but they are no secret, since they have
    /// lain in memory. To ask the system anew for each id would cost a request a fifth of its time.
    pub(crate) fn id_bytes<const N: usize>(&self) -> [u8; N] {
        match &self.source {
            Source::System => STORE.with_borrow_mut(Store::take),
            Source::Seeded(_) => self.bytes(),
        }
    }

    /// A number in `0..bound`; 0 for a bound of 0. Even to within 2⁻⁶⁴ × bound.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        let wide = u128::from(u64::from_le_bytes(self.bytes())) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(u64::MAX)
    }
}

fn fill_by_system(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}

impl Store {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= STORE_BYTES, "more than is in stock") };
        if self.left < N {
            fill_by_system(&mut self.bytes);
            self.left = STORE_BYTES;
        }
        let mut taken = [0; N];
        self.left -= N;
        taken.copy_from_slice(&self.bytes[self.left..self.left + N]);
        taken
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.source {
            Source::System => "system",
            Source::Seeded(_) => "seeded",
        };
        f.debug_tuple("Random").field(&kind).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use super::*;

    #[test]
    fn bytes_of_ids_are_given_once_over_all_threads() {
        let ids = || {
            let random = Random::system();
            // Odd sizes, so that the store runs out in the middle of one.
            let pairs = (0..1_000).map(|_| (random.id_bytes::<11>(), random.id_bytes::<16>()));
            pairs.collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(ids)).collect();
        let all = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        let all: Vec<_> = all.collect();
        let short: HashSet<_> = all.iter().map(|(short, _)| short).collect();
        let long: HashSet<_> = all.iter().map(|(_, long)| long).collect();
        assert_eq!((short.len(), long.len()), (4_000, 4_000));
    }

    #[test]
    fn bytes_of_ids_follow_the_seed() {
        let (one, other) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(one.id_bytes::<16>(), other.bytes::<16>());
    }

    #[test]
    fn below_stays_below_its_bound() {
        let random = Random::seeded(1);
        assert!((0..1_000).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
    }
}
