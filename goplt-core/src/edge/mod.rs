//! Where a request enters: its context, from headers; and out of a request's extensions.

mod tenant_path;

use http::{HeaderMap, HeaderName, header::USER_AGENT};

use crate::{RequestContext, context::ClientInfo, id::Ids, telemetry::TraceContext};

pub use self::tenant_path::{NamedByPath, PathTenant, TenantPath, TenantPathError};

/// `x-request-id`: in, if it has the form of a [`RequestId`](crate::RequestId); out, always.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// `traceparent` (W3C Trace Context).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The most bytes of `user-agent` that are kept.
const USER_AGENT_BYTES: usize = 256;

impl RequestContext {
    /// The context of a request that arrives with `headers`: anonymous, without tenant and deadline.
    ///
    /// Its id is that of `x-request-id` if that has the right form, else a fresh one. Its trace is
    /// that of `traceparent`, if there is one. Headers that say who calls count for nothing here.
    ///
    /// # Examples
    ///
    /// ```
    /// use goplt_core::{Clock, Random, RequestContext, id::Ids};
    /// use http::{HeaderMap, HeaderValue};
    ///
    /// let ids = Ids::new(Clock::system(), Random::system());
    /// let mut headers = HeaderMap::new();
    /// headers.insert("x-request-id", HeaderValue::from_static("req-1"));
    /// let cx = RequestContext::from_headers(&headers, &ids);
    /// assert_eq!(cx.request_id().as_str(), "req-1");
    /// assert!(cx.principal().is_none());
    /// ```
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, ids: &Ids) -> Self {
        let request_id = text(headers, &X_REQUEST_ID).and_then(|id| id.parse().ok());
        let cx = Self::new(request_id.unwrap_or_else(|| ids.request_id()));
        let cx = match text(headers, &TRACEPARENT).and_then(|trace| trace.parse().ok()) {
            Some(trace) => cx.with_trace(trace),
            None => cx.with_trace(TraceContext::default()),
        };
        match user_agent(headers) {
            Some(agent) => cx.with_client(ClientInfo {
                ip: None,
                user_agent: Some(agent.into()),
            }),
            None => cx,
        }
    }
}

/// A header that came exactly once, in visible ASCII.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}

fn user_agent(headers: &HeaderMap) -> Option<&str> {
    let agent = headers.get(USER_AGENT)?.to_str().ok()?;
    // `to_str` yields ASCII, so every byte is a place to cut.
    Some(&agent[..agent.len().min(USER_AGENT_BYTES)])
}

#[cfg(feature = "http")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for RequestContext {
    type Rejection = crate::Problem;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        _: &S,
    ) -> Result<Self, Self::Rejection> {
        parts.extensions.get().cloned().ok_or_else(no_context)
    }
}

/// Only a router without goplt's layers has none.
#[cfg(feature = "http")]
fn no_context() -> crate::Problem {
    crate::Problem::new(crate::Code::Internal)
        .with_source("no RequestContext: the router is not behind the stack of the host")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::{Clock, Random};

    fn context(headers: &[(HeaderName, &[u8])]) -> RequestContext {
        let ids = Ids::new(Clock::system(), Random::seeded(1));
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), HeaderValue::from_bytes(value).ok()?)));
        let mut map = HeaderMap::new();
        headers.for_each(|(name, value)| {
            map.append(name, value);
        });
        RequestContext::from_headers(&map, &ids)
    }

    #[test]
    fn a_wrong_or_doubled_request_id_is_replaced() {
        let sent: &[u8] = b"a b";
        assert_ne!(
            context(&[(X_REQUEST_ID, sent)]).request_id().as_str(),
            "a b"
        );
        let doubled = context(&[(X_REQUEST_ID, b"one"), (X_REQUEST_ID, b"two")]);
        assert_eq!(doubled.request_id().as_str().len(), 36);
    }

    #[test]
    fn the_trace_goes_on() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let cx = context(&[(TRACEPARENT, header.as_bytes())]);
        assert_eq!(cx.trace().to_string(), header);
        assert!(!context(&[(TRACEPARENT, b"nonsense")]).trace().is_valid());
    }

    #[test]
    fn a_long_user_agent_is_cut() {
        let cx = context(&[(USER_AGENT, "m".repeat(4_000).as_bytes())]);
        assert_eq!(
            cx.client().user_agent.as_deref().unwrap().len(),
            USER_AGENT_BYTES
        );
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(id: Vec<u8>, trace: Vec<u8>, agent: Vec<u8>) {
            let _ = context(&[(X_REQUEST_ID, &id), (TRACEPARENT, &trace), (USER_AGENT, &agent)]);
        }
    }
}
