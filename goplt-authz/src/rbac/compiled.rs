//! [`Compiled`]: a role as decisions read it.

use std::sync::Arc;

use super::{
    Role,
    bits::{Bits, Place, Sections},
    catalogue::Catalogue,
};

/// A role with its grants compiled to bits.
///
/// A decision asks each role of a user, and most of them grant nothing of the kind: `sections`
/// tells so without a look at what lies elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    sections: Sections,
    granted: Arc<Granted>,
}

#[derive(Debug)]
struct Granted {
    bits: Bits,
    role: Role,
}

impl Compiled {
    pub(super) fn new(role: Role, catalogue: &Catalogue) -> Self {
        let places = || {
            let grants = role.grants().iter();
            grants.flat_map(|pattern| catalogue.granted(pattern))
        };
        let sections = Sections::of(places());
        let bits = Bits::of(catalogue.permissions().len(), places());
        Self {
            sections,
            granted: Arc::new(Granted { bits, role }),
        }
    }

    pub(super) fn grants(&self, permission: Place) -> bool {
        self.sections.may_hold(permission) && self.granted.bits.holds(permission)
    }

    pub(super) fn role(&self) -> &Role {
        &self.granted.role
    }
}
