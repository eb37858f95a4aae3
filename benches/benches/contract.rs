//! A call between modules of one process: the bare trait object, and behind the guard with the
//! whole policy (access, deadline, tenant, span, metrics, panic fence).

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use goplt_authz::{PolicyHandle, rbac::Role};
use goplt_benches::{ProcessorTime, measured};
use goplt_contracts::identity::{
    FakeIdentityService, GetUserRequest, IdentityService, ListUsersRequest, ListUsersResponse, User,
};
use goplt_core::{
    Permission, Principal, RequestContext, Uuid,
    contract::{Contract, GuardSettings, LocalGuard},
    data::ScopeMint,
    telemetry::Metrics,
};

fn context() -> RequestContext {
    let ada = Principal::user("ada").with_tenant("acme".parse().expect("a tenant id"));
    let cx = RequestContext::new("req-1".parse().expect("a request id")).with_principal(ada);
    let cx = cx.with_timeout(Duration::from_secs(30));
    ScopeMint::new()
        .enter(cx, "acme".parse().expect("a tenant id"))
        .expect("the same tenant")
}

fn policy() -> PolicyHandle {
    let policy = PolicyHandle::new();
    policy.set_catalogue([Permission::from_static("identity.user.read")]);
    let acme = "acme".parse().expect("a tenant id");
    let role = Role::new(Uuid::from_bytes([1; 16]), "reader");
    policy.put_role(
        &acme,
        role.clone()
            .with_grants(["identity.*".parse().expect("a pattern")]),
    );
    policy.set_roles_of(&acme, "ada", [role.id()]);
    policy
}

fn call(c: &mut Criterion<ProcessorTime>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let fake = FakeIdentityService::new()
        .on_get_user(|_, _| Ok(User::default()))
        .on_list_users(|_, _| Ok(ListUsersResponse::default()));
    let bare: Arc<dyn IdentityService> = Arc::new(fake);
    let settings = GuardSettings::new(Arc::new(policy())).with_metrics(Metrics::new());
    let guard = LocalGuard::new(<dyn IdentityService as Contract>::NAME, settings);
    let guarded = <dyn IdentityService as Contract>::guarded(Arc::clone(&bare), guard);
    let cx = context();
    let mut group = c.benchmark_group("contract call");
    for (name, service) in [("bare", &bare), ("guarded", &guarded)] {
        group.bench_function(format!("{name}, internal"), |b| {
            b.to_async(&runtime).iter(|| async {
                black_box(service.get_user(&cx, GetUserRequest::default()).await)
            });
        });
        group.bench_function(format!("{name}, with a permission"), |b| {
            b.to_async(&runtime).iter(|| async {
                black_box(service.list_users(&cx, ListUsersRequest::default()).await)
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = measured();
    targets = call
}
criterion_main!(benches);
