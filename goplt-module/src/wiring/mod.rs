//! Who needs which contract, who provides it, and the values that pass between them.

pub(crate) mod check;
mod contracts;
mod needs;
mod provides;
pub(crate) mod report;

use std::{any::TypeId, fmt};

use goplt_core::contract::Contract;

pub use self::{
    contracts::{Contracts, Unresolved},
    needs::{Need, NeedKind, NeedList, Needs},
    provides::{ProvideList, Provided, Provides, Supply},
    report::{ProblemCode, StartupProblem, StartupReport, Subject},
};

/// Which contract is meant: the type `dyn Trait`, and its names for messages.
///
/// Equal when the types are.
#[derive(Clone, Copy)]
pub struct ContractId {
    id: TypeId,
    name: &'static str,
    trait_path: &'static str,
}

impl ContractId {
    /// Of the contract `C`.
    #[must_use]
    pub fn of<C: Contract + ?Sized>() -> Self {
        Self {
            id: TypeId::of::<C>(),
            name: C::NAME,
            trait_path: std::any::type_name::<C>(),
        }
    }

    /// The name in the `.proto`: `blog.v1.BlogService`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The trait without its path: `dyn BlogService`.
    #[must_use]
    pub fn trait_name(&self) -> &'static str {
        // `dyn blog_contract::BlogService`: what follows the last `::` outside of generics.
        let path = self.trait_path.trim_start_matches("dyn ");
        path.rsplit("::").next().unwrap_or(path)
    }

    pub(crate) const fn type_id(&self) -> TypeId {
        self.id
    }
}

impl PartialEq for ContractId {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for ContractId {}

impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dyn {}", self.trait_name())
    }
}

impl fmt::Debug for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ContractId").field(&self.name).finish()
    }
}
