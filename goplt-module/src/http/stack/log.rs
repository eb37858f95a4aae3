use goplt_core::RequestContext;
use tracing::{Span, field::display};

/// Writes into the request's span who calls, and for which tenant, once that is known.
pub(in crate::http) fn record_identity(cx: &RequestContext) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    if let Some(tenant) = cx.tenant() {
        span.record("tenant_id", display(tenant));
    }
    if let Some(principal) = cx.principal() {
        span.record("user_id", principal.subject());
    }
}
