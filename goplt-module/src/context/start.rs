use std::fmt;

use tokio::time::Instant;

use super::shared_methods;
use crate::host::ModuleCell;

/// What a module gets in [`on_start`](crate::IModule::on_start).
pub struct StartContext {
    cell: ModuleCell,
    deadline: Instant,
}

/// What a module gets in [`on_stop`](crate::IModule::on_stop).
pub struct StopContext {
    cell: ModuleCell,
    deadline: Instant,
}

impl StartContext {
    pub(crate) fn new(cell: ModuleCell, deadline: Instant) -> Self {
        Self { cell, deadline }
    }

    shared_methods!();

    /// When the hook is given up.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }
}

impl StopContext {
    pub(crate) fn new(cell: ModuleCell, deadline: Instant) -> Self {
        Self { cell, deadline }
    }

    shared_methods!();

    /// When the hook is given up.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }
}

impl fmt::Debug for StartContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartContext").field(self.module()).finish()
    }
}

impl fmt::Debug for StopContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StopContext").field(self.module()).finish()
    }
}
