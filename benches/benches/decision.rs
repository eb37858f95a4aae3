//! A permission decision among 100,000 users, 1,000 roles and 10,000 permissions; and what a change
//! of the policy costs.

use std::{hint::black_box, thread, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use goplt_authz::{PolicyHandle, rbac::Role};
use goplt_core::{Authorizer, Permission, Principal, TenantId, Uuid};
use tokio::time::Instant;

const USERS: usize = 100_000;
const ROLES: usize = 1_000;
const PERMISSIONS: usize = 10_000;

fn tenant() -> TenantId {
    "acme".parse().expect("a tenant id")
}

fn permission(number: usize) -> Permission {
    let text = format!(
        "module-{}.resource-{}.action-{number}",
        number / 100,
        number / 10
    );
    Permission::parse(&text).expect("a permission")
}

fn id(number: usize) -> Uuid {
    Uuid::from_bytes((number as u128).to_be_bytes())
}

/// Each role grants ten permissions, each user has three roles.
fn role(number: usize) -> Role {
    let grants = (0..10).map(|step| permission((number * 10 + step) % PERMISSIONS).into());
    Role::new(id(number), format!("role-{number}")).with_grants(grants)
}

fn roles_of(user: usize) -> [Uuid; 3] {
    [
        id(user % ROLES),
        id((user * 7 + 1) % ROLES),
        id((user * 13 + 2) % ROLES),
    ]
}

fn fill(policy: &PolicyHandle, users: usize) {
    let names: Vec<_> = (0..users).map(|user| id(user).to_string()).collect();
    let users = names
        .iter()
        .enumerate()
        .map(|(user, name)| (name.as_str(), roles_of(user)));
    policy.replace_tenant(&tenant(), (0..ROLES).map(role), users);
}

fn policy(users: usize) -> PolicyHandle {
    let policy = PolicyHandle::new();
    policy.set_catalogue((0..PERMISSIONS).map(permission));
    fill(&policy, users);
    policy
}

fn principals(users: usize) -> Vec<Principal> {
    let principal = |user| Principal::user(id(user).to_string()).with_tenant(tenant());
    (0..users).map(principal).collect()
}

fn permissions() -> Vec<Permission> {
    (0..PERMISSIONS).map(permission).collect()
}

fn decide(c: &mut Criterion) {
    let mut group = c.benchmark_group("decision");
    for users in [100, USERS] {
        let policy = policy(users);
        let (tenant, principals, wanted) = (tenant(), principals(users), permissions());
        let mut next = 0_usize;
        group.bench_function(format!("{users} users, another one each time"), |b| {
            b.iter(|| {
                next = next.wrapping_add(7_919);
                let principal = &principals[next % users];
                black_box(policy.authorize(principal, &tenant, &wanted[next % PERMISSIONS]))
            });
        });
        group.bench_function(format!("{users} users, the same one"), |b| {
            b.iter(|| black_box(policy.authorize(&principals[0], &tenant, &wanted[5])));
        });
    }
    group.finish();
}

/// `decisions` by each thread at once, another user each time; how long until all are done. A
/// policy that scales takes as long with two threads as with one.
fn at_once(policy: &PolicyHandle, threads: usize, decisions: u64) -> Duration {
    let decide = |mut next: usize| {
        let (tenant, principals, wanted) = (tenant(), principals(1_000), permissions());
        move || {
            for _ in 0..decisions {
                next = next.wrapping_add(7_919);
                let principal = &principals[next % principals.len()];
                let wanted = &wanted[next % wanted.len()];
                black_box(policy.authorize(principal, &tenant, wanted));
            }
        }
    };
    // Made before the clock starts.
    let work: Vec<_> = (0..threads).map(decide).collect();
    let begun = Instant::now();
    thread::scope(|scope| {
        for work in work {
            scope.spawn(work);
        }
    });
    begun.elapsed()
}

fn threads(c: &mut Criterion) {
    let policy = policy(USERS);
    let mut group = c.benchmark_group("decisions at once");
    for threads in [1, 2] {
        group.bench_function(format!("{threads} threads"), |b| {
            b.iter_custom(|decisions| at_once(&policy, threads, decisions));
        });
    }
    group.finish();
}

fn change(c: &mut Criterion) {
    let policy = policy(USERS);
    let tenant = tenant();
    let mut group = c.benchmark_group("policy change");
    let mut turn = 0_usize;
    group.bench_function("one role", |b| {
        b.iter_batched(
            || {
                turn += 1;
                role(turn % ROLES)
            },
            |role| policy.put_role(&tenant, role),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("the roles of one user", |b| {
        b.iter(|| {
            turn += 1;
            policy.set_roles_of(
                &tenant,
                "00000000-0000-0000-0000-000000000007",
                roles_of(turn),
            );
        });
    });
    group.sample_size(10);
    group.bench_function("the whole tenant", |b| b.iter(|| fill(&policy, USERS)));
    group.finish();
}

criterion_group!(benches, decide, threads, change);
criterion_main!(benches);
