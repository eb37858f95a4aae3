//! Analytics: counts what other modules tell.
//!
//! The module calls nobody. It hears `blog.post.created` and `blog.comment.created` and adds one, in
//! the transaction that also notes that the event was handled: an event that is delivered twice
//! counts once, and one that was published before the process died counts after its restart. So
//! the counts follow by some milliseconds what they count.
//!
//! What is counted is what was created, whatever became of it.

mod api;
mod heard;
mod repo;
mod rpc;

use std::sync::Arc;

use analytics_contract::AnalyticsService;
use goplt_core::{BoxError, data::TenantDb, manifest::Manifest};
use goplt_module::{IModule, InitContext};

goplt_module::include_manifest!("module.yaml");

/// The module. Provides [`AnalyticsService`].
#[derive(Debug, Clone, Copy, Default)]
pub struct AnalyticsModule;

/// The counts of all tenants.
pub(crate) struct Analytics {
    pub(crate) db: TenantDb,
}

impl IModule for AnalyticsModule {
    type Needs = ();
    type Provides = Arc<dyn AnalyticsService>;

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<Self::Provides, BoxError> {
        let analytics = Arc::new(Analytics { db: cx.db() });
        cx.routes(&analytics).mount(route::SUMMARY, api::summary);
        let _ = cx
            .events(&analytics)
            .on(event::BLOG_POST_CREATED, Analytics::on_post_created)
            .on(event::BLOG_COMMENT_CREATED, Analytics::on_comment_created);
        Ok(analytics)
    }
}
