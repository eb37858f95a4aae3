//! Work across tenants, in the log of the platform.

mod entry;
mod queue;
mod work;
mod writer;

pub(crate) use self::work::HostWork;
pub use self::{
    queue::{HostReads, HostRecorder},
    writer::HostReadWriter,
};

/// The action of the entry of a transaction across tenants that wrote.
pub const HOST_WRITTEN: &str = "core.host.written";

/// The action of the entries of transactions across tenants that read.
pub const HOST_READ: &str = "core.host.read";

/// How many transactions that read one entry tells of.
const READS: usize = 100;
