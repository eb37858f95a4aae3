//! The blog: a module that shows how modules are written.
//!
//! | file | what it is |
//! |---|---|
//! | `module.yaml` | what the module declares: permissions, routes, tables, default roles |
//! | `domain.rs` | posts and comments, and their rules; no database, no HTTP |
//! | `repo.rs` | the SQL, rewritten at compile time to see one tenant |
//! | `service.rs` | what the blog does, for REST and contract alike |
//! | `api.rs` | REST: what comes in and goes out |
//! | `rpc.rs` | the contract that other modules call |
//! | `heard.rs` | what the blog does when something happens in other modules |
//!
//! What happens here is published in the transaction that causes it, so it is told if and only if it happened.

mod api;
pub mod domain;
mod heard;
mod repo;
mod rpc;
mod service;

use std::sync::Arc;

use blog_contract::BlogService;
use goplt_contracts::identity::IdentityService;
use goplt_core::{BoxError, manifest::Manifest};
use goplt_module::{IModule, InitContext};

use self::rpc::Rpc;

pub use self::service::Blog;

goplt_module::include_manifest!("module.yaml");

/// The module: posts and comments, kept for each tenant.
#[derive(Debug, Clone, Copy, Default)]
pub struct BlogModule;

impl IModule for BlogModule {
    type Needs = Arc<dyn IdentityService>;
    type Provides = Arc<dyn BlogService>;

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(
        &self,
        identity: Self::Needs,
        cx: &mut InitContext<'_>,
    ) -> Result<Self::Provides, BoxError> {
        let config: Config = cx.config();
        let blog = Arc::new(Blog {
            db: cx.db(),
            identity,
            clock: cx.clock(),
            ids: cx.ids(),
            max_content: usize::try_from(config.max_content)?,
        });
        cx.routes(&blog)
            .mount(route::CREATE_POST, api::create_post)
            .mount(route::LIST_POSTS, api::list_posts)
            .mount(route::GET_POST, api::get_post)
            .mount(route::UPDATE_POST, api::update_post)
            .mount(route::DELETE_POST, api::delete_post)
            .mount(route::CREATE_COMMENT, api::create_comment)
            .mount(route::LIST_COMMENTS, api::list_comments)
            .mount(route::DELETE_COMMENT, api::delete_comment);
        let _ = cx
            .events(&blog)
            .on(event::IDENTITY_USER_DELETED, Blog::on_user_deleted);
        Ok(Arc::new(Rpc(blog)))
    }
}
