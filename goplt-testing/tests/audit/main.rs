//! The audit log on every engine: what comes in, once and in order; what cannot be undone; what
//! shows when it was done all the same.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bed;
#[cfg(all(unix, feature = "failpoints"))]
mod crash;
mod host_work;
mod log;
#[path = "../parcel/mod.rs"]
mod parcel;
mod queue;
mod tamper;
