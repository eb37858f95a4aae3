//! Nobody gives what they do not have.

use goplt_core::{Authorizer, Principal, TenantId, data::TenantScope, manifest::PermissionPattern};

use super::domain::AuthzError;
use crate::PolicyHandle;

/// Refuses grants of which the caller lacks a part.
///
/// A permission is had if the policy allows it, so one that is denied to the caller is not. A pattern means permissions
/// that are still to be declared too: one of the caller's roles must grant all of the pattern, and none of what it matches
/// now may be denied. Services are not asked: the assembly seeds roles before there is anybody.
pub(super) fn check<'a>(
    policy: &PolicyHandle,
    scope: &TenantScope,
    grants: impl IntoIterator<Item = &'a PermissionPattern>,
) -> Result<(), AuthzError> {
    // Nobody is anonymous behind these routes; who is gives nothing.
    let Some(caller) = scope.principal() else {
        return Err(AuthzError::NotHeld("*".to_owned()));
    };
    if !caller.is_user() {
        return Ok(());
    }
    let mut missing = grants
        .into_iter()
        .filter_map(|grant| lacking(policy, caller, scope.tenant(), grant));
    match missing.next() {
        Some(missing) => Err(AuthzError::NotHeld(missing)),
        None => Ok(()),
    }
}

/// What the caller lacks of the grant: a permission if there is one, else the pattern itself.
fn lacking(
    policy: &PolicyHandle,
    caller: &Principal,
    tenant: &TenantId,
    grant: &PermissionPattern,
) -> Option<String> {
    let catalogue = policy.catalogue();
    let mut matched = catalogue.iter().filter(|known| grant.matches(known));
    if let Some(denied) =
        matched.find(|known| !policy.authorize(caller, tenant, known).is_allowed())
    {
        return Some(denied.to_string());
    }
    let roles = policy.roles_of(tenant, caller.subject());
    let mut held = roles.iter().flat_map(|role| role.grants());
    let is_whole = !grant.as_str().ends_with('*') || held.any(|held| covers(held, grant));
    (!is_whole).then(|| grant.to_string())
}

/// Whether `held` matches whatever `pattern` does.
fn covers(held: &PermissionPattern, pattern: &PermissionPattern) -> bool {
    let (held, pattern) = (held.as_str(), pattern.as_str());
    let prefix = held.strip_suffix('*');
    held == pattern || prefix.is_some_and(|prefix| pattern.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use goplt_core::{Permission, RequestContext, Uuid, data::ScopeMint};

    use super::*;
    use crate::rbac::Role;

    fn lacks(held: &[&'static str], grant: &'static str) -> Option<String> {
        let policy = PolicyHandle::new();
        policy.set_catalogue(
            ["blog.post.read", "blog.post.create", "authz.role.read"].map(Permission::from_static),
        );
        let tenant: TenantId = "acme".parse().unwrap();
        let id = Uuid::from_bytes([7; 16]);
        let grants = held.iter().copied().map(PermissionPattern::from_static);
        policy.put_role(&tenant, Role::new(id, "some").with_grants(grants));
        policy.set_roles_of(&tenant, "ada", [id]);
        let cx = RequestContext::new("r".parse().unwrap()).with_principal(Principal::user("ada"));
        let cx = ScopeMint::new().enter(cx, tenant).unwrap();
        match check(
            &policy,
            cx.scope().unwrap(),
            [&PermissionPattern::from_static(grant)],
        ) {
            Err(AuthzError::NotHeld(missing)) => Some(missing),
            other => {
                other.unwrap();
                None
            }
        }
    }

    #[test]
    fn what_is_had_can_be_given() {
        assert_eq!(lacks(&["blog.post.read"], "blog.post.read"), None);
        assert_eq!(lacks(&["blog.*"], "blog.post.read"), None);
        assert_eq!(lacks(&["blog.*"], "blog.post.*"), None);
        assert_eq!(lacks(&["*"], "*"), None);
    }

    #[test]
    fn what_is_not_had_is_named() {
        let missing = |held, grant| lacks(held, grant).unwrap();
        assert_eq!(
            missing(&["blog.post.read"], "blog.post.create"),
            "blog.post.create"
        );
        assert_eq!(missing(&["blog.*"], "*"), "authz.role.read");
        assert_eq!(missing(&[], "blog.post.read"), "blog.post.read");
    }

    #[test]
    fn a_pattern_is_more_than_what_it_matches_today() {
        let all = &["blog.post.read", "blog.post.create"];
        assert_eq!(lacks(all, "blog.post.*").as_deref(), Some("blog.post.*"));
    }
}
