//! Why a decision came out as it did.

use goplt_core::manifest::PermissionPattern;

/// A decision with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Explanation {
    /// Allowed, by this grant (the first of perhaps several).
    Allowed(Grant),
    /// No role of the user grants it; these are the user's roles, by name.
    NotGranted {
        /// The names of the roles that the user has.
        roles: Vec<String>,
    },
    /// No module declares such a permission.
    UnknownPermission,
}

/// What allows something: a role, and the pattern in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The name of the role.
    pub role: String,
    /// The grant of that role which matches.
    pub pattern: PermissionPattern,
}

impl Explanation {
    /// Whether it is allowed.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// What allows it, if it is allowed.
    #[must_use]
    pub const fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Allowed(grant) => Some(grant),
            Self::NotGranted { .. } | Self::UnknownPermission => None,
        }
    }
}
