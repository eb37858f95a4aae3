//! Identity.

use goplt_auth::service::IdentityModule;
use goplt_contracts::identity::{
    BatchGetUsersRequest, ChangePasswordRequest, CreateTenantRequest, CreateUserRequest,
    DeleteUserRequest, GetTenantRequest, GetUserByEmailRequest, GetUserRequest, IdentityService,
    ListTenantsRequest, ListUsersRequest, RequestPasswordResetRequest, ResetPasswordRequest,
    UpdateUserRequest, VerifyCredentialsRequest, VerifyEmailRequest,
};
use goplt_core::Principal;
use goplt_testing::isolation::{Call, Isolation, Job, Seeding};
use serde_json::json;

const USERS: &str = "/api/v1/users";
const PASSWORD: &str = "correct horse battery";
const OTHER_PASSWORD: &str = "battery horse correct";

struct Ids {
    tenant: String,
    user: String,
    email: String,
    verification: String,
    reset: String,
}

async fn seed(tenant: &Seeding<'_>) -> Ids {
    let identity = tenant.host().get::<dyn IdentityService>().unwrap();
    let request = CreateTenantRequest {
        id: tenant.tenant().to_owned(),
        name: String::new(),
    };
    let cx = tenant.host().context();
    let cx = cx.service_contexts().without_tenant();
    identity.create_tenant(&cx, request).await.unwrap();
    let email = format!("{}@example.org", tenant.mark("ada"));
    let user = json!({ "email": email, "password": PASSWORD, "name": tenant.mark("name") });
    let user = tenant.caller().post(USERS, user).await;
    assert_eq!(user.status(), 201, "{:?}", user.body());
    tenant.host().settle().await;
    let verification = mailed_token(tenant, &email);
    let reset = json!({ "email": email });
    let path = format!("{USERS}/reset-password");
    let asked = tenant.caller().post(&path, reset).await;
    assert_eq!(asked.status(), 202, "{:?}", asked.body());
    tenant.host().settle().await;
    Ids {
        tenant: tenant.tenant().to_owned(),
        user: user.json()["id"].as_str().unwrap().to_owned(),
        verification,
        reset: mailed_token(tenant, &email),
        email,
    }
}

/// The token of the only mail to this address, which is read once.
fn mailed_token(tenant: &Seeding<'_>, email: &str) -> String {
    let folder = tenant.host().context().data_dir().join("mail");
    let mut mails = std::fs::read_dir(folder).unwrap().map(|mail| {
        let path = mail.unwrap().path();
        (std::fs::read_to_string(&path).unwrap(), path)
    });
    let (mail, path) = mails.find(|(mail, _)| mail.contains(email)).unwrap();
    std::fs::remove_file(path).unwrap();
    let prefix = format!("{}.", tenant.tenant());
    let token = mail
        .split_whitespace()
        .find(|word| word.starts_with(&prefix));
    let token = token.unwrap().to_owned();
    tenant.guard(token.clone());
    token
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    let suite = suite
        .host(|host| {
            host.set("identity.hash_memory=8192")
                .set("identity.hash_passes=1")
                .set("identity.hash_lanes=1")
        })
        .seed(seed);
    by_email(by_token(rpcs(routes(suite))))
}

fn routes(suite: Isolation<Ids>) -> Isolation<Ids> {
    let user = |ids: &Ids| format!("{USERS}/{}", ids.user);
    suite
        .route("create_user", |own, _| {
            let email = format!("eve-{}", own.email);
            Call::post(USERS, json!({ "email": email, "password": PASSWORD }))
        })
        .route("list_users", |_, _| Call::get(USERS))
        .route("get_me", |_, ids| {
            Call::get("/api/v1/users/me").by(&ids.user)
        })
        .route("change_password", |_, ids| {
            let change = json!({ "old_password": PASSWORD, "new_password": OTHER_PASSWORD });
            Call::post("/api/v1/users/change-password", change).by(&ids.user)
        })
        .route("get_user", move |_, ids| Call::get(user(ids)))
        .route("update_user", move |_, ids| {
            Call::put(user(ids), json!({ "name": "Other" }))
        })
        .route("delete_user", move |_, ids| Call::delete(user(ids)))
        .job("send_verification", |_, ids| {
            Job::of_tenant(json!(ids.user))
        })
        .job("purge_tokens", |_, _| Job::of_schedule())
}

