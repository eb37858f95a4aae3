//! The module authz: it stores roles and who has them, and keeps the [`PolicyHandle`] true.
//!
//! Other modules do not call it to decide: the host asks the policy on every request, and a handler
//! that decides itself asks by [`RequestContext::authorize`](goplt_core::RequestContext::authorize).
//!
//! Who may change roles or assign them gives only what they have: a permission that the policy denies to the caller, and a
//! role that holds one, is 403 with its name (`permission_not_held`). A pattern such as `blog.*` means permissions that
//! are still to come too, so one of the caller's own roles must grant all of it; `*` is for administrators. What a role has
//! already stays when somebody with less edits it, and taking away needs no permission but that for the route. Services
//! are not asked: seeds and commands give the first roles.
//!
//! Every change is published. The roles of a user who is deleted go when the event of it comes, and
//! with them what a token that is still good allows.

mod api;
mod domain;
mod heard;
mod holding;
mod published;
mod repo;
mod rpc;
mod service;

use std::sync::{Arc, OnceLock};

use goplt_contracts::{
    authz::{
        AuthzService, PermissionGranted, PermissionRevoked, RoleAssigned, RoleCreated, RoleDeleted,
        RoleRemoved, RoleUpdated,
    },
    identity::IdentityService,
};
use goplt_core::{BoxError, manifest::Manifest};
use goplt_module::{IModule, InitContext, StartContext};

use self::{rpc::Rpc, service::Authz};
use crate::PolicyHandle;

pub use self::domain::AuthzError;

goplt_module::include_manifest!("src/service/authz/module.yaml");

/// The module authz. The assembly gives it the same policy handle as the host.
///
/// # Examples
///
/// ```
/// use goplt_authz::{PolicyHandle, service::AuthzModule};
/// use goplt_module::IModule;
///
/// let policy = PolicyHandle::new(); // also given to the host as its authorizer
/// assert_eq!(AuthzModule::new(policy).name().as_str(), "authz");
/// ```
#[derive(Debug)]
pub struct AuthzModule {
    policy: PolicyHandle,
    authz: OnceLock<Arc<Authz>>,
}

impl AuthzModule {
    /// A module that keeps `policy`.
    #[must_use]
    pub fn new(policy: PolicyHandle) -> Self {
        Self {
            policy,
            authz: OnceLock::new(),
        }
    }
}

impl IModule for AuthzModule {
    type Needs = Arc<dyn IdentityService>;
    type Provides = Arc<dyn AuthzService>;

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(
        &self,
        identity: Self::Needs,
        cx: &mut InitContext<'_>,
    ) -> Result<Self::Provides, BoxError> {
        let catalogue = cx.catalogue();
        self.policy.set_catalogue(
            catalogue
                .permissions()
                .map(|declared| declared.permission.clone()),
        );
        let defaults = catalogue.role_grants().clone();
        let policy = self.policy.clone();
        let authz = Authz::new(cx.db(), policy, identity, cx.clock(), cx.ids(), defaults);
        let authz = Arc::new(authz);
        cx.routes(&authz)
            .mount(route::CREATE_ROLE, api::create_role)
            .mount(route::LIST_ROLES, api::list_roles)
            .mount(route::GET_ROLE, api::get_role)
            .mount(route::UPDATE_ROLE, api::update_role)
            .mount(route::DELETE_ROLE, api::delete_role)
            .mount(route::ADD_PERMISSION, api::add_permission)
            .mount(route::REMOVE_PERMISSION, api::remove_permission)
            .mount(route::ASSIGN_ROLE, api::assign_role)
            .mount(route::REMOVE_ROLE, api::remove_role)
            .mount(route::USER_PERMISSIONS, api::user_permissions)
            .mount(route::EXPLAIN, api::explain);
        let _ = cx
            .events(&authz)
            .on(event::IDENTITY_USER_DELETED, Authz::on_user_deleted)
            .on(event::ROLE_CREATED, Authz::on_role::<RoleCreated>)
            .on(event::ROLE_UPDATED, Authz::on_role::<RoleUpdated>)
            .on(event::ROLE_DELETED, Authz::on_role::<RoleDeleted>)
            .on(
                event::PERMISSION_GRANTED,
                Authz::on_role::<PermissionGranted>,
            )
            .on(
                event::PERMISSION_REVOKED,
                Authz::on_role::<PermissionRevoked>,
            )
            .on(event::ROLE_ASSIGNED, Authz::on_assignment::<RoleAssigned>)
            .on(event::ROLE_REMOVED, Authz::on_assignment::<RoleRemoved>);
        // A second host that starts the same module value serves its own instance.
        let _ = self.authz.set(Arc::clone(&authz));
        Ok(Arc::new(Rpc(authz)))
    }

    async fn on_start(&self, cx: &StartContext) -> Result<(), BoxError> {
        let authz = self
            .authz
            .get()
            .ok_or("the module was started before it was initialised")?;
        authz.load(&cx.host_scope()?).await
    }
}
