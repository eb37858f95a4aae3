//! The checks: pure functions of the catalogue.

mod code;
mod roles;
mod tables;

use goplt_manifest::ModuleName;

use super::{Diagnosis, Fault};
use crate::data::{
    catalogue::{Catalogue, PUBLIC, Server},
    migration::{ModuleMigrations, lint},
};

/// One look at a catalogue.
pub(super) struct Examination<'a> {
    modules: &'a [ModuleMigrations<'a>],
    catalogue: &'a Catalogue,
    /// The modules of which a newer binary has made more than this one knows.
    ahead: &'a [ModuleName],
    faults: Vec<Fault>,
}

impl<'a> Examination<'a> {
    pub(super) const fn of(
        modules: &'a [ModuleMigrations<'a>],
        catalogue: &'a Catalogue,
        ahead: &'a [ModuleName],
    ) -> Self {
        Self {
            modules,
            catalogue,
            ahead,
            faults: Vec::new(),
        }
    }

    pub(super) fn diagnose(mut self) -> Diagnosis {
        if let Some(server) = &self.catalogue.server {
            self.roles(server);
            self.settings(server);
            self.schemas(server);
            self.promises(server);
        }
        self.shapes();
        if let Some(server) = &self.catalogue.server {
            self.tables(server);
            self.views(server);
            self.routines(server);
        }
        let tenants = self
            .catalogue
            .tables
            .iter()
            .filter(|table| table.has_tenant());
        Diagnosis {
            tables: tenants.count(),
            faults: self.faults,
        }
    }

    /// What a migration run would have refused.
    fn shapes(&mut self) {
        let tables = &self.catalogue.tables;
        let known: Vec<_> = tables.iter().map(|table| table.full_name()).collect();
        for problem in lint(self.modules, tables, &known, &[], self.ahead) {
            self.add(
                format!("module `{}`:", problem.module()),
                problem.message(),
                problem.help(),
            );
        }
    }

    fn add(
        &mut self,
        object: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.faults.push(Fault::new(object, message, mend));
    }
}

/// Whether a right of this role is a right of requests or of work across tenants.
fn is_ours(server: &Server, role: &str) -> bool {
    role == PUBLIC || server.attributes.iter().any(|held| held.name == role)
}
