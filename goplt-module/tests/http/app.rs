//! A module with a route of every kind, behind the whole stack.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use bytes::Bytes;
use goplt_core::{
    Clock, Decision, Permission, Principal, Problem, Random, RequestContext, TenantId, Uuid,
    data::ScopeMint, health::Health, id::Ids, manifest::Manifest, report::Reporter,
    telemetry::Metrics,
};
use goplt_module::{
    RouteKey,
    http::{
        Created, ETag, EnterTenant, HttpSettings, IfMatch, Json, ListQuery, NoContent, Page, Path,
        Query, RouteTable, StackSettings, State, probes, stack,
    },
};
use http::StatusCode;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};
use tower::ServiceExt as _;

pub(crate) const MANIFEST: &str = r#"
name: shop
version: 1.0.0
permissions: [shop.item.create, shop.item.read]
routes:
  - { id: create, method: POST, path: "/items", permission: shop.item.create }
  - { id: list, method: GET, path: "/items", access: public }
  - { id: get, method: GET, path: "/items/{id}", permission: shop.item.read }
  - { id: put, method: PUT, path: "/items/{id}", access: public }
  - { id: me, method: GET, path: "/me", access: authenticated }
  - { id: decide, method: GET, path: "/decide", access: handler, reason: the owner may }
  - { id: redeem, method: POST, path: "/redeem", access: public, tenant: credential }
  - { id: enter, method: POST, path: "/enter", access: public }
  - { id: order, method: POST, path: "/order", access: public }
  - { id: find, method: GET, path: "/find", access: public }
  - { id: boom, method: GET, path: "/boom", access: public }
  - { id: wait, method: GET, path: "/wait", access: public }
  - { id: stream, method: GET, path: "/stream", access: public }
  - { id: large, method: GET, path: "/large", access: public }
"#;

pub(crate) const fn key(id: &'static str) -> RouteKey {
    RouteKey::__declared("shop", id)
}

/// What the handlers tell the test.
#[derive(Debug)]
pub(crate) struct Shop {
    /// The contexts that `/wait` and `/stream` were called with.
    waiting: mpsc::UnboundedSender<RequestContext>,
    /// Lets `/wait` answer.
    go_on: Notify,
}

pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) shop: Arc<Shop>,
    pub(crate) waiting: mpsc::UnboundedReceiver<RequestContext>,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
}

impl App {
    pub(crate) fn new() -> Self {
        Self::with(HttpSettings::default())
    }

    pub(crate) fn with(settings: HttpSettings) -> Self {
        Self::made(settings, Reporter::default())
    }

    /// Told of what goes wrong.
    pub(crate) fn reporting(settings: HttpSettings, reporter: Reporter) -> Self {
        Self::made(settings, reporter)
    }

    fn made(settings: HttpSettings, reporter: Reporter) -> Self {
        crate::lines::capture();
        let mint = ScopeMint::new();
        let (sender, waiting) = mpsc::unbounded_channel();
        let shop = Arc::new(Shop {
            waiting: sender,
            go_on: Notify::new(),
        });
        let mut table = RouteTable::new(Arc::new(editors), mint.clone());
        mount(&mut table, &shop);
        assert_eq!(table.errors(), []);
        let (metrics, health) = (Metrics::new(), Health::new());
        let layers = StackSettings {
            recorder: None,
            http: settings,
            ids: Ids::new(Clock::system(), Random::seeded(1)),
            random: Random::seeded(2),
            metrics: metrics.clone(),
            reporter,
            auth: Some(Box::new(|router| router.layer(from_fn(authenticate)))),
            tenant: Some(Box::new(|router| {
                router.layer(from_fn(move |request, next| {
                    resolve(mint.clone(), request, next)
                }))
            })),
        };
        let probes = probes(health.clone(), metrics.clone());
        let router = stack(table.into_router(), probes, layers).unwrap();
        Self {
            router,
            shop,
            waiting,
            metrics,
            health,
        }
    }

