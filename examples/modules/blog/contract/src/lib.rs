//! The contract of the blog module: posts and comments.
//!
//! Consumers link this crate, never the module. With the feature `fake` there is a `FakeBlogService` for their tests.
//!
//! # Examples
//!
//! What billing asks for:
//!
#![cfg_attr(feature = "fake", doc = "```")]
#![cfg_attr(not(feature = "fake"), doc = "```text")]
//! use blog_contract::{BlogService, CountPostsRequest, CountPostsResponse, FakeBlogService};
//! use goplt_core::RequestContext;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let blog = FakeBlogService::new().on_count_posts(|_, period| {
//!     Ok(CountPostsResponse { count: if period.from < period.to { 3 } else { 0 } })
//! });
//!
//! let cx = RequestContext::new("req-1".parse()?);
//! let posts = blog.count_posts(&cx, CountPostsRequest { from: 0, to: 1_000_000 }).await?;
//! assert_eq!(posts.count, 3);
//! # Ok(())
//! # }
//! ```

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
