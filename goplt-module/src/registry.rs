use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use goplt_core::{Code, ModuleName};

use crate::{
    IModule,
    lifecycle::{ModuleState, Step},
    module::ErasedModule,
};

/// The modules of a host, in the order in which they are initialised.
///
/// # Examples
///
/// ```
/// use goplt_module::Host;
///
/// let host = Host::builder().build()?;
/// assert!(host.modules().all().next().is_none());
/// assert!(host.modules().get("blog").is_err_and(|error| error.to_string() == "there is no module `blog`"));
/// # Ok::<_, goplt_module::StartupReport>(())
/// ```
pub struct Registry {
    entries: Vec<Entry>,
    by_name: HashMap<ModuleName, usize>,
}

struct Entry {
    module: Box<dyn ErasedModule>,
    state: Mutex<ModuleState>,
}

/// The host has no module of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no module `{name}`")]
pub struct UnknownModule {
    name: String,
}

impl Registry {
    /// Of modules that were checked, so that no name stands twice.
    pub(crate) fn new(modules: Vec<Box<dyn ErasedModule>>) -> Self {
        let names = modules.iter().map(|module| module.module().name().clone());
        let by_name = names
            .enumerate()
            .map(|(index, name)| (name, index))
            .collect();
        let entries = modules
            .into_iter()
            .map(|module| Entry {
                module,
                state: Mutex::new(ModuleState::Discovered),
            })
            .collect();
        Self { entries, by_name }
    }

    /// Every module, in the order in which they are initialised.
    pub fn all(&self) -> impl Iterator<Item = &dyn IModule> {
        self.entries.iter().map(|entry| entry.module.module())
    }

    /// The module of this name.
    ///
    /// # Errors
    ///
    /// [`UnknownModule`] if there is none.
    pub fn get(&self, name: &str) -> Result<&dyn IModule, UnknownModule> {
        self.find(name).map(|index| self.module(index).module())
    }

    /// Where the module of this name is in its life.
    ///
    /// # Errors
    ///
    /// [`UnknownModule`] if there is none.
    pub fn state(&self, name: &str) -> Result<ModuleState, UnknownModule> {
        self.find(name).map(|index| self.state_at(index))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn module(&self, index: usize) -> &dyn ErasedModule {
        &*self.entries[index].module
    }

    pub(crate) fn state_at(&self, index: usize) -> ModuleState {
        *self.entries[index]
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves a module on.
    pub(crate) fn step(&self, index: usize, step: Step) {
        let mut state = self.entries[index]
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // INVARIANT: the host takes the steps of `lifecycle` in their order; its tests take them all.
        *state = state.after(step).expect("the host follows the lifecycle");
    }

    fn find(&self, name: &str) -> Result<usize, UnknownModule> {
        let unknown = || UnknownModule {
            name: name.chars().take(80).collect(),
        };
        self.by_name.get(name).copied().ok_or_else(unknown)
    }
}

impl UnknownModule {
    /// [`Code::NotFound`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::NotFound
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.entries.iter().map(|entry| {
            (
                entry.module.module().name(),
                *entry.state.lock().unwrap_or_else(PoisonError::into_inner),
            )
        });
        f.debug_map().entries(states).finish()
    }
}
