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

#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let reader = monolith.token("acme", "reader").await;
    let me = monolith.me(&reader).await;
    let own_roles = format!("/api/v1/users/{me}/roles");
    // Somebody who may change roles, and assign them.
    let keeper = json!({ "name": "keeper", "permissions": ["authz.role.*"] });
    let keeper = monolith.post("/api/v1/roles", &admin, keeper).await.ok(201);
    let assign = json!({ "role_id": keeper["id"] });
    monolith.post(&own_roles, &admin, assign).await.ok(204);

    let named = |refused: serde_json::Value, permission: &str| {
        let detail = refused["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(&format!("`{permission}`")), "{detail}");
    };
    let role = |name: &str, permission: &str| json!({ "name": name, "permissions": [permission] });
    for (given, missing) in [
        ("blog.post.create", "blog.post.create"),
        ("blog.*", "blog.comment.create"),
        ("authz.*", "authz.*"),
    ] {
        let made = monolith
            .post("/api/v1/roles", &reader, role("x", given))
            .await;
        named(made.refused(403, "permission_not_held"), missing);
    }
    let everything = monolith
        .post("/api/v1/roles", &reader, role("x", "*"))
        .await;
    everything.refused(403, "permission_not_held");
    let own = role("lesser", "authz.role.read");
    let own = monolith.post("/api/v1/roles", &reader, own).await.ok(201);
    let permissions = format!("/api/v1/roles/{}/permissions", own["id"].as_str().unwrap());
    let added = json!({ "permission": "blog.post.delete" });
    let added = monolith.post(&permissions, &reader, added).await;
    named(
        added.refused(403, "permission_not_held"),
        "blog.post.delete",
    );

    // Nor by a role that is there.
    let roles = monolith
        .get("/api/v1/roles?limit=100", &reader)
        .await
        .ok(200);
    let all = roles["items"].as_array().unwrap();
    let id = |name: &str| &all.iter().find(|role| role["name"] == name).unwrap()["id"];
    let become_admin = json!({ "role_id": id("admin") });
    let become_admin = monolith.post(&own_roles, &reader, become_admin).await;
    become_admin.refused(403, "permission_not_held");
    let give = json!({ "role_id": id("lesser") });
    monolith.post(&own_roles, &reader, give).await.ok(204);
    // What a role has already is kept by who may change roles.
    let editor = format!("/api/v1/roles/{}", id("editor").as_str().unwrap());
    let described = json!({ "description": "Those who write" });
    monolith.put(&editor, &reader, described).await.ok(200);
}
