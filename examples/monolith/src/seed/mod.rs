//! The first rows of a development environment: two tenants with three users each.

mod hints;
mod logins;

use std::sync::Arc;

use goplt_contracts::{
    authz::{AssignRoleToUserRequest, AuthzService, SeedRolesRequest},
    identity::{
        CreateTenantRequest, CreateUserRequest, GetTenantRequest, GetUserByEmailRequest,
        IdentityService,
    },
};
use goplt_core::{BoxError, Code, RequestContext, contract::RpcError};
use goplt_module::HostContext;
use tokio::fs;

pub(crate) use self::logins::Login;

/// Makes the tenants and users, through contracts as any module would.
///
/// The file of logins is written before the first row and read when it is there, so a start that
/// was killed in between goes on with the same passwords. A marker file says that all of it was
/// made: what the developer has changed since is left alone.
pub(crate) async fn development(host: HostContext) -> Result<(), BoxError> {
    if !host.environment().is_development() {
        return Ok(());
    }
    let directory = Directory::of(&host)?;
    let marker = host.data_dir().join("dev-seed.complete");
    let mut wanted = logins::TENANTS.to_vec();
    if fs::try_exists(&marker).await? {
        wanted = directory.without(&host, wanted).await?;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let logins = logins::load_or_make(host.data_dir(), &host.random()).await?;
    for tenant in wanted {
        let cx = host.service_contexts().for_tenant(tenant.parse()?);
        directory.make_tenant(&cx, tenant).await?;
        for login in logins.iter().filter(|login| login.tenant == tenant) {
            directory.make_user(&cx, login).await?;
        }
    }
    fs::write(marker, "").await?;
    hints::print(&logins, host.address(), host.data_dir());
    Ok(())
}

/// The contracts that make users and roles.
pub(crate) struct Directory {
    identity: Arc<dyn IdentityService>,
    authz: Arc<dyn AuthzService>,
}

impl Directory {
    pub(crate) fn of(host: &HostContext) -> Result<Self, BoxError> {
        let identity = host
            .get()
            .ok_or("no module provides the contract of identity")?;
        let authz = host
            .get()
            .ok_or("no module provides the contract of authz")?;
        Ok(Self { identity, authz })
    }

    /// Those of the tenants that are not there.
    async fn without<'a>(
        &self,
        host: &HostContext,
        tenants: Vec<&'a str>,
    ) -> Result<Vec<&'a str>, BoxError> {
        let cx = host.service_contexts().without_tenant();
        let mut missing = Vec::new();
        for id in tenants {
            let request = GetTenantRequest { id: id.to_owned() };
            if found_or_none(self.identity.get_tenant(&cx, request).await)?.is_none() {
                missing.push(id);
            }
        }
        Ok(missing)
    }

    pub(crate) async fn make_tenant(&self, cx: &RequestContext, id: &str) -> Result<(), BoxError> {
        let (id, name) = (id.to_owned(), id.to_owned());
        self.identity
            .create_tenant(cx, CreateTenantRequest { id, name })
            .await?;
        Ok(())
    }

    /// The user with the role, and whether it had to be made; what is there already is kept.
    pub(crate) async fn make_user(
        &self,
        cx: &RequestContext,
        login: &Login,
    ) -> Result<bool, BoxError> {
        let email = login.email.clone();
        let found = self
            .identity
            .get_user_by_email(cx, GetUserByEmailRequest { email })
            .await;
        let (user, made) = match found_or_none(found)? {
            Some(user) => (user, false),
            None => (self.identity.create_user(cx, login.request()).await?, true),
        };
        let roles = self.authz.seed_roles(cx, SeedRolesRequest {}).await?.roles;
        let role = roles.into_iter().find(|role| role.name == login.role);
        let role_id = role
            .ok_or_else(|| format!("there is no role `{}`", login.role))?
            .id;
        self.authz
            .assign_role_to_user(
                cx,
                AssignRoleToUserRequest {
                    user_id: user.id,
                    role_id,
                },
            )
            .await?;
        Ok(made)
    }
}

impl Login {
    fn request(&self) -> CreateUserRequest {
        CreateUserRequest {
            email: self.email.clone(),
            password: self.password.clone(),
            name: Some(self.name.clone()),
        }
    }
}

fn found_or_none<T>(result: Result<T, RpcError>) -> Result<Option<T>, RpcError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
