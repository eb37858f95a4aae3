//! One tenant's policy: an immutable snapshot whose parts are shared with its successors.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash},
    sync::Arc,
};

use foldhash::fast::RandomState;
use goplt_core::Uuid;

use super::{Role, bits::Bits, catalogue::Catalogue};

/// A change of one user copies one group of this many, not all users.
const GROUPS: usize = 256;

/// A role with its grants compiled to bits.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) role: Role,
    bits: Bits,
}

/// Users whose names hash alike, with the places of their roles in `roles`.
type Group = HashMap<Box<str>, Box<[u32]>, RandomState>;

#[derive(Debug, Clone)]
pub(super) struct TenantPolicy {
    // A removed role leaves its place empty, so that places stay valid.
    roles: Arc<Vec<Option<Arc<Compiled>>>>,
    places: Arc<HashMap<Uuid, u32, RandomState>>,
    groups: Vec<Arc<Group>>,
    hasher: RandomState,
}

impl Default for TenantPolicy {
    fn default() -> Self {
        let empty = Arc::new(Group::default());
        Self {
            roles: Arc::default(),
            places: Arc::default(),
            groups: vec![empty; GROUPS],
            hasher: RandomState::default(),
        }
    }
}

impl TenantPolicy {
    /// Whether one of the user's roles grants the permission of this index.
    pub(super) fn allows(&self, user: &str, permission: usize) -> bool {
        self.roles_of(user)
            .any(|compiled| compiled.bits.contains(permission))
    }

    pub(super) fn roles_of(&self, user: &str) -> impl Iterator<Item = &Arc<Compiled>> {
        let places = self.groups[self.group(user)]
            .get(user)
            .map_or(&[][..], |places| places);
        places
            .iter()
            .filter_map(|&place| self.roles.get(place as usize)?.as_ref())
    }

    pub(super) fn role(&self, id: Uuid) -> Option<&Role> {
        let place = *self.places.get(&id)?;
        Some(&self.roles.get(place as usize)?.as_ref()?.role)
    }

    pub(super) fn put_role(&mut self, role: Role, catalogue: &Catalogue) {
        let bits = catalogue.compile(role.grants());
        let next = u32::try_from(self.roles.len()).expect("fewer than 2³² roles fit in memory");
        let place = self.places.get(&role.id()).copied().unwrap_or_else(|| {
            Arc::make_mut(&mut self.places).insert(role.id(), next);
            Arc::make_mut(&mut self.roles).push(None);
            next
        });
        Arc::make_mut(&mut self.roles)[place as usize] = Some(Arc::new(Compiled { role, bits }));
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
        let places: Box<[u32]> = places.collect();
        let group = self.group(user);
        let group = Arc::make_mut(&mut self.groups[group]);
        if places.is_empty() {
            group.remove(user);
        } else {
            group.insert(user.into(), places);
        }
    }

    /// The same policy with its grants compiled against another catalogue.
    pub(super) fn recompile(&mut self, catalogue: &Catalogue) {
        for place in Arc::make_mut(&mut self.roles) {
            if let Some(compiled) = place {
                let role = compiled.role.clone();
                let bits = catalogue.compile(role.grants());
                *place = Some(Arc::new(Compiled { role, bits }));
            }
        }
    }

    fn group(&self, user: &str) -> usize {
        hash(&self.hasher, user) % GROUPS
    }
}

fn hash<T: Hash + ?Sized>(hasher: &RandomState, value: &T) -> usize {
    // The high bits: the low ones choose the place within the group's table.
    (hasher.hash_one(value) >> 40) as usize
}
