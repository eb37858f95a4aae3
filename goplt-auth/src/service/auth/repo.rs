//! The tables of the module.

use goplt_core::{
    Timestamp, Uuid,
    data::{DbError, FromRow, HostTx, TenantTx},
};

use super::{domain::TokenRow, host_sql, sealing::Sealed, tenant_sql};

/// A signing key as the table has it.
#[derive(Debug, FromRow)]
pub(super) struct KeyRow {
    pub(super) generation: i64,
    pub(super) kid: String,
    pub(super) nonce: Vec<u8>,
    pub(super) sealed: Vec<u8>,
}

/// A login, and what it must not outlive.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewSession {
    pub(super) id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) password_changed_at: Timestamp,
    pub(super) now: Timestamp,
    pub(super) expires_at: Timestamp,
}

pub(super) async fn insert_session(tx: &mut TenantTx, new: NewSession) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO auth_sessions (id, user_id, password_changed_at, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?)",
        new.id,
        new.user_id,
        new.password_changed_at,
        new.now,
        new.expires_at
    ))
    .await?;
    Ok(())
}

/// The next token of a session, which lives as long as its last token.
pub(super) async fn insert_token(
    tx: &mut TenantTx,
    session: Uuid,
    hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO auth_refresh_tokens (hash, session_id, created_at, expires_at)
         VALUES (?, ?, ?, ?)",
        hash,
        session,
        now,
        expires_at
    ))
    .await?;
    tx.execute(tenant_sql!(
        "UPDATE auth_sessions SET expires_at = ? WHERE id = ?",
        expires_at,
        session
    ))
    .await?;
    Ok(())
}

pub(super) async fn token(tx: &mut TenantTx, hash: &[u8]) -> Result<Option<TokenRow>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "SELECT t.session_id, t.expires_at, t.used_at, s.user_id, s.password_changed_at, s.revoked_at
         FROM auth_refresh_tokens t JOIN auth_sessions s ON s.id = t.session_id
         WHERE t.hash = ?",
        hash
    ))
    .await
}

/// Marks a token as used; `false` if it was, or if its session is over.
pub(super) async fn use_token(
    tx: &mut TenantTx,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, DbError> {
    let used = tx
        .execute(tenant_sql!(
            "UPDATE auth_refresh_tokens SET used_at = ?
             WHERE hash = ? AND used_at IS NULL
               AND session_id IN (SELECT id FROM auth_sessions WHERE revoked_at IS NULL)",
            now,
            hash
        ))
        .await?;
    Ok(used == 1)
}

pub(super) async fn revoke(
    tx: &mut TenantTx,
    session: Uuid,
    now: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "UPDATE auth_sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
        now,
        session
    ))
    .await
}

pub(super) async fn revoke_all(
    tx: &mut TenantTx,
    user: Uuid,
    now: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "UPDATE auth_sessions SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL",
        now,
        user
    ))
    .await
}

/// Sessions of the user whose last token has expired; their tokens go with them.
pub(super) async fn forget_expired(
    tx: &mut TenantTx,
    user: Uuid,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "DELETE FROM auth_sessions WHERE user_id = ? AND expires_at < ?",
        user,
        now
    ))
    .await?;
    Ok(())
}

/// Those that began under a password before that of `changed`.
pub(super) async fn revoke_older(
    tx: &mut TenantTx,
    user: Uuid,
    changed: Timestamp,
    now: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "UPDATE auth_sessions SET revoked_at = ?
         WHERE user_id = ? AND password_changed_at < ? AND revoked_at IS NULL",
        now,
        user,
        changed
    ))
    .await
}

/// All sessions of a user; their tokens go with them.
pub(super) async fn forget_user(tx: &mut TenantTx, user: Uuid) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "DELETE FROM auth_sessions WHERE user_id = ?",
        user
    ))
    .await
}

/// Sessions of all tenants whose last token has expired; their tokens go with them.
pub(super) async fn purge_expired(tx: &mut HostTx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute(host_sql!(
        "DELETE FROM auth_sessions WHERE expires_at < ?",
        now
    ))
    .await
}

/// All keys, oldest first.
pub(super) async fn keys(tx: &mut HostTx) -> Result<Vec<KeyRow>, DbError> {
    tx.fetch_all(host_sql!(
        "SELECT generation, kid, nonce, sealed FROM auth_keys ORDER BY generation"
    ))
    .await
}

/// Does nothing if another process has made the key of this generation.
pub(super) async fn insert_key(
    tx: &mut HostTx,
    generation: i64,
    kid: &str,
    algorithm: &str,
    sealed: Sealed,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(host_sql!(
        "INSERT INTO auth_keys (generation, kid, algorithm, nonce, sealed, created_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (generation) DO NOTHING",
        generation,
        kid,
        algorithm,
        sealed.nonce,
        sealed.bytes,
        now
    ))
    .await?;
    Ok(())
}
