//! One tenant's policy: an immutable snapshot whose parts are shared with its successors.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use goplt_core::Uuid;

use super::{
    Role, bits::Place, catalogue::Catalogue, compiled::Compiled, held::Held, names::Names,
};

#[derive(Debug, Clone, Default)]
pub(super) struct TenantPolicy {
    // A removed role leaves its place empty, so that places stay valid.
    roles: Arc<Vec<Option<Compiled>>>,
    places: Arc<HashMap<Uuid, u32, RandomState>>,
    users: Names<Held>,
}

impl TenantPolicy {
    /// Whether one of the user's roles grants the permission of this place.
    pub(super) fn allows(&self, user: &str, permission: Place) -> bool {
        self.held_by(user)
            .any(|compiled| compiled.grants(permission))
    }

    pub(super) fn roles_of(&self, user: &str) -> impl Iterator<Item = &Role> {
        self.held_by(user).map(Compiled::role)
    }

    fn held_by(&self, user: &str) -> impl Iterator<Item = &Compiled> {
        let places = self.users.get(user).map_or(&[][..], Held::as_slice);
        places
            .iter()
            .filter_map(|&place| self.roles.get(place as usize)?.as_ref())
    }

    pub(super) fn role(&self, id: Uuid) -> Option<&Role> {
        let place = *self.places.get(&id)?;
        Some(self.roles.get(place as usize)?.as_ref()?.role())
    }

    pub(super) fn put_role(&mut self, role: Role, catalogue: &Catalogue) {
        let next = u32::try_from(self.roles.len()).expect("fewer than 2³² roles fit in memory");
        let place = self.places.get(&role.id()).copied().unwrap_or_else(|| {
            Arc::make_mut(&mut self.places).insert(role.id(), next);
            Arc::make_mut(&mut self.roles).push(None);
            next
        });
        Arc::make_mut(&mut self.roles)[place as usize] = Some(Compiled::new(role, catalogue));
    }

    pub(super) fn remove_role(&mut self, id: Uuid) {
        if let Some(place) = Arc::make_mut(&mut self.places).remove(&id) {
            Arc::make_mut(&mut self.roles)[place as usize] = None;
        }
    }

    /// In place of the roles the user had; ids of unknown roles grant nothing.
    pub(super) fn set_roles_of(&mut self, user: &str, roles: impl IntoIterator<Item = Uuid>) {
        let places = roles
            .into_iter()
            .filter_map(|id| self.places.get(&id).copied());
        let held: Held = places.collect();
        if held.as_slice().is_empty() {
            self.users.remove(user);
        } else {
            self.users.insert(user, held);
        }
    }

    /// The same policy with its grants compiled against another catalogue.
    pub(super) fn recompile(&mut self, catalogue: &Catalogue) {
        for compiled in Arc::make_mut(&mut self.roles).iter_mut().flatten() {
            *compiled = Compiled::new(compiled.role().clone(), catalogue);
        }
    }
}
