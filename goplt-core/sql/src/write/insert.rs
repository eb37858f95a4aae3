use sqlparser::ast::{
    ConflictTarget, DoUpdate, Expr, Ident, Insert, ObjectName, OnConflict, OnConflictAction,
    OnInsert, Parens, Query, TableAliasWithoutColumns, TableObject,
};

use super::{
    Mode, TENANT, Writer, Written,
    from::Target,
    query::{is_plain_select, plain_values},
    select::Extra,
};

impl Writer<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Written {
        let Insert {
            insert_token: _,
            // Hints are comments to us: they are not written.
            optimizer_hints: _,
            or,
            ignore,
            into,
            table,
            table_alias,
            columns,
            overwrite,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword,
            on,
            returning,
            output,
            replace_into,
            priority,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        if or.is_some() || *ignore || *replace_into {
            return Err(self.refuse_clause(
                "INSERT OR …",
                "it may delete or skip rows unseen; write ON CONFLICT (tenant_id, …) DO …",
                insert,
            ));
        }
        let plain = *into
            && !overwrite
            && assignments.is_empty()
            && partitioned.is_none()
            && after_columns.is_empty()
            && !has_table_keyword
            && output.is_none()
            && priority.is_none()
            && insert_alias.is_none()
            && settings.is_none()
            && format_clause.is_none()
            && multi_table_insert_type.is_none()
            && multi_table_into_clauses.is_empty()
            && multi_table_when_clauses.is_empty()
            && multi_table_else_clause.is_none();
        self.absent(plain, "this form of INSERT", insert)?;
        let TableObject::TableName(table) = table else {
            return Err(self.refuse_clause(
                "INSERT into this",
                "write INSERT INTO table (columns) …",
                insert,
            ));
        };
        let alias = table_alias
            .as_ref()
            .map(|TableAliasWithoutColumns { explicit: _, alias }| alias);
        if let Some(alias) = alias.filter(|alias| alias.value.eq_ignore_ascii_case("excluded")) {
            return Err(self.refuse_name(
                "`excluded` as an alias",
                "it names the row that was to be inserted",
                alias,
            ));
        }
        let target = self.target(table, alias)?;

        self.text(&format!("INSERT INTO {target} "));
        self.columns(columns, table)?;
        self.text(" ");
        self.rows(source.as_deref(), columns.len(), on.is_some(), insert)?;
        if let Some(on) = on {
            self.on_conflict(on, &target, insert)?;
        }
        self.returning(returning.as_deref(), target, false)
    }

    fn columns(&mut self, columns: &[ObjectName], table: &ObjectName) -> Written {
        if columns.is_empty() {
            return Err(self.refuse(
                "INSERT without a list of columns",
                "name them: INSERT INTO table (id, …) VALUES …",
                table,
            ));
        }
        self.in_parentheses(|w| {
            w.list(columns, |w, column| {
                let column = w.assigned(column)?;
                w.name(&column);
                Ok(())
            })?;
            if w.mode == Mode::Tenant {
                w.text(&format!(", {TENANT}"));
            }
            Ok(())
        })
    }

    /// The rows to insert, each with the tenant as its last value.
    fn rows(
        &mut self,
        source: Option<&Query>,
        columns: usize,
        conflict: bool,
        insert: &Insert,
    ) -> Written {
        let Some(query) = source else {
            return Err(self.refuse_clause(
                "DEFAULT VALUES",
                "name a column and its value",
                insert,
            ));
        };
        let tenant = self.mode == Mode::Tenant;
        if let Some(rows) = plain_values(query) {
            self.text("VALUES ");
            return self.list(rows, |w, row| w.row(row, columns, insert));
        }
        if is_plain_select(query) {
            let extra = Extra {
                tenant,
                condition: conflict,
            };
            return self.query_with(query, extra);
        }
        self.text("SELECT goplt_source.*");
        if tenant {
            self.text(", ");
            self.tenant();
        }
        self.text(" FROM ");
        self.subquery(query)?;
        // The condition: see `Extra::condition`.
        self.text(" AS goplt_source WHERE TRUE");
        Ok(())
    }

    fn row(&mut self, row: &Parens<Vec<Expr>>, columns: usize, insert: &Insert) -> Written {
        let Parens {
            opening_token: _,
            content,
            closing_token: _,
        } = row;
        if content.len() != columns {
            let message = format!("the row has {} values for {columns} columns", content.len());
            let help = "give each column one value";
            return Err(match content.first() {
                Some(first) => self.wrong(message, help, first),
                None => self.wrong(message, help, insert),
            });
        }
        self.in_parentheses(|w| {
            w.list(content, Self::expr)?;
            if w.mode == Mode::Tenant {
                w.text(", ");
                w.tenant();
            }
            Ok(())
        })
    }

    fn on_conflict(&mut self, on: &OnInsert, target: &Target, insert: &Insert) -> Written {
        let OnInsert::OnConflict(OnConflict {
            conflict_target,
            action,
        }) = on
        else {
            return Err(self.refuse_clause(
                "ON DUPLICATE KEY",
                "write ON CONFLICT (tenant_id, …) DO UPDATE",
                insert,
            ));
        };
        self.text(" ON CONFLICT ");
        match (conflict_target, action) {
            (Some(ConflictTarget::Columns(columns)), _) => self.conflict_columns(columns)?,
            (Some(ConflictTarget::OnConstraint(name)), _) => {
                return Err(self.refuse(
                    "ON CONSTRAINT",
                    "SQLite does not know it; name the columns of the key",
                    name,
                ));
            }
            (None, OnConflictAction::DoNothing) if self.mode == Mode::Host => {}
            (None, _) => {
                return Err(self.refuse_clause(
                    "ON CONFLICT without columns",
                    "name the columns of the key: ON CONFLICT (tenant_id, …)",
                    insert,
                ));
            }
        }
        match action {
            OnConflictAction::DoNothing => {
                self.text("DO NOTHING");
                Ok(())
            }
            OnConflictAction::DoUpdate(DoUpdate {
                assignments,
                selection,
            }) => {
                self.text("DO UPDATE");
                self.assignments(assignments)?;
                self.filtered(selection.as_ref(), target.known_as())
            }
        }
    }

    fn conflict_columns(&mut self, columns: &[Ident]) -> Written {
        let names = columns
            .iter()
            .map(|column| self.ident(column))
            .collect::<Result<Vec<_>, _>>()?;
        if self.mode == Mode::Tenant && !names.iter().any(super::Name::is_tenant) {
            let place = columns.first().and_then(|column| self.range(column.span));
            return Err(crate::SqlError::new(
                "the conflict target lacks `tenant_id`",
                "every key leads with it: ON CONFLICT (tenant_id, …)",
            )
            .at(place));
        }
        self.in_parentheses(|w| {
            w.list(&names, |w, name| {
                w.name(name);
                Ok(())
            })
        })?;
        self.text(" ");
        Ok(())
    }
}
