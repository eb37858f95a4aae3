//! Authz.

use std::sync::Arc;

use goplt_authz::{PolicyHandle, service::AuthzModule};
use goplt_contracts::{
    authz::{
        AssignPermissionToRoleRequest, AssignRoleToUserRequest, AuthorizeRequest, AuthzService,
        CreateRoleRequest, DeleteRoleRequest, GetRoleRequest, GetUserPermissionsRequest,
        GetUserRolesRequest, HasPermissionRequest, ListRolesRequest, PermissionGranted,
        PermissionRevoked, RemovePermissionFromRoleRequest, RemoveRoleFromUserRequest,
        RoleAssigned, RoleCreated, RoleDeleted, RoleRemoved, RoleUpdated, SeedRolesRequest,
        UpdateRoleRequest,
    },
    identity::{FakeIdentityService, IdentityService, User, UserDeleted},
};
use goplt_testing::isolation::{Call, Isolation, Seeding};
use serde_json::json;

const ROLES: &str = "/api/v1/roles";
const GRANT: &str = "authz.role.read";
const OTHER_GRANT: &str = "authz.role.create";

thread_local! {
    /// One for each test: module and host share it.
    static POLICY: PolicyHandle = PolicyHandle::new();
}

struct Ids {
    role: String,
    user: String,
}

async fn seed(tenant: &Seeding<'_>) -> Ids {
    let role = json!({
        "name": tenant.mark("role"),
        "description": tenant.mark("description"),
        "permissions": [GRANT],
    });
    let role = tenant.caller().post(ROLES, role).await;
    assert_eq!(role.status(), 201, "{:?}", role.body());
    let role = role.json()["id"].as_str().unwrap().to_owned();
    let user = tenant.host().context().ids().next().to_string();
    let path = format!("/api/v1/users/{user}/roles");
    let assigned = tenant
        .caller()
        .post(&path, json!({ "role_id": role }))
        .await;
    assert!(assigned.status().is_success(), "{:?}", assigned.body());
    Ids { role, user }
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    let suite = suite
        .host(|host| {
            let identity = FakeIdentityService::new().on_get_user(|_, req| {
                Ok(User {
                    id: req.id,
                    ..User::default()
                })
            });
            let identity: Arc<dyn IdentityService> = Arc::new(identity);
            host.outside("identity", "1.1.0")
                .supply(identity)
                .policy(POLICY.with(Clone::clone))
        })
        .seed(seed);
    events(rpcs(routes(suite)))
}

fn routes(suite: Isolation<Ids>) -> Isolation<Ids> {
    let role = |ids: &Ids| format!("{ROLES}/{}", ids.role);
    let roles_of = |ids: &Ids| format!("/api/v1/users/{}/roles", ids.user);
    suite
        .route("create_role", |own, _| {
            let name = format!("new-{}", &own.role[24..]);
            Call::post(ROLES, json!({ "name": name, "permissions": [GRANT] }))
        })
        .route("list_roles", |_, _| Call::get(ROLES))
        .route("get_role", move |_, ids| Call::get(role(ids)))
        .route("update_role", move |_, ids| {
            Call::put(role(ids), json!({ "description": "other" }))
        })
        .route("delete_role", move |_, ids| Call::delete(role(ids)))
        .route("add_permission", move |_, ids| {
            let path = format!("{}/permissions", role(ids));
            Call::post(path, json!({ "permission": OTHER_GRANT }))
        })
        .route("remove_permission", move |_, ids| {
            Call::delete(format!("{}/permissions/{GRANT}", role(ids)))
        })
        .route("assign_role", move |own, ids| {
            Call::post(roles_of(own), json!({ "role_id": ids.role }))
        })
        .route("remove_role", move |_, ids| {
            Call::delete(format!("{}/{}", roles_of(ids), ids.role))
        })
        .route("user_permissions", |_, ids| {
            Call::get(format!("/api/v1/users/{}/permissions", ids.user))
        })
        .route("explain", |_, ids| {
            let question = json!({ "user_id": ids.user, "permission": GRANT });
            Call::post("/api/v1/authz/explain", question)
        })
}

