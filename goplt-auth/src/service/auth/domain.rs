//! What is known of a refresh token.

use goplt_core::{Timestamp, Uuid, data::FromRow};

/// A refresh token and its session as the tables have them.
#[derive(Debug, Clone, FromRow)]
pub(super) struct TokenRow {
    pub(super) session_id: Uuid,
    pub(super) expires_at: Timestamp,
    pub(super) used_at: Option<Timestamp>,
    pub(super) user_id: Uuid,
    pub(super) password_changed_at: Timestamp,
    pub(super) revoked_at: Option<Timestamp>,
}
