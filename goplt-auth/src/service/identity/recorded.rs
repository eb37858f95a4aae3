//! What identity writes into the audit log, in the transactions that do it: who and what, and never
//! what is known of a user.

use goplt_contracts::identity::UserUpdated;
use goplt_core::{TenantId, Uuid, audit::AuditEntry};

use super::event;

/// A registration, if the caller is anonymous.
pub(super) fn created(user: Uuid) -> AuditEntry {
    of_user(event::USER_CREATED.name(), &user)
}

pub(super) fn updated(change: &UserUpdated) -> AuditEntry {
    of_user(event::USER_UPDATED.name(), &change.user_id)
        .with_detail("name_changed", change.name_changed)
        .with_detail("email_changed", change.email_changed)
}

pub(super) fn deleted(user: Uuid) -> AuditEntry {
    of_user(event::USER_DELETED.name(), &user)
}

pub(super) fn password_changed(user: Uuid) -> AuditEntry {
    of_user("identity.password.changed", &user)
}

/// Somebody asked, and the mail is about to leave. For an email that nobody has there is no entry.
pub(super) fn reset_requested(user: Uuid) -> AuditEntry {
    of_user("identity.password.reset_requested", &user)
}

/// Whoever had the mail.
pub(super) fn password_reset(user: Uuid) -> AuditEntry {
    of_user("identity.password.reset", &user)
}

pub(super) fn email_verified(user: Uuid) -> AuditEntry {
    of_user("identity.email.verified", &user)
}

pub(super) fn tenant(id: &TenantId) -> AuditEntry {
    AuditEntry::new("identity.tenant.created", "identity.tenant").with_resource_id(id.to_string())
}

fn of_user(action: &'static str, user: &impl ToString) -> AuditEntry {
    AuditEntry::new(action, "identity.user").with_resource_id(user.to_string())
}
