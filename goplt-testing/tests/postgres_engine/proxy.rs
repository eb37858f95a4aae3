//! A way to the server that can be cut.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// Passes connections on while it is up.
pub(crate) struct Proxy {
    address: SocketAddr,
    server: SocketAddr,
    running: Arc<Mutex<JoinSet<()>>>,
    /// Whether bytes are passed on; a connection that is made meanwhile hangs.
    flows: watch::Sender<bool>,
    hangs: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            server,
            running: Arc::default(),
            flows: watch::Sender::new(true),
            hangs: watch::Sender::new(false),
        };
        proxy.serve(listener);
        proxy
    }

    pub(crate) const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Closes every connection, and refuses new ones.
    pub(crate) async fn cut(&self) {
        let mut running = std::mem::take(&mut *self.running.lock().unwrap());
        running.shutdown().await;
    }

    /// Listens again, where it did before.
    pub(crate) async fn mend(&self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    /// Accepts connections and passes nothing on, or goes on.
    pub(crate) fn flow(&self, flows: bool) {
        self.flows.send_replace(flows);
    }

    /// Passes nothing on of what is open, as if the server's machine were gone, until told otherwise;
    /// what hung stays so.
    pub(crate) fn hang(&self, hangs: bool) {
        self.hangs.send_replace(hangs);
    }

    fn serve(&self, listener: TcpListener) {
        let (server, running) = (self.server, Arc::downgrade(&self.running));
        let (flows, hangs) = (self.flows.subscribe(), self.hangs.subscribe());
        self.running.lock().unwrap().spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let Some(running) = running.upgrade() else {
                    return;
                };
                let (mut flows, mut hangs) = (flows.clone(), hangs.clone());
                running.lock().unwrap().spawn(async move {
                    if flows.wait_for(|flows| *flows).await.is_err() {
                        return;
                    }
                    let mut server = TcpStream::connect(server).await.unwrap();
                    // A connection that breaks is what this is for.
                    let hung = async {
                        // Nobody is left to say so when the test is over.
                        let _ = hangs.wait_for(|hangs| *hangs).await;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => return,
                        () = hung => {}
                    }
                    // Both ends stay open.
                    std::future::pending().await
                });
            }
        });
    }
}
