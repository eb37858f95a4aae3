use std::{fmt, sync::Arc};

use goplt_core::{
    audit::RequestAuditSettings, data::ScopeMint, event::GroupHandlers, job::ModuleJobs,
};

use super::shared_methods;
use crate::{
    host::{ModuleCell, Workers},
    http::{RouteTable, Routes},
};

/// What a module gets in [`init`](crate::IModule::init).
///
/// Not among it: what makes a tenant's scope, and what is beneath the database.
///
/// ```compile_fail,E0599
/// # fn init(cx: &goplt_module::InitContext<'_>) {
/// let mint = cx.mint();
/// # }
/// ```
///
/// ```compile_fail,E0599
/// # fn init(cx: &goplt_module::InitContext<'_>) {
/// let pool = cx.db().pool();
/// # }
/// ```
pub struct InitContext<'a> {
    cell: ModuleCell,
    routes: &'a mut RouteTable,
    workers: &'a mut Workers,
}

impl<'a> InitContext<'a> {
    pub(crate) fn new(
        cell: ModuleCell,
        routes: &'a mut RouteTable,
        workers: &'a mut Workers,
    ) -> Self {
        Self {
            cell,
            routes,
            workers,
        }
    }

    /// Mounts handlers with the state `service` on the routes that the manifest declares.
    ///
    /// A declared route without handler is reported once every module is initialised.
    pub fn routes<S>(&mut self, service: &Arc<S>) -> Routes<'_, S> {
        self.routes.routes(self.cell.manifest(), service)
    }

    /// Handles events with methods of `service`: those that the manifest names under `subscribes`.
    ///
    /// A declared event without handler is reported once every module is initialised.
    pub fn events<S>(&mut self, service: &Arc<S>) -> GroupHandlers<'_, S> {
        let group = self.cell.manifest().name().clone();
        self.workers.events.group(group, service)
    }

    /// Runs the jobs that the manifest declares with methods of `service`.
    ///
    /// A declared job without handler is reported once every module is initialised.
    pub fn jobs<S>(&mut self, service: &Arc<S>) -> ModuleJobs<'_, S> {
        self.workers.jobs.service(service)
    }

    /// Records the requests of authenticated callers for the audit log: see [`goplt_core::audit`]. The last who asks
    /// decides.
    pub fn audit_requests(&mut self, settings: RequestAuditSettings) {
        self.workers.audit = Some(settings);
    }

    /// For the platform's own module, which looks after the work of all others.
    pub(crate) fn mint(&self) -> &ScopeMint {
        &self.cell.host.mint
    }

    shared_methods!();
}

impl fmt::Debug for InitContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InitContext").field(self.module()).finish()
    }
}
