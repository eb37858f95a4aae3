//! Analytics beside a stand-in for the blog: what is published is counted, for its tenant and its author.

use std::{sync::Arc, time::Duration};

use analytics::AnalyticsModule;
use analytics_contract::{AnalyticsService, GetSummaryRequest};
use blog_contract::{CommentCreated, PostCreated};
use goplt_core::{BoxError, manifest::Manifest};
use goplt_module::{IModule, InitContext, StartContext};
use goplt_testing::TestHost;
use serde_json::{Value, json};

goplt_module::include_manifest!("tests/blog.yaml");

/// Publishes posts of `ada` and `eve`, and a comment.
struct Blog;

impl IModule for Blog {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), _: &mut InitContext<'_>) -> Result<(), BoxError> {
        Ok(())
    }

    async fn on_start(&self, cx: &StartContext) -> Result<(), BoxError> {
        let acme = cx.service_contexts().for_tenant("acme".parse()?);
        let mut tx = cx.db().begin(acme.scope()?).await?;
        for (post, author) in [("1", "ada"), ("2", "eve"), ("3", "ada")] {
            let created = PostCreated {
                post_id: post.to_owned(),
                author_id: author.to_owned(),
            };
            tx.outbox().publish(event::POST_CREATED, &created).await?;
        }
        let comment = CommentCreated::default();
        tx.outbox()
            .publish(event::COMMENT_CREATED, &comment)
            .await?;
        Ok(tx.commit().await?)
    }
}

#[tokio::test]
async fn what_is_published_is_counted() {
    let host = TestHost::builder()
        .module(Blog)
        .module(AnalyticsModule)
        .start()
        .await
        .unwrap();
    let reader = host
        .user("ida", "acme")
        .with_grants(["analytics.summary.read"]);
    let all = json!({
        "posts_created": 3,
        "comments_created": 1,
        "by_author": [
            { "author_id": "ada", "posts_created": 2 },
            { "author_id": "eve", "posts_created": 1 },
        ],
    });
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let found: Value = reader.get("/api/v1/analytics/summary").await.json();
            if found["comments_created"] == 1 && found["posts_created"] == 3 {
                break found;
            }
        }
    });
    assert_eq!(found.await.unwrap(), all);

    let analytics: Arc<dyn AnalyticsService> = host.get().unwrap();
    let context = host.context();
    let globex = context
        .service_contexts()
        .for_tenant("globex".parse().unwrap());
    let none = analytics.get_summary(&globex, GetSummaryRequest {}).await;
    assert_eq!(none.unwrap().posts_created, 0);
    let stranger = host.user("tom", "acme");
    assert_eq!(
        stranger.get("/api/v1/analytics/summary").await.status(),
        403
    );
    host.stop().await.unwrap();
}
