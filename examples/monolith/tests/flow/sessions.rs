//! Logins, and the tokens that come of them.

use http::Method;
use serde_json::{Value, json};

use crate::{POSTS, common::request, monolith};

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_family() {
    let (_dir, monolith) = monolith().await;
    let login = monolith.login("acme", "reader").await;
    assert_eq!(login["token_type"], "Bearer");
    assert_eq!(login["expires_in"], 900);
    let refresh = |token: &Value| {
        let body = json!({ "refresh_token": token });
        // The token carries its tenant: no header names one.
        monolith.send(request(
            Method::POST,
            "/api/v1/auth/refresh",
            "",
            Some(body),
        ))
    };
    let second = refresh(&login["refresh_token"]).await.ok(200);
    let token = second["access_token"].as_str().unwrap();
    monolith.get(POSTS, token).await.ok(200);
    refresh(&login["refresh_token"])
        .await
        .refused(401, "unauthenticated");
    // Somebody has used a spent token: the one that came of it is worth nothing now.
    refresh(&second["refresh_token"])
        .await
        .refused(401, "unauthenticated");
    refresh(&json!("nonsense"))
        .await
        .refused(401, "unauthenticated");

    let login = monolith.login("acme", "reader").await;
    let token = login["access_token"].as_str().unwrap();
    let body = json!({ "refresh_token": login["refresh_token"] });
    monolith
        .post("/api/v1/auth/logout", token, body)
        .await
        .ok(204);
    refresh(&login["refresh_token"])
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_login_tells_nothing_of_what_was_wrong() {
    let (_dir, monolith) = monolith().await;
    let (email, password) = monolith.credentials("acme", "admin");
    let mut answers = Vec::new();
    for (tenant, email, password) in [
        ("acme", email.as_str(), "wrong password"),
        ("acme", "nobody@acme.example", password.as_str()),
        ("globex", email.as_str(), password.as_str()),
        ("no-such-tenant", email.as_str(), password.as_str()),
    ] {
        let body = json!({ "email": email, "password": password });
        let answer = monolith
            .post_as_tenant("/api/v1/auth/login", tenant, body)
            .await;
        let mut problem = answer.refused(401, "unauthenticated");
        assert!(!answer.header("www-authenticate").is_empty());
        problem["request_id"] = Value::Null;
        answers.push(problem);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let body = json!({ "email": email, "password": password });
    let nowhere = request(Method::POST, "/api/v1/auth/login", "", Some(body));
    monolith.send(nowhere).await.refused(400, "tenant_required");
}
