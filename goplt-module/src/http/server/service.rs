//! The router as hyper's service, for one connection.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{Router, body::Body, extract::ConnectInfo, routing::future::RouteFuture};
use bytes::Bytes;
use http::{Request, Response, Version};
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
    pub(super) struct ResponseFuture {
        #[pin]
        future: RouteFuture<Infallible>,
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
        let future = self.router.clone().call(request.map(Body::new));
        ResponseFuture {
            future,
            request: Some(in_flight),
        }
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Sent>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
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
