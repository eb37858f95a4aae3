//! A role, as the engine sees it.

use goplt_core::{Uuid, manifest::PermissionPattern};

/// A named set of grants within a tenant.
///
/// # Examples
///
/// ```
/// use goplt_authz::rbac::Role;
/// use goplt_core::Uuid;
///
/// let reader = Role::new(Uuid::from_bytes([2; 16]), "reader")
///     .with_grants(["blog.post.read".parse()?, "blog.comment.read".parse()?]);
/// assert_eq!(reader.grants().len(), 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    id: Uuid,
    name: String,
    grants: Vec<PermissionPattern>,
}

impl Role {
    /// A role that grants nothing yet.
    pub fn new(id: Uuid, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            grants: Vec::new(),
        }
    }

    /// What the role grants, in place of what it granted.
    #[must_use]
    pub fn with_grants(mut self, grants: impl IntoIterator<Item = PermissionPattern>) -> Self {
        self.grants = grants.into_iter().collect();
        self
    }

    /// Its id, unique in its tenant.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Its name, as in tokens.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it grants.
    #[must_use]
    pub fn grants(&self) -> &[PermissionPattern] {
        &self.grants
    }
}
