use sqlparser::ast::{Assignment, AssignmentTarget, Expr, ObjectName};

use super::{Mode, Writer, Written, name::Name};
use crate::SqlError;

impl Writer<'_> {
    /// `SET a = …, (b, c) = …`: never the tenant.
    pub(super) fn assignments(&mut self, assignments: &[Assignment]) -> Written {
        self.text(" SET ");
        self.list(assignments, |w, Assignment { target, value }| {
            match target {
                AssignmentTarget::ColumnName(column) => {
                    let column = w.assigned(column)?;
                    w.name(&column);
                }
                AssignmentTarget::Tuple(columns) => {
                    if !matches!(value, Expr::Tuple(_) | Expr::Subquery(_)) {
                        return Err(w.refuse(
                            "this value for several columns",
                            "write (a, b) = (…, …) or (SELECT …)",
                            value,
                        ));
                    }
                    w.in_parentheses(|w| {
                        w.list(columns, |w, column| {
                            let column = w.assigned(column)?;
                            w.name(&column);
                            Ok(())
                        })
                    })?;
                }
            }
            w.text(" = ");
            w.expr(value)
        })
    }

    /// A column that is given a value.
    pub(super) fn assigned(&self, column: &ObjectName) -> Result<Name, SqlError> {
        let name = self.single(column, "column")?;
        if self.mode == Mode::Tenant && name.is_tenant() {
            return Err(self.wrong(
                "`tenant_id` cannot be set",
                "leave it out: it is the tenant of the transaction, always",
                column,
            ));
        }
        Ok(name)
    }
}
