use std::fmt;

use crate::{Permission, yaml::Mark};

/// A route that the module answers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RouteDecl {
    /// Its name in code, `[a-z][a-z0-9_]*`: `create_post` becomes `route::CREATE_POST`.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces: `/api/v1/blog/posts/{id}`.
    pub path: String,
    /// Who may call it.
    pub access: RouteAccess,
    /// Where its tenant comes from.
    pub tenant: TenantSource,
    /// What it does; may be empty.
    pub description: String,
    /// Where it stands.
    pub mark: Mark,
}

/// A method that routes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the methods that a route can declare; the router maps each"
)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or does what no other method means.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Deletes.
    Delete,
}

/// Who may call a route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteAccess {
    /// Callers with this permission, declared in the same manifest.
    Permission(Permission),
    /// Every authenticated caller.
    Authenticated,
    /// Everybody.
    Public,
    /// The handler decides.
    Handler {
        /// Why the manifest cannot say it, for whoever reviews it.
        reason: String,
    },
}

/// Where a route's tenant comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum TenantSource {
    /// From the request: the token's claim, or for anonymous calls a header, subdomain or path segment.
    #[default]
    Request,
    /// From a credential in the body, such as a refresh token; only the handler can tell.
    Credential,
}

// === impl Method ===

impl Method {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As it stands in a request: `GET`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// The method of that name, in upper case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
