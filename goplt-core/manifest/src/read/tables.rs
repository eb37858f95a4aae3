//! `tables` and `host`.

use super::{Fields, Reader, Seen, fields, keys::HOST_KEYS};
use crate::HostDecl;

impl Reader<'_> {
    /// The list `tables`; `what` is `table` or `host table`.
    pub(super) fn tables(&mut self, fields: &Fields<'_>, what: &str) -> Vec<String> {
        let mut seen = Seen::default();
        let mut tables = Vec::new();
        for node in fields.list(self.report, "tables") {
            let Some(table) = fields::item(self.report, node, "a table") else {
                continue;
            };
            if !is_table_name(table) {
                let table = crate::error::shorten(table);
                self.report.error(
                    node.mark,
                    format!("`{table}` is not the name of a table: `[a-z][a-z0-9_]*`, at most 63 characters"),
                );
                continue;
            }
            let prefix = self
                .module
                .as_ref()
                .map(|module| module.as_str().replace('-', "_") + "_");
            if let Some(prefix) = prefix.filter(|prefix| !table.starts_with(prefix)) {
                self.report.mend(
                    node.mark,
                    format!("{what} `{table}` does not begin with the module's name"),
                    format!("write `{prefix}{table}`: modules may share a database"),
                );
                continue;
            }
            if seen.first(self.report, what, table, node.mark) {
                tables.push(table.to_owned());
            }
        }
        tables
    }

    pub(super) fn host(&mut self, fields: &Fields<'_>) -> Option<HostDecl> {
        let node = fields.get("host")?;
        let fields = Fields::open(self.report, node, "`host`", HOST_KEYS)?;
        let help = "say why the module must work outside of any tenant";
        let reason = fields.required(self.report, "reason", help);
        let help = "list the tables that it may reach there";
        fields.missing(self.report, "tables", help);
        let tables = self.tables(&fields, "host table");
        let (reason, mark) = reason?;
        if reason.trim().is_empty() {
            self.report.mend(
                mark,
                "the `reason` is empty",
                "say why the module must work outside of any tenant",
            );
            return None;
        }
        Some(HostDecl {
            reason: reason.to_owned(),
            tables,
            mark: node.mark,
        })
    }
}

/// An identifier of SQL that needs no quotes and that PostgreSQL does not cut.
fn is_table_name(text: &str) -> bool {
    super::routes::is_snake_case(text)
}
