//! Which of its databases a [`TenantDb`] is of, and in which of them a tenant is.

use std::ops::Range;

use super::{
    TenantDb,
    db::{HOME, Place},
};
use crate::{TenantId, id::PlacementName};

impl TenantDb {
    /// Each database as a handle of its own, the home first: one, unless tenants are placed
    /// elsewhere.
    ///
    /// What is about a database as such is then about that one: transactions across tenants,
    /// [`ping`](Self::ping), [`close`](Self::close), and what migrates it or looks at it. A tenant's
    /// scope finds the tenant's database through every handle.
    ///
    /// # Examples
    ///
    /// See [`begin_host`](Self::begin_host).
    pub fn databases(&self) -> impl Iterator<Item = Self> + Send + use<> {
        let db = self.clone();
        self.places().map(move |place| db.at(place))
    }

    /// The database that the tenant's rows are in, as a handle of that one.
    #[must_use]
    pub fn database_of(&self, tenant: &TenantId) -> Self {
        self.at(self.place_of(tenant))
    }

    /// Whether the tenant's rows are in the database of this handle. What lies there of another
    /// tenant is no longer, or not yet, of use: it is being moved.
    #[must_use]
    pub fn holds(&self, tenant: &TenantId) -> bool {
        self.one.is_none_or(|place| place == self.place_of(tenant))
    }

    /// The placement that this handle is of; `None` for the home, and for a handle of all.
    #[must_use]
    pub fn placement(&self) -> Option<&PlacementName> {
        self.inner.databases[self.here()].placement.as_ref()
    }

    /// The tenants that are placed in the database of this handle; at home, the tenants that are
    /// not placed elsewhere are not known here.
    pub fn placed_tenants(&self) -> impl Iterator<Item = &TenantId> {
        let here = self.here();
        let placed = self.inner.placed.iter();
        placed.filter_map(move |(tenant, place)| (*place == here).then_some(tenant))
    }

    /// The database of the handle, the home if it is of all.
    pub(crate) fn here(&self) -> Place {
        self.one.unwrap_or(HOME)
    }

    fn at(&self, place: Place) -> Self {
        let mut one = self.clone();
        one.one = Some(place);
        one
    }

    /// Those of the handle.
    pub(super) fn places(&self) -> Range<Place> {
        match self.one {
            Some(place) => place..place + 1,
            None => HOME..self.inner.databases.len(),
        }
    }

    pub(crate) fn is_home(&self) -> bool {
        self.here() == HOME
    }

    /// Whether the handle is of several databases.
    pub(crate) fn is_of_several(&self) -> bool {
        self.places().len() > 1
    }

    /// Whether there is more than the home database, of whichever this handle is.
    pub(crate) fn has_placements(&self) -> bool {
        self.inner.databases.len() > 1
    }

    /// The tenants that are placed in another database than that of this handle.
    pub(crate) fn placed_elsewhere(&self) -> impl Iterator<Item = &TenantId> {
        let here = self.here();
        let placed = self.inner.placed.iter();
        placed.filter_map(move |(tenant, place)| (*place != here).then_some(tenant))
    }

    /// Where the tenant's rows are. Without placements the map is empty, which it sees at once.
    pub(crate) fn place_of(&self, tenant: &TenantId) -> Place {
        self.inner.placed.get(tenant).copied().unwrap_or(HOME)
    }
}
