use std::{borrow::Cow, error::Error};

use super::Category;
use crate::{
    ModuleName, RequestContext, RequestId, TenantId, Timestamp, error::causes,
    telemetry::TraceContext,
};

/// Something that went wrong, with what is known of where and for whom.
///
/// # Examples
///
/// ```
/// use goplt_core::report::{Category, ErrorReport};
///
/// let report = ErrorReport::message(Category::Infrastructure, "the mail server refuses us")
///     .with_place("mailer");
/// assert_eq!(report.chain(), ["the mail server refuses us"]);
/// ```
#[derive(Debug, Clone)]
#[must_use = "it tells nobody until it is given to a `Reporter`"]
pub struct ErrorReport {
    category: Category,
    chain: Vec<String>,
    at: Timestamp,
    module: Option<ModuleName>,
    place: Option<Cow<'static, str>>,
    request_id: Option<RequestId>,
    user: Option<String>,
    tenant: Option<TenantId>,
    trace: TraceContext,
}

/// The most causes of one error that are kept, and the most bytes of each.
const DEEPEST: usize = 16;
const LONGEST: usize = 1_000;

impl ErrorReport {
    /// Of an error and its causes; the category is what they say.
    pub fn new(error: &(dyn Error + 'static)) -> Self {
        let chain = causes(error)
            .take(DEEPEST)
            .map(|cause| cut(cause.to_string()))
            .collect();
        Self::of(Category::of(error), chain)
    }

    /// Of something for which there is no error value.
    pub fn message(category: Category, message: impl Into<String>) -> Self {
        Self::of(category, vec![cut(message.into())])
    }

    fn of(category: Category, chain: Vec<String>) -> Self {
        Self {
            category,
            chain,
            at: Timestamp::UNIX_EPOCH,
            module: None,
            place: None,
            request_id: None,
            user: None,
            tenant: None,
            trace: TraceContext::default(),
        }
    }

    /// Of another category than the error says.
    pub const fn with_category(mut self, category: Category) -> Self {
        self.category = category;
        self
    }

    /// In the code of this module.
    pub fn with_module(mut self, module: ModuleName) -> Self {
        self.module = Some(module);
        self
    }

    /// Where it happened, as a person would say it: `GET /posts/{id}`, `job purge_drafts`. No ids.
    pub fn with_place(mut self, place: impl Into<Cow<'static, str>>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// With request id, user, tenant and trace of a request.
    pub fn with_context(mut self, cx: &RequestContext) -> Self {
        self.request_id = Some(cx.request_id().clone());
        self.user = cx
            .principal()
            .map(|principal| principal.subject().to_owned());
        self.tenant = cx.tenant().cloned();
        self.trace = cx.trace();
        self
    }

    pub(super) const fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub const fn category(&self) -> Category {
        self.category
    }

    /// What the error and its causes say, the error itself first.
    #[must_use]
    pub fn chain(&self) -> &[String] {
        &self.chain
    }

    /// When it was reported.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.at
    }

    /// The module whose code it was.
    #[must_use]
    pub const fn module(&self) -> Option<&ModuleName> {
        self.module.as_ref()
    }

    /// Where it happened.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// The request.
    #[must_use]
    pub const fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    /// Who asked: the subject of the principal.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// For which tenant.
    #[must_use]
    pub const fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// The trace of the request; the default one if there is none.
    #[must_use]
    pub const fn trace(&self) -> TraceContext {
        self.trace
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Principal, data::ScopeMint};

    #[derive(Debug, thiserror::Error)]
    #[error("level {0}")]
    struct Deep(usize, #[source] Option<Box<Self>>);

    #[test]
    fn a_chain_without_end_is_cut() {
        let deep = (0..100).fold(None, |inner, level| Some(Box::new(Deep(level, inner))));
        let report = ErrorReport::new(&*deep.unwrap());
        assert_eq!(report.chain().len(), DEEPEST);
        assert_eq!(report.chain()[0], "level 99");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let report = ErrorReport::message(Category::Bug, "ä".repeat(LONGEST));
        assert!(report.chain()[0].len() <= LONGEST);
    }

    #[test]
    fn it_carries_what_the_request_knows() {
        let ada = Principal::user("ada").with_tenant("acme".parse().unwrap());
        let cx = RequestContext::new("req-1".parse().unwrap())
            .with_principal(ada)
            .with_trace(TraceContext::new(1, 2, true));
        let cx = ScopeMint::new().enter(cx, "acme".parse().unwrap()).unwrap();
        let report = ErrorReport::message(Category::Bug, "no").with_context(&cx);
        assert_eq!(report.request_id().unwrap().as_str(), "req-1");
        assert_eq!(report.user(), Some("ada"));
        assert_eq!(report.tenant().unwrap().as_str(), "acme");
        assert_eq!(report.trace().trace_id(), 1);
    }
}
