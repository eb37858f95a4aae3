//! [`Claims`]: what a token says, once all of it has been judged.

use std::time::Duration;

use goplt_core::{Principal, TenantId, Timestamp};

use crate::{TokenError, jwt::Payload};

/// The claims of a verified token. Made by [`JwtVerifier`](crate::jwt::JwtVerifier) alone, after
/// signature, issuer, audience and times were found good; until then they are of another,
/// private type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    subject: String,
    tenant: Option<TenantId>,
    roles: Vec<String>,
    expires_at: Timestamp,
    token_id: Option<String>,
}

/// What a verifier asks of a token.
#[derive(Debug, Clone)]
pub(crate) struct Expectations {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) leeway: Duration,
}

const MAX_SUBJECT_BYTES: usize = 255;

impl Claims {
    /// Who the token is about: for users of the identity module, a UUID.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The tenant, if the token names one.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// The names of roles when it was issued: informative, decisions do not rest on them.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// When it ends; verifiers add their leeway.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The token's own id (`jti`), if it has one.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// Judges a payload whose signature was found good.
    pub(crate) fn judge(
        payload: Payload<'_>,
        expect: &Expectations,
        now: Timestamp,
    ) -> Result<Self, TokenError> {
        let issuer = payload.iss.ok_or(TokenError::Claim("iss"))?;
        let audience = payload.aud.ok_or(TokenError::Claim("aud"))?;
        let expires_at = payload.exp.ok_or(TokenError::Claim("exp"))?.0;
        let subject = payload.sub.ok_or(TokenError::Claim("sub"))?;
        if subject.is_empty() || subject.len() > MAX_SUBJECT_BYTES {
            return Err(TokenError::Claim("sub"));
        }
        let tenant = payload.tenant_id.map(|tenant| tenant.parse()).transpose();
        let tenant = tenant.map_err(|_| TokenError::Claim("tenant_id"))?;
        if issuer != expect.issuer {
            return Err(TokenError::Issuer);
        }
        if !audience.contains(&expect.audience) {
            return Err(TokenError::Audience);
        }
        let latest = now.plus(expect.leeway);
        if [payload.nbf, payload.iat]
            .into_iter()
            .flatten()
            .any(|start| start.0 > latest)
        {
            return Err(TokenError::NotYet);
        }
        if now >= expires_at.plus(expect.leeway) {
            return Err(TokenError::Expired);
        }
        Ok(Self {
            subject: subject.into_owned(),
            tenant,
            roles: payload.roles.unwrap_or_default(),
            expires_at,
            token_id: payload.jti.map(Into::into),
        })
    }
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        let mut principal = Self::user(claims.subject)
            .with_roles(claims.roles)
            .with_expiry(claims.expires_at);
        if let Some(tenant) = claims.tenant {
            principal = principal.with_tenant(tenant);
        }
        principal
    }
}
