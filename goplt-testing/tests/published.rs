//! What identity and authz tell of their changes: each once, in order, and nothing when nothing changed.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use goplt_auth::service::IdentityModule;
use goplt_authz::{PolicyHandle, service::AuthzModule};
use goplt_contracts::{
    authz::{PermissionGranted, RoleAssigned, RoleCreated},
    identity::{CreateTenantRequest, IdentityService, UserUpdated},
};
use goplt_testing::{Caller, TestHost};
use serde_json::{Value, json};

async fn start() -> TestHost {
    let policy = PolicyHandle::new();
    let host = TestHost::builder()
        .policy(policy.clone())
        .module(IdentityModule::new())
        .module(AuthzModule::new(policy))
        .set("identity.hash_memory=8192")
        .set("identity.hash_passes=1")
        .set("mail.transport=none")
        .start()
        .await
        .unwrap();
    let identity: Arc<dyn IdentityService> = host.get().unwrap();
    let context = host.context();
    let cx = context.service_contexts().without_tenant();
    let (id, name) = ("acme".to_owned(), "Acme".to_owned());
    let made = identity.create_tenant(&cx, CreateTenantRequest { id, name });
    made.await.unwrap();
    host
}

/// The names of what the modules published since, without the audit log's.
async fn news(host: &TestHost, seen: &mut usize) -> Vec<String> {
    let events = host.events().await;
    let names: Vec<_> = events
        .names()
        .into_iter()
        .filter(|name| !name.starts_with("core."))
        .map(str::to_owned)
        .collect();
    let new = names[*seen..].to_vec();
    *seen = names.len();
    new
}

async fn user(host: &TestHost) -> String {
    let new = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
    let user = host.acme().anonymous().post("/api/v1/users", new).await;
    assert_eq!(user.status(), 201);
    user.json()["id"].as_str().unwrap().to_owned()
}

async fn done(admin: &Caller<'_>, method: &str, path: &str, body: Value) {
    let answer = match method {
        "POST" => admin.post(path, body).await,
        "PUT" => admin.put(path, body).await,
        _ => admin.delete(path).await,
    };
    assert!(
        answer.status().is_success(),
        "{method} {path}: {:?}",
        answer.body()
    );
}

#[tokio::test]
async fn what_happens_to_a_user_is_told() {
    let host = start().await;
    let admin = host.acme().admin();
    let mut seen = 0;
    let id = user(&host).await;
    assert_eq!(news(&host, &mut seen).await, ["identity.user.created"]);
    let path = format!("/api/v1/users/{id}");
    done(&admin, "PUT", &path, json!({})).await;
    done(&admin, "PUT", &path, json!({ "email": "ADA@acme.example" })).await;
    assert!(news(&host, &mut seen).await.is_empty(), "nothing changed");
    done(&admin, "PUT", &path, json!({ "name": "Ada" })).await;
    let change =
        json!({ "old_password": "correct horse battery", "new_password": "another long password" });
    let ada = host.acme().user(&id);
    done(&ada, "POST", "/api/v1/users/change-password", change).await;
    let updated = host.events().await.of::<UserUpdated>();
    assert_eq!(updated.len(), 2);
    assert!(updated[0].name_changed && !updated[0].email_changed);
    assert!(updated[0].password_changed_at.is_none() && updated[1].password_changed_at.is_some());
    done(&admin, "DELETE", &path, Value::Null).await;
    assert_eq!(
        news(&host, &mut seen).await,
        [
            "identity.user.updated",
            "identity.user.updated",
            "identity.user.deleted"
        ]
    );
    host.stop().await.unwrap();
}

#[tokio::test]
async fn what_happens_to_a_role_is_told() {
    let host = start().await;
    let admin = host.acme().admin();
    let id = user(&host).await;
    let mut seen = 1;
    let new = json!({ "name": "helpers", "permissions": ["identity.user.read"] });
    let role = admin.post("/api/v1/roles", new).await;
    let path = role.header("location").to_owned();
    let created = host.events().await.of::<RoleCreated>();
    assert_eq!(created[0].permissions, ["identity.user.read"]);
    assert_eq!(news(&host, &mut seen).await, ["authz.role.created"]);

    let same = json!({ "name": "helpers", "permissions": ["identity.user.read"] });
    done(&admin, "PUT", &path, same).await;
    let read = json!({ "permission": "identity.user.read" });
    done(&admin, "POST", &format!("{path}/permissions"), read).await;
    assert!(news(&host, &mut seen).await.is_empty(), "nothing changed");
    let other = json!({ "name": "friends", "permissions": ["identity.user.update"] });
    done(&admin, "PUT", &path, other).await;
    assert_eq!(
        news(&host, &mut seen).await,
        [
            "authz.role.updated",
            "authz.permission.revoked",
            "authz.permission.granted"
        ]
    );
    let granted = host.events().await.of::<PermissionGranted>();
    assert_eq!(granted[0].permission, "identity.user.update");

    let (roles, body) = (
        format!("/api/v1/users/{id}/roles"),
        json!({ "role_id": role.json()["id"] }),
    );
    done(&admin, "POST", &roles, body.clone()).await;
    done(&admin, "POST", &roles, body).await;
    let assigned = host.events().await.of::<RoleAssigned>();
    assert_eq!((assigned.len(), &assigned[0].user_id), (1, &id));
    let mine = format!("{roles}/{}", role.json()["id"].as_str().unwrap());
    done(&admin, "DELETE", &mine, Value::Null).await;
    done(&admin, "DELETE", &mine, Value::Null).await;
    done(&admin, "DELETE", &path, Value::Null).await;
    assert_eq!(
        news(&host, &mut seen).await,
        [
            "authz.role.assigned",
            "authz.role.removed",
            "authz.role.deleted"
        ]
    );
    host.stop().await.unwrap();
}
