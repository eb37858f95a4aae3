//! Every permission that exists, interned.

use std::ops::Range;

use goplt_core::{Permission, manifest::PermissionPattern};

use super::{bits::Place, names::Names};

/// Permissions in order, each with its bit.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    // Sorted, so that a pattern's permissions are found in order.
    permissions: Vec<Permission>,
    places: Names<Place>,
}

impl Catalogue {
    pub(super) fn new(permissions: impl IntoIterator<Item = Permission>) -> Self {
        let mut permissions: Vec<_> = permissions.into_iter().collect();
        permissions.sort();
        permissions.dedup();
        let mut places = Names::default();
        for (index, permission) in permissions.iter().enumerate() {
            places.insert(permission.as_str(), Place::new(index, permissions.len()));
        }
        Self {
            permissions,
            places,
        }
    }

    pub(super) fn place(&self, permission: &Permission) -> Option<Place> {
        self.places.get(permission.as_str()).copied()
    }

    pub(super) fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// Every permission with its place, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = (&Permission, Place)> {
        let len = self.permissions.len();
        let numbered = self.permissions.iter().enumerate();
        numbered.map(move |(index, permission)| (permission, Place::new(index, len)))
    }

    /// The places of what one pattern grants: they stand together, since permissions are in order.
    pub(super) fn granted(&self, pattern: &PermissionPattern) -> impl Iterator<Item = Place> {
        let len = self.permissions.len();
        self.range(pattern).map(move |index| Place::new(index, len))
    }

    fn range(&self, pattern: &PermissionPattern) -> Range<usize> {
        let least = pattern.prefix().unwrap_or(pattern.as_str());
        let start = self.permissions.partition_point(|p| p.as_str() < least);
        let count = self.permissions[start..].partition_point(|p| pattern.matches(p));
        start..start + count
    }
}
