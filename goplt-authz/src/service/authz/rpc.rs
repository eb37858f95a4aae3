//! The contract `AuthzService`.

use std::sync::Arc;

use async_trait::async_trait;
use goplt_contracts::authz::{
    AssignPermissionToRoleRequest, AssignRoleToUserRequest, AuthorizeRequest, AuthzService,
    CreateRoleRequest, Decision, DeleteRoleRequest, GetRoleRequest, GetUserPermissionsRequest,
    GetUserPermissionsResponse, GetUserRolesRequest, GetUserRolesResponse, HasPermissionRequest,
    HasPermissionResponse, ListRolesRequest, ListRolesResponse, RemovePermissionFromRoleRequest,
    RemoveRoleFromUserRequest, Role, SeedRolesRequest, SeedRolesResponse, UpdateRoleRequest,
};
use goplt_core::{Code, Permission, RequestContext, Uuid, contract::RpcError, problem::Violation};
use goplt_module::http::ListQuery;

use super::{
    domain::{AuthzError, StoredRole},
    service::{Authz, RoleChange},
};
use crate::rbac::Explanation;

/// The provider: the service behind an `Arc`, since changes run in tasks of their own.
#[derive(Debug, Clone)]
pub(super) struct Rpc(pub(super) Arc<Authz>);

#[async_trait]
impl AuthzService for Rpc {
    async fn authorize(
        &self,
        cx: &RequestContext,
        req: AuthorizeRequest,
    ) -> Result<Decision, RpcError> {
        let permission = permission(&req.permission)?;
        let explanation = self
            .0
            .policy
            .explain(cx.scope()?.tenant(), &req.user_id, &permission);
        Ok(Decision {
            allowed: explanation.is_allowed(),
            reason: reason(&explanation),
        })
    }

    async fn has_permission(
        &self,
        cx: &RequestContext,
        req: HasPermissionRequest,
    ) -> Result<HasPermissionResponse, RpcError> {
        let permission = permission(&req.permission)?;
        let explanation = self
            .0
            .policy
            .explain(cx.scope()?.tenant(), &req.user_id, &permission);
        Ok(HasPermissionResponse {
            allowed: explanation.is_allowed(),
        })
    }

    async fn get_user_permissions(
        &self,
        cx: &RequestContext,
        req: GetUserPermissionsRequest,
    ) -> Result<GetUserPermissionsResponse, RpcError> {
        let tenant = cx.scope()?.tenant();
        let permissions = self.0.policy.permissions_of(tenant, &req.user_id);
        let permissions = permissions.iter().map(ToString::to_string).collect();
        Ok(GetUserPermissionsResponse {
            permissions,
            roles: self.role_names(cx, &req.user_id)?,
        })
    }

    async fn get_user_roles(
        &self,
        cx: &RequestContext,
        req: GetUserRolesRequest,
    ) -> Result<GetUserRolesResponse, RpcError> {
        Ok(GetUserRolesResponse {
            roles: self.role_names(cx, &req.user_id)?,
        })
    }

    async fn create_role(
        &self,
        cx: &RequestContext,
        req: CreateRoleRequest,
    ) -> Result<Role, RpcError> {
        let description = req.description.unwrap_or_default();
        Ok(self
            .0
            .create_role(cx, req.name, description, &req.permissions)
            .await?
            .into())
    }

    async fn get_role(&self, cx: &RequestContext, req: GetRoleRequest) -> Result<Role, RpcError> {
        Ok(self.0.role(cx, role_id(&req.id)?).await?.into())
    }

    async fn list_roles(
        &self,
        cx: &RequestContext,
        req: ListRolesRequest,
    ) -> Result<ListRolesResponse, RpcError> {
        let list = ListQuery::of_request(req.limit, req.cursor.as_deref())?;
        let roles = self
            .0
            .roles(cx, list.after()?, list.rows_to_fetch())
            .await?;
        let page = list.page(roles, |role| role.id);
        let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
        let roles = page.items.into_iter().map(Role::from).collect();
        Ok(ListRolesResponse { roles, next_cursor })
    }

