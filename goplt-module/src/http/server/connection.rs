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
        draining_since: Option<Instant>,
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
            draining_since: None,
            is_leaving: false,
        }
    }
}

impl<C: GracefulConnection> Future for Connection<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.draining_since.is_none() && this.drain.poll(cx).is_ready() {
            *this.draining_since = Some(Instant::now());
            this.connection.as_mut().graceful_shutdown();
        }
        loop {
            // What went wrong on a connection is its peer's to know.
            if this.connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut deadline = this.activity.deadline(*this.patience);
            if let Some(since) = *this.draining_since {
                // Half a head, or a peer that does not answer to leave-taking, holds no server up.
                let leave = this
                    .activity
                    .idle_since()
                    .map(|idle| idle.max(since) + LEAVE);
                deadline = [deadline, leave].into_iter().flatten().min();
            }
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
                    // There is no leave to take of who sends its head too slowly, and it was taken
                    // when the draining began.
                    let has_left = *this.is_leaving || this.draining_since.is_some();
                    if has_left || this.activity.reads_head() {
                        return Poll::Ready(());
                    }
                    *this.is_leaving = true;
                    this.timer.as_mut().reset(now + LEAVE);
                    this.connection.as_mut().graceful_shutdown();
                }
                Some(deadline) => this.timer.as_mut().reset(deadline),
                None => {
                    let pause = this.patience.head.min(this.patience.idle).min(LEAVE);
                    this.timer.as_mut().reset(now + pause);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use goplt_core::BoxError;
    use hyper::{
        server::conn::{http1, http2},
        service::service_fn,
    };
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::io::{AsyncWriteExt as _, DuplexStream};
    use tokio_test::{assert_pending, assert_ready, task};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::http::server::io::Watched;

    struct Bench {
        activity: Arc<Activity>,
        drain: CancellationToken,
        // It sends no more, and stays.
        _peer: DuplexStream,
        io: TokioIo<Watched<DuplexStream>>,
    }

    impl Bench {
        async fn new(sent: &[u8]) -> Self {
            let (mut peer, stream) = tokio::io::duplex(1_024);
            peer.write_all(sent).await.unwrap();
            let activity = Arc::new(Activity::new());
            Self {
                io: TokioIo::new(Watched::new(stream, Arc::clone(&activity))),
                activity,
                drain: CancellationToken::new(),
                _peer: peer,
            }
        }
    }

    fn connection<C: GracefulConnection>(
        connection: C,
        activity: Arc<Activity>,
        drain: &CancellationToken,
    ) -> task::Spawn<Connection<C>> {
        let patience = Patience {
            head: Duration::from_secs(30),
            idle: Duration::from_secs(75),
        };
        let drain = drain.clone().cancelled_owned();
        task::spawn(Connection::new(connection, activity, patience, drain))
    }

    async fn answer(
        _: http::Request<hyper::body::Incoming>,
    ) -> Result<http::Response<Body>, BoxError> {
        Ok(http::Response::new(Body::empty()))
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_head_does_not_hold_a_server_up() {
        let bench = Bench::new(b"GET /").await;
        let http = http1::Builder::new().serve_connection(bench.io, service_fn(answer));
        let mut connection = connection(http, bench.activity, &bench.drain);
        assert_pending!(connection.poll());
        bench.drain.cancel();
        assert_pending!(connection.poll());
        tokio::time::advance(LEAVE - Duration::from_millis(1)).await;
        assert_pending!(connection.poll());
        tokio::time::advance(Duration::from_millis(2)).await;
        assert!(connection.is_woken());
        assert_ready!(connection.poll());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_of_http2_has_time_for_its_request_and_then_to_take_leave() {
        let settings = b"\0\0\0\x04\0\0\0\0\0";
        let bench =
            Bench::new(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..]].concat()).await;
        let http = http2::Builder::new(TokioExecutor::new())
            .serve_connection(bench.io, service_fn(answer));
        let mut connection = connection(http, Arc::clone(&bench.activity), &bench.drain);
        assert_pending!(connection.poll());
        let request = bench.activity.begin(true);
        bench.drain.cancel();
        for _ in 0..10 {
            assert_pending!(connection.poll());
            tokio::time::advance(LEAVE).await;
        }
        drop(request);
        assert_pending!(connection.poll());
        tokio::time::advance(2 * LEAVE).await;
        assert!(connection.is_woken());
        assert_ready!(connection.poll());
    }
}
