//! Auth.

use std::sync::Arc;

use goplt_auth::{jwks::KeyHandle, service::AuthModule};
use goplt_contracts::{
    auth::{
        AuthService, LoginRequest, LogoutRequest, RefreshTokenRequest, RevokeUserSessionsRequest,
        ValidateTokenRequest,
    },
    authz::{AuthzService, FakeAuthzService, GetUserRolesResponse},
    identity::{
        FakeIdentityService, IdentityService, User, UserDeleted, UserUpdated,
        VerifyCredentialsResponse,
    },
};
use goplt_core::RequestContext;
use goplt_testing::isolation::{Call, Isolation, Job, Seeding};
use serde_json::json;

const LOGIN: &str = "/api/v1/auth/login";

struct Ids {
    user: String,
    access: String,
    refresh: String,
}

/// The one user of a tenant.
fn user_of(cx: &RequestContext) -> User {
    let last = match cx.tenant().unwrap().as_str() {
        "acme" => 'a',
        _ => 'b',
    };
    User {
        id: format!("01890a5d-ac96-774b-bcce-b302099a805{last}"),
        email: "ada@example.org".to_owned(),
        ..User::default()
    }
}

async fn seed(tenant: &Seeding<'_>) -> Ids {
    let login = json!({ "email": "ada@example.org", "password": "correct horse battery" });
    let tokens = tenant
        .host()
        .anonymous(tenant.tenant())
        .post(LOGIN, login)
        .await;
    assert_eq!(tokens.status(), 200, "{:?}", tokens.body());
    let token = |name: &str| {
        let token = tokens.json()[name].as_str().unwrap().to_owned();
        tenant.guard(token.clone());
        token
    };
    Ids {
        user: user_of(&tenant.context()).id,
        access: token("access_token"),
        refresh: token("refresh_token"),
    }
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    let suite = suite
        .host(|host| {
            let identity = FakeIdentityService::new()
                .on_get_user(|cx, _| Ok(user_of(cx)))
                .on_verify_credentials(|cx, _| {
                    Ok(VerifyCredentialsResponse {
                        user: Some(user_of(cx)),
                    })
                });
            let authz = FakeAuthzService::new()
                .on_get_user_roles(|_, _| Ok(GetUserRolesResponse::default()));
            let identity: Arc<dyn IdentityService> = Arc::new(identity);
            let authz: Arc<dyn AuthzService> = Arc::new(authz);
            host.outside("identity", "1.1.0")
                .outside("authz", "1.0.0")
                .supply(identity)
                .supply(authz)
        })
        .seed(seed)
        .route("login", |_, _| {
            let login = json!({ "email": "ada@example.org", "password": "correct horse battery" });
            Call::post(LOGIN, login).anonymously()
        })
        .route("jwks", |_, _| Call::get("/.well-known/jwks.json"));
    let suite = suite
        .rpc("Login", async |auth: &dyn AuthService, cx, _, _: &Ids| {
            let login = LoginRequest {
                email: "ada@example.org".to_owned(),
                password: "correct horse battery".to_owned(),
            };
            auth.login(cx, login).await
        })
        .rpc(
            "ValidateToken",
            async |auth: &dyn AuthService, cx, _, ids: &Ids| {
                let access_token = ids.access.clone();
                auth.validate_token(cx, ValidateTokenRequest { access_token })
                    .await
            },
        )
        .rpc(
            "RefreshToken",
            async |auth: &dyn AuthService, cx, _, ids: &Ids| {
                let refresh_token = ids.refresh.clone();
                auth.refresh_token(cx, RefreshTokenRequest { refresh_token })
                    .await
            },
        )
        .rpc(
            "Logout",
            async |auth: &dyn AuthService, cx, _, ids: &Ids| {
                let refresh_token = ids.refresh.clone();
                auth.logout(cx, LogoutRequest { refresh_token }).await
            },
        )
        .rpc(
            "RevokeUserSessions",
            async |auth: &dyn AuthService, cx, _, ids: &Ids| {
                let user_id = ids.user.clone();
                auth.revoke_user_sessions(cx, RevokeUserSessionsRequest { user_id })
                    .await
            },
        )
        .event(|_, ids| UserUpdated {
            user_id: ids.user.clone(),
            password_changed_at: Some(i64::MAX),
            ..UserUpdated::default()
        })
        .event(|_, ids| UserDeleted {
            user_id: ids.user.clone(),
        })
        .job("purge_sessions", |_, _| Job::of_schedule());
    // Last: they show the other's token.
    suite
        .route("logout", |own, ids| {
            let token = json!({ "refresh_token": ids.refresh });
            Call::post("/api/v1/auth/logout", token).by(&own.user)
        })
        .route("refresh", |own, ids| {
            let token = json!({ "refresh_token": ids.refresh });
            Call::post("/api/v1/auth/refresh", token).by(&own.user)
        })
}

goplt_testing::isolation_suite!(AuthModule::new(KeyHandle::new()), calls);
