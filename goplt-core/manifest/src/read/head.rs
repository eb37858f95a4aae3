//! `name`, `version` and the dependencies.

use super::{Fields, Reader, Seen, fields, keys::RESERVED};
use crate::{Dependency, Manifest, ModuleName, Version};

impl Reader<'_> {
    pub(super) fn require_head(&mut self, fields: &Fields<'_>) {
        fields.missing(self.report, "name", "add a line such as `name: blog`");
        fields.missing(
            self.report,
            "version",
            "add a line such as `version: 1.0.0`",
        );
    }

    pub(super) fn name(&mut self, fields: &Fields<'_>) -> Option<ModuleName> {
        let (text, mark) = fields.text(self.report, "name")?;
        let name = match ModuleName::parse(text) {
            Ok(name) => name,
            Err(error) => {
                self.report.refuse(mark, &error);
                return None;
            }
        };
        // `rate-limiting` and `rate_limiting` are the same environment variable.
        if RESERVED.contains(&text.replace('-', "_").as_str()) {
            let owner = match text {
                "core" => "the platform itself",
                _ => "a section of the platform's configuration",
            };
            self.report.mend(
                mark,
                format!("the name `{text}` is reserved for {owner}"),
                "choose another name",
            );
        }
        Some(name)
    }

    pub(super) fn version(&mut self, fields: &Fields<'_>) -> Version {
        let unknown = Version::ZERO;
        let Some((text, mark)) = fields.text(self.report, "version") else {
            return unknown;
        };
        Version::parse(text).unwrap_or_else(|error| {
            let longer = [format!("{text}.0"), format!("{text}.0.0")];
            match longer.iter().find(|text| Version::parse(text).is_ok()) {
                Some(longer) => self.report.mend(
                    mark,
                    format!("`{text}` is not a version: it has three numbers"),
                    format!("write `{longer}`"),
                ),
                None => self.report.refuse(mark, &error),
            }
            unknown
        })
    }

    pub(super) fn dependencies(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Dependency> {
        let mut seen = Seen::default();
        let mut dependencies = Vec::new();
        for node in fields.list(self.report, key) {
            let Some(text) = fields::item(self.report, node, "a dependency") else {
                continue;
            };
            let dependency = match Dependency::parse(text) {
                Ok(dependency) => dependency.at(node.mark),
                Err(error) => {
                    self.report.refuse(node.mark, &error);
                    continue;
                }
            };
            let name = dependency.name();
            if self.module.as_ref() == Some(name) {
                self.report
                    .mend(node.mark, "a module cannot depend on itself", "remove it");
                continue;
            }
            if seen.first(self.report, "dependency", name.as_str(), node.mark) {
                dependencies.push(dependency);
            }
        }
        dependencies
    }

    /// A module that is needed cannot be optional as well.
    pub(super) fn twice_needed(&mut self, manifest: &Manifest) {
        for optional in &manifest.optional_dependencies {
            let needed = manifest
                .dependencies
                .iter()
                .find(|needed| needed.name() == optional.name());
            if let Some(needed) = needed {
                let message = format!(
                    "`{}` is an optional dependency and, at line {}, a dependency",
                    optional.name(),
                    needed.mark().line,
                );
                self.report
                    .mend(optional.mark(), message, "remove one of them");
            }
        }
    }
}
