//! The tables of the module.

use goplt_core::{
    Timestamp, Uuid,
    data::{DbError, HostTx, TenantTx},
};

use super::{
    domain::{SecretRow, TenantRow, UserRow},
    host_sql,
    input::{DisplayName, Email, NewUser, UserChange},
    tenant_sql,
};

/// How many users one statement reads by id.
pub(super) const BATCH: usize = 10;

pub(super) async fn insert(
    tx: &mut TenantTx,
    id: Uuid,
    user: &NewUser,
    password_hash: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO identity_users
             (id, email, name, password_hash, password_changed_at, verified, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        user.email.as_str(),
        user.name.as_ref().map(|name| name.as_str().to_owned()),
        password_hash,
        now,
        false,
        now,
        now
    ))
    .await?;
    Ok(())
}

pub(super) async fn by_id(tx: &mut TenantTx, id: Uuid) -> Result<Option<UserRow>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "SELECT id, email, name, verified, created_at, updated_at, password_changed_at
         FROM identity_users WHERE id = ?",
        id
    ))
    .await
}

pub(super) async fn by_email(tx: &mut TenantTx, email: &Email) -> Result<Option<UserRow>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "SELECT id, email, name, verified, created_at, updated_at, password_changed_at
         FROM identity_users WHERE email = ?",
        email.as_str()
    ))
    .await
}

/// Those of the ids that exist. A statement has a fixed number of places; the last id fills the rest.
pub(super) async fn by_ids(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<UserRow>, DbError> {
    let (Some(last), ..=BATCH) = (ids.last(), ids.len()) else {
        return Ok(Vec::new());
    };
    let id = |at: usize| ids.get(at).copied().unwrap_or(*last);
    tx.fetch_all(tenant_sql!(
        "SELECT id, email, name, verified, created_at, updated_at, password_changed_at
         FROM identity_users WHERE id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id(0),
        id(1),
        id(2),
        id(3),
        id(4),
        id(5),
        id(6),
        id(7),
        id(8),
        id(9)
    ))
    .await
}

/// Newest first, those before `after`.
pub(super) async fn page(
    tx: &mut TenantTx,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<UserRow>, DbError> {
    let after = after.unwrap_or(Uuid::from_bytes([0xff; 16]));
    tx.fetch_all(tenant_sql!(
        "SELECT id, email, name, verified, created_at, updated_at, password_changed_at
         FROM identity_users WHERE id < ? ORDER BY id DESC LIMIT ?",
        after,
        rows
    ))
    .await
}

pub(super) async fn secret_by_email(
    tx: &mut TenantTx,
    email: &Email,
) -> Result<Option<SecretRow>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "SELECT id, password_hash, password_changed_at FROM identity_users WHERE email = ?",
        email.as_str()
    ))
    .await
}

pub(super) async fn secret_by_id(
    tx: &mut TenantTx,
    id: Uuid,
) -> Result<Option<SecretRow>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "SELECT id, password_hash, password_changed_at FROM identity_users WHERE id = ?",
        id
    ))
    .await
}

/// Whether the user exists. Another email is not verified.
pub(super) async fn update(
    tx: &mut TenantTx,
    id: Uuid,
    change: &UserChange,
    now: Timestamp,
) -> Result<bool, DbError> {
    let mut changed = tx
        .execute(tenant_sql!(
            "UPDATE identity_users SET updated_at = ? WHERE id = ?",
            now,
            id
        ))
        .await?;
    if let Some(name) = change.name.as_ref().map(DisplayName::as_str) {
        changed = tx
            .execute(tenant_sql!(
                "UPDATE identity_users SET name = ? WHERE id = ?",
                name,
                id
            ))
            .await?;
    }
    if let Some(email) = change.email.as_ref().map(Email::as_str) {
        tx.execute(tenant_sql!(
            "UPDATE identity_users SET email = ?, verified = ? WHERE id = ? AND email <> ?",
            email,
            false,
            id,
            email
        ))
        .await?;
    }
    Ok(changed == 1)
}

/// A new password, if the hash is still the one that was checked.
pub(super) async fn change_password(
    tx: &mut TenantTx,
    id: Uuid,
    checked_hash: &str,
    new_hash: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx
        .execute(tenant_sql!(
            "UPDATE identity_users SET password_hash = ?, password_changed_at = ?, updated_at = ?
             WHERE id = ? AND password_hash = ?",
            new_hash,
            now,
            now,
            id,
            checked_hash
        ))
        .await?;
    Ok(changed == 1)
}

/// A new password for whoever has shown that they may set one.
pub(super) async fn set_password(
    tx: &mut TenantTx,
    id: Uuid,
    hash: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "UPDATE identity_users SET password_hash = ?, password_changed_at = ?, updated_at = ?
         WHERE id = ?",
        hash,
        now,
        now,
        id
    ))
    .await?;
    Ok(())
}

/// Whether the user has this email still.
pub(super) async fn verify(
    tx: &mut TenantTx,
    id: Uuid,
    email: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let verified = tx
        .execute(tenant_sql!(
            "UPDATE identity_users SET verified = ?, updated_at = ? WHERE id = ? AND email = ?",
            true,
            now,
            id,
            email
        ))
        .await?;
    Ok(verified == 1)
}

/// The same password under today's parameters.
pub(super) async fn rehash(
    tx: &mut TenantTx,
    id: Uuid,
    checked_hash: &str,
    new_hash: &str,
) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "UPDATE identity_users SET password_hash = ? WHERE id = ? AND password_hash = ?",
        new_hash,
        id,
        checked_hash
    ))
    .await?;
    Ok(())
}

/// Whether there was such a user.
pub(super) async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<bool, DbError> {
    let deleted = tx
        .execute(tenant_sql!("DELETE FROM identity_users WHERE id = ?", id))
        .await?;
    Ok(deleted == 1)
}

pub(super) async fn insert_tenant(
    tx: &mut HostTx,
    id: &str,
    name: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let made = tx
        .execute(host_sql!(
            "INSERT INTO identity_tenants (id, name, created_at) VALUES (?, ?, ?)
             ON CONFLICT (id) DO NOTHING",
            id,
            name,
            now
        ))
        .await?;
    Ok(made == 1)
}

pub(super) async fn tenant(tx: &mut HostTx, id: &str) -> Result<Option<TenantRow>, DbError> {
    tx.fetch_optional(host_sql!(
        "SELECT id, name, created_at FROM identity_tenants WHERE id = ?",
        id
    ))
    .await
}

/// By id, those after `after`.
pub(super) async fn tenants(
    tx: &mut HostTx,
    after: &str,
    rows: i64,
) -> Result<Vec<TenantRow>, DbError> {
    tx.fetch_all(host_sql!(
        "SELECT id, name, created_at FROM identity_tenants WHERE id > ? ORDER BY id LIMIT ?",
        after,
        rows
    ))
    .await
}
