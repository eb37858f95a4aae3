//! [`Tenant`]: one of the two that tests usually need, with its people.

use crate::{Caller, TestHost};

/// A tenant of a [`TestHost`] with its people: [`TestHost::acme`] and [`TestHost::globex`].
///
/// # Examples
///
/// ```
/// # use goplt_testing::{TestHost, Tenant};
/// # async fn example(host: &TestHost) {
/// let (acme, globex) = (host.acme(), host.globex());
/// let answer = acme.editor().post("/api/v1/notes", serde_json::json!({ "text": "tea" })).await;
/// assert_eq!(acme.reader().get(answer.header("location")).await.status(), 200);
/// assert_eq!(globex.admin().get(answer.header("location")).await.status(), 404);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Tenant<'a> {
    host: &'a TestHost,
    id: &'static str,
}

impl<'a> Tenant<'a> {
    pub(crate) const fn new(host: &'a TestHost, id: &'static str) -> Self {
        Self { host, id }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Someone who may do everything.
    #[must_use]
    pub fn admin(&self) -> Caller<'a> {
        self.with_role("admin")
    }

    /// Someone with what the modules grant to their default role `editor`.
    ///
    /// # Panics
    ///
    /// If no module under test has that role.
    #[must_use]
    pub fn editor(&self) -> Caller<'a> {
        self.with_role("editor")
    }

    /// Someone with what the modules grant to their default role `reader`.
    ///
    /// # Panics
    ///
    /// If no module under test has that role.
    #[must_use]
    pub fn reader(&self) -> Caller<'a> {
        self.with_role("reader")
    }

    /// Someone with what the modules grant to this default role; the subject is the role's name.
    ///
    /// # Panics
    ///
    /// If no module under test has that role.
    #[must_use]
    pub fn with_role(&self, role: &str) -> Caller<'a> {
        let context = self.host.context();
        let grants = context.catalogue().role_grants().get(role);
        let grants = grants.unwrap_or_else(|| panic!("no module has a default role `{role}`"));
        let grants: Vec<_> = grants.iter().map(ToString::to_string).collect();
        self.user(role)
            .with_grants(grants.iter().map(String::as_str))
    }

    /// Someone with a token and no permission.
    #[must_use]
    pub fn user(&self, subject: &str) -> Caller<'a> {
        self.host.user(subject, self.id)
    }

    /// Someone without credentials, who names the tenant by header.
    #[must_use]
    pub fn anonymous(&self) -> Caller<'a> {
        self.host.anonymous(self.id)
    }
}
