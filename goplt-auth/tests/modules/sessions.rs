//! Sessions: login, rotation, reuse, logout, and what ends them.

use serde_json::json;

use crate::harness::{PASSWORD, Platform, plan};

#[tokio::test]
async fn a_login_gives_tokens_that_work() {
    let (platform, _folder) = Platform::start().await;
    let user = platform.register("acme", "ada@example.org").await;
    let tokens = platform.login("acme", "ADA@example.org", PASSWORD).await;
    assert_eq!(tokens.status, 200);
    assert_eq!(
        (tokens.text("token_type"), &tokens.body["expires_in"]),
        ("Bearer", &json!(900))
    );
    assert_eq!(tokens.headers["cache-control"], "no-store");
    assert!(tokens.text("refresh_token").starts_with("acme."));
    let me = platform
        .get("/api/v1/users/me", tokens.text("access_token"))
        .await;
    assert_eq!(me.text("id"), user.text("id"));
    platform.stop().await;
}

#[tokio::test]
async fn a_refused_login_never_says_why() {
    let (platform, _folder) = Platform::start().await;
    platform.register("acme", "ada@example.org").await;
    let long = "x".repeat(5_000);
    let mut answers = Vec::new();
    for (tenant, email, password) in [
        ("acme", "ada@example.org", "wrong"),
        ("acme", "ada@example.org", ""),
        ("acme", "ada@example.org", &*long),
        ("acme", "eve@example.org", PASSWORD),
        ("acme", "", ""),
        ("acme", "ada\0@example.org", PASSWORD),
        ("globex", "ada@example.org", PASSWORD),
        ("nowhere", "ada@example.org", PASSWORD),
    ] {
        let mut answer = platform.login(tenant, email, password).await;
        assert_eq!(answer.status, 401, "{tenant} {email}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        answer.body.as_object_mut().unwrap().remove("request_id");
        answers.push(answer.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(
        platform.post("/api/v1/auth/login", "", body).await.status,
        400
    );
    platform.stop().await;
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_second_use_ends_the_session() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let other = platform.login("acme", "ada@example.org", PASSWORD).await;
    let second = platform.refresh(&ada.refresh).await;
    assert_eq!(second.status, 200, "{second:?}");
    let third = platform.refresh(second.text("refresh_token")).await;
    assert_eq!(third.status, 200);
    assert_eq!(
        platform
            .get("/api/v1/users/me", third.text("access_token"))
            .await
            .status,
        200
    );

    assert_eq!(
        platform.refresh(second.text("refresh_token")).await.status,
        401,
        "used"
    );
    assert_eq!(
        platform.refresh(third.text("refresh_token")).await.status,
        401,
        "of its family"
    );
    assert_eq!(
        platform.refresh(other.text("refresh_token")).await.status,
        200,
        "another login"
    );
    platform.stop().await;
}

#[tokio::test]
async fn of_two_refreshes_at_once_at_most_one_wins() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let (one, two) = tokio::join!(
        platform.refresh(&ada.refresh),
        platform.refresh(&ada.refresh)
    );
    let won = [&one, &two]
        .into_iter()
        .filter(|answer| answer.status == 200)
        .count();
    assert!(won <= 1, "{one:?} {two:?}");
    for answer in [&one, &two]
        .into_iter()
        .filter(|answer| answer.status == 200)
    {
        assert_eq!(
            platform.refresh(answer.text("refresh_token")).await.status,
            401
        );
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_refresh_token_carries_its_tenant() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let gus = platform.session("globex", "gus@example.org").await;
    let path = "/api/v1/auth/refresh";
    let body = json!({ "refresh_token": ada.refresh });
    assert_eq!(
        platform.post(path, "@globex", body.clone()).await.status,
        403
    );
    assert_eq!(
        platform.post(path, &gus.access, body.clone()).await.status,
        401
    );
    let moved = ada.refresh.replace("acme.", "globex.");
    assert_eq!(platform.refresh(&moved).await.status, 401);
    for bad in ["", "x", "acme.", "acme.AAAA", &"x".repeat(10_000)] {
        assert_eq!(platform.refresh(bad).await.status, 401, "{bad:.20}");
    }
    assert_eq!(
        platform
            .post(path, "", json!({ "token": "x" }))
            .await
            .status,
        400
    );
    assert_eq!(platform.post(path, "@acme", body).await.status, 200);
    platform.stop().await;
}

#[tokio::test]
async fn a_refresh_token_expires() {
    let folder = tempfile::tempdir().unwrap();
    let platform = plan(folder.path(), &["auth.refresh_lifetime=0s"])
        .start()
        .await;
    let ada = platform.session("acme", "ada@example.org").await;
    assert_eq!(platform.refresh(&ada.refresh).await.status, 401);
    platform.stop().await;
}

#[tokio::test]
async fn logout_ends_ones_own_session_and_no_other() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let bob = platform.session("acme", "bob@example.org").await;
    let path = "/api/v1/auth/logout";
    let body = |token: &str| json!({ "refresh_token": token });
    assert_eq!(
        platform
            .post(path, "@acme", body(&ada.refresh))
            .await
            .status,
        401
    );
    assert_eq!(
        platform
            .post(path, &bob.access, body(&ada.refresh))
            .await
            .status,
        204
    );
    let ada_next = platform.refresh(&ada.refresh).await;
    assert_eq!(ada_next.status, 200, "Bob did not end it");
    let next = ada_next.text("refresh_token");
    for _ in 0..2 {
        assert_eq!(
            platform.post(path, &ada.access, body(next)).await.status,
            204
        );
    }
    assert_eq!(platform.refresh(next).await.status, 401);
    assert_eq!(
        platform
            .post(path, &ada.access, body("nonsense"))
            .await
            .status,
        204
    );
    platform.stop().await;
}

#[tokio::test]
async fn a_changed_password_ends_the_sessions_of_the_old_one() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let path = "/api/v1/users/change-password";
    let change = |old: &str, new: &str| json!({ "old_password": old, "new_password": new });
    let new = "another horse battery";
    let wrong = platform
        .post(path, &ada.access, change("wrong password", new))
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.fields()),
        (422, vec!["old_password"])
    );
    let short = platform
        .post(path, &ada.access, change(PASSWORD, "short"))
        .await;
    assert_eq!(
        (short.status.as_u16(), short.fields()),
        (422, vec!["new_password"])
    );
    assert_eq!(
        platform
            .post(path, "@acme", change(PASSWORD, new))
            .await
            .status,
        401
    );
    let next = platform.refresh(&ada.refresh).await;
    assert_eq!(next.status, 200, "nothing was changed yet");

    assert_eq!(
        platform
            .post(path, &ada.access, change(PASSWORD, new))
            .await
            .status,
        204
    );
    assert_eq!(
        platform.refresh(next.text("refresh_token")).await.status,
        401
    );
    assert_eq!(
        platform
            .login("acme", "ada@example.org", PASSWORD)
            .await
            .status,
        401
    );
    let fresh = platform.login("acme", "ada@example.org", new).await;
    assert_eq!(
        platform.refresh(fresh.text("refresh_token")).await.status,
        200
    );
    platform.stop().await;
}

