//! Views and functions: code in the database that reads with somebody else's rights.

use super::Examination;
use crate::data::{
    catalogue::{DEFINER, FILES, Routine, Server, View},
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
                if reads_tenants || view.calls {
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
            if routine.is_reached || schemas.contains(&routine.schema) {
                self.routine(routine, server);
            }
        }
    }

    fn routine(&mut self, routine: &Routine, server: &Server) {
        let Routine {
            schema,
            signature,
            owner,
            danger,
            ..
        } = routine;
        let name = format!("{}.{signature}", quote(schema));
        let (message, mend) = match danger.as_str() {
            DEFINER => (
                format!("runs with the rights of `{owner}`, whoever calls it (SECURITY DEFINER)"),
                format!("ALTER ROUTINE {name} SECURITY INVOKER"),
            ),
            FILES => (
                "gives requests the server's files, in which the rows of all are".to_owned(),
                format!(
                    "REVOKE EXECUTE ON ROUTINE {name} FROM PUBLIC, {}",
                    quote(&server.roles.app)
                ),
            ),
            language => (
                format!("is written in `{language}`, which no right of its caller binds"),
                format!("DROP ROUTINE {name}, or REVOKE EXECUTE ON ROUTINE {name} FROM PUBLIC"),
            ),
        };
        self.add(format!("function `{schema}.{signature}`"), message, mend);
    }
}
