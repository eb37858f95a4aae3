//! [`HostBuilder`]: the explicit list of what a binary is made of.

use std::{fmt, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt};
use goplt_core::{
    Authorizer, BoxError, Clock, Random,
    authorizer::DenyAll,
    contract::{Binding, Contract},
    data::ScopeMint,
};

use super::{
    HostContext,
    edge::{EdgeContext, EdgeLayer, MakeLayer, boxed},
};
use crate::{
    IModule,
    module::{ErasedModule, erase},
    wiring::{ContractId, Contracts},
};

type Seed = Box<dyn FnOnce(HostContext) -> BoxFuture<'static, Result<(), BoxError>> + Send>;
type SupplyContract = Box<dyn FnOnce(&mut Contracts) + Send>;

/// What a host is made of: modules, bindings, the layers of the edge, the policy.
///
/// Nothing is found by scanning: what is not listed here is not there.
///
/// # Examples
///
/// ```
/// use goplt_module::Host;
///
/// let host = Host::builder().build()?;
/// assert_eq!(host.modules().len(), 0);
/// # Ok::<_, goplt_module::StartupReport>(())
/// ```
#[must_use = "a builder builds nothing until `build`"]
pub struct HostBuilder {
    pub(crate) modules: Vec<Box<dyn ErasedModule>>,
    pub(crate) bindings: Vec<(ContractId, Binding)>,
    pub(crate) supplied: Vec<(ContractId, SupplyContract)>,
    pub(crate) auth: Option<MakeLayer>,
    pub(crate) tenant: Option<MakeLayer>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) mint: ScopeMint,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) seed: Option<Seed>,
}

impl HostBuilder {
    pub(crate) fn new() -> Self {
        Self {
            modules: Vec::new(),
            bindings: Vec::new(),
            supplied: Vec::new(),
            auth: None,
            tenant: None,
            authorizer: Arc::new(DenyAll),
            mint: ScopeMint::new(),
            clock: Clock::system(),
            random: Random::system(),
            seed: None,
        }
    }

    /// Adds a module. The order does not matter.
    pub fn module(mut self, module: impl IModule) -> Self {
        self.modules.push(erase(module));
        self
    }

    /// Says where the contract `C` comes from; without it, from a module of this host.
    pub fn bind<C: Contract + ?Sized>(mut self, binding: Binding) -> Self {
        self.bindings.push((ContractId::of::<C>(), binding));
        self
    }

    /// Provides the contract `C` from outside of any module: an existing service, or a fake in a test.
    ///
    /// It counts as a provider, and it is guarded like one.
    pub fn supply<C: Contract + ?Sized>(mut self, provider: Arc<C>) -> Self {
        let supply = Box::new(move |contracts: &mut Contracts| contracts.insert(provider));
        self.supplied.push((ContractId::of::<C>(), supply));
        self
    }

    /// The layer that turns credentials into a principal.
    pub fn auth(self, layer: impl EdgeLayer) -> Self {
        self.auth_with(|_| Ok(layer))
    }

    /// As [`auth`](Self::auth), made once the configuration is known.
    pub fn auth_with<L: EdgeLayer>(
        mut self,
        make: impl FnOnce(&EdgeContext) -> Result<L, BoxError> + Send + 'static,
    ) -> Self {
        self.auth = Some(Box::new(move |cx| make(cx).map(boxed)));
        self
    }

    /// The layer that resolves the tenant.
    pub fn tenant(self, layer: impl EdgeLayer) -> Self {
        self.tenant_with(|_| Ok(layer))
    }

    /// As [`tenant`](Self::tenant), made once the configuration is known.
    pub fn tenant_with<L: EdgeLayer>(
        mut self,
        make: impl FnOnce(&EdgeContext) -> Result<L, BoxError> + Send + 'static,
    ) -> Self {
        self.tenant = Some(Box::new(move |cx| make(cx).map(boxed)));
        self
    }

    /// The policy. Without one, everything that needs a permission is denied.
    pub fn authorizer(mut self, authorizer: Arc<dyn Authorizer>) -> Self {
        self.authorizer = authorizer;
        self
    }

    /// The mint of tenant scopes, when the tenant layer was made with one; otherwise the host makes its own.
    pub fn mint(mut self, mint: ScopeMint) -> Self {
        self.mint = mint;
        self
    }

    /// The clock; the system's by default.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The randomness; the system's by default.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Called after every module has started and before the first request: puts the first rows there, through
    /// contracts. It runs at each start, so it must see for itself whether they are there.
    pub fn seed<F>(mut self, seed: impl FnOnce(HostContext) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.seed = Some(Box::new(move |cx| seed(cx).boxed()));
        self
    }
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules = self
            .modules
            .iter()
            .map(|module| module.module().name().as_str());
        f.debug_struct("HostBuilder")
            .field("modules", &modules.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
