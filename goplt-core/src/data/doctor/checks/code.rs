//! Views and functions: code in the database that reads with somebody else's rights.

use super::{Examination, is_ours};
use crate::data::{
    catalogue::{Server, View},
    guard::quote,
};

impl Examination<'_> {
    pub(super) fn views(&mut self, server: &Server) {
        let schemas: Vec<_> = self.modules.iter().map(|module| module.schema()).collect();
        for view in &server.views {
            let reads_tenants = self.reads_tenants(view, server, 0);
            let is_own = schemas.contains(&view.schema);
            let name = format!("{}.{}", quote(&view.schema), quote(&view.name));
            if view.is_materialized {
                if reads_tenants {
                    self.add(
                        format!("materialized view `{}.{}`", view.schema, view.name),
                        "keeps rows of every tenant, and no policy binds it",
                        format!("DROP MATERIALIZED VIEW {name}, and keep what it holds in a table with a `tenant_id`"),
                    );
                }
            } else if !view.is_invoker && (reads_tenants || is_own) {
                self.add(
                    format!("view `{}.{}`", view.schema, view.name),
                    "reads with the rights of its owner, whom other policies bind",
                    format!("ALTER VIEW {name} SET (security_invoker = true)"),
                );
            }
        }
    }

    /// Directly, or by way of other views.
    fn reads_tenants(&self, view: &View, server: &Server, depth: usize) -> bool {
        // No chain is longer than there are views.
        depth <= server.views.len()
            && view.reads.iter().any(|read| {
                let tables = &self.catalogue.tables;
                let is_table = |read: &str| {
                    tables
                        .iter()
                        .any(|table| table.has_tenant() && table.full_name() == read)
                };
                let through = || {
                    server
                        .views
                        .iter()
                        .filter(|other| format!("{}.{}", other.schema, other.name) == *read)
                        .any(|other| self.reads_tenants(other, server, depth + 1))
                };
                is_table(read) || through()
            })
    }

    pub(super) fn routines(&mut self, server: &Server) {
        let schemas: Vec<_> = self.modules.iter().map(|module| module.schema()).collect();
        for routine in &server.routines {
            let is_own = schemas.contains(&routine.schema);
            if is_own || routine.is_callable && !is_ours(server, &routine.owner) {
                let schema = quote(&routine.schema);
                self.add(
                    format!("function `{}.{}`", routine.schema, routine.signature),
                    format!(
                        "runs with the rights of `{}`, whoever calls it (SECURITY DEFINER)",
                        routine.owner
                    ),
                    format!(
                        "ALTER ROUTINE {schema}.{} SECURITY INVOKER",
                        routine.signature
                    ),
                );
            }
        }
    }
}
