//! [`Commits`]: waiting until something has changed.

use tokio::sync::watch;

/// Tells when something was committed: see [`TenantDb::commits`](super::TenantDb::commits).
#[derive(Debug)]
pub struct Commits {
    signal: watch::Receiver<u64>,
}

impl Commits {
    pub(super) const fn new(signal: watch::Receiver<u64>) -> Self {
        Self { signal }
    }

    /// Resolves when something was committed since the last call, or since this value was made.
    /// Never, once the database is gone.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has seen nothing.
    pub async fn next(&mut self) {
        if self.signal.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
