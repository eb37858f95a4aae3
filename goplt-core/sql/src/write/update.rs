use sqlparser::ast::{TableFactor, TableWithJoins, Update, UpdateTableFromKind};

use super::{Writer, Written, from::Target};
use crate::SqlError;

impl Writer<'_> {
    pub(super) fn update(&mut self, update: &Update) -> Written {
        let Update {
            update_token: _,
            // Hints are comments to us: they are not written.
            optimizer_hints: _,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        self.absent(or.is_none(), "UPDATE OR …", update)?;
        self.absent(output.is_none(), "OUTPUT (write RETURNING)", update)?;
        let whole = order_by.is_empty() && limit.is_none();
        self.absent(
            whole,
            "ORDER BY or LIMIT in UPDATE (select the keys in a subquery)",
            update,
        )?;

        let target = self.changed(table)?;
        self.text(&format!("UPDATE {target}"));
        self.assignments(assignments)?;
        match from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(items)) => {
                self.text(" FROM ");
                self.from(items, Some(target.known_as()))?;
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(self.refuse_clause(
                    "FROM before SET",
                    "write UPDATE … SET … FROM … WHERE …",
                    update,
                ));
            }
        }
        self.filtered(selection.as_ref(), target.known_as())?;
        self.returning(returning.as_deref(), target, from.is_some())
    }

    /// The table of an UPDATE or DELETE: one, by its name, with an alias at most.
    pub(super) fn changed(&self, item: &TableWithJoins) -> Result<Target, SqlError> {
        let TableWithJoins { relation, joins } = item;
        let TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } = relation
        else {
            return Err(self.not_a_table(item));
        };
        let plain = joins.is_empty()
            && with_hints.is_empty()
            && partitions.is_empty()
            && index_hints.is_empty();
        let alias = match alias {
            None => None,
            Some(alias) if alias.columns.is_empty() && alias.at.is_none() => Some(&alias.name),
            Some(_) => return Err(self.not_a_table(item)),
        };
        if !plain {
            return Err(self.not_a_table(item));
        }
        self.target(name, alias)
    }

    fn not_a_table(&self, item: &TableWithJoins) -> SqlError {
        self.refuse(
            "this as the table to change",
            "name one table, with an alias if need be, and join others by UPDATE … FROM or a subquery in WHERE",
            item,
        )
    }
}
