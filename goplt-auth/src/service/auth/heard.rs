//! What happens elsewhere, and in time: sessions that end without anybody asking.

use goplt_contracts::identity::{UserDeleted, UserUpdated};
use goplt_core::{
    BoxError, Timestamp, Uuid,
    data::TenantTx,
    event::{EventContext, Permanent},
    job::JobContext,
};

use super::{repo, service::Sessions};

impl Sessions {
    /// A new password ends the sessions that began under another.
    pub(super) async fn on_user_updated(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: UserUpdated,
    ) -> Result<(), BoxError> {
        let Some(changed) = event.password_changed_at else {
            return Ok(());
        };
        let user = parse(&event.user_id)?;
        let changed = Timestamp::from_micros(changed);
        repo::revoke_older(tx, user, changed, self.clock.now()).await?;
        Ok(())
    }

    pub(super) async fn on_user_deleted(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: UserDeleted,
    ) -> Result<(), BoxError> {
        repo::forget_user(tx, parse(&event.user_id)?).await?;
        Ok(())
    }

    /// Of all tenants: an expired token is refused anyway, so nothing depends on when this runs.
    pub(super) async fn purge(&self, cx: &JobContext) -> Result<(), BoxError> {
        let host = self.host.within(cx.request());
        let mut gone = 0;
        for db in self.db.databases() {
            let mut tx = db.begin_host(&host).await?;
            gone += repo::purge_expired(&mut tx, self.clock.now()).await?;
            tx.commit().await?;
        }
        tracing::info!(sessions = gone, "expired sessions were forgotten");
        Ok(())
    }
}

/// An id that is none stays none, however often the event comes.
fn parse(user_id: &str) -> Result<Uuid, Permanent> {
    user_id.parse().map_err(Permanent::new)
}
