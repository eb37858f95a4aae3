//! Names that are distinct in the manifest but not as constants of Rust.

use std::collections::HashMap;

use super::Reader;
use crate::{Manifest, constant_name, constant_name_in, yaml::Mark};

impl Reader<'_> {
    pub(super) fn constants(&mut self, manifest: &Manifest) {
        let module = &manifest.name;
        let permissions = manifest.permissions.iter().map(|decl| {
            let name = decl.permission.as_str();
            (constant_name_in(module, name), name, decl.mark)
        });
        self.clashes("permission", permissions);
        let routes = manifest.routes.iter();
        self.clashes(
            "route",
            routes.map(|decl| (constant_name(&decl.id), decl.id.as_str(), decl.mark)),
        );
        let events = &manifest.events;
        let events = events.publishes.iter().chain(&events.subscribes);
        self.clashes(
            "event",
            events.map(|decl| {
                (
                    constant_name_in(module, &decl.name),
                    decl.name.as_str(),
                    decl.mark,
                )
            }),
        );
        let jobs = manifest.jobs.iter();
        self.clashes(
            "job",
            jobs.map(|decl| (constant_name(&decl.name), decl.name.as_str(), decl.mark)),
        );
    }

    fn clashes<'m>(&mut self, what: &str, items: impl Iterator<Item = (String, &'m str, Mark)>) {
        let mut taken: HashMap<String, (&str, Mark)> = HashMap::new();
        for (constant, name, mark) in items {
            match taken.get(&constant) {
                // An event may be published and heard by the same module.
                Some((first, _)) if *first == name => {}
                Some((first, place)) => {
                    let line = place.line;
                    self.report.mend(
                        mark,
                        format!(
                            "{what} `{name}` and {what} `{first}` at line {line} both become the constant `{what}::{constant}`"
                        ),
                        "rename one of them",
                    );
                }
                None => {
                    taken.insert(constant, (name, mark));
                }
            }
        }
    }
}
