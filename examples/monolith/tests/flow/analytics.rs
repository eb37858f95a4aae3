//! What is written is counted, and who goes is forgotten: events reach the modules that hear them.

use serde_json::json;

use crate::{POSTS, monolith, post};

const SUMMARY: &str = "/api/v1/analytics/summary";

#[tokio::test]
async fn what_is_written_is_counted_for_its_tenant() {
    let (_dir, monolith) = monolith().await;
    let editor = monolith.token("acme", "editor").await;
    let admin = monolith.token("acme", "admin").await;
    let nothing = json!({ "posts_created": 0, "comments_created": 0, "by_author": [] });
    assert_eq!(monolith.get(SUMMARY, &editor).await.ok(200), nothing);

    for title in ["one", "two"] {
        monolith.post(POSTS, &editor, post(title)).await.ok(201);
    }
    let answer = monolith.post(POSTS, &admin, post("three")).await;
    answer.ok(201);
    let comments = format!("{}/comments", answer.header("location"));
    let comment = json!({ "content": "first" });
    monolith.post(&comments, &editor, comment).await.ok(201);
    // What is gone was created all the same.
    monolith
        .delete(answer.header("location"), &admin)
        .await
        .ok(204);

    let [editor_id, admin_id] = [monolith.me(&editor).await, monolith.me(&admin).await];
    let all = json!({
        "posts_created": 3,
        "comments_created": 1,
        "by_author": [
            { "author_id": editor_id, "posts_created": 2 },
            { "author_id": admin_id, "posts_created": 1 },
        ],
    });
    let found = monolith.until(SUMMARY, &editor, |found| *found == all);
    assert_eq!(found.await, all);

    let globex = monolith.token("globex", "editor").await;
    assert_eq!(monolith.get(SUMMARY, &globex).await.ok(200), nothing);
    let reader = monolith.token("acme", "reader").await;
    monolith
        .get(SUMMARY, &reader)
        .await
        .refused(403, "permission_denied");
    monolith
        .get(SUMMARY, "")
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn who_is_deleted_loses_roles_and_is_no_author_any_more() {
    let (_dir, monolith) = monolith().await;
    let admin = monolith.token("acme", "admin").await;
    let login = monolith.login("acme", "editor").await;
    let editor = login["access_token"].as_str().unwrap();
    let answer = monolith.post(POSTS, editor, post("mine")).await;
    answer.ok(201);
    let path = answer.header("location").to_owned();
    let id = monolith.me(editor).await;
    monolith
        .delete(&format!("/api/v1/users/{id}"), &admin)
        .await
        .ok(204);

    // The token is good for some minutes still, and allows nothing.
    let permissions = format!("/api/v1/users/{id}/permissions");
    let none = json!({ "permissions": [], "roles": [] });
    let found = monolith.until(&permissions, &admin, |found| *found == none);
    assert_eq!(found.await, none);
    monolith
        .post(POSTS, editor, post("no"))
        .await
        .refused(403, "permission_denied");
    let found = monolith
        .until(&path, &admin, |post| post["author_id"] != id)
        .await;
    assert_eq!(found["author_id"], "00000000-0000-0000-0000-000000000000");
    assert!(found["author_name"].is_null());
    assert_eq!(found["title"], "mine");
}
