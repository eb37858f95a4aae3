//! What authz tells of its changes, in the transactions that make them: to whoever hears events, and
//! to the audit log.

use goplt_contracts::authz::{
    PermissionGranted, PermissionRevoked, RoleAssigned, RoleCreated, RoleDeleted, RoleRemoved,
    RoleUpdated,
};
use goplt_core::{
    Uuid,
    audit::AuditEntry,
    data::{DbError, TenantTx},
};

use super::{domain::StoredRole, event};

/// An entry on the role of this id, with the name of the event.
fn entry(action: &'static str, role: &impl ToString) -> AuditEntry {
    AuditEntry::new(action, "authz.role").with_resource_id(role.to_string())
}

async fn record(tx: &mut TenantTx, entry: AuditEntry) -> Result<(), DbError> {
    tx.audit().record(entry).await?;
    Ok(())
}

pub(super) async fn created(tx: &mut TenantTx, role: &StoredRole) -> Result<(), DbError> {
    let created = RoleCreated {
        role_id: role.id.to_string(),
        name: role.name.clone(),
        permissions: role.grants.iter().map(ToString::to_string).collect(),
    };
    tx.outbox().publish(event::ROLE_CREATED, &created).await?;
    let entry = entry(event::ROLE_CREATED.name(), &role.id)
        .with_detail("name", &role.name)
        .with_detail("permissions", &created.permissions);
    record(tx, entry).await
}

/// What differs, and nothing if nothing does.
pub(super) async fn changed(
    tx: &mut TenantTx,
    before: &StoredRole,
    after: &StoredRole,
) -> Result<(), DbError> {
    let role_id = after.id.to_string();
    if (&before.name, &before.description) != (&after.name, &after.description) {
        let updated = RoleUpdated {
            role_id: role_id.clone(),
            name: after.name.clone(),
        };
        tx.outbox().publish(event::ROLE_UPDATED, &updated).await?;
        let entry = entry(event::ROLE_UPDATED.name(), &after.id)
            .with_detail("name", &after.name)
            .with_detail("name_before", &before.name);
        record(tx, entry).await?;
    }
    let lost = before
        .grants
        .iter()
        .filter(|grant| !after.grants.contains(grant));
    for grant in lost {
        let revoked = PermissionRevoked {
            role_id: role_id.clone(),
            permission: grant.to_string(),
        };
        tx.outbox()
            .publish(event::PERMISSION_REVOKED, &revoked)
            .await?;
        let entry = entry(event::PERMISSION_REVOKED.name(), &after.id)
            .with_detail("permission", &revoked.permission);
        record(tx, entry).await?;
    }
    let gained = after
        .grants
        .iter()
        .filter(|grant| !before.grants.contains(grant));
    for grant in gained {
        let granted = PermissionGranted {
            role_id: role_id.clone(),
            permission: grant.to_string(),
        };
        tx.outbox()
            .publish(event::PERMISSION_GRANTED, &granted)
            .await?;
        let entry = entry(event::PERMISSION_GRANTED.name(), &after.id)
            .with_detail("permission", &granted.permission);
        record(tx, entry).await?;
    }
    Ok(())
}

pub(super) async fn deleted(tx: &mut TenantTx, role: &StoredRole) -> Result<(), DbError> {
    let deleted = RoleDeleted {
        role_id: role.id.to_string(),
        name: role.name.clone(),
    };
    tx.outbox().publish(event::ROLE_DELETED, &deleted).await?;
    let entry = entry(event::ROLE_DELETED.name(), &role.id).with_detail("name", &role.name);
    record(tx, entry).await
}

pub(super) async fn assigned(tx: &mut TenantTx, user: &str, role: Uuid) -> Result<(), DbError> {
    let assigned = RoleAssigned {
        role_id: role.to_string(),
        user_id: user.to_owned(),
    };
    tx.outbox().publish(event::ROLE_ASSIGNED, &assigned).await?;
    record(
        tx,
        entry(event::ROLE_ASSIGNED.name(), &role).with_detail("user_id", user),
    )
    .await
}

pub(super) async fn removed(tx: &mut TenantTx, user: &str, role: Uuid) -> Result<(), DbError> {
    let removed = RoleRemoved {
        role_id: role.to_string(),
        user_id: user.to_owned(),
    };
    tx.outbox().publish(event::ROLE_REMOVED, &removed).await?;
    record(
        tx,
        entry(event::ROLE_REMOVED.name(), &role).with_detail("user_id", user),
    )
    .await
}

/// All roles of a user who is gone. Each of them is an entry; nobody needs an event of it beside
/// that of the user.
pub(super) async fn all_removed(
    tx: &mut TenantTx,
    user: &str,
    roles: &[Uuid],
) -> Result<(), DbError> {
    for role in roles {
        let entry = entry(event::ROLE_REMOVED.name(), role)
            .with_detail("user_id", user)
            .with_detail("reason", "the user was deleted");
        record(tx, entry).await?;
    }
    Ok(())
}
