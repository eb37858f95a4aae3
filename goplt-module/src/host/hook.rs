//! A hook under its deadline and its panic fence, with its time.

use std::{any::Any, fmt, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use goplt_core::{
    BoxError, ModuleName,
    error::chain,
    report::{Category, ErrorReport},
};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

/// A hook of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the hooks of `IModule`")]
pub enum Hook {
    /// [`init`](crate::IModule::init).
    Init,
    /// [`on_start`](crate::IModule::on_start).
    OnStart,
    /// [`on_stop`](crate::IModule::on_stop).
    OnStop,
}

/// How long a hook took, whether it succeeded or not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookTiming {
    /// Whose hook.
    pub module: ModuleName,
    /// Which hook.
    pub hook: Hook,
    /// From its call to its end.
    pub elapsed: Duration,
}

/// A hook that failed.
#[derive(Debug)]
pub struct HookError {
    timing: HookTiming,
    failure: HookFailure,
}

/// How a hook failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum HookFailure {
    /// It returned an error.
    Failed(BoxError),
    /// It panicked, with this message.
    Panicked(String),
    /// It did not return in time.
    TimedOut,
}

/// Runs a hook to its end, or to its deadline.
pub(crate) async fn run<T>(
    module: &ModuleName,
    hook: Hook,
    deadline: Instant,
    work: impl Future<Output = Result<T, BoxError>>,
) -> (HookTiming, Result<T, HookError>) {
    let start = Instant::now();
    // A module that panicked is not called again but for `on_stop` of what had started before.
    let span = tracing::info_span!("hook", %module, %hook);
    let work = AssertUnwindSafe(work).catch_unwind().instrument(span);
    let result = match timeout_at(deadline, work).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(HookFailure::Failed(error)),
        Ok(Err(panic)) => Err(HookFailure::Panicked(panic_text(&*panic))),
        Err(_) => Err(HookFailure::TimedOut),
    };
    let timing = HookTiming {
        module: module.clone(),
        hook,
        elapsed: start.elapsed(),
    };
    tracing::debug!(%module, %hook, elapsed = ?timing.elapsed, ok = result.is_ok(), "hook");
    let result = result.map_err(|failure| HookError {
        timing: timing.clone(),
        failure,
    });
    (timing, result)
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
        .to_owned()
}

impl HookError {
    /// Whose hook.
    #[must_use]
    pub const fn module(&self) -> &ModuleName {
        &self.timing.module
    }

    /// Which hook.
    #[must_use]
    pub const fn hook(&self) -> Hook {
        self.timing.hook
    }

    /// How it failed.
    #[must_use]
    pub const fn failure(&self) -> &HookFailure {
        &self.failure
    }
}

impl HookError {
    pub(crate) fn report(&self) -> ErrorReport {
        let category = match &self.failure {
            HookFailure::Failed(error) => Category::of(&**error),
            HookFailure::Panicked(_) => Category::Panic,
            HookFailure::TimedOut => Category::Infrastructure,
        };
        ErrorReport::message(category, self.to_string())
            .with_module(self.timing.module.clone())
            .with_place(self.timing.hook.to_string())
    }
}

/// With the whole chain of causes: it is the last that is heard of them.
impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HookTiming {
            module,
            hook,
            elapsed,
        } = &self.timing;
        write!(f, "`{hook}` of module {module} ")?;
        match &self.failure {
            HookFailure::Failed(error) => {
                write!(f, "failed after {elapsed:.0?}: {}", chain(&**error))
            }
            HookFailure::Panicked(text) => write!(f, "panicked after {elapsed:.0?}: {text}"),
            HookFailure::TimedOut => write!(f, "did not return within {elapsed:.0?}"),
        }
    }
}

impl std::error::Error for HookError {}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Init => "init",
            Self::OnStart => "on_start",
            Self::OnStop => "on_stop",
        })
    }
}
