//! A request through a router in this process: without a check, with the check of a mounted
//! route, with the check as most applications write it; and through the whole stack of the host.

use std::{hint::black_box, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use goplt_auth::{
    AuthLayer,
    jwks::{KeyHandle, KeySet},
    jwt::{Issuer, JwtVerifier, Signer},
};
use goplt_authz::{PolicyHandle, TenantLayer, rbac::Role, tenant::Tenancy};
use goplt_benches::{ProcessorTime, measured};
use goplt_core::{
    Authorizer, Clock, Permission, Principal, Problem, Random, RequestContext, TenantId, Uuid,
    data::ScopeMint, health::Health, id::Ids, manifest::Manifest, telemetry::Metrics,
};
use goplt_module::{
    RouteKey,
    http::{HttpSettings, Path, RouteTable, StackSettings, probes, stack},
};
use tower::Service as _;

const MANIFEST: &str = r#"
name: shop
version: 1.0.0
permissions: [shop.item.read]
routes:
  - { id: get, method: GET, path: "/items/{id}", permission: shop.item.read }
"#;

const READ: Permission = Permission::from_static("shop.item.read");
const TARGET: &str = "/items/01890a5d-ac96-774b-bcce-b302099a8057";

async fn handler(_: RequestContext, Path(id): Path<Uuid>) -> Response {
    black_box(id);
    "an item".into_response()
}

fn acme() -> TenantId {
    "acme".parse().expect("a tenant id")
}

fn policy() -> PolicyHandle {
    let policy = PolicyHandle::new();
    policy.set_catalogue([READ]);
    let role = Role::new(Uuid::from_bytes([1; 16]), "reader");
    policy.put_role(&acme(), role.clone().with_grants([READ.into()]));
    policy.set_roles_of(&acme(), "ada", [role.id()]);
    policy
}

fn unchecked() -> Router {
    Router::new().route("/items/{id}", get(handler))
}

/// The handler as a module mounts it.
fn mounted(mint: &ScopeMint) -> Router {
    let manifest = Manifest::parse("shop/module.yaml", MANIFEST).expect("a manifest");
    let mut table = RouteTable::new(Arc::new(policy()), mint.clone());
    let key = RouteKey::__declared("shop", "get");
    table.routes(&manifest, &Arc::new(())).mount(key, handler);
    table.into_router()
}

/// The same check as a middleware of axum.
async fn check(
    axum::extract::State(policy): axum::extract::State<PolicyHandle>,
    cx: RequestContext,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let principal = cx.principal().ok_or_else(Problem::unauthenticated)?;
    if policy
        .authorize(principal, cx.scope()?.tenant(), &READ)
        .is_allowed()
    {
        return Ok(next.run(request).await);
    }
    Err(Problem::missing_permission(READ.as_str()))
}

async fn nothing(request: Request, next: Next) -> Response {
    next.run(request).await
}

/// What the host serves: every layer around the mounted route.
fn whole(verifier: JwtVerifier) -> Router {
    let (mint, metrics) = (ScopeMint::new(), Metrics::new());
    let routes = mounted(&mint);
    let settings = StackSettings {
        recorder: None,
        http: HttpSettings::default(),
        ids: Ids::new(Clock::system(), Random::system()),
        random: Random::system(),
        reporter: goplt_core::report::Reporter::default(),
        metrics: metrics.clone(),
        auth: Some(Box::new(|router| router.layer(AuthLayer::new(verifier)))),
        tenant: Some(Box::new(|router| {
            router.layer(TenantLayer::new(mint, Tenancy::multi()))
        })),
    };
    stack(routes, probes(Health::new(), metrics), settings).expect("settings that hold")
}

fn request() -> Request {
    Request::get(TARGET).body(Body::empty()).expect("a request")
}

fn run(
    c: &mut Criterion<ProcessorTime>,
    name: &str,
    mut router: Router,
    make: impl Fn() -> Request,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    let answer = runtime
        .block_on(router.call(make()))
        .expect("no error is possible");
    assert_eq!(answer.status(), 200, "{name}");
    c.bench_function(&format!("request/{name}"), |b| {
        b.to_async(&runtime).iter_batched(
            &make,
            |request| router.call(request),
            BatchSize::SmallInput,
        );
    });
}

fn requests(c: &mut Criterion<ProcessorTime>) {
    let mint = ScopeMint::new();
    let ada = Principal::user("ada").with_tenant(acme());
    let cx = RequestContext::new("req-1".parse().expect("a request id")).with_principal(ada);
    let cx = mint.enter(cx, acme()).expect("the same tenant");
    let with_context = || {
        let mut request = request();
        request.extensions_mut().insert(cx.clone());
        request
    };
    run(c, "unchecked", unchecked(), with_context);
    run(c, "mounted", mounted(&mint), with_context);
    run(
        c,
        "from_fn that does nothing",
        unchecked().layer(from_fn(nothing)),
        with_context,
    );
    let by_middleware = unchecked().layer(from_fn_with_state(policy(), check));
    run(c, "from_fn with the check", by_middleware, with_context);

    let (keys, signer) = (KeyHandle::new(), Signer::generate());
    keys.publish(KeySet::new([signer.verification_key()]).expect("one key"));
    let token = Issuer::new("https://goplt.test", "goplt");
    let token = token.issue(&signer, "ada", &acme(), &["reader"]);
    let bearer = format!("Bearer {}", token.expose());
    let whole = whole(JwtVerifier::new(keys, "https://goplt.test", "goplt"));
    run(c, "the whole stack", whole, || {
        let mut request = request();
        let bearer = bearer.parse().expect("a header value");
        request.headers_mut().insert("authorization", bearer);
        request
    });
}

criterion_group! {
    name = benches;
    config = measured();
    targets = requests
}
criterion_main!(benches);
