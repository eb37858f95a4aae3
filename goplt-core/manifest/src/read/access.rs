//! `permissions` and `roles`.

use super::{Fields, Reader, Seen, fields, keys::PERMISSION_KEYS};
use crate::{
    Permission, PermissionDecl, PermissionPattern, RoleDecl, suggest,
    yaml::{Mark, Node},
};

/// The permissions that a manifest declares, for the checks of what refers to them.
pub(super) struct Declared<'p> {
    permissions: &'p [PermissionDecl],
    /// What is listed, malformed items too: those have their own report.
    attempted: Vec<&'p str>,
    /// Whether the list was read to its end: else nothing is called undeclared.
    certain: bool,
}

impl Reader<'_> {
    pub(super) fn permissions(&mut self, fields: &Fields<'_>) -> Vec<PermissionDecl> {
        let mut seen = Seen::default();
        let mut permissions = Vec::new();
        for node in fields.list(self.report, "permissions") {
            let Some((text, mark, description)) = self.permission_item(node) else {
                continue;
            };
            let Some(permission) = self.own_permission(text, mark) else {
                continue;
            };
            if seen.first(self.report, "permission", text, mark) {
                permissions.push(PermissionDecl {
                    permission,
                    description,
                    mark,
                });
            }
        }
        permissions
    }

    /// A text, or a map of name and description.
    fn permission_item<'n>(&mut self, node: &'n Node) -> Option<(&'n str, Mark, String)> {
        if node.entries().is_none() {
            let text = fields::item(self.report, node, "a permission")?;
            return Some((text, node.mark, String::new()));
        }
        let fields = Fields::open(self.report, node, "a permission", PERMISSION_KEYS)?;
        let description = fields.description(self.report);
        let help = "add the permission, such as `name: blog.post.read`";
        let (text, mark) = fields.required(self.report, "name", help)?;
        Some((text, mark, description))
    }

    /// Parses a permission whose first part must be the module's name.
    pub(super) fn own_permission(&mut self, text: &str, mark: Mark) -> Option<Permission> {
        let permission = match Permission::parse(text) {
            Ok(permission) => permission,
            Err(error) => {
                self.report.refuse(mark, &error);
                return None;
            }
        };
        match &self.module {
            Some(module) if permission.module() != module.as_str() => {
                let rest = permission.parts().skip(1).collect::<Vec<_>>().join(".");
                self.report.mend(
                    mark,
                    format!("permission `{text}` does not begin with the module's name"),
                    format!("write `{module}.{rest}`, or declare it in its own module"),
                );
                None
            }
            _ => Some(permission),
        }
    }

    pub(super) fn roles(
        &mut self,
        fields: &Fields<'_>,
        permissions: &[PermissionDecl],
    ) -> Vec<RoleDecl> {
        let declared = Declared::new(fields, self.report.is_complete(), permissions);
        let mut roles = Vec::new();
        for (key, node) in fields.map(self.report, "roles") {
            if !is_role_name(&key.name) {
                let name = crate::error::shorten(&key.name);
                self.report.error(
                    key.mark,
                    format!("`{name}` is not the name of a role: `[a-z][a-z0-9_-]*`, at most 63 characters"),
                );
                continue;
            }
            let mut seen = Seen::default();
            let mut grants = Vec::new();
            for node in fields::list(self.report, node, &key.name) {
                let Some(pattern) = self.grant(node, &declared) else {
                    continue;
                };
                if seen.first(self.report, "grant", pattern.as_str(), node.mark) {
                    grants.push(pattern);
                }
            }
            roles.push(RoleDecl {
                name: key.name.clone(),
                grants,
                mark: key.mark,
            });
        }
        roles
    }

    /// A pattern that grants permissions of this module only, and at least one.
    fn grant(&mut self, node: &Node, declared: &Declared<'_>) -> Option<PermissionPattern> {
        let text = fields::item(self.report, node, "a grant")?;
        let pattern = match PermissionPattern::parse(text) {
            Ok(pattern) => pattern,
            Err(error) => {
                self.report.refuse(node.mark, &error);
                return None;
            }
        };
        let module = self.module.as_ref()?;
        let own = text
            .strip_prefix(module.as_str())
            .is_some_and(|rest| rest.starts_with('.'));
        if !own {
            self.report.mend(
                node.mark,
                format!("grant `{text}` reaches beyond the module's own permissions"),
                format!("write \"{module}.*\" for all of them"),
            );
            return None;
        }
        if declared.lacks(&pattern) {
            let message =
                format!("grant `{text}` matches no permission that this manifest declares");
            match declared.near(text) {
                Some(near) => self
                    .report
                    .error(node.mark, format!("{message}; did you mean `{near}`?")),
                None => self
                    .report
                    .mend(node.mark, message, "declare it under `permissions`"),
            }
            return None;
        }
        Some(pattern)
    }
}

impl<'p> Declared<'p> {
    pub(super) fn new(
        fields: &Fields<'p>,
        complete: bool,
        permissions: &'p [PermissionDecl],
    ) -> Self {
        let listed = fields.get("permissions").and_then(Node::items);
        let misspelt = fields.get("permissions").is_none() && fields.has("permissions");
        Self {
            permissions,
            attempted: listed
                .unwrap_or_default()
                .iter()
                .filter_map(|item| item.get("name").unwrap_or(item).text())
                .collect(),
            certain: complete && !misspelt,
        }
    }

    /// Whether nothing that the pattern matches is declared, for certain.
    pub(super) fn lacks(&self, pattern: &PermissionPattern) -> bool {
        let attempted = self.attempted.iter().any(|text| match pattern.prefix() {
            Some(prefix) => text.starts_with(prefix),
            None => *text == pattern.as_str(),
        });
        self.certain && !attempted
    }

    /// The declared permission that the text was probably meant to be.
    pub(super) fn near(&self, text: &str) -> Option<&'p str> {
        let names = self.permissions.iter();
        suggest(text, names.map(|declared| declared.permission.as_str()))
    }
}

fn is_role_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}
