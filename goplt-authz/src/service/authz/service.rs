//! What authz does: every change is stored, then swapped into the policy, then answered.

use std::{collections::BTreeMap, sync::Arc};

use goplt_contracts::identity::{GetUserRequest, IdentityService};
use goplt_core::{
    BoxError, Clock, Code, RequestContext, TenantId, Uuid,
    data::{DbError, HostScope, TenantDb, TenantScope},
    id::Ids,
    manifest::PermissionPattern,
    problem::Violation,
};
use tokio::sync::Mutex;

use super::{
    domain::{ADMIN, AuthzError, StoredRole, check_description, check_name, parse_grants},
    holding, published, repo,
};
use crate::PolicyHandle;

/// Roles of all tenants.
pub(crate) struct Authz {
    pub(super) db: TenantDb,
    pub(super) policy: PolicyHandle,
    pub(super) identity: Arc<dyn IdentityService>,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    /// The roles that a new tenant gets, by name.
    pub(super) defaults: BTreeMap<String, Vec<PermissionPattern>>,
    /// One change at a time, so that the policy follows the order of the commits.
    pub(super) changing: Mutex<()>,
}

/// What a caller wants a role to be; `None` leaves as it is.
#[derive(Debug, Default)]
pub(super) struct RoleChange {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) permissions: Option<Vec<String>>,
}

impl Authz {
    pub(super) fn new(
        db: TenantDb,
        policy: PolicyHandle,
        identity: Arc<dyn IdentityService>,
        clock: Clock,
        ids: Ids,
        defaults: BTreeMap<String, Vec<PermissionPattern>>,
    ) -> Self {
        Self {
            db,
            policy,
            identity,
            clock,
            ids,
            defaults,
            changing: Mutex::default(),
        }
    }

    /// Loads the policy of all tenants, before the first request.
    pub(super) async fn load(&self, scope: &HostScope) -> Result<(), BoxError> {
        for db in self.db.databases() {
            self.load_from(&db, scope).await?;
        }
        Ok(())
    }

    async fn load_from(&self, db: &TenantDb, scope: &HostScope) -> Result<(), BoxError> {
        let mut tx = db.begin_host_read(scope).await?;
        let mut all = repo::all_tenants(&mut tx).await?;
        drop(tx);
        for (tenant, roles) in all.roles {
            let users = all.users.remove(&tenant).unwrap_or_default();
            let tenant: TenantId = tenant.parse()?;
            // What a tenant left behind when it was moved grants nothing.
            if !db.holds(&tenant) {
                continue;
            }
            let roles = roles.values().map(StoredRole::to_policy);
            let users = users
                .iter()
                .map(|(user, roles)| (user.as_str(), roles.iter().copied()));
            self.policy.replace_tenant(&tenant, roles, users);
        }
        Ok(())
    }

