//! [`KeyHandle`]: one place for the current keys, between who has them and who needs them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};

use super::KeySet;

/// The current keys: the auth module publishes, verifiers read. Clones are the same handle.
///
/// # Examples
///
/// ```
/// use goplt_auth::{jwks::{KeyHandle, KeySet}, jwt::Signer};
///
/// let signer = Signer::generate();
/// let keys = KeyHandle::new();
/// assert!(keys.current().is_empty(), "who verifies now is told to come back later");
/// keys.publish(KeySet::new([signer.verification_key()])?);
/// assert_eq!(keys.current().len(), 1);
/// # Ok::<_, goplt_auth::KeyError>(())
/// ```
#[derive(Clone)]
pub struct KeyHandle {
    shared: Arc<Shared>,
}

struct Shared {
    snapshot: ArcSwap<Snapshot>,
    /// Of the snapshot, for those who need not look at it: never ahead of it.
    generation: AtomicU64,
}

/// A set, and how many came before it.
pub(crate) struct Snapshot {
    pub(crate) keys: Arc<KeySet>,
    pub(crate) generation: u64,
}

impl KeyHandle {
    /// Without keys: every token is answered with 503 until the first set is published.
    #[must_use]
    pub fn new() -> Self {
        let first = Snapshot {
            keys: Arc::default(),
            generation: 0,
        };
        Self {
            shared: Arc::new(Shared {
                generation: AtomicU64::new(first.generation),
                snapshot: ArcSwap::from_pointee(first),
            }),
        }
    }

    /// Replaces the keys. Holds from the next verification on.
    pub fn publish(&self, keys: KeySet) {
        let keys = Arc::new(keys);
        let old = self.shared.snapshot.rcu(|old| Snapshot {
            keys: keys.clone(),
            generation: old.generation + 1,
        });
        // The larger of two that publish at once, whoever comes here first.
        self.shared
            .generation
            .fetch_max(old.generation + 1, Ordering::Release);
    }

    /// The keys as they are now.
    #[must_use]
    pub fn current(&self) -> Arc<KeySet> {
        self.load().keys.clone()
    }

    pub(crate) fn load(&self) -> Guard<Arc<Snapshot>> {
        self.shared.snapshot.load()
    }

    /// What [`Snapshot::generation`] was when the last `publish` returned, or later.
    pub(crate) fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }
}

/// With keys that are at hand already.
impl From<KeySet> for KeyHandle {
    fn from(keys: KeySet) -> Self {
        let handle = Self::new();
        handle.publish(keys);
        handle
    }
}

impl Default for KeyHandle {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.load();
        f.debug_struct("KeyHandle")
            .field("keys", &snapshot.keys)
            .field("generation", &snapshot.generation)
            .finish()
    }
}
