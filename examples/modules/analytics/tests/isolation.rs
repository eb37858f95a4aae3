//! Analytics counts for each tenant apart, on each database.

use analytics::AnalyticsModule;
use analytics_contract::{AnalyticsService, GetSummaryRequest};
use blog_contract::{CommentCreated, PostCreated};
use goplt_testing::isolation::{Call, Isolation, Seeding};

struct Ids {
    author: String,
}

async fn seed(tenant: &Seeding<'_>) -> Ids {
    let author = tenant.mark("author");
    let created = PostCreated {
        post_id: "1".to_owned(),
        author_id: author.clone(),
    };
    tenant.host().publish(tenant.tenant(), &created).await;
    Ids { author }
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .host(|host| host.outside("blog", "1.2.0"))
        .seed(seed)
        .route("summary", |_, _| Call::get("/api/v1/analytics/summary"))
        .rpc(
            "GetSummary",
            async |analytics: &dyn AnalyticsService, cx, _, _| {
                analytics.get_summary(cx, GetSummaryRequest {}).await
            },
        )
        .event(|_, ids| CommentCreated {
            author_id: ids.author.clone(),
            post_author_id: ids.author.clone(),
            ..CommentCreated::default()
        })
        .event(|_, ids| PostCreated {
            post_id: "1".to_owned(),
            author_id: ids.author.clone(),
        })
}

goplt_testing::isolation_suite!(AnalyticsModule, calls);
