//! What is one tenant's is not there for another.

use http::Method;
use serde_json::json;

use crate::{POSTS, common::request, monolith, post};

#[tokio::test]
async fn one_tenant_neither_sees_nor_changes_what_is_the_others() {
    let (_dir, monolith) = monolith().await;
    let acme = monolith.token("acme", "admin").await;
    let globex = monolith.token("globex", "admin").await;
    let answer = monolith.post(POSTS, &acme, post("secret of acme")).await;
    let created = answer.ok(201);
    let path = answer.header("location").to_owned();

    monolith.get(&path, &globex).await.refused(404, "not_found");
    monolith
        .put(&path, &globex, post("mine now"))
        .await
        .refused(404, "not_found");
    monolith
        .delete(&path, &globex)
        .await
        .refused(404, "not_found");
    monolith
        .post(
            &format!("{path}/comments"),
            &globex,
            json!({ "content": "x" }),
        )
        .await
        .refused(404, "not_found");
    assert_eq!(
        monolith.get(POSTS, &globex).await.ok(200)["items"],
        json!([])
    );
    let me = monolith.get("/api/v1/users/me", &acme).await.ok(200);
    let user = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    monolith.get(&user, &globex).await.refused(404, "not_found");
    monolith
        .delete(&user, &globex)
        .await
        .refused(404, "not_found");
    let list = monolith.get("/api/v1/users", &globex).await.ok(200);
    assert!(!list.to_string().contains("acme"), "{list}");

    // The claim decides: a header may only repeat it.
    let mut forged = request(Method::GET, &path, &globex, None);
    forged
        .headers_mut()
        .insert("x-tenant-id", "acme".parse().unwrap());
    monolith.send(forged).await.refused(403, "tenant_mismatch");
    assert_eq!(monolith.get(&path, &acme).await.ok(200), created);
}
