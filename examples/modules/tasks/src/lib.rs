//! Tasks: the module that the tutorial builds.

mod api;
mod work;

use std::{sync::Arc, time::Duration};

use goplt_core::{
    BoxError, Clock,
    data::{HostScope, TenantDb},
    id::Ids,
    manifest::Manifest,
};
use goplt_module::{IModule, InitContext};

goplt_module::include_manifest!("module.yaml");

/// The module.
#[derive(Debug, Clone, Copy, Default)]
pub struct TasksModule;

/// What its handlers share.
pub(crate) struct Tasks {
    db: TenantDb,
    host: HostScope,
    clock: Clock,
    ids: Ids,
    keep: Duration,
}

impl IModule for TasksModule {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let config: Config = cx.config();
        let tasks = Arc::new(Tasks {
            db: cx.db(),
            host: cx.host_scope()?,
            clock: cx.clock(),
            ids: cx.ids(),
            keep: config.keep,
        });
        cx.routes(&tasks)
            .mount(route::CREATE, api::create)
            .mount(route::LIST, api::list)
            .mount(route::FINISH, api::finish);
        let _ = cx
            .events(&tasks)
            .on(event::IDENTITY_USER_DELETED, Tasks::on_user_deleted);
        let _ = cx
            .jobs(&tasks)
            .on(job::FORGET_FINISHED, Tasks::forget_finished);
        Ok(())
    }
}
