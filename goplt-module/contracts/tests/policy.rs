//! Proves that the generated wrapper runs the policy of the protos before a provider sees the call.

use std::sync::Arc;

use goplt_contracts::{
    auth::{AuthService, FakeAuthService, LoginRequest, LogoutRequest, TokenPair},
    authz::AuthzService,
    identity::{
        CreateUserRequest, FakeIdentityService, GetUserRequest, IdentityService, ListUsersRequest,
        User,
    },
};
use goplt_core::{
    Code, Decision, Permission, Principal, RequestContext, TenantId,
    contract::{Access, Contract, GuardSettings, Idempotency, LocalGuard, RpcError, Streaming},
    data::ScopeMint,
};

/// Lets everybody read, and nobody else do anything.
fn guard<C: Contract + ?Sized>() -> LocalGuard {
    let readers = |_: &Principal, _: &TenantId, permission: &Permission| {
        if permission.as_str().ends_with(".read") {
            Decision::Allow
        } else {
            Decision::Deny
        }
    };
    LocalGuard::new(C::NAME, GuardSettings::new(Arc::new(readers)))
}

fn identity() -> Arc<dyn IdentityService> {
    let fake = FakeIdentityService::new()
        .on_create_user(|_, _| panic!("refused before it comes here"))
        .on_list_users(|_, _| Ok(Default::default()))
        .on_get_user(|_, request| {
            Ok(User {
                id: request.id,
                ..Default::default()
            })
        });
    <dyn IdentityService>::guarded(Arc::new(fake), guard::<dyn IdentityService>())
}

fn anonymous() -> RequestContext {
    RequestContext::new("req-1".parse().expect("a request id"))
}

fn ada() -> RequestContext {
    let acme: TenantId = "acme".parse().expect("a tenant");
    let cx = anonymous().with_principal(Principal::user("ada").with_tenant(acme.clone()));
    ScopeMint::new()
        .enter(cx, acme)
        .expect("the principal's own tenant")
}

fn code<T>(result: Result<T, RpcError>) -> Code {
    result.err().map_or(Code::Ok, |error| error.code())
}

#[tokio::test]
async fn a_missing_permission_is_refused_before_the_provider_is_called() {
    assert_eq!(
        code(
            identity()
                .create_user(&ada(), CreateUserRequest::default())
                .await
        ),
        Code::PermissionDenied
    );
    assert_eq!(
        code(
            identity()
                .create_user(&anonymous(), CreateUserRequest::default())
                .await
        ),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn a_permission_that_is_held_lets_the_call_through() {
    assert_eq!(
        code(
            identity()
                .list_users(&ada(), ListUsersRequest::default())
                .await
        ),
        Code::Ok
    );
}

#[tokio::test]
async fn an_internal_method_is_open_to_the_modules_of_the_host() {
    let user = identity()
        .get_user(&anonymous(), GetUserRequest { id: "1".into() })
        .await
        .unwrap();

    assert_eq!(user.id, "1");
}

#[tokio::test]
async fn login_is_public_and_logout_is_not() {
    let fake = FakeAuthService::new().on_login(|_, _| Ok(TokenPair::default()));
    let auth = <dyn AuthService>::guarded(Arc::new(fake), guard::<dyn AuthService>());

    assert_eq!(
        code(auth.login(&anonymous(), LoginRequest::default()).await),
        Code::Ok
    );
    assert_eq!(
        code(auth.logout(&anonymous(), LogoutRequest::default()).await),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn a_panic_of_the_provider_is_an_internal_error() {
    let fake = FakeIdentityService::new().on_get_user(|_, _| panic!("out of order"));
    let identity = <dyn IdentityService>::guarded(Arc::new(fake), guard::<dyn IdentityService>());

    assert_eq!(
        code(identity.get_user(&ada(), GetUserRequest::default()).await),
        Code::Internal
    );
}

#[test]
fn the_metadata_is_that_of_the_protos() {
    let methods = <dyn IdentityService>::METHODS;
    let create = &methods[0];
    assert_eq!(
        <dyn IdentityService>::NAME,
        "goplt.identity.v1.IdentityService"
    );
    assert_eq!(create.name, "CreateUser");
    assert_eq!(create.idempotency, Idempotency::None);
    assert_eq!(create.streaming, Streaming::Unary);
    assert_eq!(
        create.access,
        Access::Permission(Permission::from_static("identity.user.create"))
    );
    assert_eq!(methods[1].idempotency, Idempotency::NoSideEffects);
}

#[test]
fn what_reads_credentials_or_moves_tenants_is_internal() {
    let internal = |methods: &'static [goplt_core::contract::MethodMeta]| -> Vec<&'static str> {
        let internal = methods
            .iter()
            .filter(|method| method.access == Access::Internal);
        internal.map(|method| method.name).collect()
    };

    assert_eq!(
        internal(<dyn AuthService>::METHODS),
        ["ValidateToken", "RevokeUserSessions"]
    );
    assert_eq!(
        internal(<dyn IdentityService>::METHODS),
        [
            "GetUser",
            "GetUserByEmail",
            "BatchGetUsers",
            "VerifyCredentials",
            "CreateTenant",
            "GetTenant",
            "ListTenants"
        ]
    );
    assert_eq!(
        internal(<dyn AuthzService>::METHODS),
        ["Authorize", "HasPermission", "GetUserRoles", "SeedRoles"]
    );
}
