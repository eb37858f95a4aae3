//! What a client is still sending when the answer is there is read, within bounds.
//!
//! A server that answers early and closes while the client sends makes the client's kernel throw
//! the answer away (RFC 9112 §9.6); one that resets the stream of HTTP/2 makes clients such as
//! curl do that. So an unfinished body goes on being read after its last owner has dropped it: up
//! to 16 MiB or 5 seconds.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, extract::Request};
use bytes::{Buf as _, Bytes};
use http::header::EXPECT;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;

const MAX_BYTES: usize = 16 * 1024 * 1024;
const MAX_TIME: Duration = Duration::from_secs(5);

/// `request`, whose body is drained when it is dropped unread.
pub(super) fn when_dropped(request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    // Reading would ask for the body (`100 Continue`) of a client that waits for the answer first.
    let asked = !request.headers().contains_key(EXPECT);
    request.map(|body| {
        Body::new(Drained {
            body: Some(body),
            asked,
        })
    })
}

struct Drained {
    /// `None` at its end.
    body: Option<Body>,
    /// Whether the client sends it, or has been asked to.
    asked: bool,
}

impl http_body::Body for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.asked = true;
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = std::task::ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let unread = self
            .body
            .take()
            .filter(|body| self.asked && !body.is_end_stream());
        if let (Some(body), Ok(runtime)) = (unread, Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(MAX_TIME, drain(body)));
        }
    }
}

async fn drain(mut body: Body) {
    let mut left = MAX_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, |data| data.remaining());
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}
