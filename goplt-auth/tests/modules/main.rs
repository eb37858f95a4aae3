//! The modules identity and auth over HTTP, in a host on SQLite: every route, and its refusals.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod harness;
mod heard;
mod keys;
mod mailbox;
mod purge;
mod sessions;
mod users;
