use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper_util::server::graceful::GracefulConnection;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::activity::{Activity, Patience};

/// The time to take leave, once a connection has been asked to end.
const LEAVE: Duration = Duration::from_secs(5);

pin_project! {
    /// A connection until it ends, has waited too long, or the server drains.
    pub(super) struct Connection<C> {
        #[pin]
        connection: C,
        activity: Arc<Activity>,
        patience: Patience,
        #[pin]
        timer: Sleep,
        #[pin]
        drain: WaitForCancellationFutureOwned,
        is_draining: bool,
        // Asked to end for having waited too long.
        is_leaving: bool,
    }
}

impl<C: GracefulConnection> Connection<C> {
    pub(super) fn new(
        connection: C,
        activity: Arc<Activity>,
        patience: Patience,
        drain: WaitForCancellationFutureOwned,
    ) -> Self {
        let timer = sleep_until(activity.deadline(patience).unwrap_or_else(Instant::now));
        Self {
            connection,
            activity,
            patience,
            timer,
            drain,
            is_draining: false,
            is_leaving: false,
        }
    }
}

impl<C: GracefulConnection> Future for Connection<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if !*this.is_draining && this.drain.poll(cx).is_ready() {
            *this.is_draining = true;
            this.connection.as_mut().graceful_shutdown();
        }
        loop {
            // What went wrong on a connection is its peer's to know.
            if this.connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let deadline = this.activity.deadline(*this.patience);
            // The timer may ring early and is then set again: so it is not touched for every request.
            if let Some(deadline) = deadline
                && deadline < this.timer.deadline()
                && !*this.is_leaving
            {
                this.timer.as_mut().reset(deadline);
            }
            std::task::ready!(this.timer.as_mut().poll(cx));
            let now = Instant::now();
            match deadline {
                Some(deadline) if deadline <= now => {
                    // There is no leave to take of who sends its head too slowly.
                    if *this.is_leaving || this.activity.reads_head() {
                        return Poll::Ready(());
                    }
                    *this.is_leaving = true;
                    this.timer.as_mut().reset(now + LEAVE);
                    this.connection.as_mut().graceful_shutdown();
                }
                Some(deadline) => this.timer.as_mut().reset(deadline),
                None => this
                    .timer
                    .as_mut()
                    .reset(now + this.patience.head.min(this.patience.idle)),
            }
        }
    }
}
