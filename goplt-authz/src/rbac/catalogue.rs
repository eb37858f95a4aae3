//! Every permission that exists, interned.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use goplt_core::{Permission, manifest::PermissionPattern};

use super::bits::Bits;

/// Permissions in order, each with its bit.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    // Sorted, so that a pattern's permissions are found in order.
    permissions: Vec<Permission>,
    indices: HashMap<Permission, usize, RandomState>,
}

impl Catalogue {
    pub(super) fn new(permissions: impl IntoIterator<Item = Permission>) -> Self {
        let mut permissions: Vec<_> = permissions.into_iter().collect();
        permissions.sort();
        permissions.dedup();
        let indices = permissions
            .iter()
            .cloned()
            .enumerate()
            .map(|(i, p)| (p, i))
            .collect();
        Self {
            permissions,
            indices,
        }
    }

    pub(super) fn index(&self, permission: &Permission) -> Option<usize> {
        self.indices.get(permission).copied()
    }

    pub(super) fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// The permissions that the patterns grant together.
    pub(super) fn compile(&self, patterns: &[PermissionPattern]) -> Bits {
        let granted = |p: &Permission| patterns.iter().any(|pattern| pattern.matches(p));
        let indices = self
            .permissions
            .iter()
            .enumerate()
            .filter(|(_, p)| granted(p));
        Bits::from_indices(self.permissions.len(), indices.map(|(index, _)| index))
    }
}
