//! [`Seeding`]: a tenant that is given its data.

use std::{cell::RefCell, fmt, pin::Pin};

use goplt_core::RequestContext;

use super::call::{SUBJECT, caller};
use crate::{Caller, TestHost};

/// A tenant that is given its data: what [`Isolation::seed`](super::Isolation::seed) works with.
///
/// It is done once for globex, and for acme before each call, so that a call may use its data up.
#[derive(Clone, Copy)]
pub struct Seeding<'a> {
    pub(super) host: &'a TestHost,
    pub(super) tenant: &'static str,
    pub(super) marks: &'a RefCell<Vec<String>>,
}

impl<'a> Seeding<'a> {
    /// A text that is this tenant's alone and unlike any other: put it wherever the data has room
    /// for a text. It begins with `label`, and is lower case letters, digits and hyphens if that
    /// is.
    #[must_use]
    pub fn mark(&self, label: &str) -> String {
        let mark = format!("{label}-{}-{:016x}", self.tenant, fastrand::u64(..));
        self.marks.borrow_mut().push(mark.clone());
        mark
    }

    /// Has a text that was made elsewhere count as a [mark](Self::mark): a token, the name of a file.
    pub fn guard(&self, text: impl Into<String>) {
        self.marks.borrow_mut().push(text.into());
    }

    /// Someone of the tenant who may do everything.
    #[must_use]
    pub fn caller(&self) -> Caller<'a> {
        caller(self.host, self.tenant, SUBJECT)
    }

    /// The tenant's id.
    #[must_use]
    pub const fn tenant(&self) -> &'static str {
        self.tenant
    }

    /// The host, for contracts and other callers.
    #[must_use]
    pub const fn host(&self) -> &'a TestHost {
        self.host
    }

    /// A context of the tenant to call contracts in, as a service.
    #[must_use]
    pub fn context(&self) -> RequestContext {
        let tenant = crate::host::parse(self.tenant);
        self.host.context().service_contexts().for_tenant(tenant)
    }
}

impl fmt::Debug for Seeding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seeding").field(&self.tenant).finish()
    }
}

/// A future that stays on its thread.
pub(super) type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What gives a tenant its data.
pub(super) trait Seed<D> {
    fn seed<'a>(&'a self, tenant: &'a Seeding<'a>) -> LocalFuture<'a, D>;
}

impl<D, F: AsyncFn(&Seeding<'_>) -> D> Seed<D> for F {
    fn seed<'a>(&'a self, tenant: &'a Seeding<'a>) -> LocalFuture<'a, D> {
        Box::pin(self(tenant))
    }
}
