//! Users register, change, and go.

use http::Method;
use serde_json::json;

use crate::{POSTS, common::request, monolith};

#[tokio::test]
async fn users_register_change_and_go() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let new =
        json!({ "email": "Ada@Acme.example", "password": "correct horse battery", "name": "Ada" });
    let answer = monolith
        .post_as_tenant("/api/v1/users", "acme", new.clone())
        .await;
    let ada = answer.ok(201);
    assert_eq!(ada["email"], "ada@acme.example");
    assert_eq!(ada["verified"], false);
    let path = answer.header("location").to_owned();
    monolith
        .post_as_tenant("/api/v1/users", "acme", new.clone())
        .await
        .refused(409, "email_taken");
    monolith
        .post_as_tenant("/api/v1/users", "globex", new)
        .await
        .ok(201);
    let short = json!({ "email": "bob@acme.example", "password": "short" });
    let problem = monolith
        .post_as_tenant("/api/v1/users", "acme", short)
        .await
        .refused(422, "invalid_argument");
    assert_eq!(problem["errors"][0]["field"], "password");

    let body = json!({ "email": "ADA@acme.example", "password": "correct horse battery" });
    let login = monolith
        .post_as_tenant("/api/v1/auth/login", "acme", body)
        .await
        .ok(200);
    let token = login["access_token"].as_str().unwrap();
    assert_eq!(monolith.get("/api/v1/users/me", token).await.ok(200), ada);
    monolith
        .get("/api/v1/users", token)
        .await
        .refused(403, "permission_denied");
    monolith
        .get(POSTS, token)
        .await
        .refused(403, "permission_denied");
    let renamed = monolith
        .put(&path, token, json!({ "name": "Ada L." }))
        .await
        .ok(200);
    assert_eq!(renamed["name"], "Ada L.");
    let found = monolith
        .get("/api/v1/users?email=ada@acme.example", &admin)
        .await
        .ok(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);

    let change = json!({ "old_password": "wrong wrong wrong", "new_password": "another long one" });
    let refused = monolith
        .post("/api/v1/users/change-password", token, change)
        .await;
    assert!(refused.status.is_client_error(), "{refused:?}");
    let change =
        json!({ "old_password": "correct horse battery", "new_password": "another long one" });
    monolith
        .post("/api/v1/users/change-password", token, change)
        .await
        .ok(204);
    let old = json!({ "email": "ada@acme.example", "password": "correct horse battery" });
    monolith
        .post_as_tenant("/api/v1/auth/login", "acme", old)
        .await
        .refused(401, "unauthenticated");
    let refresh = json!({ "refresh_token": login["refresh_token"] });
    let refresh = request(Method::POST, "/api/v1/auth/refresh", "", Some(refresh));
    monolith.send(refresh).await.refused(401, "unauthenticated");

    monolith
        .delete(&path, token)
        .await
        .refused(403, "permission_denied");
    monolith.delete(&path, &admin).await.ok(204);
    monolith.get(&path, &admin).await.refused(404, "not_found");
}
