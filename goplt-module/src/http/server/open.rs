use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::activity::Activity;

/// A connection that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenConnection {
    /// The other end.
    pub peer: SocketAddr,
    /// How many requests on it are not answered to the end.
    pub in_flight: usize,
}

/// Every open connection, in the order they were accepted.
#[derive(Debug, Default)]
pub(super) struct OpenConnections {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    open: BTreeMap<u64, (SocketAddr, Arc<Activity>)>,
}

/// A place in the table, left when it is dropped.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    connections: &'a OpenConnections,
    number: u64,
}

impl OpenConnections {
    pub(super) fn enter(&self, peer: SocketAddr, activity: Arc<Activity>) -> Entry<'_> {
        let mut table = self.table();
        let number = table.next;
        table.next += 1;
        table.open.insert(number, (peer, activity));
        Entry {
            connections: self,
            number,
        }
    }

    pub(super) fn list(&self) -> Vec<OpenConnection> {
        let table = self.table();
        let open = table.open.values();
        open.map(|(peer, activity)| OpenConnection {
            peer: *peer,
            in_flight: activity.in_flight(),
        })
        .collect()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.connections.table().open.remove(&self.number);
    }
}

impl fmt::Display for OpenConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.in_flight {
            0 => write!(f, "{} (no request)", self.peer),
            1 => write!(f, "{} (1 request)", self.peer),
            more => write!(f, "{} ({more} requests)", self.peer),
        }
    }
}
