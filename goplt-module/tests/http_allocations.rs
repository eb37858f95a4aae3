//! The check in front of a handler allocates nothing.
#![cfg(test)]

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, routing::get};
use goplt_core::{
    Authorizer, Decision, Permission, Principal, RequestContext, TenantId, data::ScopeMint,
    manifest::Manifest,
};
use goplt_module::{RouteKey, http::RouteTable};
use tower::ServiceExt as _;

const MANIFEST: &str = r#"
name: shop
version: 1.0.0
permissions: [shop.item.read]
routes: [{ id: list, method: GET, path: "/items", permission: shop.item.read }]
"#;

struct Everything;

impl Authorizer for Everything {
    fn authorize(&self, _: &Principal, _: &TenantId, _: &Permission) -> Decision {
        Decision::Allow
    }
}

/// How many allocations a request to `router` takes, once it is warm.
fn allocations(router: &Router, cx: &RequestContext) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let counts = (0..3).map(|_| {
        let mut request = Request::get("/items").body(Body::empty()).unwrap();
        request.extensions_mut().insert(cx.clone());
        let router = router.clone();
        let counted = allocation_counter::measure(|| {
            let response = runtime.block_on(router.oneshot(request)).unwrap();
            assert_eq!(response.status(), 200);
        });
        counted.count_total
    });
    counts.last().unwrap()
}

#[test]
fn a_guarded_handler_allocates_no_more_than_a_bare_one() {
    async fn list() -> &'static str {
        "items"
    }

    let mint = ScopeMint::new();
    let manifest = Manifest::parse("module.yaml", MANIFEST).unwrap();
    let mut table = RouteTable::new(Arc::new(Everything), mint.clone());
    table
        .routes(&manifest, &Arc::new(()))
        .mount(RouteKey::__declared("shop", "list"), list);
    let guarded = table.into_router();
    let bare = Router::new().route("/items", get(list).with_state(Arc::new(())));

    let cx = RequestContext::new("r".parse().unwrap()).with_principal(Principal::user("ada"));
    let cx = mint.enter(cx, "acme".parse().unwrap()).unwrap();
    assert_eq!(allocations(&guarded, &cx), allocations(&bare, &cx));
}
