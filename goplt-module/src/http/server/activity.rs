//! What a connection is doing, and how long it may go on.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a connection may wait for a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// From the first byte of a head to its last.
    pub(super) head: Duration,
    /// Without a request, or without the peer taking a byte.
    pub(super) idle: Duration,
}

#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    /// Since when it is idle, or a head is read.
    since: Instant,
    reads_head: bool,
    /// Since when the peer takes no more bytes.
    blocked: Option<Instant>,
    /// Its frames are no heads, so bytes tell nothing.
    is_http2: bool,
}

/// A request from its head to the last byte of its answer.
#[derive(Debug)]
pub(super) struct InFlight {
    activity: Arc<Activity>,
}

impl Activity {
    pub(super) fn new() -> Self {
        let state = State {
            in_flight: 0,
            since: Instant::now(),
            reads_head: false,
            blocked: None,
            is_http2: false,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Bytes have come.
    pub(super) fn read(&self) {
        let mut state = self.state();
        if state.in_flight == 0 && !state.reads_head && !state.is_http2 {
            state.reads_head = true;
            state.since = Instant::now();
        }
    }

    /// The peer takes no more bytes, or takes some again.
    pub(super) fn blocks(&self, blocks: bool) {
        self.state().blocked = blocks.then(Instant::now);
    }

    /// A request has come whole, but for its body.
    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> InFlight {
        let mut state = self.state();
        state.in_flight += 1;
        state.reads_head = false;
        state.is_http2 |= is_http2;
        InFlight {
            activity: Arc::clone(self),
        }
    }

    /// When the connection has waited long enough; `None` while a request is answered and the
    /// peer takes the answer.
    pub(super) fn deadline(&self, patience: Patience) -> Option<Instant> {
        let state = self.state();
        if let Some(since) = state.blocked {
            return Some(since + patience.idle);
        }
        let wait = if state.reads_head {
            patience.head
        } else {
            patience.idle
        };
        (state.in_flight == 0).then(|| state.since + wait)
    }

    /// Since when no request is in flight; `None` while one is.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.in_flight == 0).then_some(state.since)
    }

    pub(super) fn reads_head(&self) -> bool {
        self.state().reads_head
    }

    pub(super) fn in_flight(&self) -> usize {
        self.state().in_flight
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.in_flight -= 1;
        state.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
    };

    fn left(activity: &Activity) -> Option<Duration> {
        activity
            .deadline(PATIENCE)
            .map(|deadline| deadline - Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_of_bytes_does_not_extend_the_time_for_a_head() {
        let activity = Activity::new();
        assert_eq!(left(&activity), Some(PATIENCE.idle));
        activity.read();
        tokio::time::advance(Duration::from_secs(6)).await;
        activity.read();
        assert_eq!(left(&activity), Some(Duration::from_secs(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_takes_the_time_it_takes_and_then_the_connection_is_idle() {
        let activity = Arc::new(Activity::new());
        activity.read();
        let request = activity.begin(false);
        activity.read();
        assert_eq!(left(&activity), None);
        tokio::time::advance(Duration::from_secs(600)).await;
        drop(request);
        assert_eq!(left(&activity), Some(PATIENCE.idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_no_answer_is_not_waited_for() {
        let activity = Arc::new(Activity::new());
        let _request = activity.begin(false);
        activity.blocks(true);
        assert_eq!(left(&activity), Some(PATIENCE.idle));
        activity.blocks(false);
        assert_eq!(left(&activity), None);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_of_http2_are_no_heads() {
        let activity = Arc::new(Activity::new());
        drop(activity.begin(true));
        tokio::time::advance(Duration::from_secs(20)).await;
        activity.read();
        assert_eq!(
            left(&activity),
            Some(PATIENCE.idle - Duration::from_secs(20))
        );
    }
}
