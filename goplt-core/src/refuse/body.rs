//! The response body: of the inner service, or of a refusal.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The inner service's body, or the body of a refusal.
    ///
    /// With it a layer serves axum, tonic and hyper alike: no body type must be convertible
    /// from bytes, and nothing is boxed.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use goplt_core::{Problem, refuse::MaybeRefused};
    /// use http::Response;
    ///
    /// let refusal: Response<Bytes> = Problem::unauthenticated().to_response(None);
    /// let answer: Response<MaybeRefused<String>> = refusal.map(MaybeRefused::refused);
    /// assert_eq!(answer.status(), 401);
    /// ```
    #[derive(Debug)]
    pub struct MaybeRefused<B> {
        #[pin]
        body: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<B> {
        Served { #[pin] body: B },
        Refused { bytes: Option<Bytes> },
    }
}

impl<B> MaybeRefused<B> {
    /// The inner service's body, unchanged.
    pub const fn served(body: B) -> Self {
        Self {
            body: State::Served { body },
        }
    }

    /// The whole body of a refusal.
    #[must_use]
    pub fn refused(bytes: Bytes) -> Self {
        let bytes = Some(bytes).filter(|bytes| !bytes.is_empty());
        Self {
            body: State::Refused { bytes },
        }
    }
}

impl<B: Body<Data = Bytes>> Body for MaybeRefused<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().body.project() {
            StateProjection::Served { body } => body.poll_frame(cx),
            StateProjection::Refused { bytes } => {
                Poll::Ready(bytes.take().map(Frame::data).map(Ok))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            State::Served { body } => body.is_end_stream(),
            State::Refused { bytes } => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            State::Served { body } => body.size_hint(),
            State::Refused { bytes } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
        }
    }
}
