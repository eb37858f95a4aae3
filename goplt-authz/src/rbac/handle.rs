//! [`PolicyHandle`]: the policy of all tenants, read by every request and changed at any time.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use goplt_core::{Authorizer, Decision, Permission, Principal, TenantId, Uuid};

use super::{Explanation, Grant, Role, catalogue::Catalogue, names::Names, tenant::TenantPolicy};

/// The policy of all tenants. Clones share it.
///
/// The assembly makes one, gives it to the module authz, which fills it, and to the host, which
/// asks it. A decision takes a snapshot and waits for nobody; a change is seen by the
/// decisions that begin after it returned. An empty policy denies every user.
#[derive(Clone, Default)]
pub struct PolicyHandle {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    root: ArcSwap<Root>,
    // One change at a time, so that none is lost.
    changing: Mutex<()>,
}

#[derive(Default, Clone)]
struct Root {
    catalogue: Arc<Catalogue>,
    tenants: Names<Arc<TenantPolicy>>,
}

impl PolicyHandle {
    /// A policy that denies every user.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names every permission that exists; grants are compiled against it.
    pub fn set_catalogue(&self, permissions: impl IntoIterator<Item = Permission>) {
        let catalogue = Arc::new(Catalogue::new(permissions));
        let _changing = self.changing();
        let mut root = Root::clone(&self.inner.root.load());
        // In one swap: a decision must never read bits of one catalogue by places of another.
        root.tenants
            .change_all(|policy| Arc::make_mut(policy).recompile(&catalogue));
        root.catalogue = catalogue;
        self.inner.root.store(Arc::new(root));
    }

    /// Adds a role, or changes the one with its id.
    pub fn put_role(&self, tenant: &TenantId, role: Role) {
        self.change(tenant, |policy, catalogue| policy.put_role(role, catalogue));
    }

    /// Removes a role; who had it has it no more.
    pub fn remove_role(&self, tenant: &TenantId, role: Uuid) {
        self.change(tenant, |policy, _| policy.remove_role(role));
    }

    /// The user has these roles and no others. Roles come first: the id of one that was not
    /// [put](Self::put_role) grants nothing, now and later.
    pub fn set_roles_of(
        &self,
        tenant: &TenantId,
        user: &str,
        roles: impl IntoIterator<Item = Uuid>,
    ) {
        self.change(tenant, |policy, _| policy.set_roles_of(user, roles));
    }

    /// Replaces a tenant's whole policy: its roles, and who has them.
    pub fn replace_tenant<'a, R>(
        &self,
        tenant: &TenantId,
        roles: impl IntoIterator<Item = Role>,
        users: impl IntoIterator<Item = (&'a str, R)>,
    ) where
        R: IntoIterator<Item = Uuid>,
    {
        self.change(tenant, |policy, catalogue| {
            *policy = TenantPolicy::default();
            for role in roles {
                policy.put_role(role, catalogue);
            }
            for (user, roles) in users {
                policy.set_roles_of(user, roles);
            }
        });
    }

    /// The roles that the user has, in the order given.
    #[must_use]
    pub fn roles_of(&self, tenant: &TenantId, user: &str) -> Vec<Role> {
        self.inner
            .root
            .load()
            .tenant(tenant)
            .into_iter()
            .flat_map(|policy| policy.roles_of(user).cloned())
            .collect()
    }

    /// The role with this id.
    #[must_use]
    pub fn role(&self, tenant: &TenantId, id: Uuid) -> Option<Role> {
        self.inner.root.load().tenant(tenant)?.role(id).cloned()
    }

    /// Every permission that the user has, in order.
    #[must_use]
    pub fn permissions_of(&self, tenant: &TenantId, user: &str) -> Vec<Permission> {
        let root = self.inner.root.load();
        let Some(policy) = root.tenant(tenant) else {
            return Vec::new();
        };
        let all = root.catalogue.places();
        all.filter(|(_, place)| policy.allows(user, *place))
            .map(|(permission, _)| permission.clone())
            .collect()
    }

    /// Whether some module declares the permission.
    #[must_use]
    pub fn knows(&self, permission: &Permission) -> bool {
        self.inner.root.load().catalogue.place(permission).is_some()
    }

    /// Every permission that some module declares, in order.
    #[must_use]
    pub fn catalogue(&self) -> Vec<Permission> {
        self.inner.root.load().catalogue.permissions().to_vec()
    }

    /// Which role and grant allow it, or what is missing.
    #[must_use]
    pub fn explain(&self, tenant: &TenantId, user: &str, permission: &Permission) -> Explanation {
        if !self.knows(permission) {
            return Explanation::UnknownPermission;
        }
        let roles = self.roles_of(tenant, user);
        let grant = roles.iter().find_map(|role| {
            let pattern = role
                .grants()
                .iter()
                .find(|pattern| pattern.matches(permission))?;
            Some(Grant {
                role: role.name().to_owned(),
                pattern: pattern.clone(),
            })
        });
        grant.map_or_else(
            || Explanation::NotGranted {
                roles: roles.iter().map(|role| role.name().to_owned()).collect(),
            },
            Explanation::Allowed,
        )
    }

    fn changing(&self) -> impl Drop + '_ {
        self.inner
            .changing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, tenant: &TenantId, change: impl FnOnce(&mut TenantPolicy, &Catalogue)) {
        let _changing = self.changing();
        let mut root = Root::clone(&self.inner.root.load());
        let mut policy = root.tenant(tenant).cloned().unwrap_or_default();
        change(&mut policy, &root.catalogue);
        root.tenants.insert(tenant.as_str(), Arc::new(policy));
        self.inner.root.store(Arc::new(root));
    }
}

impl Root {
    fn tenant(&self, tenant: &TenantId) -> Option<&TenantPolicy> {
        self.tenants.get(tenant.as_str()).map(|policy| &**policy)
    }
}

impl Authorizer for PolicyHandle {
    fn authorize(
        &self,
        principal: &Principal,
        tenant: &TenantId,
        permission: &Permission,
    ) -> Decision {
        if !principal.is_user() {
            return Decision::Allow;
        }
        // A second look at what the tenant layer has checked: decisions hold alone.
        if principal.tenant().is_some_and(|claim| claim != tenant) {
            return Decision::Deny;
        }
        let root = self.inner.root.load();
        let allowed = root.catalogue.place(permission).is_some_and(|place| {
            let policy = root.tenant(tenant);
            policy.is_some_and(|policy| policy.allows(principal.subject(), place))
        });
        if allowed {
            Decision::Allow
        } else {
            Decision::Deny
        }
    }
}

impl fmt::Debug for PolicyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.inner.root.load();
        f.debug_struct("PolicyHandle")
            .field("permissions", &root.catalogue.permissions().len())
            .field("tenants", &root.tenants.len())
            .finish()
    }
}
