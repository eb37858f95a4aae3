use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
};

use goplt_core::contract::{Contract, GuardSettings, LocalGuard};

use super::ContractId;

/// The contracts supplied so far, each behind its guard; what needs are resolved from.
pub struct Contracts {
    guard: GuardSettings,
    // Each value is an `Arc<C>` of the key's `C`, in the order they were supplied.
    values: HashMap<TypeId, Vec<Box<dyn Any + Send + Sync>>>,
}

/// A contract that was needed and not there when its turn came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody supplied `{contract}`")]
pub struct Unresolved {
    contract: ContractId,
}

impl Contracts {
    pub(crate) fn new(guard: GuardSettings) -> Self {
        Self {
            guard,
            values: HashMap::new(),
        }
    }

    /// The contract `C`, if exactly one provider supplied it.
    ///
    /// # Errors
    ///
    /// [`Unresolved`] if nobody did, or several.
    pub fn one<C: Contract + ?Sized>(&self) -> Result<Arc<C>, Unresolved> {
        self.optional().ok_or(Unresolved {
            contract: ContractId::of::<C>(),
        })
    }

    /// The contract `C`, or `None` if nobody supplied it (or several did, which the host refuses before).
    #[must_use]
    pub fn optional<C: Contract + ?Sized>(&self) -> Option<Arc<C>> {
        match self.values::<C>() {
            [value] => value.downcast_ref::<Arc<C>>().cloned(),
            _ => None,
        }
    }

    /// Every provider of `C`, in the order in which they were initialised.
    #[must_use]
    pub fn all<C: Contract + ?Sized>(&self) -> Vec<Arc<C>> {
        let values = self.values::<C>().iter();
        values
            .filter_map(|value| value.downcast_ref::<Arc<C>>().cloned())
            .collect()
    }

    pub(crate) fn insert<C: Contract + ?Sized>(&mut self, provider: Arc<C>) {
        let guarded = C::guarded(provider, LocalGuard::new(C::NAME, self.guard.clone()));
        self.values
            .entry(TypeId::of::<C>())
            .or_default()
            .push(Box::new(guarded));
    }

    /// How many providers supplied the contract.
    pub(crate) fn count(&self, contract: &ContractId) -> usize {
        self.values.get(&contract.type_id()).map_or(0, Vec::len)
    }

    fn values<C: Contract + ?Sized>(&self) -> &[Box<dyn Any + Send + Sync>] {
        self.values
            .get(&TypeId::of::<C>())
            .map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for Contracts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contracts")
            .field("contracts", &self.values.len())
            .finish_non_exhaustive()
    }
}
