//! [`Server`]: a router on a socket, with bounds on time and numbers, which ends without cutting
//! a request off.

mod accept;
mod activity;
mod connection;
mod error;
mod io;
mod open;
mod service;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{accept::Acceptor, open::OpenConnections};
pub use self::{error::BindError, open::OpenConnection};
use super::HttpSettings;

/// A socket that is bound and accepts nobody yet.
///
/// It speaks HTTP/1.1, and HTTP/2 to clients that begin with its preface. A head that takes
/// longer than `header_timeout`, and a connection without a request for `idle_timeout`, are
/// closed; beyond `max_connections`, peers wait to be accepted.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use goplt_module::http::{HttpSettings, Server};
///
/// let server = Server::bind("127.0.0.1", 0, HttpSettings::default()).await?;
/// let address = server.local_addr();
/// let serving = server.serve(axum::Router::new());
/// let report = serving.stop(Duration::from_secs(20)).await;
/// assert!(report.open.is_empty());
/// # let _ = address;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    settings: HttpSettings,
}

/// A server at work. Dropping it closes every connection at once.
#[must_use = "dropping it closes every connection"]
pub struct Serving {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// How the end of a server went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StopReport {
    /// The connections that were cut off when the time was over.
    pub open: Vec<OpenConnection>,
}

/// What the acceptor, the connections and the handle know of one another.
struct Shared {
    settings: HttpSettings,
    open: OpenConnections,
    connections: TaskTracker,
    /// Finish what is in flight.
    drain: CancellationToken,
    /// End now.
    abort: CancellationToken,
}

impl Server {
    /// Binds the socket. Peers that connect from now on wait until [`serve`](Self::serve).
    ///
    /// # Errors
    ///
    /// [`BindError`], which names the address and the mend.
    pub async fn bind(host: &str, port: u16, settings: HttpSettings) -> Result<Self, BindError> {
        let error = |source| BindError::new(format!("{host}:{port}"), source);
        let listener = TcpListener::bind((host, port)).await.map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        Ok(Self {
            listener,
            address,
            settings,
        })
    }

    /// The address, with the port that was chosen if it was asked for 0.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Accepts from now on, in a task of its own, and answers with `router`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn serve(self, router: Router) -> Serving {
        let shared = Arc::new(Shared {
            settings: self.settings,
            open: OpenConnections::default(),
            connections: TaskTracker::new(),
            drain: CancellationToken::new(),
            abort: CancellationToken::new(),
        });
        let acceptor = Acceptor::new(self.listener, router, Arc::clone(&shared));
        let accepting = tokio::spawn(acceptor.run());
        Serving {
            address: self.address,
            shared,
            accepting,
        }
    }
}

// === impl Serving ===

impl Serving {
    /// The address that it answers on.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What is open at the moment.
    #[must_use]
    pub fn open(&self) -> Vec<OpenConnection> {
        self.shared.open.list()
    }

    /// Stops accepting, and waits until everything in flight has finished, however long it takes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the server draining; [`open`](Self::open) says what it waits for.
    pub async fn drain(&self) {
        self.shared.drain.cancel();
        self.shared.connections.close();
        self.shared.connections.wait().await;
    }

    /// Stops accepting, lets what is in flight finish for up to `grace`, then closes the rest.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes every connection at once: that is for a second signal.
    pub async fn stop(self, grace: Duration) -> StopReport {
        self.shared.drain.cancel();
        self.shared.connections.close();
        if timeout(grace, self.shared.connections.wait()).await.is_ok() {
            return StopReport { open: Vec::new() };
        }
        let open = self.open();
        self.shared.abort.cancel();
        self.shared.connections.wait().await;
        StopReport { open }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.shared.abort.cancel();
        self.accepting.abort();
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("address", &self.address)
            .field("open", &self.open())
            .finish_non_exhaustive()
    }
}
