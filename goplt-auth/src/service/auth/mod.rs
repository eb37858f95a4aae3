//! The module `auth`: logins, tokens, and the keys that sign them.
//!
//! Access tokens are EdDSA, 15 minutes, and cannot be taken back. Refresh tokens are 256 random
//! bits with their tenant in front, 7 days, used once, and only their hashes are stored; one that
//! is used twice ends its session. See [`identity`](super::identity) for how a changed password and
//! a deleted user end sessions without identity knowing of them.
//!
//! Signing keys lie in the module's table, encrypted with `auth.key_encryption_key`. In
//! development a file in the data folder, mode 0600, holds that key when none is configured;
//! everywhere else the module refuses to start without one. Several keys may be there: the newest
//! signs, all verify.
//!
//! A changed password and a deleted user also end the sessions as such, when the event of it comes:
//! what a refresh would find out is then written down. Sessions that have expired are forgotten by
//! the job `purge_sessions`, every hour.
//!
//! Login asks identity whether the password is right and authz for the names of the roles. While
//! either does not answer, nobody logs in (503): a token without its roles would be worse.

mod api;
mod domain;
mod heard;
mod keyring;
mod master;
mod recorded;
mod repo;
mod rpc;
mod sealing;
mod service;

use std::sync::{Arc, OnceLock};

use goplt_contracts::{auth::AuthService, authz::AuthzService, identity::IdentityService};
use goplt_core::{BoxError, Clock, manifest::Manifest};
use goplt_module::{IModule, InitContext, Needs, StartContext, host::EdgeContext};

use self::{keyring::Keyring, master::master_key, sealing::Sealer, service::Sessions};
use crate::{
    AuthLayer,
    jwks::KeyHandle,
    jwt::{Issuer, JwtVerifier},
};

goplt_module::include_manifest!("src/service/auth/module.yaml");

/// The module. Provides [`AuthService`]; publishes its keys into the handle it was made with.
#[derive(Debug)]
pub struct AuthModule {
    keys: KeyHandle,
    sessions: OnceLock<Arc<Sessions>>,
}

/// What the module calls.
#[derive(Needs)]
#[expect(
    missing_debug_implementations,
    reason = "a contract has nothing to show"
)]
pub struct AuthNeeds {
    identity: Arc<dyn IdentityService>,
    authz: Arc<dyn AuthzService>,
}

impl AuthModule {
    /// The module, not yet initialised. `keys` is the handle that the binary's verifier reads.
    #[must_use]
    pub const fn new(keys: KeyHandle) -> Self {
        Self {
            keys,
            sessions: OnceLock::new(),
        }
    }

    /// The layer that verifies this module's tokens, for hosts that have the handle: issuer and
    /// audience are those of the configuration, so that both sides agree.
    pub fn layer(keys: KeyHandle, edge: &EdgeContext) -> AuthLayer<JwtVerifier> {
        let config: Config = edge.config().get();
        AuthLayer::new(verifier(keys, &config, edge.clock()))
    }
}

fn verifier(keys: KeyHandle, config: &Config, clock: Clock) -> JwtVerifier {
    JwtVerifier::new(keys, &*config.issuer, &*config.audience).with_clock(clock)
}

impl IModule for AuthModule {
    type Needs = AuthNeeds;
    type Provides = Arc<dyn AuthService>;

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(
        &self,
        needs: AuthNeeds,
        cx: &mut InitContext<'_>,
    ) -> Result<Self::Provides, BoxError> {
        let config = cx.config::<Config>();
        let (clock, random) = (cx.clock(), cx.random());
        let configured = config.key_encryption_key.as_ref();
        let master = master_key(configured, cx.environment(), cx.data_dir(), &random)?;
        let sealer = Sealer::new(&master)?;
        let keyring = Keyring::new(
            cx.db(),
            cx.host_scope()?,
            sealer,
            clock.clone(),
            self.keys.clone(),
        );
        let issuer = Issuer::new(&*config.issuer, &*config.audience)
            .with_lifetime(config.access_lifetime)?
            .with_clock(clock.clone());
        let verifier = verifier(self.keys.clone(), &config, clock.clone()).with_cache_capacity(0);
        let sessions = Arc::new(Sessions {
            db: cx.db(),
            host: cx.host_scope()?,
            identity: needs.identity,
            authz: needs.authz,
            keyring,
            issuer,
            verifier,
            refresh_lifetime: config.refresh_lifetime,
            clock,
            random,
            ids: cx.ids(),
        });
        self.sessions
            .set(Arc::clone(&sessions))
            .map_err(|_| "the module was initialised twice")?;
        cx.routes(&sessions)
            .mount(route::LOGIN, api::login)
            .mount(route::REFRESH, api::refresh)
            .mount(route::LOGOUT, api::logout)
            .mount(route::JWKS, api::jwks);
        let _ = cx
            .events(&sessions)
            .on(event::IDENTITY_USER_UPDATED, Sessions::on_user_updated)
            .on(event::IDENTITY_USER_DELETED, Sessions::on_user_deleted);
        let _ = cx.jobs(&sessions).on(job::PURGE_SESSIONS, Sessions::purge);
        Ok(sessions)
    }

    async fn on_start(&self, _: &StartContext) -> Result<(), BoxError> {
        let sessions = self
            .sessions
            .get()
            .ok_or("the module was not initialised")?;
        sessions.keyring.load().await
    }
}
