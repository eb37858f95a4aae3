//! Randomness through one seam, so that a test replays a failure from its seed.

use std::{
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
            Source::System => {
                getrandom::fill(bytes).expect("the operating system gives randomness")
            }
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

    /// A number in `0..bound`; 0 for a bound of 0. Even to within 2⁻⁶⁴ × bound.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        let wide = u128::from(u64::from_le_bytes(self.bytes())) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(u64::MAX)
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
    use super::*;

    #[test]
    fn below_stays_below_its_bound() {
        let random = Random::seeded(1);
        assert!((0..1_000).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
    }
}
