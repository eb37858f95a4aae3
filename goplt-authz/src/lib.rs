//! What a caller may do, and whose data it sees.
//!
//! - [`rbac`]: the decision engine. Permissions are interned to bits, a role is a bitmap; a
//!   decision is two look-ups and a few bit tests, exact and explained. [`PolicyHandle`] holds
//!   the policy, which changes while requests are decided.
//! - [`tenant`]: [`TenantLayer`], which finds out whose data a request is about and mints the
//!   scope for it.
//! - [`require`]: [`RequireLayer`], which demands one permission of every request.
//! - `service` (feature): the module authz, which stores roles and answers for them, and the module
//!   audit, which keeps who did what.
//!
//! It does not find out who is calling; `goplt-auth` does. The layers work in any tower stack,
//! with or without the rest of goplt.
//!
//! # Examples
//!
//! ```
//! use goplt_authz::{PolicyHandle, rbac::Role};
//! use goplt_core::{Authorizer, Decision, Permission, Principal, Uuid};
//!
//! let policy = PolicyHandle::new();
//! let create = Permission::from_static("blog.post.create");
//! policy.set_catalogue([create.clone()]);
//!
//! let acme = "acme".parse()?;
//! let editor = Role::new(Uuid::from_bytes([1; 16]), "editor").with_grants(["blog.*".parse()?]);
//! policy.put_role(&acme, editor.clone());
//! policy.set_roles_of(&acme, "ada", [editor.id()]);
//!
//! assert_eq!(policy.authorize(&Principal::user("ada"), &acme, &create), Decision::Allow);
//! assert_eq!(policy.authorize(&Principal::user("bob"), &acme, &create), Decision::Deny);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `service` | the modules authz and audit (links `goplt-module`) | no |
//!
//! The minimum supported Rust version is 1.94.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod rbac;
pub mod require;
#[cfg(feature = "service")]
#[cfg_attr(docsrs, doc(cfg(feature = "service")))]
pub mod service;
pub mod tenant;

#[doc(inline)]
pub use self::{rbac::PolicyHandle, require::RequireLayer, tenant::TenantLayer};
