use std::{fmt, str::FromStr};

use http::{Request, Uri, uri::PathAndQuery};

use crate::TenantId;

/// Where a path names the tenant: `/t/{tenant}` takes `acme` from `/t/acme/api/v1/notes`, and leaves
/// `/api/v1/notes` to be routed.
///
/// The segment after the prefix is a tenant id, byte for byte: nothing is decoded, so there is one
/// way to write each.
///
/// # Examples
///
/// ```
/// use goplt_core::edge::{PathTenant, TenantPath};
/// use http::Request;
///
/// let path: TenantPath = "/t/{tenant}".parse()?;
/// let mut request = Request::get("/t/acme/api/v1/notes?limit=2").body(())?;
/// path.strip(&mut request);
/// assert_eq!(request.uri(), "/api/v1/notes?limit=2");
/// assert_eq!(request.extensions().get::<PathTenant>().unwrap().tenant().as_str(), "acme");
///
/// assert!("/t/{tenant}/x".parse::<TenantPath>().is_err());
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantPath {
    /// What stands before the tenant, with `/` at both ends.
    prefix: String,
}

/// The tenant that the path named before [`TenantPath::strip`] took it away: in the request's
/// extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTenant(TenantId);

/// The text is no path that ends in `{tenant}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tenant's path is `/`, segments of letters, digits, `-` and `_`, and `{{tenant}}` at its end, such as `/t/{{tenant}}`"
)]
pub struct TenantPathError;

/// What a path says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a path names a tenant, or something else, or nothing"
)]
pub enum NamedByPath {
    /// It does not begin with the prefix.
    Nothing,
    /// A tenant, and the rest of the path, which begins with `/`.
    Tenant(TenantId, String),
    /// The prefix is there, but no tenant id after it.
    Malformed,
}

impl TenantPath {
    /// What the path of a request names.
    #[must_use]
    pub fn read(&self, uri: &Uri) -> NamedByPath {
        let Some(rest) = uri.path().strip_prefix(&self.prefix) else {
            return NamedByPath::Nothing;
        };
        let (segment, rest) = match rest.find('/') {
            Some(end) => rest.split_at(end),
            None => (rest, "/"),
        };
        match segment.parse() {
            Ok(tenant) => NamedByPath::Tenant(tenant, rest.to_owned()),
            Err(_) => NamedByPath::Malformed,
        }
    }

    /// Takes the tenant out of the request's path, before it is routed, and keeps it as a
    /// [`PathTenant`] for whoever resolves the tenant.
    ///
    /// A path that names none, or not well, stays as it is.
    pub fn strip<B>(&self, request: &mut Request<B>) {
        let NamedByPath::Tenant(tenant, rest) = self.read(request.uri()) else {
            return;
        };
        let rest = match request.uri().query() {
            Some(query) => format!("{rest}?{query}"),
            None => rest,
        };
        let mut parts = request.uri().clone().into_parts();
        // INVARIANT: it is a part of a path that was valid, from a `/` on.
        let Ok(rest) = PathAndQuery::try_from(rest) else {
            return;
        };
        parts.path_and_query = Some(rest);
        let Ok(uri) = Uri::from_parts(parts) else {
            return;
        };
        *request.uri_mut() = uri;
        request.extensions_mut().insert(PathTenant(tenant));
    }
}

impl PathTenant {
    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.0
    }
}

impl FromStr for TenantPath {
    type Err = TenantPathError;

    fn from_str(text: &str) -> Result<Self, TenantPathError> {
        let prefix = text.strip_suffix("{tenant}").ok_or(TenantPathError)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_');
        let is_path = prefix.starts_with('/') && prefix.ends_with('/') && !prefix.contains("//");
        // Without a segment before it, every path would name a tenant.
        if prefix.len() < 3 || !is_path || !prefix.bytes().all(plain) {
            return Err(TenantPathError);
        }
        Ok(Self {
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for TenantPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{tenant}}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path() -> TenantPath {
        "/t/{tenant}".parse().unwrap()
    }

    fn stripped(uri: &str) -> (String, Option<String>) {
        let mut request = Request::get(uri).body(()).unwrap();
        path().strip(&mut request);
        let tenant = request.extensions().get::<PathTenant>();
        let tenant = tenant.map(|named| named.tenant().to_string());
        (request.uri().to_string(), tenant)
    }

    #[test]
    fn what_is_left_is_routed() {
        for (uri, rest, tenant) in [
            ("/t/acme/api?a=/t/b", "/api?a=/t/b", Some("acme")),
            ("/t/acme/", "/", Some("acme")),
            ("/t/acme", "/", Some("acme")),
            ("/t/acme?a", "/?a", Some("acme")),
            ("/t/acme//x", "//x", Some("acme")),
            ("/t/acme/t/globex/x", "/t/globex/x", Some("acme")),
            (
                "https://a.example/t/acme/x",
                "https://a.example/x",
                Some("acme"),
            ),
            ("/t", "/t", None),
            ("/T/acme/x", "/T/acme/x", None),
            ("/api/t/acme", "/api/t/acme", None),
            ("/tt/acme", "/tt/acme", None),
            ("/", "/", None),
        ] {
            let expected = (rest.to_owned(), tenant.map(str::to_owned));
            assert_eq!(stripped(uri), expected, "{uri}");
        }
    }

    #[test]
    fn what_is_no_tenant_id_is_malformed_and_stays() {
        for uri in [
            "/t/",
            "/t//x",
            "/t/Acme/x",
            "/t/%61cme/x",
            "/t/a.b/x",
            "/t/-a/x",
            "/t/acme%2Fx",
        ] {
            assert_eq!(
                path().read(&uri.parse().unwrap()),
                NamedByPath::Malformed,
                "{uri}"
            );
            assert_eq!(stripped(uri), (uri.to_owned(), None));
        }
    }

    #[test]
    fn only_a_prefix_with_a_segment_is_taken() {
        for text in ["/t/{tenant}", "/a/b-c/d_e/{tenant}"] {
            assert_eq!(text.parse::<TenantPath>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "{tenant}",
            "/{tenant}",
            "t/{tenant}",
            "/t/{tenant}/",
            "/t/{id}",
            "//{tenant}",
            "/t//{tenant}",
            "/t x/{tenant}",
            "/t/x{tenant}",
        ] {
            assert!(text.parse::<TenantPath>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_the_prefix_and_the_tenant_is_taken_away(rest in "(/[a-z%./]{0,8}){0,3}", query in prop::option::of("[a-z=&/]{0,8}")) {
            let tail = query.map_or(rest.clone(), |query| format!("{rest}?{query}"));
            if let Ok(uri) = format!("/t/acme{tail}").parse::<Uri>() {
                let (left, tenant) = stripped(&uri.to_string());
                prop_assert_eq!(tenant.as_deref(), Some("acme"));
                let expected = if rest.is_empty() { format!("/{tail}") } else { tail };
                prop_assert_eq!(left, expected);
            }
        }
    }
}
