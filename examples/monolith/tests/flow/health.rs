//! What anybody may see.

use http::Method;

use crate::{common::request, monolith};

#[tokio::test]
async fn health_metrics_and_keys_are_public() {
    let (_dir, monolith) = monolith().await;
    monolith.get("/healthz", "").await.ok(200);
    let ready = monolith.get("/ready", "").await.ok(200);
    assert_eq!(ready["status"], "ok");
    assert!(ready["checks"]["database"].is_object(), "{ready}");
    let keys = monolith.get("/.well-known/jwks.json", "").await;
    assert!(!keys.header("cache-control").is_empty());
    let keys = keys.ok(200);
    assert!(!keys["keys"].as_array().unwrap().is_empty());
    assert!(
        !keys.to_string().contains("\"d\""),
        "no private key is published"
    );
    let metrics = monolith.get("/metrics", "").await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(
        text.contains("http_server_request_duration_seconds_bucket"),
        "{text}"
    );
    let mut traced = request(Method::GET, "/healthz", "", None);
    traced
        .headers_mut()
        .insert("x-request-id", "my-own-id".parse().unwrap());
    assert_eq!(
        monolith.send(traced).await.header("x-request-id"),
        "my-own-id"
    );
}
