//! A body that streams tells the request's context when its reader goes away.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use goplt_core::RequestContext;
use http_body::{Body as _, Frame, SizeHint};

/// `response`; if its body is made while it is sent, dropping that unfinished cancels `cx`.
pub(super) fn when_body_dropped(response: Response, cx: &RequestContext) -> Response {
    // A body of known size is there already: nobody works for it any more.
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let cx = Some(cx.clone());
    response.map(|body| Body::new(Watched { body, cx }))
}

struct Watched {
    body: Body,
    /// `None` once the body has ended.
    cx: Option<RequestContext>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(task));
        if frame.is_none() || self.body.is_end_stream() {
            self.cx = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(cx) = self.cx.take() {
            cx.cancel();
        }
    }
}