    async fn update_role(
        &self,
        cx: &RequestContext,
        req: UpdateRoleRequest,
    ) -> Result<Role, RpcError> {
        let change = RoleChange {
            name: req.name,
            description: req.description,
            permissions: req.permissions.map(|grants| grants.permissions),
        };
        Ok(self
            .0
            .update_role(cx, role_id(&req.id)?, change)
            .await?
            .into())
    }

    async fn delete_role(
        &self,
        cx: &RequestContext,
        req: DeleteRoleRequest,
    ) -> Result<(), RpcError> {
        Ok(self.0.delete_role(cx, role_id(&req.id)?).await?)
    }

    async fn assign_permission_to_role(
        &self,
        cx: &RequestContext,
        req: AssignPermissionToRoleRequest,
    ) -> Result<(), RpcError> {
        self.0
            .add_permission(cx, role_id(&req.role_id)?, &req.permission)
            .await?;
        Ok(())
    }

    async fn remove_permission_from_role(
        &self,
        cx: &RequestContext,
        req: RemovePermissionFromRoleRequest,
    ) -> Result<(), RpcError> {
        self.0
            .remove_permission(cx, role_id(&req.role_id)?, &req.permission)
            .await?;
        Ok(())
    }

    async fn assign_role_to_user(
        &self,
        cx: &RequestContext,
        req: AssignRoleToUserRequest,
    ) -> Result<(), RpcError> {
        Ok(self
            .0
            .assign(cx, &req.user_id, role_id(&req.role_id)?)
            .await?)
    }

    async fn remove_role_from_user(
        &self,
        cx: &RequestContext,
        req: RemoveRoleFromUserRequest,
    ) -> Result<(), RpcError> {
        Ok(self
            .0
            .unassign(cx, &req.user_id, role_id(&req.role_id)?)
            .await?)
    }

    async fn seed_roles(
        &self,
        cx: &RequestContext,
        _: SeedRolesRequest,
    ) -> Result<SeedRolesResponse, RpcError> {
        let roles = self.0.seed(cx).await?;
        Ok(SeedRolesResponse {
            roles: roles.into_iter().map(Role::from).collect(),
        })
    }
}

impl Rpc {
    fn role_names(&self, cx: &RequestContext, user: &str) -> Result<Vec<String>, RpcError> {
        let roles = self.0.policy.roles_of(cx.scope()?.tenant(), user);
        let mut names: Vec<_> = roles.iter().map(|role| role.name().to_owned()).collect();
        names.sort_unstable();
        Ok(names)
    }
}

impl From<StoredRole> for Role {
    fn from(role: StoredRole) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name,
            description: role.description,
            permissions: role.grants.iter().map(ToString::to_string).collect(),
            created_at: role.created_at.as_micros(),
        }
    }
}

/// For people: which role and grant allow it, or what is missing.
pub(super) fn reason(explanation: &Explanation) -> String {
    match explanation {
        Explanation::Allowed(grant) => {
            format!("the role `{}` grants `{}`", grant.role, grant.pattern)
        }
        Explanation::NotGranted { roles } if roles.is_empty() => "the user has no role".to_owned(),
        Explanation::NotGranted { roles } => {
            format!("none of the user's roles grants it: {}", roles.join(", "))
        }
        Explanation::UnknownPermission => "no module declares this permission".to_owned(),
    }
}

pub(super) fn permission(text: &str) -> Result<Permission, RpcError> {
    Permission::parse(text)
        .map_err(|error| RpcError::invalid(vec![Violation::new("permission", error.to_string())]))
}

fn role_id(text: &str) -> Result<Uuid, RpcError> {
    text.parse()
        .map_err(|_| RpcError::new(Code::NotFound, AuthzError::NoRole.to_string()))
}
