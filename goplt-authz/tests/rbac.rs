//! The decision engine decides like the plain reading of roles and grants, whatever has changed.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::collections::{BTreeMap, BTreeSet};

use goplt_authz::{
    PolicyHandle,
    rbac::{Explanation, Role},
};
use goplt_core::{
    Authorizer, Decision, Permission, Principal, TenantId, Uuid, manifest::PermissionPattern,
};
use proptest::prelude::*;

const PERMISSIONS: [&str; 6] = [
    "blog.post.create",
    "blog.post.read",
    "blog.comment.read",
    "billing.invoice.read",
    "billing.invoice.line.read",
    "audit.log.read",
];
const GRANTS: [&str; 7] = [
    "*",
    "blog.*",
    "blog.post.*",
    "billing.invoice.*",
    "audit.log.read",
    "blog.post.read",
    "nobody.has.this",
];

fn permission(text: &str) -> Permission {
    Permission::parse(text).unwrap()
}

fn role_id(number: u8) -> Uuid {
    Uuid::from_bytes([number; 16])
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn policy() -> PolicyHandle {
    let policy = PolicyHandle::new();
    policy.set_catalogue(PERMISSIONS.map(permission));
    policy
}

fn role(number: u8, grants: &[&str]) -> Role {
    let grants = grants
        .iter()
        .map(|grant| PermissionPattern::parse(grant).unwrap());
    Role::new(role_id(number), format!("role-{number}")).with_grants(grants)
}

#[test]
fn an_empty_policy_denies_users_and_allows_the_platform_itself() {
    let policy = PolicyHandle::new();
    let read = permission("blog.post.read");
    assert_eq!(
        policy.authorize(&Principal::user("ada"), &acme(), &read),
        Decision::Deny
    );
    assert_eq!(
        policy.authorize(&Principal::service("jobs"), &acme(), &read),
        Decision::Allow
    );
}

#[test]
fn a_permission_that_no_module_declares_is_denied_even_to_an_admin() {
    let policy = policy();
    policy.put_role(&acme(), role(1, &["*"]));
    policy.set_roles_of(&acme(), "ada", [role_id(1)]);
    let unknown = permission("blog.post.explode");
    assert_eq!(
        policy.authorize(&Principal::user("ada"), &acme(), &unknown),
        Decision::Deny
    );
    assert_eq!(
        policy.explain(&acme(), "ada", &unknown),
        Explanation::UnknownPermission
    );
}

#[test]
fn roles_of_one_tenant_mean_nothing_in_another() {
    let policy = policy();
    let globex: TenantId = "globex".parse().unwrap();
    policy.put_role(&acme(), role(1, &["*"]));
    policy.set_roles_of(&acme(), "ada", [role_id(1)]);
    policy.set_roles_of(&globex, "ada", [role_id(1)]);
    let read = permission("blog.post.read");
    let ada = Principal::user("ada");
    assert_eq!(policy.authorize(&ada, &globex, &read), Decision::Deny);
    assert_eq!(
        policy.authorize(&ada.with_tenant(globex), &acme(), &read),
        Decision::Deny
    );
}

#[test]
fn a_change_holds_for_the_next_decision() {
    let policy = policy();
    let ada = Principal::user("ada");
    let read = permission("blog.post.read");
    let decide = || policy.authorize(&ada, &acme(), &read);
    policy.put_role(&acme(), role(1, &["blog.*"]));
    policy.set_roles_of(&acme(), "ada", [role_id(1)]);
    assert_eq!(decide(), Decision::Allow);
    policy.put_role(&acme(), role(1, &[]));
    assert_eq!(decide(), Decision::Deny);
    policy.put_role(&acme(), role(1, &["blog.post.read"]));
    assert_eq!(decide(), Decision::Allow);
    policy.remove_role(&acme(), role_id(1));
    assert_eq!(decide(), Decision::Deny);
}

#[test]
fn a_removed_role_does_not_come_back_with_a_new_one() {
    let policy = policy();
    policy.put_role(&acme(), role(1, &["*"]));
    policy.set_roles_of(&acme(), "ada", [role_id(1)]);
    policy.remove_role(&acme(), role_id(1));
    policy.put_role(&acme(), role(2, &["*"]));
    assert!(policy.permissions_of(&acme(), "ada").is_empty());
}

#[test]
fn a_catalogue_that_grows_reaches_roles_that_exist() {
    let policy = PolicyHandle::new();
    policy.put_role(&acme(), role(1, &["blog.*"]));
    policy.set_roles_of(&acme(), "ada", [role_id(1)]);
    policy.set_catalogue(PERMISSIONS.map(permission));
    assert_eq!(policy.permissions_of(&acme(), "ada").len(), 3);
}

#[test]
fn an_explanation_names_role_and_grant_or_the_roles_that_lack_it() {
    let policy = policy();
    policy.put_role(&acme(), role(1, &["audit.log.read"]));
    policy.put_role(&acme(), role(2, &["blog.post.*"]));
    policy.set_roles_of(&acme(), "ada", [role_id(1), role_id(2)]);
    let Explanation::Allowed(grant) = policy.explain(&acme(), "ada", &permission("blog.post.read"))
    else {
        panic!("role-2 allows it");
    };
    assert_eq!(
        (grant.role.as_str(), grant.pattern.as_str()),
        ("role-2", "blog.post.*")
    );
    assert_eq!(
        policy.explain(&acme(), "ada", &permission("billing.invoice.read")),
        Explanation::NotGranted {
            roles: vec!["role-1".into(), "role-2".into()]
        }
    );
}

#[derive(Debug, Clone)]
enum Change {
    PutRole(u8, Vec<usize>),
    RemoveRole(u8),
    SetRoles(u8, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let roles = 0..5_u8;
    prop_oneof![
        (roles.clone(), prop::collection::vec(0..GRANTS.len(), 0..4))
            .prop_map(|(role, grants)| Change::PutRole(role, grants)),
        roles.clone().prop_map(Change::RemoveRole),
        (0..4_u8, prop::collection::vec(roles, 0..4))
            .prop_map(|(user, roles)| Change::SetRoles(user, roles)),
    ]
}

proptest! {
    #[test]
    fn decisions_equal_a_plain_reading_of_the_roles(
        changes in prop::collection::vec(change(), 0..40),
    ) {
        let policy = policy();
        let mut roles: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        let mut users: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
        for change in changes {
            match change {
                Change::PutRole(number, grants) => {
                    let texts: Vec<_> = grants.iter().map(|&grant| GRANTS[grant]).collect();
                    policy.put_role(&acme(), role(number, &texts));
                    roles.insert(number, grants);
                }
                Change::RemoveRole(number) => {
                    policy.remove_role(&acme(), role_id(number));
                    roles.remove(&number);
                    users.values_mut().for_each(|held| { held.remove(&number); });
                }
                Change::SetRoles(user, held) => {
                    let ids = held.iter().map(|&number| role_id(number));
                    policy.set_roles_of(&acme(), &user.to_string(), ids);
                    let known = held.into_iter().filter(|number| roles.contains_key(number));
                    users.insert(user, known.collect());
                }
            }
            for user in 0..4_u8 {
                for text in PERMISSIONS {
                    let wanted = permission(text);
                    let held = users.get(&user).into_iter().flatten();
                    let mut grants = held.filter_map(|number| roles.get(number)).flatten();
                    let expected = grants.any(|&grant| {
                        PermissionPattern::parse(GRANTS[grant]).unwrap().matches(&wanted)
                    });
                    let principal = Principal::user(user.to_string());
                    let decision = policy.authorize(&principal, &acme(), &wanted);
                    prop_assert_eq!(decision.is_allowed(), expected);
                    let explained = policy.explain(&acme(), &user.to_string(), &wanted);
                    prop_assert_eq!(explained.is_allowed(), expected);
                }
            }
        }
    }
}
