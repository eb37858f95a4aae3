//! The table of mailed tokens.

use goplt_core::{
    Timestamp, Uuid,
    data::{DbError, FromRow, HostTx, TenantTx},
};

use super::{domain::UserRow, host_sql, tenant_sql};
use crate::service::tenant_token::TenantToken;

/// What a token is for; it is good for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    VerifyEmail,
    ResetPassword,
}

/// Whose token it is, and which mailbox it went to.
#[derive(Debug, Clone, FromRow)]
pub(super) struct MailedToken {
    pub(super) user_id: Uuid,
    pub(super) email: String,
}

impl Purpose {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// For the mailbox that the user has now.
pub(super) async fn insert(
    tx: &mut TenantTx,
    token: &TenantToken,
    purpose: Purpose,
    user: &UserRow,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO identity_tokens (hash, purpose, user_id, email, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?)",
        token.hash(),
        purpose.as_str(),
        user.id,
        user.email.as_str(),
        now,
        expires_at
    ))
    .await?;
    Ok(())
}

/// A token that is good.
pub(super) async fn find(
    tx: &mut TenantTx,
    token: &TenantToken,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<MailedToken>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "SELECT user_id, email FROM identity_tokens
         WHERE hash = ? AND purpose = ? AND expires_at > ?",
        token.hash(),
        purpose.as_str(),
        now
    ))
    .await
}

/// Takes a token that is good; of two who try, one gets it.
pub(super) async fn take(
    tx: &mut TenantTx,
    token: &TenantToken,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<MailedToken>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "DELETE FROM identity_tokens WHERE hash = ? AND purpose = ? AND expires_at > ?
         RETURNING user_id, email",
        token.hash(),
        purpose.as_str(),
        now
    ))
    .await
}

/// Makes the user's other tokens of this purpose worthless.
pub(super) async fn forget(tx: &mut TenantTx, user: Uuid, purpose: Purpose) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "DELETE FROM identity_tokens WHERE user_id = ? AND purpose = ?",
        user,
        purpose.as_str()
    ))
    .await?;
    Ok(())
}

/// Of all tenants.
pub(super) async fn purge(tx: &mut HostTx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute(host_sql!(
        "DELETE FROM identity_tokens WHERE expires_at <= ?",
        now
    ))
    .await
}
