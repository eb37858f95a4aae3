//! HTTP: a module's handlers, what they take and answer, and the one stack around them.
//!
//! A handler is a function of axum whose arguments are the extractors of this module, so that
//! what they refuse is a problem (RFC 9457) like every other refusal: [`Json`], [`Path`],
//! [`Query`], [`ListQuery`], [`IfMatch`], [`State`], [`EnterTenant`], and the
//! [`RequestContext`](goplt_core::RequestContext). It answers with [`Json`], [`Created`],
//! [`NoContent`], [`Page`], [`ETag`], or a [`Problem`](goplt_core::Problem).
//!
//! [`Routes`] mounts it on a route of the manifest; who may call is checked before it, and
//! before the body is read. [`stack`](stack()) puts the layers of the edge around all routes in
//! one order, and [`Server`] serves them.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use goplt_core::{Problem, RequestContext, Uuid};
//! use goplt_module::http::{Created, Json, State};
//!
//! struct Blog;
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct NewPost { title: String }
//!
//! #[derive(serde::Serialize)]
//! struct Post { id: Uuid, title: String }
//!
//! async fn create_post(
//!     State(blog): State<Arc<Blog>>,
//!     cx: RequestContext,
//!     Json(new): Json<NewPost>,
//! ) -> Result<Created<Post>, Problem> {
//!     let post = blog.create(&cx, new).await?;
//!     Ok(Created::at(format!("/api/v1/blog/posts/{}", post.id), post))
//! }
//! # impl Blog {
//! #     async fn create(&self, _: &RequestContext, new: NewPost) -> Result<Post, Problem> {
//! #         Ok(Post { id: Uuid::from_bytes([0; 16]), title: new.title })
//! #     }
//! # }
//! # fn mount(routes: &mut goplt_module::http::Routes<'_, Blog>, key: goplt_module::RouteKey) {
//! #     routes.mount(key, create_post);
//! # }
//! ```

mod created;
mod enter_tenant;
mod etag;
mod guarded;
pub mod json;
mod list;
mod path;
mod probes;
mod query;
pub mod route_table;
mod routes;
mod server;
mod settings;
pub mod stack;

pub use axum::extract::State;

#[doc(inline)]
pub(crate) use self::probes::PROBE_PATHS;
pub use self::{
    created::{Created, NoContent},
    enter_tenant::EnterTenant,
    etag::{ETag, IfMatch, IfMatchError},
    json::Json,
    list::{Cursor, CursorError, DEFAULT_LIMIT, ListQuery, MAX_LIMIT, NoFilter, Page},
    path::Path,
    probes::probes,
    query::Query,
    route_table::RouteTable,
    routes::Routes,
    server::{BindError, OpenConnection, Server, Serving, StopReport},
    settings::{CorsSettings, HttpSettings, HttpSettingsError},
    stack::{StackSettings, stack},
};
