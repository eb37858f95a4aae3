use std::task::{Context, Poll};

use axum::{Router, extract::Request};
use goplt_core::edge::TenantPath;
use tower_service::Service;

/// Takes the tenant out of each path before `router` sees it: a layer of a router would come too
/// late, since routing is over by then.
pub(crate) fn routed_without(path: TenantPath, router: Router) -> Router {
    Router::new().fallback_service(Strip {
        inner: router,
        path,
    })
}

#[derive(Debug, Clone)]
struct Strip {
    inner: Router,
    path: TenantPath,
}

impl Service<Request> for Strip {
    type Response = <Router as Service<Request>>::Response;
    type Error = <Router as Service<Request>>::Error;
    type Future = <Router as Service<Request>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        self.path.strip(&mut request);
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::MatchedPath, routing::get};
    use goplt_core::edge::PathTenant;
    use http::StatusCode;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(uri: &str) -> (StatusCode, String) {
        let show = |route: MatchedPath, request: Request| async move {
            let tenant = request.extensions().get::<PathTenant>().cloned();
            let tenant = tenant.map_or("nobody".to_owned(), |named| named.tenant().to_string());
            format!("{} {tenant}", route.as_str())
        };
        let router = Router::new().route("/notes/{id}", get(show));
        let router = routed_without("/t/{tenant}".parse().unwrap(), router);
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn routes_are_matched_by_what_is_left() {
        let found = |text: &str| (StatusCode::OK, text.to_owned());
        assert_eq!(ask("/t/acme/notes/1").await, found("/notes/{id} acme"));
        assert_eq!(ask("/notes/1").await, found("/notes/{id} nobody"));
        for uri in ["/t/acme/t/globex/notes/1", "/t/Acme/notes/1", "/t/acme"] {
            assert_eq!(ask(uri).await.0, StatusCode::NOT_FOUND, "{uri}");
        }
    }
}
