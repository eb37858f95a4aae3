//! [`IModule`]: a unit of business that any binary can host.

mod erased;

use goplt_core::{
    BoxError, ModuleName,
    manifest::{Dependency, Manifest, Migration, Version},
};

use crate::{InitContext, Needs, Provides, StartContext, StopContext};

pub(crate) use erased::{ErasedModule, erase};

/// A module: what it declares, what it needs of others, what it provides, and its hooks.
///
/// Needs and provides are types, so that nothing can be used undeclared or promised and forgotten, and a test can
/// pass fakes as plain values. The host checks all modules together before it calls the first hook; then it calls
/// [`init`](Self::init) of each in the order of their dependencies, applies their migrations, and calls
/// [`on_start`](Self::on_start) of each. [`on_stop`](Self::on_stop) comes in the reverse order.
///
/// A hook that fails, panics, or outlives its deadline ends the start; what was started before is stopped.
///
/// # Cancel safety
///
/// A hook that outlives its deadline is dropped where it waits. What it spawns through
/// [`InitContext::tasks`] is cancelled by the host.
///
/// # Examples
///
/// ```
/// use std::sync::LazyLock;
///
/// use goplt_core::{BoxError, manifest::Manifest};
/// use goplt_module::{IModule, InitContext};
///
/// static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
///     let text = "name: hello\nversion: 1.0.0\ndescription: Says hello\n";
///     Manifest::parse("module.yaml", text).expect("the text is a manifest")
/// });
///
/// struct Hello;
///
/// impl IModule for Hello {
///     type Needs = ();
///     type Provides = ();
///
///     fn manifest(&self) -> &Manifest {
///         &MANIFEST
///     }
///
///     async fn init(&self, _: (), _: &mut InitContext<'_>) -> Result<(), BoxError> {
///         Ok(())
///     }
/// }
///
/// assert_eq!(Hello.name().as_str(), "hello");
/// ```
pub trait IModule: Send + Sync + 'static {
    /// The contracts that it calls: `()`, `Arc<dyn C>`, `Option<Arc<dyn C>>`, `Vec<Arc<dyn C>>`, a tuple of these, or
    /// a struct of them with `#[derive(Needs)]`.
    type Needs: Needs
    where
        Self: Sized;

    /// The contracts that it implements: `()`, `Arc<dyn C>`, or a tuple of these.
    type Provides: Provides
    where
        Self: Sized;

    /// What it declares; `include_manifest!` makes a static of it.
    fn manifest(&self) -> &Manifest;

    /// Its name, from the manifest.
    fn name(&self) -> &ModuleName {
        self.manifest().name()
    }

    /// Its version, from the manifest.
    fn version(&self) -> &Version {
        self.manifest().version()
    }

    /// The modules that must be there, from the manifest.
    fn dependencies(&self) -> &[Dependency] {
        self.manifest().dependencies()
    }

    /// Its migrations, from the manifest.
    fn migrations(&self) -> &[Migration] {
        self.manifest().migrations()
    }

    /// Builds the module: makes its services, mounts its routes, and hands over what it provides.
    ///
    /// No migration of this start has been applied yet, so it must not query its tables; that is for
    /// [`on_start`](Self::on_start).
    ///
    /// # Errors
    ///
    /// Whatever keeps the module from working; the host then ends the start and shows the chain of causes.
    fn init(
        &self,
        needs: Self::Needs,
        cx: &mut InitContext<'_>,
    ) -> impl Future<Output = Result<Self::Provides, BoxError>> + Send
    where
        Self: Sized;

    /// Called once all migrations are applied and the modules it depends on have started; no request is served yet.
    ///
    /// # Errors
    ///
    /// As for [`init`](Self::init); modules that have started are stopped in reverse order.
    fn on_start(&self, cx: &StartContext) -> impl Future<Output = Result<(), BoxError>> + Send
    where
        Self: Sized,
    {
        let _ = cx;
        async { Ok(()) }
    }

    /// Called once the last request is answered and its tasks have ended; the modules it depends on still run.
    ///
    /// # Errors
    ///
    /// A failure is reported and does not keep the other modules from stopping.
    fn on_stop(&self, cx: &StopContext) -> impl Future<Output = Result<(), BoxError>> + Send
    where
        Self: Sized,
    {
        let _ = cx;
        async { Ok(()) }
    }
}

// The registry hands out `&dyn IModule`.
const _: Option<&dyn IModule> = None;
