//! The decision engine: role → permissions → user, per tenant.
//!
//! A decision reads two snapshots and never waits; a change makes new snapshots of what it
//! touches (a role's bitmap, one of 256 groups of users) and swaps them in, so the next request
//! sees it. Nothing unrelated is copied, looked at or slowed.
//!
//! Who is not known is denied: an unknown tenant, user or permission. Principals of the platform
//! itself ([`PrincipalKind::Service`](goplt_core::principal::PrincipalKind)) are allowed, since
//! only the host makes them.

mod bits;
mod catalogue;
mod explain;
mod handle;
mod role;
mod tenant;

pub use self::{
    explain::{Explanation, Grant},
    handle::PolicyHandle,
    role::Role,
};
