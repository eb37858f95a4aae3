//! The contracts of goplt's core services: auth, identity, authz.
//!
//! A module that needs one of them links this crate and holds an `Arc<dyn …Service>`; the host decides whether the
//! provider is in the same process. The crate holds messages and traits, and no logic.
//!
//! The tenant is not a field of any request (but those that make and read tenants): it is the tenant of the call's
//! [`RequestContext`](goplt_core::RequestContext).
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
pub mod authz;
pub mod identity;
