use goplt_core::{Code, Problem};
use http::StatusCode;

/// 413, with the limit in bytes if it is known.
pub(in crate::http) fn too_large(limit: Option<u64>) -> Problem {
    let problem = Problem::new(Code::ResourceExhausted)
        .with_status(StatusCode::PAYLOAD_TOO_LARGE)
        .with_reason("body_too_large")
        .with_title("The body is too large");
    match limit {
        Some(limit) => problem.with_detail(format!("a body may have {limit} bytes")),
        None => problem,
    }
}
