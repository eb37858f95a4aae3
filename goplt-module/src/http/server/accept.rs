use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tracing::warn;

use super::{
    Shared,
    activity::{Activity, Patience},
    connection::Connection,
    io::Watched,
    service::ConnectionService,
};

/// Takes connections until the server drains.
pub(super) struct Acceptor {
    listener: TcpListener,
    router: Router,
    shared: Arc<Shared>,
    http: auto::Builder<TokioExecutor>,
    free: Arc<Semaphore>,
}

/// Out of file descriptors or memory: connections must end before there can be more.
const PAUSE: Duration = Duration::from_millis(200);
/// The most bytes of a head; beyond it hyper answers 431.
const MAX_HEAD: usize = 64 * 1024;
const MAX_STREAMS: u32 = 256;
/// How often a silent peer of HTTP/2 is asked whether it is there, and how long it may take to say.
const PING: Duration = Duration::from_secs(20);

impl Acceptor {
    pub(super) fn new(listener: TcpListener, router: Router, shared: Arc<Shared>) -> Self {
        let max_connections = shared.settings.max_connections.min(Semaphore::MAX_PERMITS);
        let free = Arc::new(Semaphore::new(max_connections));
        Self {
            listener,
            router,
            shared,
            http: http(),
            free,
        }
    }

    pub(super) async fn run(self) {
        let drain = self.shared.drain.clone();
        drain.run_until_cancelled_owned(self.accept_all()).await;
    }

    async fn accept_all(self) {
        loop {
            // INVARIANT: the semaphore is never closed.
            let Ok(permit) = Arc::clone(&self.free).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, peer)) => self.spawn(stream, peer, permit),
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    warn!(%error, "cannot accept connections; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        // Answers are written whole; to wait for more would only delay them.
        let _ = stream.set_nodelay(true);
        let activity = Arc::new(Activity::new());
        let service = ConnectionService {
            router: self.router.clone(),
            peer,
            activity: Arc::clone(&activity),
        };
        let shared = Arc::clone(&self.shared);
        let http = self.http.clone();
        self.shared.connections.spawn(async move {
            let _permit = permit;
            let _entry = shared.open.enter(peer, Arc::clone(&activity));
            let settings = &shared.settings;
            let patience = Patience {
                head: settings.header_timeout,
                idle: settings.idle_timeout,
            };
            let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
            let connection = http.serve_connection(io, service);
            let drain = shared.drain.clone().cancelled_owned();
            let connection = Connection::new(connection, activity, patience, drain);
            shared.abort.run_until_cancelled(connection).await;
        });
    }
}

fn http() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        // `Connection` watches the head: hyper's own timer would close idle connections too.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(64 * 1024)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    http
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
