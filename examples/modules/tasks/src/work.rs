//! What the module does without being asked.

use goplt_contracts::identity::UserDeleted;
use goplt_core::{
    BoxError,
    data::{DbError, TenantTx},
    event::EventContext,
    job::JobContext,
};

use crate::{Tasks, host_sql, tenant_sql};

impl Tasks {
    /// Nobody has the tasks of a user who is gone.
    pub(crate) async fn on_user_deleted(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: UserDeleted,
    ) -> Result<(), DbError> {
        tx.execute(tenant_sql!(
            "DELETE FROM tasks_tasks WHERE owner = ?",
            event.user_id
        ))
        .await?;
        Ok(())
    }

    /// Each night, in all tenants.
    pub(crate) async fn forget_finished(&self, cx: &JobContext) -> Result<(), BoxError> {
        let mut tx = self.db.begin_host(&self.host).await?;
        tx.execute(host_sql!(
            "DELETE FROM tasks_tasks WHERE done_at <= ?",
            self.clock.now().minus(self.keep)
        ))
        .await?;
        Ok(cx.finish_host(tx).await?)
    }
}
