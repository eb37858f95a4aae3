//! Logins and sessions.
//!
//! A session begins with a login and goes on from refresh token to refresh token; each works once.
//! A second use means that two parties have it, and ends the session for both. A session also ends
//! when the password changes and when the user is deleted: it remembers under which password it
//! began, and asks identity at every refresh.

use std::{fmt, sync::Arc, time::Duration};

use goplt_contracts::{
    authz::{AuthzService, GetUserRolesRequest},
    identity::{GetTenantRequest, GetUserRequest, IdentityService, User, VerifyCredentialsRequest},
};
use goplt_core::{
    Clock, Code, Random, RequestContext, TenantId, Timestamp, Uuid,
    audit::AuditEntry,
    contract::RpcError,
    data::{DbError, HostScope, TenantDb},
    id::Ids,
};
use secrecy::SecretString;

use super::{
    domain::TokenRow,
    keyring::Keyring,
    recorded,
    repo::{self, NewSession},
};
use crate::{
    Claims, TokenError,
    jwt::{AccessToken, Issuer, JwtVerifier},
    service::tenant_token::TenantToken,
};

/// What the module does, whoever asks.
pub(super) struct Sessions {
    pub(super) db: TenantDb,
    pub(super) host: HostScope,
    pub(super) identity: Arc<dyn IdentityService>,
    pub(super) authz: Arc<dyn AuthzService>,
    pub(super) keyring: Keyring,
    pub(super) issuer: Issuer,
    pub(super) verifier: JwtVerifier,
    pub(super) refresh_lifetime: Duration,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) ids: Ids,
}

/// What a login gives.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access: AccessToken,
    pub(super) refresh: SecretString,
}

impl Sessions {
    /// The same refusal for every reason that lies with the caller.
    pub(super) async fn login(
        &self,
        cx: &RequestContext,
        email: String,
        password: String,
    ) -> Result<Tokens, RpcError> {
        let scope = cx.scope()?;
        let tried = email.clone();
        let request = VerifyCredentialsRequest { email, password };
        let found = self.identity.verify_credentials(cx, request).await?;
        let Some(user) = found.user else {
            tracing::info!("a login was refused");
            self.record_refusal(cx, &tried).await?;
            return Err(refused("email or password is wrong"));
        };
        let user_id = parse_id(&user)?;
        let access = self.access_token(cx, scope.tenant(), &user.id).await?;
        let refresh = TenantToken::generate(scope.tenant().clone(), &self.random);
        let now = self.clock.now();
        let session = NewSession {
            id: self.ids.next(),
            user_id,
            password_changed_at: Timestamp::from_micros(user.password_changed_at),
            now,
            expires_at: now.plus(self.refresh_lifetime),
        };
        let mut tx = self.db.begin(scope).await?;
        repo::forget_expired(&mut tx, user_id, now).await?;
        repo::insert_session(&mut tx, session).await?;
        repo::insert_token(
            &mut tx,
            session.id,
            &refresh.hash(),
            now,
            session.expires_at,
        )
        .await?;
        tx.audit()
            .record(recorded::login(&user.id, session.id))
            .await?;
        tx.commit().await?;
        Ok(Tokens {
            access,
            refresh: refresh.reveal(),
        })
    }

    /// `cx` is in the token's tenant.
    pub(super) async fn refresh(
        &self,
        cx: &RequestContext,
        token: &TenantToken,
    ) -> Result<Tokens, RpcError> {
        let scope = cx.scope()?;
        if scope.tenant() != token.tenant() {
            return Err(refused(OVER));
        }
        let hash = token.hash();
        let mut tx = self.db.begin_read(scope).await?;
        let known = repo::token(&mut tx, &hash)
            .await?
            .ok_or_else(|| refused(OVER))?;
        drop(tx);
        self.check(cx, &known).await?;
        // Before the token is used up: who is told to come back later can.
        let access = self
            .access_token(cx, scope.tenant(), &known.user_id.to_string())
            .await?;
        let next = TenantToken::generate(scope.tenant().clone(), &self.random);
        let now = self.clock.now();
        let mut tx = self.db.begin(scope).await?;
        if !repo::use_token(&mut tx, &hash, now).await? {
            drop(tx);
            return Err(self.reused(cx, &known).await);
        }
        let expires_at = now.plus(self.refresh_lifetime);
        repo::insert_token(&mut tx, known.session_id, &next.hash(), now, expires_at).await?;
        tx.commit().await?;
        Ok(Tokens {
            access,
            refresh: next.reveal(),
        })
    }

