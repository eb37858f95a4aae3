use std::sync::Arc;

use goplt_core::contract::Contract;

use super::{ContractId, Contracts, Unresolved};
use crate::Place;

/// The contracts that a module calls, as a type.
///
/// Implemented for `()`, `Arc<dyn C>` (must be there), `Option<Arc<dyn C>>` (used when it is there),
/// `Vec<Arc<dyn C>>` (every provider), for tuples of needs, and by `#[derive(Needs)]` for structs whose fields are
/// needs; the derive keeps the place of each field for messages.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use goplt_module::Needs;
/// # use goplt_core::contract::{Contract, LocalGuard, MethodMeta};
/// # trait IdentityService: Send + Sync + 'static {}
/// # impl Contract for dyn IdentityService {
/// #     const NAME: &'static str = "identity.v1.IdentityService";
/// #     const VERSION: &'static str = "1.0.0";
/// #     const METHODS: &'static [MethodMeta] = &[];
/// #     fn guarded(this: Arc<Self>, _: LocalGuard) -> Arc<Self> { this }
/// # }
///
/// #[derive(Needs)]
/// struct BlogNeeds {
///     identity: Option<Arc<dyn IdentityService>>,
/// }
/// # let needs = BlogNeeds { identity: None };
/// # assert!(needs.identity.is_none());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be needed",
    label = "not a need",
    note = "a need is `()`, `Arc<dyn C>`, `Option<Arc<dyn C>>` or `Vec<Arc<dyn C>>` of a contract `C`, a tuple of needs, \
            or a struct of them with `#[derive(Needs)]`"
)]
pub trait Needs: Sized + Send + 'static {
    /// Adds each need to the list.
    fn declare(list: &mut NeedList);

    /// Takes the values of its needs.
    ///
    /// # Errors
    ///
    /// [`Unresolved`] if one is missing. The host has checked the graph before, so this is a provider that broke its
    /// promise.
    fn resolve(contracts: &Contracts) -> Result<Self, Unresolved>;
}

/// One contract that a module needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Need {
    /// Which contract.
    pub contract: ContractId,
    /// How many providers it takes.
    pub kind: NeedKind,
    /// The field of the struct, if it is one.
    pub field: Option<&'static str>,
    /// Where the field stands.
    pub place: Option<Place>,
}

/// How many providers a need takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one, at most one, or all of them")]
pub enum NeedKind {
    /// Exactly one.
    Required,
    /// One or none.
    Optional,
    /// All there are.
    Many,
}

/// Collects what a module needs.
#[derive(Debug, Default)]
pub struct NeedList {
    needs: Vec<Need>,
    field: Option<(&'static str, Place)>,
}

// === impl NeedList ===

impl NeedList {
    /// Adds one contract.
    pub fn add<C: Contract + ?Sized>(&mut self, kind: NeedKind) {
        let (field, place) = self.field.clone().unzip();
        let contract = ContractId::of::<C>();
        self.needs.push(Need {
            contract,
            kind,
            field,
            place,
        });
    }

    /// Adds what the type of a field needs, with the place of the field.
    pub fn field<N: Needs>(&mut self, name: &'static str, place: Place) {
        let outer = self.field.replace((name, place));
        N::declare(self);
        self.field = outer;
    }

    pub(crate) fn into_needs(self) -> Vec<Need> {
        self.needs
    }
}

// === impl Needs ===

impl<C: Contract + ?Sized> Needs for Arc<C> {
    fn declare(list: &mut NeedList) {
        list.add::<C>(NeedKind::Required);
    }

    fn resolve(contracts: &Contracts) -> Result<Self, Unresolved> {
        contracts.one()
    }
}

impl<C: Contract + ?Sized> Needs for Option<Arc<C>> {
    fn declare(list: &mut NeedList) {
        list.add::<C>(NeedKind::Optional);
    }

    fn resolve(contracts: &Contracts) -> Result<Self, Unresolved> {
        Ok(contracts.optional())
    }
}

impl<C: Contract + ?Sized> Needs for Vec<Arc<C>> {
    fn declare(list: &mut NeedList) {
        list.add::<C>(NeedKind::Many);
    }

    fn resolve(contracts: &Contracts) -> Result<Self, Unresolved> {
        Ok(contracts.all())
    }
}

macro_rules! tuples {
    ($(($($name:ident),*))*) => {$(
        impl<$($name: Needs),*> Needs for ($($name,)*) {
            fn declare(_list: &mut NeedList) {
                $($name::declare(_list);)*
            }

            fn resolve(_contracts: &Contracts) -> Result<Self, Unresolved> {
                Ok(($($name::resolve(_contracts)?,)*))
            }
        }
    )*};
}

tuples! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }
