//! Roles: what they change, and when.

use serde_json::json;

use crate::{POSTS, monolith, post};

#[tokio::test]
async fn a_role_holds_from_the_next_request_on() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let reader = monolith.token("acme", "reader").await;
    let me = monolith.get("/api/v1/users/me", &reader).await.ok(200);
    let user = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    let own = monolith
        .get(&format!("{user}/permissions"), &reader)
        .await
        .ok(200);
    assert_eq!(
        own,
        json!({ "permissions": ["blog.comment.read", "blog.post.read"], "roles": ["reader"] })
    );

    let writers = json!({ "name": "writers", "permissions": ["blog.post.create"] });
    let answer = monolith
        .post("/api/v1/roles", &admin, writers.clone())
        .await;
    let role = answer.ok(201);
    let role_path = answer.header("location").to_owned();
    monolith
        .post("/api/v1/roles", &admin, writers)
        .await
        .refused(409, "name_taken");
    let unknown = json!({ "name": "x", "permissions": ["blog.pots.create"] });
    monolith
        .post("/api/v1/roles", &admin, unknown)
        .await
        .refused(422, "invalid_argument");
    monolith
        .post("/api/v1/roles", &reader, json!({ "name": "x" }))
        .await
        .refused(403, "permission_denied");

    monolith
        .post(POSTS, &reader, post("no"))
        .await
        .refused(403, "permission_denied");
    let assign = json!({ "role_id": role["id"] });
    monolith
        .post(&format!("{user}/roles"), &admin, assign)
        .await
        .ok(204);
    monolith.post(POSTS, &reader, post("yes")).await.ok(201);
    let question = json!({ "user_id": me["id"], "permission": "blog.post.create" });
    let why = monolith
        .post("/api/v1/authz/explain", &admin, question)
        .await
        .ok(200);
    assert_eq!(
        (&why["allowed"], &why["role"]),
        (&json!(true), &json!("writers"))
    );

    monolith
        .delete(&format!("{role_path}/permissions/blog.post.create"), &admin)
        .await
        .ok(204);
    monolith
        .post(POSTS, &reader, post("no"))
        .await
        .refused(403, "permission_denied");
    let add = json!({ "permission": "blog.*" });
    monolith
        .post(&format!("{role_path}/permissions"), &admin, add)
        .await
        .ok(204);
    monolith.post(POSTS, &reader, post("yes")).await.ok(201);
    monolith.delete(&role_path, &admin).await.ok(204);
    monolith
        .post(POSTS, &reader, post("no"))
        .await
        .refused(403, "permission_denied");
}
