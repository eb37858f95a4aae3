//! What authz does when something happens in other modules.

use goplt_contracts::identity::UserDeleted;
use goplt_core::{
    data::{DbError, TenantTx},
    event::EventContext,
};

use super::{repo, service::Authz};

impl Authz {
    /// Takes all roles from a user who is gone.
    ///
    /// The policy goes ahead of the commit here. It can only say no too early: should the
    /// transaction fail, the event comes again.
    pub(super) async fn on_user_deleted(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: UserDeleted,
    ) -> Result<(), DbError> {
        // Before the first statement, as every change: whoever has the turn may wait to write.
        let _turn = self.changing.lock().await;
        repo::remove_all(tx, &event.user_id).await?;
        self.policy.set_roles_of(cx.tenant(), &event.user_id, []);
        Ok(())
    }
}