#[tokio::test]
async fn without_authz_nobody_logs_in_and_no_token_is_used_up() {
    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    platform.silence_authz(true);
    let login = platform.login("acme", "ada@example.org", PASSWORD).await;
    assert_eq!(login.status, 503, "{login:?}");
    assert!(!login.body.to_string().contains("roles are gone"));
    assert_eq!(platform.refresh(&ada.refresh).await.status, 503);
    platform.silence_authz(false);
    assert_eq!(platform.refresh(&ada.refresh).await.status, 200);
    platform.stop().await;
}

#[tokio::test]
async fn sessions_end_and_tokens_are_validated_by_contract() {
    use goplt_contracts::auth::{AuthService, RevokeUserSessionsRequest, ValidateTokenRequest};

    let (platform, _folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let auth = platform.host().get::<dyn AuthService>().unwrap();
    let contexts = platform.host().context("test");
    let cx = contexts
        .service_contexts()
        .for_tenant("acme".parse().unwrap());
    let request = ValidateTokenRequest {
        access_token: ada.access,
    };
    let claims = auth.validate_token(&cx, request).await.unwrap();
    assert_eq!(
        (claims.subject, &*claims.tenant_id),
        (ada.id.clone(), "acme")
    );
    assert_eq!(claims.roles, ["reader"]);
    let forged = ValidateTokenRequest {
        access_token: "forged".into(),
    };
    let refused = auth.validate_token(&cx, forged).await.unwrap_err();
    assert_eq!(refused.code(), goplt_core::Code::Unauthenticated);

    let request = RevokeUserSessionsRequest { user_id: ada.id };
    auth.revoke_user_sessions(&cx, request).await.unwrap();
    assert_eq!(platform.refresh(&ada.refresh).await.status, 401);
    platform.stop().await;
}
