//! Roles as they are stored, and the rules that they keep. No database, no HTTP.

use goplt_core::{
    Code, Problem, Timestamp, Uuid,
    contract::RpcError,
    data::{DbError, NoTenant},
    manifest::PermissionPattern,
    problem::Violation,
};

use crate::{PolicyHandle, rbac};

/// The role that every tenant has, and that keeps everything: without it nobody could mend a mistake.
pub(super) const ADMIN: &str = "admin";

const MAX_DESCRIPTION: usize = 500;

/// A role with its grants, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRole {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) grants: Vec<PermissionPattern>,
    pub(crate) created_at: Timestamp,
}

impl StoredRole {
    /// As the decision engine sees it.
    pub(crate) fn to_policy(&self) -> rbac::Role {
        rbac::Role::new(self.id, &*self.name).with_grants(self.grants.iter().cloned())
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthzError {
    /// There is no such role, or none of this tenant.
    #[error("no role has this id")]
    NoRole,
    /// Identity knows no such user in this tenant.
    #[error("no user has this id")]
    NoUser,
    /// Another role of the tenant has the name.
    #[error("a role has this name already")]
    NameTaken,
    /// The role `admin` cannot be renamed, restricted or deleted.
    #[error("the role `admin` keeps everything; make another role")]
    AdminIsFixed,
    /// The caller would give a permission that it does not have.
    #[error("you lack `{0}`, and can give only what you have")]
    NotHeld(String),
    /// The request breaks rules.
    #[error("the request breaks {} rules", .0.len())]
    Rules(Vec<Violation>),
    /// No tenant was named.
    #[error(transparent)]
    NoTenant(#[from] NoTenant),
    /// The database refused or did not answer.
    #[error("the database did not do it")]
    Db(#[from] DbError),
    /// Another module did not answer.
    #[error("another module did not answer")]
    Call(#[source] RpcError),
    /// The change was interrupted by a defect.
    #[error("the change did not come to its end")]
    Interrupted(#[source] goplt_core::BoxError),
}

impl AuthzError {
    /// The code of the answer.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoRole | Self::NoUser => Code::NotFound,
            Self::NameTaken => Code::AlreadyExists,
            Self::AdminIsFixed => Code::Aborted,
            Self::NotHeld(_) => Code::PermissionDenied,
            Self::Rules(_) => Code::InvalidArgument,
            Self::NoTenant(error) => error.code(),
            Self::Db(error) => error.code(),
            Self::Call(error) => error.code(),
            Self::Interrupted(_) => Code::Internal,
        }
    }
}

impl From<AuthzError> for RpcError {
    fn from(error: AuthzError) -> Self {
        match error {
            AuthzError::Rules(violations) => Self::invalid(violations),
            AuthzError::NoTenant(error) => error.into(),
            AuthzError::Db(error) => error.into(),
            AuthzError::Call(error) => error,
            AuthzError::Interrupted(source) => Self::internal(source),
            AuthzError::NameTaken => {
                Self::new(error.code(), error.to_string()).with_reason("name_taken")
            }
            AuthzError::AdminIsFixed => {
                Self::new(error.code(), error.to_string()).with_reason("admin_is_fixed")
            }
            AuthzError::NotHeld(_) => {
                Self::new(error.code(), error.to_string()).with_reason("permission_not_held")
            }
            AuthzError::NoRole | AuthzError::NoUser => Self::not_found(error.to_string()),
        }
    }
}

impl From<AuthzError> for Problem {
    fn from(error: AuthzError) -> Self {
        RpcError::from(error).into()
    }
}

/// `[a-z0-9][a-z0-9-]{0,62}`, so that tokens and paths can carry it.
pub(super) fn check_name(name: &str) -> Option<Violation> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('-') {
        return None;
    }
    Some(Violation::new(
        "name",
        "must be 1 to 63 of `a-z`, `0-9` and `-`, not beginning with `-`",
    ))
}

pub(super) fn check_description(description: &str) -> Option<Violation> {
    let long = description.chars().count() > MAX_DESCRIPTION;
    long.then(|| Violation::new("description", "must have at most 500 characters"))
}

/// The patterns, in order and once each; a pattern that grants nothing known is a mistake.
pub(super) fn parse_grants<'a>(
    field: &'static str,
    texts: impl IntoIterator<Item = &'a str>,
    policy: &PolicyHandle,
) -> Result<Vec<PermissionPattern>, Vec<Violation>> {
    let catalogue = policy.catalogue();
    let mut grants = Vec::new();
    let mut violations = Vec::new();
    for text in texts {
        match PermissionPattern::parse(text) {
            Ok(pattern) if catalogue.iter().any(|known| pattern.matches(known)) => {
                grants.push(pattern)
            }
            Ok(pattern) => {
                let message = format!("no module declares a permission that `{pattern}` matches");
                violations.push(Violation::new(field, message));
            }
            Err(error) => violations.push(Violation::new(field, error.to_string())),
        }
    }
    grants.sort();
    grants.dedup();
    if violations.is_empty() {
        Ok(grants)
    } else {
        Err(violations)
    }
}

#[cfg(test)]
mod tests {
    use goplt_core::Permission;

    use super::*;

    #[test]
    fn an_unknown_permission_is_named() {
        let policy = PolicyHandle::new();
        policy.set_catalogue([Permission::from_static("blog.post.read")]);
        let parsed = parse_grants(
            "permissions",
            ["blog.*", "blog.post.read", "blog.*"],
            &policy,
        );
        assert_eq!(parsed.unwrap().len(), 2);
        let violations =
            parse_grants("permissions", ["blog.pots.read", "Blog"], &policy).unwrap_err();
        assert_eq!(violations.len(), 2);
        assert!(violations[0].message().contains("blog.pots.read"));
    }

    #[test]
    fn names_have_the_grammar_of_labels() {
        assert!(check_name("night-shift-2").is_none());
        for bad in ["", "-a", "Admin", "a b", &"a".repeat(64)] {
            assert!(check_name(bad).is_some(), "{bad}");
        }
    }
}
