//! RETURNING. SQLite sees the changed table there, by its own name and never by its alias; PostgreSQL sees the alias, and
//! the tables beside it too. Both texts mean the changed table.

use sqlparser::ast::{Ident, SelectItem};

use super::{Writer, Written, from::Target, name::Name};

pub(super) struct Returning {
    target: Target,
    /// Whether there are tables beside it, which PostgreSQL would find a plain name in.
    beside: bool,
}

impl Writer<'_> {
    pub(super) fn returning(
        &mut self,
        items: Option<&[SelectItem]>,
        target: Target,
        beside: bool,
    ) -> Written {
        let Some(items) = items else {
            return Ok(());
        };
        if let Some(item) = items
            .iter()
            .find(|item| matches!(item, SelectItem::QualifiedWildcard(..)))
        {
            return Err(self.wrong(
                "a table's `*` cannot be used in RETURNING",
                "SQLite does not know it; write `*` alone",
                item,
            ));
        }
        self.text(" RETURNING ");
        self.returning = Some(Returning { target, beside });
        self.list(items, Self::item)?;
        self.returning = None;
        Ok(())
    }

    /// `*`
    pub(super) fn star(&mut self) {
        match &self.returning {
            Some(Returning {
                target,
                beside: true,
            }) => {
                let postgres = format!("{}.*", target.known_as());
                self.out.split("*", &postgres);
            }
            _ => self.text("*"),
        }
    }

    /// `column`
    pub(super) fn column(&mut self, column: &Name) {
        match &self.returning {
            Some(Returning {
                target,
                beside: true,
            }) => {
                let postgres = format!("{}.{column}", target.known_as());
                self.out.split(&column.to_string(), &postgres);
            }
            _ => self.name(column),
        }
    }

    /// `table.column`
    pub(super) fn qualified(&mut self, path: [&Ident; 2]) -> Written {
        let [table, column] = path;
        let (name, column) = (self.ident(table)?, self.ident(column)?);
        let postgres = format!("{name}.{column}");
        match &self.returning {
            Some(Returning { target, .. }) if *target.known_as() == name => {
                let sqlite = format!("{}.{column}", target.table());
                self.out.split(&sqlite, &postgres);
            }
            Some(Returning { target, .. }) => {
                let target = target.known_as();
                return Err(self.refuse_name(
                    format_args!("`{name}` in RETURNING"),
                    format!("SQLite knows the changed table there, `{target}`, and no other"),
                    table,
                ));
            }
            None => self.text(&postgres),
        }
        Ok(())
    }
}