    pub(super) async fn role(
        &self,
        cx: &RequestContext,
        id: Uuid,
    ) -> Result<StoredRole, AuthzError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        repo::role(&mut tx, id).await?.ok_or(AuthzError::NoRole)
    }

    /// Newest first, those made before `before`.
    pub(super) async fn roles(
        &self,
        cx: &RequestContext,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<StoredRole>, AuthzError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        Ok(repo::page(&mut tx, before, limit).await?)
    }

    pub(super) async fn create_role(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: String,
        description: String,
        permissions: &[String],
    ) -> Result<StoredRole, AuthzError> {
        let mut violations = Vec::new();
        violations.extend(check_name(&name));
        violations.extend(check_description(&description));
        let grants = self.grants(permissions).unwrap_or_else(|broken| {
            violations.extend(broken);
            Vec::new()
        });
        if !violations.is_empty() {
            return Err(AuthzError::Rules(violations));
        }
        let (id, created_at) = (self.ids.next(), self.clock.now());
        let role = StoredRole {
            id,
            name,
            description,
            grants,
            created_at,
        };
        self.change(cx, async move |this, scope| {
            holding::check(&this.policy, &scope, &role.grants)?;
            let mut tx = this.db.begin(&scope).await?;
            repo::insert_role(&mut tx, &role)
                .await
                .map_err(name_taken)?;
            published::created(&mut tx, &role).await?;
            this.commit(tx, &scope).await?;
            this.policy.put_role(scope.tenant(), role.to_policy());
            Ok(role)
        })
        .await
    }

    pub(super) async fn update_role(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: Uuid,
        change: RoleChange,
    ) -> Result<StoredRole, AuthzError> {
        let mut violations = Vec::new();
        violations.extend(change.name.as_deref().and_then(check_name));
        violations.extend(change.description.as_deref().and_then(check_description));
        let grants = change
            .permissions
            .as_deref()
            .map(|texts| self.grants(texts))
            .transpose();
        let grants = grants.unwrap_or_else(|broken| {
            violations.extend(broken);
            None
        });
        if !violations.is_empty() {
            return Err(AuthzError::Rules(violations));
        }
        let RoleChange {
            name, description, ..
        } = change;
        self.edit(cx, id, |role| {
            role.name = name.unwrap_or_else(|| role.name.clone());
            role.description = description.unwrap_or_else(|| role.description.clone());
            role.grants = grants.unwrap_or_else(|| role.grants.clone());
        })
        .await
    }

    pub(super) async fn add_permission(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: Uuid,
        permission: &str,
    ) -> Result<StoredRole, AuthzError> {
        let added = parse_grants("permission", [permission], &self.policy);
        let added = added.map_err(AuthzError::Rules)?;
        self.edit(cx, id, |role| {
            role.grants.extend(added);
            role.grants.sort();
            role.grants.dedup();
        })
        .await
    }

    pub(super) async fn remove_permission(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: Uuid,
        permission: &str,
    ) -> Result<StoredRole, AuthzError> {
        let permission = permission.to_owned();
        self.edit(cx, id, move |role| {
            role.grants.retain(|grant| grant.as_str() != permission)
        })
        .await
    }

    pub(super) async fn delete_role(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: Uuid,
    ) -> Result<(), AuthzError> {
        self.change(cx, async move |this, scope| {
            let mut tx = this.db.begin(&scope).await?;
            let role = repo::role(&mut tx, id).await?.ok_or(AuthzError::NoRole)?;
            if role.name == ADMIN {
                return Err(AuthzError::AdminIsFixed);
            }
            repo::delete_role(&mut tx, id).await?;
            published::deleted(&mut tx, &role).await?;
            this.commit(tx, &scope).await?;
            this.policy.remove_role(scope.tenant(), id);
            Ok(())
        })
        .await
    }

    /// Idempotent. The user must exist, which identity knows.
    pub(super) async fn assign(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: &str,
        role: Uuid,
    ) -> Result<(), AuthzError> {
        let found = self
            .identity
            .get_user(
                cx,
                GetUserRequest {
                    id: user.to_owned(),
                },
            )
            .await;
        found.map_err(|error| match error.code() {
            Code::NotFound | Code::InvalidArgument => AuthzError::NoUser,
            _ => AuthzError::Call(error),
        })?;
        let user = user.to_owned();
        self.change(cx, async move |this, scope| {
            let mut tx = this.db.begin(&scope).await?;
            let found = repo::role(&mut tx, role).await?.ok_or(AuthzError::NoRole)?;
            holding::check(&this.policy, &scope, &found.grants)?;
            if repo::assign(&mut tx, &user, role, this.clock.now()).await? > 0 {
                published::assigned(&mut tx, &user, role).await?;
            }
            let roles = repo::roles_of(&mut tx, &user).await?;
            this.commit(tx, &scope).await?;
            this.policy.set_roles_of(scope.tenant(), &user, roles);
            Ok(())
        })
        .await
    }

    /// Idempotent, but the role must exist.
    pub(super) async fn unassign(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: &str,
        role: Uuid,
    ) -> Result<(), AuthzError> {
        let user = user.to_owned();
        self.change(cx, async move |this, scope| {
            let mut tx = this.db.begin(&scope).await?;
            repo::role(&mut tx, role).await?.ok_or(AuthzError::NoRole)?;
            if repo::remove(&mut tx, &user, role).await? > 0 {
                published::removed(&mut tx, &user, role).await?;
            }
            let roles = repo::roles_of(&mut tx, &user).await?;
            this.commit(tx, &scope).await?;
            this.policy.set_roles_of(scope.tenant(), &user, roles);
            Ok(())
        })
        .await
    }

    /// Makes the default roles that the tenant lacks; changes none that it has.
    pub(super) async fn seed(
        self: &Arc<Self>,
        cx: &RequestContext,
    ) -> Result<Vec<StoredRole>, AuthzError> {
        self.change(cx, async move |this, scope| {
            let mut tx = this.db.begin(&scope).await?;
            let mut roles = repo::roles(&mut tx).await?;
            let missing = this
                .defaults
                .iter()
                .filter(|(name, _)| roles.iter().all(|role| role.name != **name));
            let missing: Vec<_> = missing
                .map(|(name, grants)| this.default_role(name, grants))
                .collect();
            for role in &missing {
                repo::insert_role(&mut tx, role).await?;
                published::created(&mut tx, role).await?;
            }
            this.commit(tx, &scope).await?;
            for role in &missing {
                this.policy.put_role(scope.tenant(), role.to_policy());
            }
            roles.extend(missing);
            Ok(roles)
        })
        .await
    }

    fn default_role(&self, name: &str, grants: &[PermissionPattern]) -> StoredRole {
        StoredRole {
            id: self.ids.next(),
            name: name.to_owned(),
            description: String::new(),
            grants: grants.to_vec(),
            created_at: self.clock.now(),
        }
    }

    fn grants(&self, texts: &[String]) -> Result<Vec<PermissionPattern>, Vec<Violation>> {
        parse_grants(
            "permissions",
            texts.iter().map(String::as_str),
            &self.policy,
        )
    }

    /// Changes a role that exists and is not `admin`.
    async fn edit(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: Uuid,
        edit: impl FnOnce(&mut StoredRole) + Send + 'static,
    ) -> Result<StoredRole, AuthzError> {
        self.change(cx, async move |this, scope| {
            let mut tx = this.db.begin(&scope).await?;
            let mut role = repo::role(&mut tx, id).await?.ok_or(AuthzError::NoRole)?;
            if role.name == ADMIN {
                return Err(AuthzError::AdminIsFixed);
            }
            let before = role.clone();
            edit(&mut role);
            // What the role has already is not given now.
            let added = role
                .grants
                .iter()
                .filter(|grant| !before.grants.contains(grant));
            holding::check(&this.policy, &scope, added)?;
            repo::update_role(&mut tx, &role)
                .await
                .map_err(name_taken)?;
            published::changed(&mut tx, &before, &role).await?;
            this.commit(tx, &scope).await?;
            this.policy.put_role(scope.tenant(), role.to_policy());
            Ok(role)
        })
        .await
    }

    /// Runs a change in a task of its own: a caller who leaves after the commit must not keep the
    /// policy from following it.
    async fn change<T, F, Fut>(
        self: &Arc<Self>,
        cx: &RequestContext,
        change: F,
    ) -> Result<T, AuthzError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Self>, TenantScope) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, AuthzError>> + Send + 'static,
    {
        let (this, scope) = (Arc::clone(self), cx.scope()?.clone());
        let task = tokio::spawn(async move {
            let turn = Arc::clone(&this);
            let _turn = turn.changing.lock().await;
            change(this, scope).await
        });
        task.await
            .map_err(|error| AuthzError::Interrupted(error.into()))?
    }

    /// When a commit fails nobody knows whether it took place: the tenant's policy is read anew.
    async fn commit(
        &self,
        tx: goplt_core::data::TenantTx,
        scope: &TenantScope,
    ) -> Result<(), AuthzError> {
        let Err(error) = tx.commit().await else {
            return Ok(());
        };
        if let Err(error) = self.reload(scope).await {
            tracing::error!(%error, tenant_id = %scope.tenant(), "the policy may be out of date");
        }
        Err(error.into())
    }

    async fn reload(&self, scope: &TenantScope) -> Result<(), DbError> {
        let mut tx = self.db.begin_read(scope).await?;
        let roles = repo::roles(&mut tx).await?;
        let users = repo::assignments(&mut tx).await?;
        let roles = roles.iter().map(StoredRole::to_policy);
        let users = users
            .iter()
            .map(|(user, roles)| (user.as_str(), roles.iter().copied()));
        self.policy.replace_tenant(scope.tenant(), roles, users);
        Ok(())
    }
}

fn name_taken(error: DbError) -> AuthzError {
    if error.is_unique_violation() {
        AuthzError::NameTaken
    } else {
        AuthzError::Db(error)
    }
}

impl std::fmt::Debug for Authz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authz")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
