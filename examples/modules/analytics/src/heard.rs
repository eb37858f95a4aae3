//! What is counted.

use blog_contract::{CommentCreated, PostCreated};
use goplt_core::{
    data::{DbError, TenantTx},
    event::EventContext,
};

use crate::{
    Analytics,
    repo::{self, Kind},
};

impl Analytics {
    pub(crate) async fn on_post_created(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        event: PostCreated,
    ) -> Result<(), DbError> {
        repo::add(tx, Kind::Post).await?;
        repo::add_post_of(tx, &event.author_id).await
    }

    pub(crate) async fn on_comment_created(
        &self,
        _: &EventContext,
        tx: &mut TenantTx,
        _: CommentCreated,
    ) -> Result<(), DbError> {
        repo::add(tx, Kind::Comment).await
    }
}
