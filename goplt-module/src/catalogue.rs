use std::collections::{BTreeMap, BTreeSet};

use goplt_core::{
    ModuleName, Permission,
    manifest::{Manifest, PermissionPattern},
};

/// The permissions, default roles and events of all modules of the host together.
///
/// # Examples
///
/// ```
/// use goplt_core::manifest::Manifest;
/// use goplt_module::Catalogue;
///
/// let blog = "name: blog\nversion: 1.0.0\npermissions: [blog.post.read]\nroles: { reader: [blog.post.read] }\n";
/// let blog = Manifest::parse("module.yaml", blog)?;
/// let catalogue = Catalogue::of([&blog]);
/// assert_eq!(catalogue.permissions().count(), 1);
/// assert_eq!(catalogue.role_grants()["reader"][0].as_str(), "blog.post.read");
/// assert_eq!(catalogue.role_grants()["admin"][0].as_str(), "*");
/// # Ok::<_, goplt_core::manifest::ManifestErrors>(())
/// ```
#[derive(Debug, Clone)]
pub struct Catalogue {
    permissions: Vec<CatalogueEntry>,
    role_grants: BTreeMap<String, Vec<PermissionPattern>>,
    published: BTreeSet<String>,
}

/// A permission that some module declares.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogueEntry {
    /// The permission.
    pub permission: Permission,
    /// What it allows; may be empty.
    pub description: String,
    /// The module that declares it.
    pub module: ModuleName,
}

/// The role that may do everything in its tenant.
const ADMIN: &str = "admin";

impl Catalogue {
    /// Of these manifests. The role `admin` with `*` is there without being declared.
    pub fn of<'a>(manifests: impl IntoIterator<Item = &'a Manifest>) -> Self {
        let mut permissions = Vec::new();
        let mut role_grants = BTreeMap::from([(ADMIN.to_owned(), vec![PermissionPattern::ALL])]);
        let mut published = BTreeSet::new();
        for manifest in manifests {
            let events = manifest.events().publishes.iter();
            published.extend(events.map(|event| event.name.clone()));
            permissions.extend(
                manifest
                    .permissions()
                    .iter()
                    .map(|declared| CatalogueEntry {
                        permission: declared.permission.clone(),
                        description: declared.description.clone(),
                        module: manifest.name().clone(),
                    }),
            );
            for role in manifest.roles() {
                let grants: &mut Vec<_> = role_grants.entry(role.name.clone()).or_default();
                grants.extend(role.grants.iter().cloned());
            }
        }
        permissions.sort_by(|a, b| a.permission.cmp(&b.permission));
        for grants in role_grants.values_mut() {
            grants.sort();
            grants.dedup();
        }
        Self {
            permissions,
            role_grants,
            published,
        }
    }

    /// Every permission, in the order of their names.
    pub fn permissions(&self) -> impl Iterator<Item = &CatalogueEntry> {
        self.permissions.iter()
    }

    /// Whether some module declares the permission.
    #[must_use]
    pub fn contains(&self, permission: &Permission) -> bool {
        let found = self
            .permissions
            .binary_search_by(|entry| entry.permission.cmp(permission));
        found.is_ok()
    }

    /// The events that the modules publish, in the order of their names.
    pub fn published_events(&self) -> impl Iterator<Item = &str> {
        self.published.iter().map(String::as_str)
    }

    /// What each default role is granted by all modules together.
    #[must_use]
    pub fn role_grants(&self) -> &BTreeMap<String, Vec<PermissionPattern>> {
        &self.role_grants
    }
}
