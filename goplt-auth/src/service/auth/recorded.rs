//! What auth writes into the audit log, in the transactions that do it.

use goplt_core::{Uuid, audit::AuditEntry, event::Actor};

/// The request was anonymous until now.
pub(super) fn login(user: &str, session: Uuid) -> AuditEntry {
    AuditEntry::new("auth.login.succeeded", "identity.user")
        .with_resource_id(user)
        .with_actor(Actor::User(user.to_owned()))
        .with_detail("session_id", session)
}

/// Which user was meant is not known here; of the password nothing is kept.
pub(super) fn refused_login(email: &str) -> AuditEntry {
    AuditEntry::new("auth.login.failed", "identity.user").with_detail("email", email)
}

pub(super) fn logout(session: Uuid) -> AuditEntry {
    of_session("auth.session.ended", session)
}

/// Who sent the token that had been used is not known: one of two parties has it wrongly.
pub(super) fn reused(session: Uuid, user: Uuid) -> AuditEntry {
    of_session("auth.refresh.reused", session).with_detail("user_id", user)
}

pub(super) fn password_changed(session: Uuid, user: Uuid) -> AuditEntry {
    of_session("auth.session.revoked", session)
        .with_detail("user_id", user)
        .with_detail("reason", "the password was changed")
}

pub(super) fn revoked_all(user: Uuid, sessions: u64) -> AuditEntry {
    AuditEntry::new("auth.session.revoked", "identity.user")
        .with_resource_id(user.to_string())
        .with_detail("sessions", sessions)
}

fn of_session(action: &'static str, session: Uuid) -> AuditEntry {
    AuditEntry::new(action, "auth.session").with_resource_id(session.to_string())
}
