//! REST of roles. The routes and their permissions are in `module.yaml`.

use std::sync::Arc;

use goplt_core::{
    Permission, Problem, RequestContext, Timestamp, Uuid, manifest::PermissionPattern,
};
use goplt_module::http::{Created, Json, ListQuery, NoContent, Page, Path, State};
use serde::{Deserialize, Serialize};

use super::{
    domain::StoredRole,
    permission,
    rpc::{self, reason},
    service::{Authz, RoleChange},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRole {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    permissions: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedRole {
    name: Option<String>,
    description: Option<String>,
    permissions: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedPermission {
    permission: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedRole {
    role_id: Uuid,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    user_id: Uuid,
    permission: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RolePath {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
pub(super) struct PermissionPath {
    id: Uuid,
    permission: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserPath {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserRolePath {
    id: Uuid,
    role_id: Uuid,
}

#[derive(Debug, Serialize)]
pub(super) struct Role {
    id: Uuid,
    name: String,
    description: String,
    permissions: Vec<String>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct UserPermissions {
    permissions: Vec<String>,
    roles: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Explained {
    allowed: bool,
    /// The role that allows it.
    role: Option<String>,
    /// The grant of that role.
    grant: Option<String>,
    reason: String,
}

pub(super) async fn create_role(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Json(body): Json<NewRole>,
) -> Result<Created<Role>, Problem> {
    let role = authz
        .create_role(&cx, body.name, body.description, &body.permissions)
        .await?;
    Ok(Created::at(
        format!("/api/v1/roles/{}", role.id),
        role.into(),
    ))
}

pub(super) async fn list_roles(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    list: ListQuery,
) -> Result<Json<Page<Role>>, Problem> {
    let roles = authz
        .roles(&cx, list.after()?, list.rows_to_fetch())
        .await?;
    Ok(Json(list.page(roles, |role| role.id).map(Role::from)))
}

pub(super) async fn get_role(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<RolePath>,
) -> Result<Json<Role>, Problem> {
    Ok(Json(authz.role(&cx, path.id).await?.into()))
}

pub(super) async fn update_role(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<RolePath>,
    Json(body): Json<ChangedRole>,
) -> Result<Json<Role>, Problem> {
    let ChangedRole {
        name,
        description,
        permissions,
    } = body;
    let change = RoleChange {
        name,
        description,
        permissions,
    };
    Ok(Json(authz.update_role(&cx, path.id, change).await?.into()))
}

pub(super) async fn delete_role(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<RolePath>,
) -> Result<NoContent, Problem> {
    authz.delete_role(&cx, path.id).await?;
    Ok(NoContent)
}

pub(super) async fn add_permission(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<RolePath>,
    Json(body): Json<NamedPermission>,
) -> Result<NoContent, Problem> {
    authz.add_permission(&cx, path.id, &body.permission).await?;
    Ok(NoContent)
}

pub(super) async fn remove_permission(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<PermissionPath>,
) -> Result<NoContent, Problem> {
    authz
        .remove_permission(&cx, path.id, &path.permission)
        .await?;
    Ok(NoContent)
}

pub(super) async fn assign_role(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<UserPath>,
    Json(body): Json<NamedRole>,
) -> Result<NoContent, Problem> {
    authz
        .assign(&cx, &path.id.to_string(), body.role_id)
        .await?;
    Ok(NoContent)
}

pub(super) async fn remove_role(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<UserRolePath>,
) -> Result<NoContent, Problem> {
    authz
        .unassign(&cx, &path.id.to_string(), path.role_id)
        .await?;
    Ok(NoContent)
}

pub(super) async fn user_permissions(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Path(path): Path<UserPath>,
) -> Result<Json<UserPermissions>, Problem> {
    if cx.require_principal()?.user_id() != Some(path.id) {
        cx.authorize(&authz.policy, &permission::ROLE_READ)?;
    }
    let user = path.id.to_string();
    let tenant = cx.scope()?.tenant();
    let permissions = authz.policy.permissions_of(tenant, &user);
    let mut roles: Vec<_> = authz
        .policy
        .roles_of(tenant, &user)
        .iter()
        .map(|role| role.name().to_owned())
        .collect();
    roles.sort_unstable();
    let permissions = permissions.iter().map(Permission::to_string).collect();
    Ok(Json(UserPermissions { permissions, roles }))
}

pub(super) async fn explain(
    State(authz): State<Arc<Authz>>,
    cx: RequestContext,
    Json(question): Json<Question>,
) -> Result<Json<Explained>, Problem> {
    let permission = rpc::permission(&question.permission)?;
    let user = question.user_id.to_string();
    let explanation = authz
        .policy
        .explain(cx.scope()?.tenant(), &user, &permission);
    let grant = explanation.grant();
    Ok(Json(Explained {
        allowed: explanation.is_allowed(),
        role: grant.map(|grant| grant.role.clone()),
        grant: grant.map(|grant| grant.pattern.to_string()),
        reason: reason(&explanation),
    }))
}

impl From<StoredRole> for Role {
    fn from(role: StoredRole) -> Self {
        Self {
            id: role.id,
            name: role.name,
            description: role.description,
            permissions: role
                .grants
                .iter()
                .map(PermissionPattern::to_string)
                .collect(),
            created_at: role.created_at,
        }
    }
}
