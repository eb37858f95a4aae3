//! The module `identity`: users, their passwords, and the tenants they belong to.
//!
//! Emails are unique in their tenant and compared in lower case. Passwords are kept as Argon2id
//! (64 MiB, 3 passes, 4 lanes unless configured otherwise) and hashed anew at a login when the
//! parameters have changed. What checks a password does the same work for a user that is not there.
//!
//! The module knows nothing of sessions. It says when a password was last set
//! (`password_changed_at` of its users), and whoever keeps sessions ends those that began under
//! another; a user that is deleted is not found any more, with the same effect. So auth needs
//! identity, and identity nobody. What happens to users is published as events, which name the user
//! and what changed, and never what is known of them.

mod api;
mod domain;
mod input;
mod mailbox;
mod password;
mod recorded;
mod repo;
mod rpc;
mod service;
mod token_repo;

use std::sync::Arc;

use goplt_contracts::identity::IdentityService;
use goplt_core::{BoxError, manifest::Manifest};
use goplt_module::{IModule, InitContext};

use self::{
    mailbox::{Links, patience},
    password::Passwords,
    service::Identity,
};

goplt_module::include_manifest!("src/service/identity/module.yaml");

/// The module. Provides [`IdentityService`].
#[derive(Debug, Clone, Copy, Default)]
pub struct IdentityModule;

impl IdentityModule {
    /// The module, not yet initialised.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl IModule for IdentityModule {
    type Needs = ();
    type Provides = Arc<dyn IdentityService>;

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<Self::Provides, BoxError> {
        let config = cx.config::<Config>();
        let identity = Arc::new(Identity {
            db: cx.db(),
            host: cx.host_scope()?,
            passwords: Passwords::new(&config, cx.random())?,
            mailer: cx.mailer(),
            links: Links {
                lifetime: config.token_lifetime,
                verification: config.verification_link,
                reset: config.reset_link,
            },
            clock: cx.clock(),
            random: cx.random(),
            ids: cx.ids(),
            authorizer: cx.authorizer(),
            open: config.registration == "open",
        });
        cx.routes(&identity)
            .mount(route::CREATE_USER, api::create_user)
            .mount(route::LIST_USERS, api::list_users)
            .mount(route::GET_ME, api::get_me)
            .mount(route::CHANGE_PASSWORD, api::change_password)
            .mount(route::VERIFY_EMAIL, api::verify_email)
            .mount(route::REQUEST_RESET, api::request_reset)
            .mount(route::RESET_PASSWORD, api::reset_password)
            .mount(route::GET_USER, api::get_user)
            .mount(route::UPDATE_USER, api::update_user)
            .mount(route::DELETE_USER, api::delete_user);
        let _ = cx
            .jobs(&identity)
            .on_with(
                job::SEND_VERIFICATION,
                patience(),
                Identity::send_verification,
            )
            .on_with(job::SEND_RESET, patience(), Identity::send_reset)
            .on(job::PURGE_TOKENS, Identity::purge_tokens);
        Ok(identity)
    }
}
