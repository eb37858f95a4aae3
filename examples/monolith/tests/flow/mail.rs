//! Verification and reset, by the mail that lies in the data folder.

use http::Method;
use serde_json::json;

use crate::{common::request, monolith};

#[tokio::test]
async fn whoever_has_the_mailbox_verifies_and_resets() {
    let (_dir, monolith) = monolith().await;
    let (email, password) = ("ada@acme.example", "correct horse battery");
    let new = json!({ "email": email, "password": password });
    monolith
        .post_as_tenant("/api/v1/users", "acme", new)
        .await
        .ok(201);
    // The token carries its tenant: no header names one.
    let verify = |token: &str| {
        let body = json!({ "token": token });
        let path = "/api/v1/users/verify-email";
        monolith.send(request(Method::POST, path, "", Some(body)))
    };
    let token = monolith.mailed(email, "Confirm your address").await;
    verify(&token).await.ok(204);
    verify(&token).await.refused(400, "token_invalid");
    verify("acme.nonsense").await.refused(400, "token_invalid");

    let login = |password: &str| {
        let body = json!({ "email": email, "password": password });
        monolith.post_as_tenant("/api/v1/auth/login", "acme", body)
    };
    let session = login(password).await.ok(200);
    let me = monolith
        .get(
            "/api/v1/users/me",
            session["access_token"].as_str().unwrap(),
        )
        .await
        .ok(200);
    assert_eq!(me["verified"], true);

    for email in [email, "nobody@acme.example"] {
        let body = json!({ "email": email });
        let answer = monolith.post_as_tenant("/api/v1/users/reset-password", "acme", body);
        answer.await.ok(202);
    }
    let token = monolith.mailed(email, "Set a new password").await;
    verify(&token).await.refused(400, "token_invalid");
    let confirm = |password: &str| {
        let body = json!({ "token": token, "new_password": password });
        let path = "/api/v1/users/reset-password/confirm";
        monolith.send(request(Method::POST, path, "", Some(body)))
    };
    let problem = confirm("short").await.refused(422, "invalid_argument");
    assert_eq!(problem["errors"][0]["field"], "new_password");
    confirm("a new and long password").await.ok(204);
    confirm("a third long password")
        .await
        .refused(400, "token_invalid");

    login(password).await.refused(401, "unauthenticated");
    login("a new and long password").await.ok(200);
    let body = json!({ "refresh_token": session["refresh_token"] });
    let refresh = request(Method::POST, "/api/v1/auth/refresh", "", Some(body));
    monolith.send(refresh).await.refused(401, "unauthenticated");
}