fn rpcs(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .rpc(
            "Authorize",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let question = AuthorizeRequest {
                    user_id: ids.user.clone(),
                    permission: GRANT.to_owned(),
                };
                authz.authorize(cx, question).await
            },
        )
        .rpc(
            "HasPermission",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let question = HasPermissionRequest {
                    user_id: ids.user.clone(),
                    permission: GRANT.to_owned(),
                };
                authz.has_permission(cx, question).await
            },
        )
        .rpc(
            "GetUserPermissions",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let user_id = ids.user.clone();
                authz
                    .get_user_permissions(cx, GetUserPermissionsRequest { user_id })
                    .await
            },
        )
        .rpc(
            "GetUserRoles",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let user_id = ids.user.clone();
                authz
                    .get_user_roles(cx, GetUserRolesRequest { user_id })
                    .await
            },
        )
        .rpc(
            "CreateRole",
            async |authz: &dyn AuthzService, cx, own: &Ids, _| {
                let role = CreateRoleRequest {
                    name: format!("new-{}", &own.role[24..]),
                    permissions: vec![GRANT.to_owned()],
                    ..CreateRoleRequest::default()
                };
                authz.create_role(cx, role).await
            },
        )
        .rpc(
            "GetRole",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let id = ids.role.clone();
                authz.get_role(cx, GetRoleRequest { id }).await
            },
        )
        .rpc("ListRoles", async |authz: &dyn AuthzService, cx, _, _| {
            authz.list_roles(cx, ListRolesRequest::default()).await
        })
        .rpc(
            "UpdateRole",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let change = UpdateRoleRequest {
                    id: ids.role.clone(),
                    description: Some("other".to_owned()),
                    ..UpdateRoleRequest::default()
                };
                authz.update_role(cx, change).await
            },
        )
        .rpc(
            "DeleteRole",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let id = ids.role.clone();
                authz.delete_role(cx, DeleteRoleRequest { id }).await
            },
        )
        .rpc(
            "AssignPermissionToRole",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let assignment = AssignPermissionToRoleRequest {
                    role_id: ids.role.clone(),
                    permission: OTHER_GRANT.to_owned(),
                };
                authz.assign_permission_to_role(cx, assignment).await
            },
        )
        .rpc(
            "RemovePermissionFromRole",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let removal = RemovePermissionFromRoleRequest {
                    role_id: ids.role.clone(),
                    permission: GRANT.to_owned(),
                };
                authz.remove_permission_from_role(cx, removal).await
            },
        )
        .rpc(
            "AssignRoleToUser",
            async |authz: &dyn AuthzService, cx, own: &Ids, ids: &Ids| {
                let assignment = AssignRoleToUserRequest {
                    user_id: own.user.clone(),
                    role_id: ids.role.clone(),
                };
                authz.assign_role_to_user(cx, assignment).await
            },
        )
        .rpc(
            "RemoveRoleFromUser",
            async |authz: &dyn AuthzService, cx, _, ids: &Ids| {
                let removal = RemoveRoleFromUserRequest {
                    user_id: ids.user.clone(),
                    role_id: ids.role.clone(),
                };
                authz.remove_role_from_user(cx, removal).await
            },
        )
        .rpc("SeedRoles", async |authz: &dyn AuthzService, cx, _, _| {
            authz.seed_roles(cx, SeedRolesRequest {}).await
        })
}

fn events(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .event(|_, ids| RoleCreated {
            role_id: ids.role.clone(),
            ..RoleCreated::default()
        })
        .event(|_, ids| RoleUpdated {
            role_id: ids.role.clone(),
            ..RoleUpdated::default()
        })
        .event(|_, ids| RoleDeleted {
            role_id: ids.role.clone(),
            ..RoleDeleted::default()
        })
        .event(|_, ids| PermissionGranted {
            role_id: ids.role.clone(),
            permission: GRANT.to_owned(),
        })
        .event(|_, ids| PermissionRevoked {
            role_id: ids.role.clone(),
            permission: GRANT.to_owned(),
        })
        .event(|_, ids| RoleAssigned {
            role_id: ids.role.clone(),
            user_id: ids.user.clone(),
        })
        .event(|_, ids| RoleRemoved {
            role_id: ids.role.clone(),
            user_id: ids.user.clone(),
        })
        .event(|_, ids| UserDeleted {
            user_id: ids.user.clone(),
        })
}

goplt_testing::isolation_suite!(AuthzModule::new(POLICY.with(Clone::clone)), calls);