    /// Whether a token that was found may be exchanged.
    async fn check(&self, cx: &RequestContext, known: &TokenRow) -> Result<(), RpcError> {
        if known.revoked_at.is_some() {
            return Err(refused(OVER));
        }
        if known.used_at.is_some() {
            return Err(self.reused(cx, known).await);
        }
        if known.expires_at <= self.clock.now() {
            return Err(refused(OVER));
        }
        let request = GetUserRequest {
            id: known.user_id.to_string(),
        };
        let user = match self.identity.get_user(cx, request).await {
            Ok(user) => user,
            Err(error) if error.code() == Code::NotFound => return Err(refused(OVER)),
            Err(error) => return Err(error),
        };
        if user.password_changed_at != known.password_changed_at.as_micros() {
            let entry = recorded::password_changed(known.session_id, known.user_id);
            self.revoke(cx, known.session_id, entry).await?;
            return Err(refused(OVER));
        }
        Ok(())
    }

    /// Ends the session: one of those who have the token has it wrongly.
    async fn reused(&self, cx: &RequestContext, known: &TokenRow) -> RpcError {
        let session = known.session_id;
        tracing::warn!(%session, "a refresh token was used twice: the session is revoked");
        let entry = recorded::reused(session, known.user_id);
        match self.revoke(cx, session, entry).await {
            Ok(()) => refused(OVER),
            Err(error) => error,
        }
    }

    /// In a task of its own: a caller that hangs up does not keep its session.
    async fn revoke(
        &self,
        cx: &RequestContext,
        session: Uuid,
        entry: AuditEntry,
    ) -> Result<(), RpcError> {
        let (db, scope, now) = (self.db.clone(), cx.scope()?.clone(), self.clock.now());
        let revoking = tokio::spawn(async move {
            let mut tx = db.begin(&scope).await?;
            if repo::revoke(&mut tx, session, now).await? > 0 {
                tx.audit().record(entry).await?;
            }
            tx.commit().await
        });
        let done: Result<(), DbError> = revoking.await.map_err(RpcError::internal)?;
        Ok(done?)
    }

    /// Ends the session of a token of the caller's; any other token changes nothing.
    pub(super) async fn logout(&self, cx: &RequestContext, token: &str) -> Result<(), RpcError> {
        let (caller, scope) = (cx.require_principal()?, cx.scope()?);
        let Some(token) = TenantToken::parse(token) else {
            return Ok(());
        };
        if token.tenant() != scope.tenant() {
            return Ok(());
        }
        let mut tx = self.db.begin_read(scope).await?;
        let known = repo::token(&mut tx, &token.hash()).await?;
        drop(tx);
        match known {
            Some(known) if caller.user_id() == Some(known.user_id) => {
                let entry = recorded::logout(known.session_id);
                self.revoke(cx, known.session_id, entry).await
            }
            _ => Ok(()),
        }
    }

    /// Ends all sessions of a user.
    pub(super) async fn revoke_all(&self, cx: &RequestContext, user: Uuid) -> Result<(), RpcError> {
        let mut tx = self.db.begin(cx.scope()?).await?;
        let sessions = repo::revoke_all(&mut tx, user, self.clock.now()).await?;
        if sessions > 0 {
            tx.audit()
                .record(recorded::revoked_all(user, sessions))
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Writes down that somebody tried in vain, in the log of the tenant; whoever makes a tenant up
    /// gets no log for it.
    async fn record_refusal(&self, cx: &RequestContext, email: &str) -> Result<(), RpcError> {
        let scope = cx.scope()?;
        let request = GetTenantRequest {
            id: scope.tenant().to_string(),
        };
        match self.identity.get_tenant(cx, request).await {
            Ok(_) => {}
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        let mut tx = self.db.begin(scope).await?;
        tx.audit().record(recorded::refused_login(email)).await?;
        Ok(tx.commit().await?)
    }

    pub(super) fn validate(&self, token: &str) -> Result<Claims, RpcError> {
        self.verifier.check(token).map_err(|error| match error {
            TokenError::NoKeys => RpcError::new(Code::Unavailable, Code::Unavailable.title()),
            _ => refused("the token is not valid"),
        })
    }

    async fn access_token(
        &self,
        cx: &RequestContext,
        tenant: &TenantId,
        user_id: &str,
    ) -> Result<AccessToken, RpcError> {
        let request = GetUserRolesRequest {
            user_id: user_id.to_owned(),
        };
        let roles = match self.authz.get_user_roles(cx, request).await {
            Ok(answer) => answer.roles,
            // A token without roles would look like a user without rights: better none for now.
            Err(error) => {
                let message = "the roles of the user cannot be read now";
                return Err(RpcError::new(Code::Unavailable, message).with_source(error));
            }
        };
        Ok(self
            .issuer
            .issue(self.keyring.signer()?, user_id, tenant, &roles))
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("keyring", &self.keyring)
            .finish_non_exhaustive()
    }
}

const OVER: &str = "the session is over: log in again";

pub(super) fn refused(message: &'static str) -> RpcError {
    RpcError::new(Code::Unauthenticated, message)
}

fn parse_id(user: &User) -> Result<Uuid, RpcError> {
    user.id.parse().map_err(RpcError::internal)
}
