//! What the blog does when something happens in other modules.

use goplt_contracts::identity::UserDeleted;
use goplt_core::{
    data::{DbError, TenantTx},
    event::EventContext,
};

use crate::{Blog, domain::NOBODY, repo};

impl Blog {
    /// What a user wrote stays when the user goes: others have read it, and answered. Who wrote it
    /// is forgotten.
    pub(crate) async fn on_user_deleted(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: UserDeleted,
    ) -> Result<(), DbError> {
        repo::forget_author(tx, &event.user_id, NOBODY).await
    }
}
