//! [`Authorizer`]: from principal and permission to a decision. `goplt-authz` implements it.

use std::{fmt, sync::Arc};

use goplt_manifest::Permission;

use crate::{Principal, TenantId};

/// Decides whether a principal may do something in a tenant, from data at hand.
///
/// It is asked on every request, so it neither blocks nor awaits. Who is not
/// known to it is denied. Calls come concurrently.
///
/// # Examples
///
/// ```
/// use goplt_core::{Authorizer, Decision, Permission, Principal, TenantId};
///
/// let readers = |_: &Principal, _: &TenantId, permission: &Permission| {
///     if permission.as_str().ends_with(".read") { Decision::Allow } else { Decision::Deny }
/// };
/// let ada = Principal::user("ada");
/// let acme = "acme".parse()?;
/// let create = Permission::from_static("blog.post.create");
/// assert_eq!(readers.authorize(&ada, &acme, &create), Decision::Deny);
/// # Ok::<_, goplt_core::id::IdError>(())
/// ```
pub trait Authorizer: Send + Sync + 'static {
    /// Whether `principal` may do what `permission` names, with the data of `tenant`.
    fn authorize(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        permission: &Permission,
    ) -> Decision;
}

/// What an [`Authorizer`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is no third answer: doubt is Deny"
)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No, or not known.
    Deny,
}

impl Decision {
    /// Whether it is [`Allow`](Self::Allow).
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow)
    }
}

impl From<bool> for Decision {
    fn from(allowed: bool) -> Self {
        if allowed { Self::Allow } else { Self::Deny }
    }
}

/// Denies everything: what a host without an authorizer uses.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyAll;

impl Authorizer for DenyAll {
    fn authorize(&self, _: &Principal, _: &TenantId, _: &Permission) -> Decision {
        Decision::Deny
    }
}

impl<F> Authorizer for F
where
    F: Fn(&Principal, &TenantId, &Permission) -> Decision + Send + Sync + 'static,
{
    fn authorize(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        permission: &Permission,
    ) -> Decision {
        self(principal, tenant, permission)
    }
}

impl<T: Authorizer + ?Sized> Authorizer for Arc<T> {
    fn authorize(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        permission: &Permission,
    ) -> Decision {
        (**self).authorize(principal, tenant, permission)
    }
}

impl fmt::Debug for dyn Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dyn Authorizer")
    }
}

const _: Option<&dyn Authorizer> = None;
