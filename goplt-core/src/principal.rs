//! Who is calling, once it has been verified.

use std::sync::Arc;

use crate::{TenantId, Timestamp, Uuid};

/// The verified caller: a user, or a part of the platform acting for itself.
///
/// Made by a [`Verify`](crate::Verify) from credentials, or by the host for jobs,
/// event handlers and seeds; never from a plain header. A clone costs a reference count.
///
/// # Examples
///
/// ```
/// use goplt_core::Principal;
///
/// let ada = Principal::user("ada").with_tenant("acme".parse()?).with_roles(["editor"]);
/// assert_eq!(ada.subject(), "ada");
/// assert!(ada.is_user());
/// # Ok::<_, goplt_core::id::IdError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    inner: Arc<Inner>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: PrincipalKind,
    subject: String,
    user_id: Option<Uuid>,
    tenant: Option<TenantId>,
    roles: Vec<String>,
    expires_at: Option<Timestamp>,
}

/// What kind of caller it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// A person or a client that logged in.
    User,
    /// A module or service of the platform itself.
    Service,
}

impl Principal {
    /// A user, named by the subject of its credentials.
    #[must_use]
    pub fn user(subject: impl Into<String>) -> Self {
        Self::new(PrincipalKind::User, subject.into())
    }

    /// A part of the platform: `jobs`, `seed`, the name of a module.
    #[must_use]
    pub fn service(name: impl Into<String>) -> Self {
        Self::new(PrincipalKind::Service, name.into())
    }

    fn new(kind: PrincipalKind, subject: String) -> Self {
        let user_id = subject.parse().ok();
        let inner = Inner {
            kind,
            subject,
            user_id,
            tenant: None,
            roles: Vec::new(),
            expires_at: None,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The tenant that the credentials claim.
    #[must_use]
    pub fn with_tenant(mut self, tenant: TenantId) -> Self {
        Arc::make_mut(&mut self.inner).tenant = Some(tenant);
        self
    }

    /// The names of roles in the credentials: informative, decisions do not rest on them.
    #[must_use]
    pub fn with_roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        Arc::make_mut(&mut self.inner).roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// When the credentials end.
    #[must_use]
    pub fn with_expiry(mut self, at: Timestamp) -> Self {
        Arc::make_mut(&mut self.inner).expires_at = Some(at);
        self
    }

    /// User or service.
    #[must_use]
    pub fn kind(&self) -> PrincipalKind {
        self.inner.kind
    }

    /// Whether it is a user.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.inner.kind == PrincipalKind::User
    }

    /// The name in its credentials.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.inner.subject
    }

    /// The subject as a UUID, which it is for users of the identity module.
    #[must_use]
    pub fn user_id(&self) -> Option<Uuid> {
        if self.is_user() {
            self.inner.user_id
        } else {
            None
        }
    }

    /// The tenant that the credentials claim.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.inner.tenant.as_ref()
    }

    /// The names of roles in the credentials.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.inner.roles
    }

    /// When the credentials end, if they do.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.inner.expires_at
    }
}
