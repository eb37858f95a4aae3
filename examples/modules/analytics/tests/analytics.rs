//! Analytics without the blog: what is published is counted, for its tenant and its author.

use std::sync::Arc;

use analytics::AnalyticsModule;
use analytics_contract::{AnalyticsService, GetSummaryRequest};
use blog_contract::{CommentCreated, PostCreated};
use goplt_testing::TestHost;
use serde_json::{Value, json};

/// Posts of `ada` and `eve`, and a comment.
async fn publish(host: &TestHost) {
    for (post, author) in [("1", "ada"), ("2", "eve"), ("3", "ada")] {
        let created = PostCreated {
            post_id: post.to_owned(),
            author_id: author.to_owned(),
        };
        host.publish("acme", &created).await;
    }
    host.publish("acme", &CommentCreated::default()).await;
}

#[tokio::test]
async fn what_is_published_is_counted() {
    let host = TestHost::builder()
        .module(AnalyticsModule)
        .outside("blog", "1.2.0")
        .start()
        .await
        .unwrap();
    publish(&host).await;
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
    let found = host
        .eventually(async || {
            let found: Value = reader.get("/api/v1/analytics/summary").await.json();
            let counted = found["comments_created"] == 1 && found["posts_created"] == 3;
            counted.then_some(found)
        })
        .await;
    assert_eq!(found, all);

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
