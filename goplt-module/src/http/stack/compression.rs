use axum::{body::Body, response::Response};
use http::header::CONTENT_ENCODING;
use tower_http::compression::{
    CompressionBody, CompressionLayer,
    predicate::{And, DefaultPredicate, Predicate as _, SizeAbove},
};

/// Below this a packet is a packet.
const MIN_BYTES: u64 = 860;

/// gzip for those who take it; never for streams of events, gRPC and images.
pub(super) fn layer() -> CompressionLayer<And<DefaultPredicate, SizeAbove>> {
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(SizeAbove::new(MIN_BYTES)))
}

/// Makes the body one of axum again; one that was not compressed is as it was, without a box.
pub(super) fn unwrap_body(response: Response<CompressionBody<Body>>) -> Response {
    let is_encoded = response.headers().contains_key(CONTENT_ENCODING);
    response.map(|body| {
        if is_encoded {
            Body::new(body)
        } else {
            body.into_inner()
        }
    })
}
