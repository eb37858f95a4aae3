use sqlparser::ast::{Delete, FromTable};

use super::{Writer, Written};

impl Writer<'_> {
    pub(super) fn delete(&mut self, delete: &Delete) -> Written {
        let Delete {
            delete_token: _,
            // Hints are comments to us: they are not written.
            optimizer_hints: _,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        self.absent(output.is_none(), "OUTPUT (write RETURNING)", delete)?;
        let whole = order_by.is_empty() && limit.is_none();
        self.absent(
            whole,
            "ORDER BY or LIMIT in DELETE (select the keys in a subquery)",
            delete,
        )?;
        if using.is_some() {
            return Err(self.refuse_clause(
                "USING in DELETE",
                "SQLite does not know it; write WHERE EXISTS (SELECT …)",
                delete,
            ));
        }
        let (FromTable::WithFromKeyword(items), [], 1) = (from, tables.as_slice(), items_in(from))
        else {
            return Err(self.refuse_clause(
                "this form of DELETE",
                "write DELETE FROM table WHERE …",
                delete,
            ));
        };
        let target = self.changed(&items[0])?;
        self.text(&format!("DELETE FROM {target}"));
        self.filtered(selection.as_ref(), target.known_as())?;
        self.returning(returning.as_deref(), target, false)
    }
}

fn items_in(from: &FromTable) -> usize {
    match from {
        FromTable::WithFromKeyword(items) | FromTable::WithoutKeyword(items) => items.len(),
    }
}
