//! [`AnsweredRequest`]: a request that was handled, to be written down.

use std::{borrow::Cow, sync::Arc};

use http::{Method, StatusCode, Uri};

use super::{AuditEntry, REQUEST};
use crate::RequestContext;

/// A request that was handled, to be written down.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AnsweredRequest {
    /// Who, for which tenant, from where.
    pub cx: RequestContext,
    /// Its method.
    pub method: Method,
    /// The pattern of the route that matched, if one did.
    pub route: Option<Arc<str>>,
    /// What was asked for; of it only the path is kept.
    pub uri: Uri,
    /// The answer; `None` if the handler was given up before it had one.
    pub status: Option<StatusCode>,
}

impl AnsweredRequest {
    /// A request, not yet answered.
    #[must_use]
    pub const fn new(
        cx: RequestContext,
        method: Method,
        route: Option<Arc<str>>,
        uri: Uri,
    ) -> Self {
        Self {
            cx,
            method,
            route,
            uri,
            status: None,
        }
    }

    /// The kind of thing is the route, the thing itself the path.
    pub(super) fn entry(&self) -> AuditEntry {
        let route = self.route.as_deref().unwrap_or(NO_ROUTE);
        AuditEntry::new(REQUEST, Cow::Owned(route.to_owned()))
            .with_resource_id(self.uri.path())
            .with_detail("method", self.method.as_str())
            .with_detail("status", self.status.map(|status| status.as_u16()))
    }
}

/// The resource of a request that matched no route.
const NO_ROUTE: &str = "(no route)";
