use sqlparser::ast::{
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query, TableAlias, TableFactor,
    TableWithJoins,
};

use super::{Mode, TENANT, Writer, Written, name::Name};
use crate::SqlError;

/// What a name in FROM stands for.
enum Relation {
    Table,
    Cte,
}

impl Writer<'_> {
    /// Writes what follows FROM. `target` is the name under which the changed table of an UPDATE is known, which nothing
    /// beside it may take: the predicate must mean the target.
    pub(super) fn from(&mut self, items: &[TableWithJoins], target: Option<&Name>) -> Written {
        if items.len() > 1 && items.iter().any(|item| !item.joins.is_empty()) {
            return Err(self.refuse(
                "a comma beside JOIN",
                "SQLite and PostgreSQL read it differently; write CROSS JOIN for the comma",
                &items[0],
            ));
        }
        self.list(items, |w, item| w.joined(item, target))
    }

    fn joined(&mut self, item: &TableWithJoins, target: Option<&Name>) -> Written {
        let TableWithJoins { relation, joins } = item;
        self.factor(relation, target)?;
        for join in joins {
            self.join(join, target)?;
        }
        Ok(())
    }

    fn join(&mut self, join: &Join, target: Option<&Name>) -> Written {
        let Join {
            relation,
            global,
            join_operator,
        } = join;
        self.absent(!global, "GLOBAL JOIN", join)?;
        let (text, constraint) = match join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                (" JOIN ", constraint)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                (" LEFT JOIN ", constraint)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                (" RIGHT JOIN ", constraint)
            }
            JoinOperator::FullOuter(constraint) => (" FULL JOIN ", constraint),
            JoinOperator::CrossJoin(constraint @ JoinConstraint::None) => {
                (" CROSS JOIN ", constraint)
            }
            JoinOperator::CrossJoin(_)
            | JoinOperator::Semi(_)
            | JoinOperator::LeftSemi(_)
            | JoinOperator::RightSemi(_)
            | JoinOperator::Anti(_)
            | JoinOperator::LeftAnti(_)
            | JoinOperator::RightAnti(_)
            | JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::AsOf { .. }
            | JoinOperator::StraightJoin(_)
            | JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => {
                return Err(self.refuse(
                    "this kind of join",
                    "write JOIN, LEFT, RIGHT, FULL or CROSS JOIN",
                    join,
                ));
            }
        };
        let crossed = matches!(join_operator, JoinOperator::CrossJoin(_));
        self.text(text);
        self.factor(relation, target)?;
        match constraint {
            JoinConstraint::On(condition) => {
                self.text(" ON ");
                self.expr(condition)
            }
            JoinConstraint::Using(columns) => {
                self.text(" USING ");
                self.in_parentheses(|w| {
                    w.list(columns, |w, column| {
                        let column = w.single(column, "column")?;
                        w.name(&column);
                        Ok(())
                    })
                })
            }
            JoinConstraint::None if crossed => Ok(()),
            JoinConstraint::None => Err(self.refuse("JOIN without ON", "write ON …, USING (…) or CROSS JOIN", join)),
            JoinConstraint::Natural => Err(self.refuse(
                "NATURAL JOIN",
                "it joins on every column of the same name, now and after the next migration; write USING (…)",
                join,
            )),
        }
    }

    fn factor(&mut self, factor: &TableFactor, target: Option<&Name>) -> Written {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if args.is_some() {
                    return Err(self.table_function(factor));
                }
                let plain = with_hints.is_empty()
                    && version.is_none()
                    && !with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && sample.is_none()
                    && index_hints.is_empty();
                self.absent(plain, "an option of the table", factor)?;
                self.table(name, alias.as_ref(), target)
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                self.absent(sample.is_none(), "a sample", factor)?;
                self.derived_table(*lateral, subquery, alias.as_ref(), target)
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                if let Some(alias) = alias {
                    return Err(self.refuse_name(
                        "an alias of a join",
                        "give each table in it an alias",
                        &alias.name,
                    ));
                }
                self.in_parentheses(|w| w.joined(table_with_joins, target))
            }
            TableFactor::TableFunction { .. }
            | TableFactor::Function { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => Err(self.table_function(factor)),
            TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::UnpivotExpr { .. }
            | TableFactor::MatchRecognize { .. } => Err(self.refuse(
                "this in FROM",
                "write a table, a join or a subquery with an alias",
                factor,
            )),
        }
    }

    fn table_function(&self, factor: &TableFactor) -> SqlError {
        self.refuse(
            "a function in FROM",
            "SQLite and PostgreSQL share none; write VALUES (…), or take the value apart in code",
            factor,
        )
    }

    /// The one place where a table is read.
    fn table(
        &mut self,
        table: &ObjectName,
        alias: Option<&TableAlias>,
        target: Option<&Name>,
    ) -> Written {
        let name = self.single(table, "table")?;
        let relation = self.relation(&name, table)?;
        let alias = alias.map(|alias| self.table_alias(alias)).transpose()?;
        let known_as = alias.as_ref().unwrap_or(&name);
        if target == Some(known_as) {
            return Err(self.refuse(
                format_args!("`{known_as}`, the name of the table that is changed,"),
                "give this table another alias",
                table,
            ));
        }
        match (relation, self.mode) {
            (Relation::Table, Mode::Tenant) => {
                self.text(&format!("(SELECT * FROM {name} WHERE {name}.{TENANT} = "));
                self.tenant();
                self.text(&format!(") AS {known_as}"));
            }
            (Relation::Table, Mode::Host) | (Relation::Cte, _) => {
                self.name(&name);
                if let Some(alias) = alias {
                    self.text(&format!(" AS {alias}"));
                }
            }
        }
        Ok(())
    }

    fn derived_table(
        &mut self,
        lateral: bool,
        query: &Query,
        alias: Option<&TableAlias>,
        target: Option<&Name>,
    ) -> Written {
        if lateral {
            return Err(self.refuse(
                "LATERAL",
                "SQLite does not know it; write a correlated subquery in SELECT or WHERE",
                query,
            ));
        }
        let Some(alias) = alias else {
            return Err(self.refuse(
                "a subquery without a name",
                "PostgreSQL wants one: (SELECT …) AS name",
                query,
            ));
        };
        let name = self.table_alias(alias)?;
        if target == Some(&name) {
            return Err(self.refuse_name(
                format_args!("`{name}`, the name of the table that is changed,"),
                "give the subquery another alias",
                &alias.name,
            ));
        }
        self.subquery(query)?;
        self.text(&format!(" AS {name}"));
        Ok(())
    }

    fn table_alias(&self, alias: &TableAlias) -> Result<Name, SqlError> {
        let TableAlias {
            explicit: _,
            name,
            columns,
            at,
        } = alias;
        if !columns.is_empty() || at.is_some() {
            return Err(self.refuse_name(
                "a list of columns after an alias",
                "SQLite knows it in WITH only; name the columns inside the subquery",
                name,
            ));
        }
        self.alias(name)
    }

    fn relation(&self, name: &Name, place: &ObjectName) -> Result<Relation, SqlError> {
        if self.ctes.iter().any(|cte| cte == name.as_str()) {
            return Ok(Relation::Cte);
        }
        if self.tables.contains(name.as_str()) {
            return Ok(Relation::Table);
        }
        Err(self.unknown_table(name, place))
    }

    /// The table that a statement changes: never a CTE.
    pub(super) fn target(
        &self,
        table: &ObjectName,
        alias: Option<&Ident>,
    ) -> Result<Target, SqlError> {
        let name = self.single(table, "table")?;
        if self.ctes.iter().any(|cte| cte == name.as_str()) {
            return Err(self.wrong(
                format!("`{name}` is a name of WITH"),
                "only a table can be changed",
                table,
            ));
        }
        if !self.tables.contains(name.as_str()) {
            return Err(self.unknown_table(&name, table));
        }
        let alias = alias.map(|alias| self.alias(alias)).transpose()?;
        Ok(Target { table: name, alias })
    }

    fn unknown_table(&self, name: &Name, place: &ObjectName) -> SqlError {
        let help = match self.tables.nearest(name.as_str(), &self.ctes) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let known: Vec<_> = self.tables.iter().take(12).collect();
                let place = match self.mode {
                    Mode::Tenant => "tables",
                    Mode::Host => "host: tables",
                };
                format!(
                    "declare it under `{place}` in module.yaml; declared are: {}",
                    known.join(", ")
                )
            }
        };
        self.wrong(format!("unknown table `{name}`"), help, place)
    }
}

/// The table of an INSERT, UPDATE or DELETE.
pub(super) struct Target {
    table: Name,
    alias: Option<Name>,
}

impl Target {
    /// Its own name.
    pub(super) fn table(&self) -> &Name {
        &self.table
    }

    /// The name by which the statement's expressions know it.
    pub(super) fn known_as(&self) -> &Name {
        self.alias.as_ref().unwrap_or(&self.table)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.alias {
            Some(alias) => write!(f, "{} AS {alias}", self.table),
            None => self.table.fmt(f),
        }
    }
}
