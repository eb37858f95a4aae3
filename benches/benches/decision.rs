//! A permission decision among 100,000 users, 1,000 roles and 10,000 permissions; and what a change
//! of the policy costs.

use std::{hint::black_box, sync::Barrier, thread, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use goplt_authz::{PolicyHandle, rbac::Role};
use goplt_benches::{ProcessorTime, measured, thread_time};
use goplt_core::{Authorizer, Permission, Principal, TenantId, Uuid};

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

/// `count` users of the policy, `step` numbers apart: what tokens say of those who are active.
fn principals(step: usize, count: usize) -> Vec<Principal> {
    let principal = |user| Principal::user(id(user * step).to_string()).with_tenant(tenant());
    (0..count).map(principal).collect()
}

/// `count` permissions, spread over all of them.
fn permissions(count: usize) -> Vec<Permission> {
    (0..count)
        .map(|number| permission(number * (PERMISSIONS / count)))
        .collect()
}

fn decide(c: &mut Criterion<ProcessorTime>) {
    let mut group = c.benchmark_group("decision");
    for users in [100, USERS] {
        let policy = policy(users);
        let tenant = tenant();
        for active in [1, 64, users] {
            let principals = principals(users / active.min(users), active);
            let wanted = permissions(active.min(PERMISSIONS));
            let mut next = 0_usize;
            group.bench_function(format!("{users} users, {active} of them active"), |b| {
                b.iter(|| {
                    next = next.wrapping_add(7_919);
                    let principal = &principals[next % active];
                    black_box(policy.authorize(principal, &tenant, &wanted[next % wanted.len()]))
                });
            });
        }
    }
    group.finish();
}

/// `decisions` by each thread at once, one of 64 users each time: the processor time of the
/// slowest thread. A policy that scales takes as long with two threads as with one.
fn at_once(policy: &PolicyHandle, threads: usize, decisions: u64) -> Duration {
    let together = Barrier::new(threads);
    let decide = || {
        let (tenant, principals, wanted) = (tenant(), principals(USERS / 64, 64), permissions(64));
        together.wait();
        let begun = thread_time();
        for next in (0..64)
            .cycle()
            .take(usize::try_from(decisions).unwrap_or(usize::MAX))
        {
            black_box(policy.authorize(&principals[next], &tenant, &wanted[next]));
        }
        thread_time().saturating_sub(begun)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(decide)).collect();
        let times = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        times.max().unwrap_or_default()
    })
}

fn threads(c: &mut Criterion<ProcessorTime>) {
    let policy = policy(USERS);
    let mut group = c.benchmark_group("decisions at once");
    for threads in [1, 2] {
        group.bench_function(format!("{threads} threads"), |b| {
            b.iter_custom(|decisions| at_once(&policy, threads, decisions));
        });
    }
    group.finish();
}

fn change(c: &mut Criterion<ProcessorTime>) {
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

criterion_group! {
    name = benches;
    config = measured();
    targets = decide, threads, change
}
criterion_main!(benches);
