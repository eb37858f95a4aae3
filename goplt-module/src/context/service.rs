use std::fmt;

use goplt_core::{Principal, RequestContext, TenantId, data::ScopeMint, id::Ids};

/// Makes contexts in which a module acts for itself: its principal is the service of the module's name.
///
/// For background tasks, which have no request. A module gets its own from its contexts.
#[derive(Clone)]
pub struct ServiceContexts {
    mint: ScopeMint,
    ids: Ids,
    principal: Principal,
}

impl ServiceContexts {
    pub(crate) fn new(mint: ScopeMint, ids: Ids, name: &str) -> Self {
        let principal = Principal::service(name);
        Self {
            mint,
            ids,
            principal,
        }
    }

    /// A context in `tenant`, with a fresh request id and without deadline.
    #[expect(clippy::missing_panics_doc, reason = "it cannot: see the invariant")]
    #[must_use]
    pub fn for_tenant(&self, tenant: TenantId) -> RequestContext {
        let cx = RequestContext::new(self.ids.request_id()).with_principal(self.principal.clone());
        // INVARIANT: the principal above claims no tenant, so none can contradict it.
        self.mint
            .enter(cx, tenant)
            .expect("a service principal claims no tenant")
    }

    /// A context without tenant, for calls to contracts whose methods take none.
    #[must_use]
    pub fn without_tenant(&self) -> RequestContext {
        RequestContext::new(self.ids.request_id()).with_principal(self.principal.clone())
    }
}

impl fmt::Debug for ServiceContexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServiceContexts")
            .field(&self.principal.subject())
            .finish()
    }
}
