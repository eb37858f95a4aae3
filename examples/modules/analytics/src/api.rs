//! REST: what goes out. The route and its permission are in `module.yaml`.

use std::sync::Arc;

use analytics_contract::{AnalyticsService, GetSummaryRequest};
use goplt_core::{Problem, RequestContext};
use goplt_module::http::{Json, State};
use serde::Serialize;

use crate::Analytics;

#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    posts_created: i64,
    comments_created: i64,
    by_author: Vec<AuthorPosts>,
}

#[derive(Debug, Serialize)]
struct AuthorPosts {
    author_id: String,
    posts_created: i64,
}

pub(crate) async fn summary(
    State(analytics): State<Arc<Analytics>>,
    cx: RequestContext,
) -> Result<Json<Summary>, Problem> {
    let summary = analytics.get_summary(&cx, GetSummaryRequest {}).await?;
    let by_author = summary.by_author.into_iter();
    Ok(Json(Summary {
        posts_created: summary.posts_created,
        comments_created: summary.comments_created,
        by_author: by_author
            .map(|author| AuthorPosts {
                author_id: author.author_id,
                posts_created: author.posts_created,
            })
            .collect(),
    }))
}
