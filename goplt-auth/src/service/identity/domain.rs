//! Users and tenants as they are kept and as they are shown.

use goplt_contracts::identity::{Tenant, User};
use goplt_core::{Timestamp, Uuid, data::FromRow};
use serde::Serialize;

/// A user as the table has it, without the password.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct UserRow {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) name: Option<String>,
    pub(super) verified: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) password_changed_at: Timestamp,
}

/// What is read to check a password.
#[derive(FromRow)]
pub(super) struct SecretRow {
    pub(super) id: Uuid,
    pub(super) password_hash: String,
    pub(super) password_changed_at: Timestamp,
}

/// A tenant as the table has it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct TenantRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created_at: Timestamp,
}

/// A user as REST shows it.
#[derive(Debug, Serialize)]
pub(super) struct UserView {
    id: Uuid,
    email: String,
    name: Option<String>,
    verified: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        let UserRow {
            id,
            email,
            name,
            verified,
            created_at,
            updated_at,
            ..
        } = row;
        Self {
            id,
            email,
            name,
            verified,
            created_at,
            updated_at,
        }
    }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.to_string(),
            email: row.email,
            name: row.name,
            verified: row.verified,
            created_at: row.created_at.as_micros(),
            updated_at: row.updated_at.as_micros(),
            password_changed_at: row.password_changed_at.as_micros(),
        }
    }
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            created_at: row.created_at.as_micros(),
        }
    }
}

impl UserView {
    pub(super) fn location(&self) -> String {
        format!("/api/v1/users/{}", self.id)
    }
}
