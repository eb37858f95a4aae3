//! The decision engine: role → permissions → user, per tenant.
//!
//! A decision reads one snapshot and never waits; a change makes a new snapshot, which shares
//! with the old one all that it does not touch (a role's bitmap, one group of users), and swaps
//! it in, so the next request sees it. Nothing unrelated is copied, looked at or slowed.
//!
//! What a decision costs is looks at memory, so what it looks at lies together: a user's name and
//! roles on one line of the cache, a permission's name and place on another.
//!
//! Who is not known is denied: an unknown tenant, user or permission. Principals of the platform
//! itself ([`PrincipalKind::Service`](goplt_core::principal::PrincipalKind)) are allowed, since
//! only the host makes them.

mod bits;
mod catalogue;
mod compiled;
mod explain;
mod handle;
mod held;
mod names;
mod role;
mod tenant;

pub use self::{
    explain::{Explanation, Grant},
    handle::PolicyHandle,
    role::Role,
};
