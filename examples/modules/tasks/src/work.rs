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
        let host = self.host.within(cx.request());
        // One, unless big tenants have a database of their own.
        for db in self.db.databases() {
            let mut tx = db.begin_host(&host).await?;
            tx.execute(host_sql!(
                "DELETE FROM tasks_tasks WHERE done_at <= ?",
                self.clock.now().minus(self.keep)
            ))
            .await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
