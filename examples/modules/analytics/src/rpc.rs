//! The module as a contract, and what REST shares with it.

use analytics_contract::{AnalyticsService, AuthorPosts, GetSummaryRequest, Summary};
use async_trait::async_trait;
use goplt_core::{RequestContext, contract::RpcError};

use crate::{
    Analytics,
    repo::{self, AuthorRow, Kind},
};

/// A summary names this many authors: it is no list of all users.
const MOST_AUTHORS: i64 = 100;

#[async_trait]
impl AnalyticsService for Analytics {
    async fn get_summary(
        &self,
        cx: &RequestContext,
        _: GetSummaryRequest,
    ) -> Result<Summary, RpcError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        Ok(Summary {
            posts_created: repo::total(&mut tx, Kind::Post).await?,
            comments_created: repo::total(&mut tx, Kind::Comment).await?,
            by_author: repo::authors(&mut tx, MOST_AUTHORS)
                .await?
                .into_iter()
                .map(AuthorPosts::from)
                .collect(),
        })
    }
}

impl From<AuthorRow> for AuthorPosts {
    fn from(row: AuthorRow) -> Self {
        Self {
            author_id: row.author_id,
            posts_created: row.posts_created,
        }
    }
}
