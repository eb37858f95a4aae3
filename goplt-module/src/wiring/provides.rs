use std::{fmt, sync::Arc};

use goplt_core::contract::{Contract, MethodMeta};

use super::{ContractId, Contracts};

/// The contracts that a module implements, as a type: `()`, `Arc<dyn C>`, or a tuple of these.
///
/// What [`init`](crate::IModule::init) must return, so that a promise cannot be forgotten.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be provided",
    label = "not a promise",
    note = "a module provides `()`, `Arc<dyn C>` of a contract `C`, or a tuple of these"
)]
pub trait Provides: Sized + Send + 'static {
    /// Adds each contract to the list.
    fn declare(list: &mut ProvideList);

    /// Hands each contract over.
    fn supply(self, to: &mut Supply<'_>);
}

/// One contract that a module provides.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Provided {
    /// Which contract.
    pub contract: ContractId,
    /// The version of the contract.
    pub version: &'static str,
    /// Its methods.
    pub methods: &'static [MethodMeta],
}

/// Collects what a module provides.
#[derive(Debug, Default)]
pub struct ProvideList {
    provided: Vec<Provided>,
}

/// Takes what a module provides and puts each contract behind its guard.
pub struct Supply<'a> {
    contracts: &'a mut Contracts,
}

// === impl ProvideList ===

impl ProvideList {
    /// Adds one contract.
    pub fn add<C: Contract + ?Sized>(&mut self) {
        self.provided.push(Provided {
            contract: ContractId::of::<C>(),
            version: C::VERSION,
            methods: C::METHODS,
        });
    }

    /// What was added.
    #[must_use]
    pub fn provided(&self) -> &[Provided] {
        &self.provided
    }

    pub(crate) fn into_provided(self) -> Vec<Provided> {
        self.provided
    }
}

// === impl Supply ===

impl<'a> Supply<'a> {
    pub(crate) fn new(contracts: &'a mut Contracts) -> Self {
        Self { contracts }
    }

    /// Takes one contract.
    pub fn add<C: Contract + ?Sized>(&mut self, provider: Arc<C>) {
        self.contracts.insert(provider);
    }
}

impl fmt::Debug for Supply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.contracts.fmt(f)
    }
}

// === impl Provides ===

impl<C: Contract + ?Sized> Provides for Arc<C> {
    fn declare(list: &mut ProvideList) {
        list.add::<C>();
    }

    fn supply(self, to: &mut Supply<'_>) {
        to.add(self);
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),*))*) => {$(
        impl<$($name: Provides),*> Provides for ($($name,)*) {
            fn declare(_list: &mut ProvideList) {
                $($name::declare(_list);)*
            }

            fn supply(self, _to: &mut Supply<'_>) {
                $(self.$index.supply(_to);)*
            }
        }
    )*};
}

tuples! { () (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5) }
