//! [`Frozen`]: tokio's paused time that moves only when the test moves it.

use std::{fmt, sync::mpsc, time::Duration};

use super::TestHost;

/// Keeps paused time from running ahead.
///
/// tokio moves paused time on by itself when every task waits; but the database answers from
/// elsewhere, and while it does the time-outs would fire. tokio does not do so while a blocking task
/// runs, and this is one.
pub(super) struct Frozen {
    _release: mpsc::Sender<()>,
}

impl Frozen {
    pub(super) fn new() -> Self {
        let (release, released) = mpsc::channel::<()>();
        // It ends with this value, and a runtime that ends waits for it no longer than that.
        tokio::task::spawn_blocking(move || released.recv());
        Self { _release: release }
    }
}

impl TestHost {
    /// Moves the time on and waits until everything that has become due is done, schedules of jobs
    /// included.
    ///
    /// # Panics
    ///
    /// If the host's time is not [frozen](crate::TestHostBuilder::frozen_at), or tokio's is not
    /// paused.
    pub async fn advance(&self, by: Duration) {
        assert!(
            self.frozen.is_some(),
            "the time of this host is not the test's: see `TestHostBuilder::frozen_at`"
        );
        tokio::time::advance(by).await;
        self.settle().await;
    }

    pub(super) const fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }
}

impl fmt::Debug for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Frozen")
    }
}
