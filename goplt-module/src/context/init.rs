use std::{fmt, sync::Arc};

use super::shared_methods;
use crate::host::ModuleCell;

/// What a module gets in [`init`](crate::IModule::init).
pub struct InitContext<'a> {
    pub(crate) cell: &'a Arc<ModuleCell>,
}

impl<'a> InitContext<'a> {
    pub(crate) fn new(cell: &'a Arc<ModuleCell>) -> Self {
        Self { cell }
    }

    shared_methods!();
}

impl fmt::Debug for InitContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InitContext").field(self.module()).finish()
    }
}
