//! The modules of the platform keep their tenants apart, on each database.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod audit;
mod auth;
mod authz;
mod identity;
