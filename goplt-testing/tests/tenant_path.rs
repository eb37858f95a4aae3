//! A host whose paths name the tenant: the modules' routes are found behind the prefix, and another tenant is not.

use std::sync::Arc;

use blog::BlogModule;
use goplt_contracts::identity::{FakeIdentityService, IdentityService};
use goplt_testing::TestHost;

#[tokio::test]
async fn the_path_may_name_the_callers_tenant_and_no_other() {
    let identity: Arc<dyn IdentityService> = Arc::new(FakeIdentityService::new());
    let host = TestHost::builder()
        .module(BlogModule)
        .outside("identity", "1.0.0")
        .supply(identity)
        .set("tenancy.path_prefix=/t/{tenant}")
        .start()
        .await
        .unwrap();
    let ada = host.user("ada", "acme").with_grants(["blog.*"]);
    let posted = serde_json::json!({ "title": "Hi", "content": "…" });
    let answer = ada.post("/t/acme/api/v1/blog/posts", posted).await;
    assert_eq!(answer.status(), 201);

    for (path, status) in [
        ("/t/acme/api/v1/blog/posts?limit=1", 200),
        ("/api/v1/blog/posts", 200),
        ("/t/globex/api/v1/blog/posts", 403),
        ("/t/Acme/api/v1/blog/posts", 400),
        ("/t/acme/t/globex/api/v1/blog/posts", 403),
        ("/t/acme/t/acme/api/v1/blog/posts", 404),
        ("/t/acme/none", 404),
    ] {
        assert_eq!(ada.get(path).await.status(), status, "{path}");
    }
    host.stop().await.unwrap();
}
