//! Layers in the wrong order let nobody reach a tenant that only a header names.

mod http;
#[expect(dead_code, reason = "no token expires here")]
mod keys;

use axum::{Router, routing::get};
use goplt_auth::{AuthLayer, jwt::JwtVerifier};
use goplt_authz::{TenantLayer, tenant::Tenancy};
use goplt_core::{Problem, RequestContext, data::ScopeMint};
use http::{ask, bearer};
use keys::Keys;

async fn tenant(cx: RequestContext) -> Result<String, Problem> {
    Ok(cx.scope()?.tenant().to_string())
}

#[tokio::test]
async fn a_tenant_layer_outside_of_the_auth_layer_is_noticed() {
    let keys = Keys::new();
    let auth = AuthLayer::new(JwtVerifier::new(
        keys.handle(),
        "https://login.example.com",
        "notes",
    ));
    // axum puts the last one outside.
    let app = Router::new()
        .route("/tenant", get(tenant))
        .layer(auth)
        .layer(TenantLayer::new(ScopeMint::new(), Tenancy::multi()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app).into_future());

    let ada = bearer(&keys.token("ada", "acme"));
    let answer = ask(address, "GET /tenant", &[&ada, "x-tenant-id: globex"]).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    let answer = ask(address, "GET /tenant", &[&ada]).await;
    assert!(
        answer.starts_with("HTTP/1.1 400"),
        "no tenant was resolved: {answer}"
    );
}