fn rpcs(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .rpc(
            "CreateUser",
            async |identity: &dyn IdentityService, cx, own: &Ids, _| {
                let user = CreateUserRequest {
                    email: format!("eve-{}", own.email),
                    password: PASSWORD.to_owned(),
                    name: None,
                };
                identity.create_user(cx, user).await
            },
        )
        .rpc(
            "GetUser",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let id = ids.user.clone();
                identity.get_user(cx, GetUserRequest { id }).await
            },
        )
        .rpc(
            "BatchGetUsers",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let ids = vec![ids.user.clone()];
                identity
                    .batch_get_users(cx, BatchGetUsersRequest { ids })
                    .await
            },
        )
        .rpc(
            "ListUsers",
            async |identity: &dyn IdentityService, cx, _, _| {
                identity.list_users(cx, ListUsersRequest::default()).await
            },
        )
        .rpc(
            "UpdateUser",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let change = UpdateUserRequest {
                    id: ids.user.clone(),
                    name: Some("Other".to_owned()),
                    email: None,
                };
                identity.update_user(cx, change).await
            },
        )
        .rpc(
            "DeleteUser",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let id = ids.user.clone();
                identity.delete_user(cx, DeleteUserRequest { id }).await
            },
        )
        .rpc(
            "ChangePassword",
            async |identity: &dyn IdentityService, cx, own: &Ids, ids: &Ids| {
                let change = ChangePasswordRequest {
                    user_id: ids.user.clone(),
                    old_password: PASSWORD.to_owned(),
                    new_password: OTHER_PASSWORD.to_owned(),
                };
                let cx = cx.clone().with_principal(Principal::user(&own.user));
                identity.change_password(&cx, change).await
            },
        )
        .rpc(
            "CreateTenant",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let tenant = CreateTenantRequest {
                    id: ids.tenant.clone(),
                    name: "Other".to_owned(),
                };
                identity.create_tenant(cx, tenant).await
            },
        )
        .rpc(
            "GetTenant",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let id = ids.tenant.clone();
                identity.get_tenant(cx, GetTenantRequest { id }).await
            },
        )
        .rpc(
            "ListTenants",
            async |identity: &dyn IdentityService, cx, _, _| {
                identity
                    .list_tenants(cx, ListTenantsRequest::default())
                    .await
            },
        )
}

/// They show the other's token.
fn by_token(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .rpc(
            "VerifyEmail",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let token = ids.verification.clone();
                identity
                    .verify_email(cx, VerifyEmailRequest { token })
                    .await
            },
        )
        .rpc(
            "ResetPassword",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let reset = ResetPasswordRequest {
                    token: ids.reset.clone(),
                    new_password: OTHER_PASSWORD.to_owned(),
                };
                identity.reset_password(cx, reset).await
            },
        )
        .route("verify_email", |own, ids| {
            let token = json!({ "token": ids.verification });
            Call::post("/api/v1/users/verify-email", token).by(&own.user)
        })
        .route("reset_password", |own, ids| {
            let reset = json!({ "token": ids.reset, "new_password": OTHER_PASSWORD });
            Call::post("/api/v1/users/reset-password/confirm", reset).by(&own.user)
        })
}

/// They name the other's email.
fn by_email(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .rpc(
            "GetUserByEmail",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let email = ids.email.clone();
                identity
                    .get_user_by_email(cx, GetUserByEmailRequest { email })
                    .await
            },
        )
        .rpc(
            "RequestPasswordReset",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let email = ids.email.clone();
                identity
                    .request_password_reset(cx, RequestPasswordResetRequest { email })
                    .await
            },
        )
        .rpc(
            "VerifyCredentials",
            async |identity: &dyn IdentityService, cx, _, ids: &Ids| {
                let credentials = VerifyCredentialsRequest {
                    email: ids.email.clone(),
                    password: PASSWORD.to_owned(),
                };
                identity.verify_credentials(cx, credentials).await
            },
        )
        .route("request_reset", |_, ids| {
            let email = json!({ "email": ids.email });
            Call::post("/api/v1/users/reset-password", email).anonymously()
        })
        .job("send_reset", |_, ids| Job::of_tenant(json!(ids.email)))
}

goplt_testing::isolation_suite!(IdentityModule::new(), calls);
