//! The router as hyper's service, for one connection.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    Router, body::Body, extract::ConnectInfo, response::IntoResponse as _,
    routing::future::RouteFuture,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version, header::HOST};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service as _;

use super::activity::{Activity, InFlight};

#[derive(Debug, Clone)]
pub(super) struct ConnectionService {
    pub(super) router: Router,
    pub(super) peer: SocketAddr,
    pub(super) activity: Arc<Activity>,
}

pin_project! {
    /// The router's answer, or a refusal that is ready.
    pub(super) struct ResponseFuture {
        #[pin]
        future: Option<RouteFuture<Infallible>>,
        request: Option<InFlight>,
    }
}

pin_project! {
    /// A body that keeps its request in flight until it has been sent.
    pub(super) struct Sent {
        #[pin]
        body: Body,
        request: Option<InFlight>,
    }
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<Sent>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let in_flight = self.activity.begin(request.version() == Version::HTTP_2);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // A router is always ready.
        let future =
            names_its_host(&request).then(|| self.router.clone().call(request.map(Body::new)));
        ResponseFuture {
            future,
            request: Some(in_flight),
        }
    }
}

/// RFC 9112 §3.2: two hosts are two sites, and a proxy may have looked at the other one; a request of
/// HTTP/1.1 without any is malformed too. hyper leaves both to us.
fn names_its_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), None) => true,
        (None, _) => request.version() != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Sent>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match this.future.as_pin_mut() {
            Some(future) => ready!(future.poll(cx))?,
            None => StatusCode::BAD_REQUEST.into_response(),
        };
        let request = this.request.take();
        Poll::Ready(Ok(response.map(|body| Sent { body, request })))
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
