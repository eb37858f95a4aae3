use std::{fmt, sync::Arc};

use super::shared_methods;
use crate::{
    host::ModuleCell,
    http::{RouteTable, Routes},
};

/// What a module gets in [`init`](crate::IModule::init).
pub struct InitContext<'a> {
    cell: ModuleCell,
    routes: &'a mut RouteTable,
}

impl<'a> InitContext<'a> {
    pub(crate) fn new(cell: ModuleCell, routes: &'a mut RouteTable) -> Self {
        Self { cell, routes }
    }

    /// Mounts handlers with the state `service` on the routes that the manifest declares.
    ///
    /// A declared route without handler is reported once every module is initialised.
    pub fn routes<S>(&mut self, service: &Arc<S>) -> Routes<'_, S> {
        self.routes.routes(self.cell.manifest(), service)
    }

    shared_methods!();
}

impl fmt::Debug for InitContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InitContext").field(self.module()).finish()
    }
}
