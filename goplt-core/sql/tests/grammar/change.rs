use super::{
    Generator, POSTGRES, SQLITE, Visible,
    schema::{Column, TABLES, Table, Type},
};

impl Generator {
    /// An INSERT, UPDATE or DELETE, perhaps with WITH before it and RETURNING after.
    pub(super) fn change(&mut self) {
        let table = self.rng.pick(TABLES);
        if self.rng.chance(20) {
            self.with();
        }
        match self.rng.below(10) {
            0..=4 => self.insert(table),
            5..=7 => self.update(table),
            _ => self.delete(table),
        }
    }

    fn insert(&mut self, table: &'static Table) {
        let columns: Vec<Column> = table
            .columns()
            .into_iter()
            .enumerate()
            .filter(|(at, _)| *at == 0 || self.rng.chance(80))
            .map(|(_, column)| column)
            .collect();
        let names: Vec<_> = columns.iter().map(|c| c.name.clone()).collect();
        self.push(&format!(
            "INSERT INTO {} ({}) ",
            table.name,
            names.join(", ")
        ));
        let sure_keys = match self.rng.below(10) {
            0..=4 => {
                self.values(&columns);
                true
            }
            5..=8 => {
                self.insert_select(&columns);
                true
            }
            _ => {
                let kinds: Vec<_> = columns.iter().map(|c| c.kind).collect();
                self.query(&kinds, &[], 1);
                false
            }
        };
        // Which of two rows of one key comes first would decide what an upsert leaves behind.
        if sure_keys && self.rng.chance(60) {
            self.on_conflict(table, &columns);
        }
        self.returning(table, table.name, false);
    }

    fn values(&mut self, columns: &[Column]) {
        self.push("VALUES ");
        let rows = 1 + self.rng.below(3);
        self.separated(rows, ", ", |g, row| {
            g.push("(");
            g.separated(columns.len(), ", ", |g, at| match at {
                // Some keys are taken, some are free, none comes twice.
                0 => g.push_key(row),
                _ if g.rng.chance(10) => g.push("NULL"),
                _ => g.expr(columns[at].kind, &[], 1),
            });
            g.push(")");
        });
    }

    fn push_key(&mut self, row: usize) {
        let key = row * 5 + 1 + self.rng.below(5);
        self.push(&key.to_string());
    }

    /// From one table, so that the keys stay distinct.
    fn insert_select(&mut self, columns: &[Column]) {
        let source = self.rng.pick(TABLES);
        let alias = self.fresh("s");
        let visible = columns_of(source, &alias);
        let shift = *self.rng.pick(&[0_usize, 3, 100]);
        self.push("SELECT ");
        self.separated(columns.len(), ", ", |g, at| match at {
            0 => g.push(&format!("{alias}.id + {shift}")),
            _ => g.expr(columns[at].kind, &visible, 1),
        });
        self.push(&format!(" FROM {} AS {alias}", source.name));
        if self.rng.chance(60) {
            self.push(" WHERE ");
            self.condition(&visible, 2);
        } else {
            // SQLite takes an ON after FROM for that of a join.
            self.unreadable(SQLITE);
        }
    }

    fn on_conflict(&mut self, table: &'static Table, columns: &[Column]) {
        self.push(" ON CONFLICT (tenant_id, id) DO ");
        if self.rng.chance(40) {
            return self.push("NOTHING");
        }
        self.push("UPDATE SET ");
        let mut visible = columns_of(table, table.name);
        visible.extend(columns.iter().map(|column| Visible {
            path: format!("excluded.{}", column.name),
            column: column.clone(),
        }));
        self.assignments(table, &visible);
        if self.rng.chance(40) {
            self.push(" WHERE ");
            self.with_unstable(table, |g| g.condition(&visible, 1));
        }
    }