    pub(crate) async fn call(&self, request: Request) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answer::read(response).await
    }

    pub(crate) fn go_on(&self) {
        self.shop.go_on.notify_one();
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn get(path: &str) -> Request {
    Request::get(path).body(Body::empty()).unwrap()
}

pub(crate) fn post(path: &str, body: impl Into<Body>) -> Request {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

/// A body that nobody may read.
pub(crate) fn untouchable() -> Body {
    Body::from_stream(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<Bytes, Infallible>>> { panic!("the body was read") },
    ))
}

/// A policy of one role.
fn editors(principal: &Principal, _: &TenantId, permission: &Permission) -> Decision {
    if principal.subject() == "editor" || permission.as_str() == "shop.item.read" {
        Decision::Allow
    } else {
        Decision::Deny
    }
}

/// `authorization: Bearer NAME` is the user of that name.
async fn authenticate(mut request: Request, next: Next) -> Response {
    let token = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let name = token
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    if let Some(name) = name {
        let cx = request
            .extensions_mut()
            .get_mut::<RequestContext>()
            .unwrap();
        *cx = cx.clone().with_principal(Principal::user(name));
    }
    next.run(request).await
}

/// `x-tenant-id` is the tenant.
async fn resolve(mint: ScopeMint, mut request: Request, next: Next) -> Response {
    let tenant = request
        .headers()
        .get("x-tenant-id")
        .and_then(|value| value.to_str().ok());
    if let Some(tenant) = tenant.map(|tenant| tenant.parse().unwrap()) {
        let cx = request
            .extensions_mut()
            .get_mut::<RequestContext>()
            .unwrap();
        *cx = mint.enter(cx.clone(), tenant).unwrap();
    }
    next.run(request).await
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    name: String,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Item {
    title: String,
}

#[derive(Debug, Deserialize)]
struct Filter {
    author_id: Option<Uuid>,
}

fn mount(table: &mut RouteTable, shop: &Arc<Shop>) {
    let manifest = Manifest::parse("shop/module.yaml", MANIFEST).unwrap();
    table
        .routes(&manifest, shop)
        .mount(key("create"), async |Json(order): Json<Order>| {
            Created::at("/items/1", Json(order).0)
        })
        .mount(key("list"), async |list: ListQuery<Filter>| {
            let _: Option<Uuid> = list.after()?;
            assert!(list.filter.author_id.is_none());
            Ok::<_, Problem>(Json(Page::<u8> {
                items: vec![],
                next_cursor: None,
            }))
        })
        .mount(key("get"), async |Path(id): Path<Uuid>| {
            (ETag::of_version(3), Json(id))
        })
        .mount(key("put"), async |_: Path<Uuid>, if_match: IfMatch| {
            if_match.check(&ETag::of_version(3)).map(|()| NoContent)
        })
        .mount(key("me"), async |cx: RequestContext| {
            cx.principal().unwrap().subject().to_owned()
        })
        .mount(key("decide"), async |cx: RequestContext| {
            cx.client().ip.map(|ip| ip.to_string()).unwrap_or_default()
        })
        .mount(key("redeem"), async |enter: EnterTenant| {
            let cx = enter.enter("acme".parse().unwrap())?;
            Ok::<_, Problem>(cx.scope()?.tenant().to_string())
        })
        .mount(key("enter"), async |_: EnterTenant| "never")
        .mount(key("order"), async |Json(order): Json<Order>| Json(order))
        .mount(key("find"), async |Query(filter): Query<Filter>| {
            filter
                .author_id
                .map(|id| id.to_string())
                .unwrap_or_default()
        })
        .mount(key("boom"), async || -> StatusCode {
            panic!("the shop burns")
        })
        .mount(
            key("wait"),
            async |State(shop): State<Arc<Shop>>, cx: RequestContext| {
                shop.waiting.send(cx).unwrap();
                shop.go_on.notified().await;
                "done"
            },
        )
        .mount(
            key("stream"),
            async |State(shop): State<Arc<Shop>>, cx: RequestContext| {
                shop.waiting.send(cx).unwrap();
                let once = Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"first")));
                let frames = futures_util::stream::iter([once]);
                let forever = futures_util::stream::pending();
                Body::new(StreamBody::new(futures_util::StreamExt::chain(
                    frames, forever,
                )))
            },
        )
        .mount(key("large"), async || Json("x".repeat(4_000)));
    assert_eq!(table.unmounted(&manifest), [""; 0]);
}

pub(crate) fn settings(change: impl FnOnce(&mut HttpSettings)) -> HttpSettings {
    let mut settings = HttpSettings::default();
    settings.timeout = Duration::from_secs(30);
    change(&mut settings);
    settings
}
