//! The contract of the analytics module: what was created, and by whom.
//!
//! Consumers link this crate, never the module. With the feature `fake` there is a `FakeAnalyticsService` for their
//! tests.
//!
//! # Examples
//!
#![cfg_attr(feature = "fake", doc = "```")]
#![cfg_attr(not(feature = "fake"), doc = "```text")]
//! use analytics_contract::{AnalyticsService, FakeAnalyticsService, GetSummaryRequest, Summary};
//! use goplt_core::RequestContext;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let analytics = FakeAnalyticsService::new()
//!     .on_get_summary(|_, _| Ok(Summary { posts_created: 3, ..Summary::default() }));
//!
//! let cx = RequestContext::new("req-1".parse()?);
//! assert_eq!(analytics.get_summary(&cx, GetSummaryRequest {}).await?.posts_created, 3);
//! # Ok(())
//! # }
//! ```

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
