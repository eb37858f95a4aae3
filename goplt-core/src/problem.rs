//! Answers to what went wrong: problem details (RFC 9457), or a gRPC status for gRPC callers.

use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;

use crate::{BoxError, Code, RequestId, contract::RpcError, data::NoTenant};

/// `application/problem+json`.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error as its caller sees it: `type`, `title`, `status`, `detail`, `code`, `request_id`.
///
/// The cause is kept beside it for the log and never written to the answer. A server fault
/// (5xx) shows its title and no detail of ours unless one was set on purpose.
///
/// # Examples
///
/// ```
/// use goplt_core::{Code, Problem};
///
/// let problem = Problem::new(Code::NotFound).with_detail("no post has this id");
/// assert_eq!(problem.status(), 404);
/// let json: serde_json::Value = serde_json::from_slice(&problem.to_json(None)).unwrap();
/// assert_eq!(json["code"], "not_found");
/// assert_eq!(json["detail"], "no post has this id");
/// ```
#[derive(Clone)]
pub struct Problem {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    code: Code,
    status: StatusCode,
    reason: Option<Cow<'static, str>>,
    title: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    violations: Vec<Violation>,
    headers: Vec<(HeaderName, HeaderValue)>,
    source: Option<Arc<BoxError>>,
}

/// One field of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    field: Cow<'static, str>,
    message: Cow<'static, str>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Violation],
}

impl Violation {
    /// `field` breaks the rule that `message` states.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }

    /// The field's name, as the caller wrote it.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The rule.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

// === impl Problem ===

impl Problem {
    /// With the status and the title of `code`.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let inner = Inner {
            code,
            status: code.http_status(),
            reason: None,
            title: Cow::Borrowed(code.title()),
            detail: None,
            violations: Vec::new(),
            headers: Vec::new(),
            source: None,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// 401, the same for every reason, with `WWW-Authenticate: Bearer` (RFC 6750 §3).
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403 that names the missing permission.
    #[must_use]
    pub fn missing_permission(permission: &str) -> Self {
        Self::new(Code::PermissionDenied)
            .with_detail(format!("the permission `{permission}` is missing"))
    }

    /// 422: the request is well formed and breaks rules.
    #[must_use]
    pub fn unprocessable(violations: Vec<Violation>) -> Self {
        let mut problem = Self::new(Code::InvalidArgument)
            .with_status(StatusCode::UNPROCESSABLE_ENTITY)
            .with_title("The request breaks a rule");
        problem.edit().violations = violations;
        problem
    }

    /// Another status than the code's: 405, 412, 413, 415, 422.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.edit().status = status;
        self
    }

    /// A more exact word than the code's, in `snake_case`.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.edit().reason = Some(reason.into());
        self
    }

    /// Another title than the code's.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.edit().title = title.into();
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.edit().detail = Some(detail.into());
        self
    }

    /// A header of the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.edit().headers.push((name, value));
        self
    }

    /// `Retry-After`, in whole seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The cause: for the log, never for the answer.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.edit().source = Some(Arc::new(source.into()));
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.status
    }

    /// The `code` member: the reason if there is one, else the name of the code.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.inner
            .reason
            .as_deref()
            .unwrap_or_else(|| self.inner.code.as_str())
    }

    /// The detail, if one was set.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.inner.detail.as_deref()
    }

    /// The fields that break rules.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.inner.violations
    }

    /// The cause, for the log.
    #[must_use]
    pub fn source(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.inner.source.as_ref().map(|source| &***source)
    }

    /// The body of the answer.
    #[must_use]
    pub fn to_json(&self, request_id: Option<&RequestId>) -> Bytes {
        let body = Body {
            r#type: "about:blank",
            title: &self.inner.title,
            status: self.inner.status.as_u16(),
            detail: self.detail(),
            code: self.reason(),
            request_id: request_id.map(RequestId::as_str),
            errors: &self.inner.violations,
        };
        // Strings and numbers are always JSON.
        serde_json::to_vec(&body).unwrap_or_default().into()
    }

    /// The answer over HTTP; the problem itself stays in its extensions for outer layers.
    pub fn to_response<B: From<Bytes>>(&self, request_id: Option<&RequestId>) -> Response<B> {
        let mut response = Response::new(B::from(self.to_json(request_id)));
        *response.status_mut() = self.inner.status;
        response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
        self.finish(response)
    }

    /// The answer in the protocol that the request speaks: gRPC callers get 200 and `grpc-status`.
    pub fn to_response_for<B: From<Bytes>>(
        &self,
        request: &HeaderMap,
        request_id: Option<&RequestId>,
    ) -> Response<B> {
        if !is_grpc(request) {
            return self.to_response(request_id);
        }
        let mut response = Response::new(B::from(Bytes::new()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(
            "grpc-status",
            HeaderValue::from(u16::from(self.inner.code.grpc_status())),
        );
        let message = percent_encode(self.detail().unwrap_or(&self.inner.title));
        if let Ok(message) = HeaderValue::from_str(&message) {
            headers.insert("grpc-message", message);
        }
        self.finish(response)
    }

    fn finish<B>(&self, mut response: Response<B>) -> Response<B> {
        for (name, value) in &self.inner.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.extensions_mut().insert(self.clone());
        response
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.inner)
    }
}

/// Whether a request is gRPC: `content-type: application/grpc…`.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// `grpc-message` (gRPC over HTTP/2): printable ASCII but `%` as it is, the rest as `%XX`.
fn percent_encode(message: &str) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(message.len());
    for byte in message.bytes() {
        if (0x20..=0x7e).contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl From<RpcError> for Problem {
    fn from(error: RpcError) -> Self {
        error.into_problem()
    }
}

impl From<NoTenant> for Problem {
    fn from(error: NoTenant) -> Self {
        Self::new(error.code())
            .with_reason("tenant_required")
            .with_detail(error.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.inner.status.as_u16(), self.inner.title)?;
        self.detail()
            .map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("status", &self.inner.status.as_u16())
            .field("code", &self.reason())
            .field("detail", &self.detail())
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "http")]
impl axum_core::response::IntoResponse for Problem {
    fn into_response(self) -> axum_core::response::Response {
        self.to_response(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_not_in_the_answer() {
        let problem = Problem::new(Code::Internal).with_source("password=hunter2");
        let body = problem.to_json(None);
        assert!(!String::from_utf8_lossy(&body).contains("hunter2"));
        assert_eq!(problem.source().unwrap().to_string(), "password=hunter2");
    }

    #[test]
    fn a_grpc_caller_gets_a_status_in_headers() {
        let mut request = HeaderMap::new();
        request.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/grpc+proto"),
        );
        let problem = Problem::new(Code::PermissionDenied).with_detail("100 % no\n");
        let response: Response<Bytes> = problem.to_response_for(&request, None);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["grpc-status"], "7");
        assert_eq!(response.headers()["grpc-message"], "100 %25 no%0A");
        assert!(response.body().is_empty());
    }

    #[test]
    fn broken_rules_are_listed() {
        let problem = Problem::unprocessable(vec![Violation::new("title", "must not be empty")]);
        let json: serde_json::Value = serde_json::from_slice(&problem.to_json(None)).unwrap();
        assert_eq!(json["status"], 422);
        assert_eq!(json["errors"][0]["field"], "title");
    }
}