    fn update(&mut self, table: &'static Table) {
        let alias = if self.rng.chance(50) {
            table.name.to_owned()
        } else {
            self.fresh("t")
        };
        let link = if alias == table.name {
            String::new()
        } else {
            format!(" AS {alias}")
        };
        self.push(&format!("UPDATE {}{link} SET ", table.name));
        let mut visible = columns_of(table, &alias);

        // A row beside the target is found by its key, so that there is one at most.
        let beside = self
            .rng
            .chance(40)
            .then(|| (self.rng.pick(TABLES), self.fresh("f")));
        if let Some((other, name)) = &beside {
            visible.extend(columns_of(other, name));
        }
        self.assignments(table, &visible);
        self.push_from(beside.as_ref(), &alias, table);
        if beside.is_none() && self.rng.chance(75) {
            self.push(" WHERE ");
            self.condition(&visible, 2);
        }
        self.returning(table, &alias, beside.is_some());
    }

    fn push_from(
        &mut self,
        beside: Option<&(&'static Table, String)>,
        target: &str,
        table: &Table,
    ) {
        let Some((other, name)) = beside else {
            return;
        };
        let ints: Vec<_> = table
            .columns
            .iter()
            .filter(|(_, kind)| *kind == Type::Int)
            .collect();
        let key = self.rng.pick(&ints).0;
        self.push(&format!(
            " FROM {} AS {name} WHERE {name}.id = {target}.{key}",
            other.name
        ));
        if self.rng.chance(50) {
            let mut visible = columns_of(table, target);
            visible.extend(columns_of(other, name));
            let op = *self.rng.pick(&[" AND ", " AND "]);
            self.push(op);
            self.condition(&visible, 1);
        }
    }

    fn delete(&mut self, table: &'static Table) {
        let alias = if self.rng.chance(70) {
            table.name.to_owned()
        } else {
            self.fresh("t")
        };
        let link = if alias == table.name {
            String::new()
        } else {
            format!(" AS {alias}")
        };
        self.push(&format!("DELETE FROM {}{link}", table.name));
        if self.rng.chance(85) {
            self.push(" WHERE ");
            self.condition(&columns_of(table, &alias), 2);
            if self.rng.chance(20) {
                self.push(" OR ");
                self.condition(&columns_of(table, &alias), 0);
            }
        }
        self.returning(table, &alias, false);
    }

    /// Every column but the key may be set.
    fn assignments(&mut self, table: &'static Table, visible: &[Visible]) {
        let first = 1 + self.rng.below(table.columns.len() - 1);
        let last = (first + self.rng.below(2)).min(table.columns.len() - 1);
        self.with_unstable(table, |g| {
            g.separated(last - first + 1, ", ", |g, at| {
                let (name, kind) = table.columns[first + at];
                g.push(&format!("{name} = "));
                g.expr(kind, visible, 2);
            });
        });
    }

    fn returning(&mut self, table: &'static Table, alias: &str, beside: bool) {
        if self.rng.chance(50) {
            return;
        }
        if beside {
            // PostgreSQL sees the tables beside it too.
            self.unreadable(POSTGRES);
        }
        if self.rng.chance(30) {
            return self.push(" RETURNING *");
        }
        self.push(" RETURNING id, ");
        let mut visible = columns_of(table, alias);
        if self.rng.chance(50) {
            for column in &mut visible {
                column.path.clone_from(&column.column.name);
            }
        } else {
            // SQLite itself knows the table's name here, not the alias.
            if alias != table.name {
                self.unreadable(SQLITE);
            }
        }
        self.atom(Type::Text, &visible);
        self.push(" AS r1");
    }

    /// Within, no query reads the table that is being changed: it would see it half changed.
    fn with_unstable(&mut self, table: &'static Table, inner: impl FnOnce(&mut Self)) {
        let before = self.unstable.replace(table.name);
        inner(self);
        self.unstable = before;
    }
}

fn columns_of(table: &Table, alias: &str) -> Vec<Visible> {
    table
        .columns()
        .into_iter()
        .map(|column| Visible {
            path: format!("{alias}.{}", column.name),
            column,
        })
        .collect()
}
