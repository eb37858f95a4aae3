//! Which tenant a request is about: a pure function of claim, header and host.

use goplt_core::{
    Code, Principal, Problem, TenantId,
    config::kernel::{TenancyConfig, TenancyMode},
};
use http::{HeaderMap, HeaderName, Uri, header::HOST};

/// The header that names the tenant of an anonymous request.
pub(super) const TENANT_HEADER: HeaderName = HeaderName::from_static("x-tenant-id");

/// How a request names its tenant.
///
/// # Examples
///
/// ```
/// use goplt_authz::tenant::Tenancy;
/// use http::{HeaderMap, HeaderValue, Uri};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-tenant-id", HeaderValue::from_static("acme"));
/// let tenant = Tenancy::multi().resolve(None, &headers, &Uri::default())?;
/// assert_eq!(tenant.unwrap().as_str(), "acme");
/// # Ok::<_, goplt_authz::tenant::TenantRefusal>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tenancy {
    mode: Mode,
    credentials_only: bool,
}

#[derive(Debug, Clone)]
enum Mode {
    Single(TenantId),
    Multi { base_domain: Option<String> },
}

/// Why no tenant was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TenantRefusal {
    /// The header is not a tenant id, or is there twice.
    #[error("the header `x-tenant-id` is not one tenant id")]
    Malformed,
    /// Header or subdomain name another tenant than the credentials.
    #[error("the request names another tenant than its credentials")]
    Mismatch,
    /// Header and subdomain of an anonymous request name two tenants.
    #[error("the request names two tenants")]
    Ambiguous,
}

// === impl Tenancy ===

impl Tenancy {
    /// Many tenants: claim, header or subdomain name one.
    #[must_use]
    pub const fn multi() -> Self {
        Self {
            mode: Mode::Multi { base_domain: None },
            credentials_only: false,
        }
    }

    /// One tenant, which no request has to name.
    #[must_use]
    pub const fn single(tenant: TenantId) -> Self {
        Self {
            mode: Mode::Single(tenant),
            credentials_only: false,
        }
    }

    /// Takes `acme` from the host `acme.{base_domain}`; without effect on a single tenant.
    #[must_use]
    pub fn with_base_domain(mut self, domain: &str) -> Self {
        if let Mode::Multi { base_domain } = &mut self.mode {
            *base_domain = Some(domain.trim_matches('.').to_ascii_lowercase());
        }
        self
    }

    /// Anonymous requests enter no tenant, whatever they name: for applications whose routes all
    /// want credentials, so that a route without a check of its own shows no tenant's data.
    ///
    /// # Examples
    ///
    /// ```
    /// use goplt_authz::tenant::Tenancy;
    /// use http::{HeaderMap, HeaderValue, Uri};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("x-tenant-id", HeaderValue::from_static("acme"));
    /// let tenancy = Tenancy::multi().with_credentials_only();
    /// assert_eq!(tenancy.resolve(None, &headers, &Uri::default())?, None);
    /// # Ok::<_, goplt_authz::tenant::TenantRefusal>(())
    /// ```
    #[must_use]
    pub const fn with_credentials_only(mut self) -> Self {
        self.credentials_only = true;
        self
    }

    /// The tenant of a request; `None` if it names none.
    ///
    /// # Errors
    ///
    /// [`TenantRefusal`] if what it names is malformed or contradicts itself.
    pub fn resolve(
        &self,
        principal: Option<&Principal>,
        headers: &HeaderMap,
        uri: &Uri,
    ) -> Result<Option<TenantId>, TenantRefusal> {
        let header = from_header(headers)?;
        let (fixed, subdomain) = match &self.mode {
            Mode::Single(tenant) => (Some(tenant.clone()), None),
            Mode::Multi { base_domain: None } => (None, None),
            Mode::Multi {
                base_domain: Some(domain),
            } => (None, from_host(domain, headers, uri)),
        };
        let named = [fixed.as_ref(), header.as_ref(), subdomain.as_ref()];
        match principal {
            Some(principal) => {
                let claim = principal.tenant();
                // Credentials without a tenant enter none, whatever a header says; the one
                // tenant of a single-tenant installation is entered by all.
                let decided = claim.or(fixed.as_ref());
                if named
                    .into_iter()
                    .flatten()
                    .any(|name| Some(name) != decided)
                {
                    return Err(TenantRefusal::Mismatch);
                }
                Ok(decided.cloned())
            }
            None if self.credentials_only => Ok(None),
            None => {
                let mut names = named.into_iter().flatten();
                let first = names.next();
                if names.any(|name| Some(name) != first) {
                    return Err(TenantRefusal::Ambiguous);
                }
                Ok(first.cloned())
            }
        }
    }
}

impl From<TenancyConfig> for Tenancy {
    fn from(config: TenancyConfig) -> Self {
        match (config.mode, config.base_domain) {
            (TenancyMode::Single(tenant), _) => Self::single(tenant),
            (TenancyMode::Multi, None) => Self::multi(),
            (TenancyMode::Multi, Some(domain)) => Self::multi().with_base_domain(&domain),
        }
    }
}

fn from_header(headers: &HeaderMap) -> Result<Option<TenantId>, TenantRefusal> {
    let mut values = headers.get_all(TENANT_HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let tenant = value.to_str().ok().and_then(|text| text.parse().ok());
    match (tenant, values.next()) {
        (Some(tenant), None) => Ok(Some(tenant)),
        _ => Err(TenantRefusal::Malformed),
    }
}

/// The one label before the base domain; other hosts name no tenant.
fn from_host(domain: &str, headers: &HeaderMap, uri: &Uri) -> Option<TenantId> {
    // HTTP/2 has the host in the URI, HTTP/1 in the header.
    let host = match uri.host() {
        Some(host) => host,
        None => headers
            .get(HOST)?
            .to_str()
            .ok()?
            .rsplit_once(':')
            .map_or_else(
                || headers.get(HOST)?.to_str().ok(),
                |(host, _port)| Some(host),
            )?,
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.strip_suffix(domain)?.strip_suffix('.')?.parse().ok()
}

// === impl TenantRefusal ===

impl TenantRefusal {
    /// The code of the answer.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Malformed | Self::Ambiguous => Code::InvalidArgument,
            Self::Mismatch => Code::PermissionDenied,
        }
    }
}

impl From<TenantRefusal> for Problem {
    fn from(refusal: TenantRefusal) -> Self {
        let reason = match refusal {
            TenantRefusal::Malformed => "tenant_malformed",
            TenantRefusal::Mismatch => "tenant_mismatch",
            TenantRefusal::Ambiguous => "tenant_ambiguous",
        };
        Self::new(refusal.code())
            .with_reason(reason)
            .with_detail(refusal.to_string())
    }
}
