//! How a start or a stop fails.

use std::fmt;

use goplt_core::{
    BoxError, Code, ModuleName,
    data::{DbError, doctor::Diagnosis, migration::MigrationError, setup::SetupError},
    error::chain,
    shutdown::Interrupted,
};

use super::{DataDirError, HookError};
use crate::{
    StartupReport,
    http::{BindError, HttpSettingsError, OpenConnection},
};

/// A start that failed, and what became of the modules that had started by then.
///
/// Displayed in full, the cause first, with every chain of causes: it is what an operator reads.
#[derive(Debug)]
pub struct StartError {
    cause: StartCause,
    stopped: Vec<ModuleName>,
    failures: Vec<HookError>,
    interrupted: Option<Interrupted>,
}

/// Why a start failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartCause {
    /// The address is malformed, taken, or not this machine's.
    #[error(transparent)]
    Listen(#[from] BindError),
    /// The settings of HTTP contradict themselves; found before anything is done, as a rule.
    #[error(transparent)]
    Http(#[from] HttpSettingsError),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database cannot be opened.
    #[error("cannot open the database: {}", chain(.0))]
    Database(DbError),
    /// The roles of the database are not to be had.
    #[error("{}", chain(.0))]
    Setup(#[from] SetupError),
    /// The database does not keep tenants apart, or rows of one lie where nobody looks for them.
    #[error("{0}")]
    Doctor(Diagnosis),
    /// A layer of the edge cannot be made.
    #[error("cannot make the {layer} layer: {}", chain(&**source))]
    Layer {
        /// `auth` or `tenant`.
        layer: &'static str,
        /// What was wrong.
        source: BoxError,
    },
    /// A hook failed.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// Modules did not do in `init` what they declare.
    #[error(transparent)]
    Report(#[from] StartupReport),
    /// Migrations cannot be applied.
    #[error("cannot migrate: {}", chain(.0))]
    Migration(MigrationError),
    /// The seed of the assembly failed.
    #[error("the seed failed: {}", chain(&**.0))]
    Seed(BoxError),
    /// A signal came before the host was ready.
    #[error("interrupted by a signal")]
    Interrupted,
    /// What was started for a check did not stop cleanly.
    #[error("the check found nothing wrong, and could not stop cleanly")]
    Unclean,
}

/// A stop that was not clean: hooks failed, or it was cut short.
#[derive(Debug)]
pub struct StopError {
    pub(super) failures: Vec<HookError>,
    pub(super) interrupted: Option<Interrupted>,
    pub(super) connections: Vec<OpenConnection>,
}

// === impl StartError ===

impl StartError {
    /// Before anything had started.
    pub(super) fn early(cause: impl Into<StartCause>) -> Self {
        Self {
            cause: cause.into(),
            stopped: Vec::new(),
            failures: Vec::new(),
            interrupted: None,
        }
    }

    pub(super) fn rolled_back(
        cause: StartCause,
        stopped: Vec<ModuleName>,
        stop: Result<(), StopError>,
    ) -> Self {
        let (failures, interrupted) = match stop {
            Ok(()) => (Vec::new(), None),
            Err(StopError {
                failures,
                interrupted,
                ..
            }) => (failures, interrupted),
        };
        Self {
            cause,
            stopped,
            failures,
            interrupted,
        }
    }

    pub(super) fn unclean(stop: StopError) -> Self {
        Self::rolled_back(StartCause::Unclean, Vec::new(), Err(stop))
    }

    /// Whether the database of the settings is not compiled in.
    pub(super) const fn is_without_engine(&self) -> bool {
        matches!(self.cause, StartCause::Database(DbError::NoEngine { .. }))
    }

    /// Why it failed.
    #[must_use]
    pub const fn cause(&self) -> &StartCause {
        &self.cause
    }

    /// The modules that had started and were stopped again, in the order in which they were.
    #[must_use]
    pub fn stopped(&self) -> &[ModuleName] {
        &self.stopped
    }

    /// What failed while they were stopped.
    #[must_use]
    pub fn failures(&self) -> &[HookError] {
        &self.failures
    }

    /// [`Code::FailedPrecondition`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        if !self.stopped.is_empty() {
            let names: Vec<_> = self.stopped.iter().map(ModuleName::as_str).collect();
            write!(f, "\nstopped again, in reverse order: {}", names.join(", "))?;
        }
        for failure in &self.failures {
            write!(f, "\n{failure}")?;
        }
        match &self.interrupted {
            Some(interrupted) => write!(f, "\n{interrupted}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StartError {}

// === impl StopError ===

impl StopError {
    pub(super) fn check(
        failures: Vec<HookError>,
        interrupted: Option<Interrupted>,
        connections: Vec<OpenConnection>,
    ) -> Result<(), Self> {
        if failures.is_empty() && interrupted.is_none() {
            return Ok(());
        }
        Err(Self {
            failures,
            interrupted,
            connections,
        })
    }

    /// The hooks that failed.
    #[must_use]
    pub fn failures(&self) -> &[HookError] {
        &self.failures
    }

    /// The connections that were cut off.
    #[must_use]
    pub fn connections(&self) -> &[OpenConnection] {
        &self.connections
    }

    /// What cut the stop short, and what it waited for.
    #[must_use]
    pub const fn interrupted(&self) -> Option<&Interrupted> {
        self.interrupted.as_ref()
    }

    /// [`Code::Aborted`] if it was cut short, [`Code::Internal`] otherwise.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.interrupted {
            Some(_) => Code::Aborted,
            None => Code::Internal,
        }
    }
}

impl fmt::Display for StopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host did not stop cleanly")?;
        for failure in &self.failures {
            write!(f, "\n{failure}")?;
        }
        if let Some(interrupted) = &self.interrupted {
            write!(f, "\n{interrupted}")?;
        }
        for OpenConnection {
            peer, in_flight, ..
        } in &self.connections
        {
            write!(f, "\ncut off: {peer}, {in_flight} in flight")?;
        }
        Ok(())
    }
}

impl std::error::Error for StopError {}
