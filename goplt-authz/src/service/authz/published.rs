//! What authz tells of its changes, in the transactions that make them.

use goplt_contracts::authz::{
    PermissionGranted, PermissionRevoked, RoleAssigned, RoleCreated, RoleDeleted, RoleRemoved,
    RoleUpdated,
};
use goplt_core::{
    Uuid,
    data::{DbError, TenantTx},
};

use super::{domain::StoredRole, event};

pub(super) async fn created(tx: &mut TenantTx, role: &StoredRole) -> Result<(), DbError> {
    let created = RoleCreated {
        role_id: role.id.to_string(),
        name: role.name.clone(),
        permissions: role.grants.iter().map(ToString::to_string).collect(),
    };
    tx.outbox().publish(event::ROLE_CREATED, &created).await?;
    Ok(())
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
    }
    Ok(())
}

pub(super) async fn deleted(tx: &mut TenantTx, role: &StoredRole) -> Result<(), DbError> {
    let deleted = RoleDeleted {
        role_id: role.id.to_string(),
        name: role.name.clone(),
    };
    tx.outbox().publish(event::ROLE_DELETED, &deleted).await?;
    Ok(())
}

pub(super) async fn assigned(tx: &mut TenantTx, user: &str, role: Uuid) -> Result<(), DbError> {
    let assigned = RoleAssigned {
        role_id: role.to_string(),
        user_id: user.to_owned(),
    };
    tx.outbox().publish(event::ROLE_ASSIGNED, &assigned).await?;
    Ok(())
}

pub(super) async fn removed(tx: &mut TenantTx, user: &str, role: Uuid) -> Result<(), DbError> {
    let removed = RoleRemoved {
        role_id: role.to_string(),
        user_id: user.to_owned(),
    };
    tx.outbox().publish(event::ROLE_REMOVED, &removed).await?;
    Ok(())
}
