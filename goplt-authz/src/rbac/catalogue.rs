//! Every permission that exists, interned.

use std::{collections::HashMap, ops::Range};

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
        let indices = patterns.iter().flat_map(|pattern| self.granted(pattern));
        Bits::from_indices(self.permissions.len(), indices)
    }

    /// The places of what one pattern grants: they stand together, since permissions are in order.
    fn granted(&self, pattern: &PermissionPattern) -> Range<usize> {
        let least = pattern.prefix().unwrap_or(pattern.as_str());
        let start = self.permissions.partition_point(|p| p.as_str() < least);
        let count = self.permissions[start..].partition_point(|p| pattern.matches(p));
        start..start + count
    }
}
