//! Which tenant a request is about: a pure function of claim, header, host and path.

use goplt_core::{
    Code, Principal, Problem, TenantId,
    config::kernel::{TenancyConfig, TenancyMode},
    edge::{NamedByPath, TenantPath},
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
    base_domain: Option<String>,
    path: Option<TenantPath>,
    credentials_only: bool,
}

#[derive(Debug, Clone)]
enum Mode {
    Single(TenantId),
    Multi,
}

/// Why no tenant was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TenantRefusal {
    /// The header is not a tenant id, or is there twice.
    #[error("the header `x-tenant-id` is not one tenant id")]
    Malformed,
    /// The path has the prefix of a tenant's, and no tenant id after it.
    #[error("the path does not name a tenant after its prefix")]
    MalformedPath,
    /// Header, subdomain or path name another tenant than the credentials.
    #[error("the request names another tenant than its credentials")]
    Mismatch,
    /// Header, subdomain and path of an anonymous request name two tenants.
    #[error("the request names two tenants")]
    Ambiguous,
}

// === impl Tenancy ===

impl Tenancy {
    /// Many tenants: claim, header, subdomain or path name one.
    #[must_use]
    pub const fn multi() -> Self {
        Self::of(Mode::Multi)
    }

    /// One tenant, which no request has to name, and which a request that names any must name.
    #[must_use]
    pub const fn single(tenant: TenantId) -> Self {
        Self::of(Mode::Single(tenant))
    }

    const fn of(mode: Mode) -> Self {
        Self {
            mode,
            base_domain: None,
            path: None,
            credentials_only: false,
        }
    }

    /// Takes `acme` from the host `acme.{base_domain}`; without effect on a single tenant.
    #[must_use]
    pub fn with_base_domain(mut self, domain: &str) -> Self {
        self.base_domain = Some(domain.trim_matches('.').to_ascii_lowercase());
        self
    }

    /// Takes `acme` from the path `/t/acme/…`. The prefix must go before the request is routed: see
    /// the [module docs](super).
    #[must_use]
    pub fn with_path(mut self, path: TenantPath) -> Self {
        self.path = Some(path);
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
        self.resolve_with(principal, headers, uri, None)
    }

    /// The same for a request whose path has lost its tenant already.
    pub(super) fn resolve_with(
        &self,
        principal: Option<&Principal>,
        headers: &HeaderMap,
        uri: &Uri,
        taken: Option<&TenantId>,
    ) -> Result<Option<TenantId>, TenantRefusal> {
        let mut names = Names::default();
        names.add(from_header(headers)?);
        names.add(self.path_name(uri)?);
        names.add(taken.cloned());
        let fixed = match &self.mode {
            Mode::Single(tenant) => Some(tenant),
            Mode::Multi => {
                if let Some(domain) = &self.base_domain {
                    // HTTP/2 has the host in the URI, HTTP/1 in the header; a request may have both.
                    names.add(uri.host().and_then(|host| from_host(domain, host)));
                    for host in headers.get_all(HOST) {
                        let host = host.to_str().ok().map(without_port);
                        names.add(host.and_then(|host| from_host(domain, host)));
                    }
                }
                None
            }
        };
        names.add(fixed.cloned());
        match principal {
            Some(principal) => {
                // Credentials without a tenant enter none, whatever the request names; the one
                // tenant of a single-tenant installation is entered by all.
                let decided = principal.tenant().or(fixed);
                if names.any_but(decided) {
                    return Err(TenantRefusal::Mismatch);
                }
                Ok(decided.cloned())
            }
            None if names.differ => Err(TenantRefusal::Ambiguous),
            None if self.credentials_only => Ok(None),
            None => Ok(names.first),
        }
    }

    fn path_name(&self, uri: &Uri) -> Result<Option<TenantId>, TenantRefusal> {
        match self.path.as_ref().map(|path| path.read(uri)) {
            None | Some(NamedByPath::Nothing) => Ok(None),
            Some(NamedByPath::Tenant(tenant, _)) => Ok(Some(tenant)),
            Some(NamedByPath::Malformed) => Err(TenantRefusal::MalformedPath),
        }
    }

    pub(super) const fn path(&self) -> Option<&TenantPath> {
        self.path.as_ref()
    }
}

/// The tenants that a request names.
#[derive(Debug, Default)]
struct Names {
    first: Option<TenantId>,
    differ: bool,
}

impl Names {
    fn add(&mut self, name: Option<TenantId>) {
        match (&self.first, name) {
            (_, None) => {}
            (None, name) => self.first = name,
            (Some(first), Some(name)) => self.differ |= *first != name,
        }
    }

    /// Whether one of them is not `tenant`.
    fn any_but(&self, tenant: Option<&TenantId>) -> bool {
        self.differ || (self.first.is_some() && self.first.as_ref() != tenant)
    }
}

impl From<TenancyConfig> for Tenancy {
    fn from(config: TenancyConfig) -> Self {
        let mut tenancy = match config.mode {
            TenancyMode::Single(tenant) => Self::single(tenant),
            TenancyMode::Multi => Self::multi(),
        };
        if let Some(domain) = config.base_domain {
            tenancy = tenancy.with_base_domain(&domain);
        }
        tenancy.path = config.path_prefix;
        tenancy.credentials_only = config.credentials_only;
        tenancy
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
fn from_host(domain: &str, host: &str) -> Option<TenantId> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.strip_suffix(domain)?.strip_suffix('.')?.parse().ok()
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(host, _)| host)
}

// === impl TenantRefusal ===

impl TenantRefusal {
    /// The code of the answer.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Malformed | Self::MalformedPath => Code::InvalidArgument,
            Self::Mismatch | Self::Ambiguous => Code::PermissionDenied,
        }
    }
}

impl From<TenantRefusal> for Problem {
    fn from(refusal: TenantRefusal) -> Self {
        let reason = match refusal {
            TenantRefusal::Malformed | TenantRefusal::MalformedPath => "tenant_malformed",
            TenantRefusal::Mismatch => "tenant_mismatch",
            TenantRefusal::Ambiguous => "tenant_ambiguous",
        };
        Self::new(refusal.code())
            .with_reason(reason)
            .with_detail(refusal.to_string())
    }
}
