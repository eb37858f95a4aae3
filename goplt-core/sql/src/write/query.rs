use sqlparser::ast::{
    Cte, Expr, LimitClause, LockClause, LockType, NonBlock, Offset, OffsetRows, OrderBy,
    OrderByKind, Parens, Query, SetExpr, SetOperator, SetQuantifier, TableAlias,
    TableAliasColumnDef, Values, With,
};

use super::{Writer, Written, select::Extra};

impl Writer<'_> {
    pub(super) fn query(&mut self, query: &Query) -> Written {
        self.query_with(query, Extra::default())
    }

    /// Writes a query; `extra` goes into its SELECT, which it must have if there is any.
    pub(super) fn query_with(&mut self, query: &Query, extra: Extra) -> Written {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        self.absent(fetch.is_none(), "FETCH FIRST (write LIMIT)", query)?;
        let plain = for_clause.is_none()
            && settings.is_none()
            && format_clause.is_none()
            && pipe_operators.is_empty();
        self.absent(plain, "a clause after this query", query)?;

        let scope = self.ctes.len();
        // A subquery has names of its own.
        let returning = self.returning.take();
        if let Some(with) = with {
            self.with(with)?;
        }
        match &**body {
            SetExpr::Select(select) => self.select(select, extra)?,
            other => self.set_expr(other)?,
        }
        if let Some(order_by) = order_by {
            self.query_order(order_by)?;
        }
        if let Some(limit) = limit_clause {
            self.limit(limit, query)?;
        }
        for lock in locks {
            self.lock(lock, query)?;
        }
        self.ctes.truncate(scope);
        self.returning = returning;
        Ok(())
    }

    /// The WITH of a query whose body is an INSERT, UPDATE or DELETE. The CTEs stay in scope.
    pub(super) fn only_with(&mut self, query: &Query) -> Written {
        let Query {
            with,
            body: _,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let plain = order_by.is_none()
            && limit_clause.is_none()
            && fetch.is_none()
            && locks.is_empty()
            && for_clause.is_none()
            && settings.is_none()
            && format_clause.is_none()
            && pipe_operators.is_empty();
        self.absent(plain, "a clause after this change", query)?;
        match with {
            Some(with) => self.with(with),
            None => Ok(()),
        }
    }

    fn with(&mut self, with: &With) -> Written {
        let With {
            with_token: _,
            recursive,
            cte_tables,
        } = with;
        self.text(if *recursive {
            "WITH RECURSIVE "
        } else {
            "WITH "
        });
        self.list(cte_tables, |w, cte| w.cte(cte, *recursive))?;
        self.text(" ");
        Ok(())
    }

    fn cte(&mut self, cte: &Cte, recursive: bool) -> Written {
        let Cte {
            alias,
            query,
            from,
            materialized,
            closing_paren_token: _,
        } = cte;
        let TableAlias {
            explicit: _,
            name: ident,
            columns,
            at,
        } = alias;
        self.absent(
            from.is_none() && at.is_none() && materialized.is_none(),
            "this form of WITH",
            &**query,
        )?;
        let name = self.alias(ident)?;
        if self.tables.contains(name.as_str()) {
            // It would hide the table from the check, and the table from the CTE's own body.
            return Err(self.refuse_name(
                format_args!("`{name}` as a name in WITH"),
                "it is a table; choose another name",
                ident,
            ));
        }
        if self.ctes.iter().any(|cte| cte == name.as_str()) {
            // SQLite takes the nearest one, even one that is defined further on; PostgreSQL the one before.
            return Err(self.refuse_name(
                format_args!("`{name}` as a name in WITH, for the second time,"),
                "it is known here already; choose another name",
                ident,
            ));
        }
        self.name(&name);
        if !columns.is_empty() {
            self.in_parentheses(|w| {
                w.list(columns, |w, TableAliasColumnDef { name, data_type }| {
                    if data_type.is_some() {
                        return Err(w.refuse_name(
                            "a type here",
                            "write the name of the column alone",
                            name,
                        ));
                    }
                    let name = w.alias(name)?;
                    w.name(&name);
                    Ok(())
                })
            })?;
        }
        self.text(" AS ");
        let scope = self.ctes.len();
        if recursive {
            self.ctes.push(name.as_str().to_owned());
        }
        self.subquery(query)?;
        self.ctes.truncate(scope);
        self.ctes.push(name.as_str().to_owned());
        Ok(())
    }

    /// Set operations run from left to right on SQLite, which also knows no parentheses around their operands: an operand
    /// that is not a plain SELECT or VALUES becomes a derived table.
    fn set_expr(&mut self, body: &SetExpr) -> Written {
        let mut chain = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } = first
        {
            chain.push((set_operator(*op, *set_quantifier), body, &**right));
            first = left;
        }
        self.set_operand(first)?;
        for (operator, place, right) in chain.into_iter().rev() {
            let Some(operator) = operator else {
                return Err(self.refuse(
                    "this set operation",
                    "SQLite knows UNION, UNION ALL, INTERSECT and EXCEPT",
                    place,
                ));
            };
            self.text(operator);
            self.set_operand(right)?;
        }
        Ok(())
    }

    fn set_operand(&mut self, operand: &SetExpr) -> Written {
        match operand {
            SetExpr::Select(select) => self.select(select, Extra::default()),
            SetExpr::Values(values) => self.values(values),
            SetExpr::Query(query) => self.derived(|w| w.query(query)),
            SetExpr::SetOperation { .. } => self.derived(|w| w.set_expr(operand)),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => Err(self.refuse(
                "a change inside a query",
                "SQLite does not know it; run it as a statement of its own in the same transaction",
                operand,
            )),
            SetExpr::Table(_) => Err(self.refuse("TABLE", "write SELECT * FROM the table", operand)),
        }
    }

    fn derived(&mut self, inner: impl FnOnce(&mut Self) -> Written) -> Written {
        self.text("SELECT * FROM (");
        inner(self)?;
        self.text(") AS goplt_operand");
        Ok(())
    }

    fn values(&mut self, values: &Values) -> Written {
        let Values {
            explicit_row,
            value_keyword,
            rows,
        } = values;
        let plain = !explicit_row && !value_keyword && !rows.is_empty();
        self.absent(plain, "this form of VALUES", values)?;
        self.text("VALUES ");
        self.list(
            rows,
            |w,
             Parens {
                 opening_token: _,
                 content,
                 closing_token: _,
             }| { w.in_parentheses(|w| w.list(content, Self::expr)) },
        )
    }

    fn query_order(&mut self, order_by: &OrderBy) -> Written {
        let OrderBy { kind, interpolate } = order_by;
        self.absent(interpolate.is_none(), "INTERPOLATE", order_by)?;
        match kind {
            OrderByKind::Expressions(items) => {
                self.text(" ");
                self.order_by(items)
            }
            OrderByKind::All(_) => {
                Err(self.refuse_clause("ORDER BY ALL", "name the columns", order_by))
            }
        }
    }

    fn limit(&mut self, limit: &LimitClause, query: &Query) -> Written {
        let LimitClause::LimitOffset {
            limit,
            offset,
            limit_by,
        } = limit
        else {
            return Err(self.refuse_clause("LIMIT with a comma", "write LIMIT … OFFSET …", query));
        };
        self.absent(limit_by.is_empty(), "LIMIT BY", query)?;
        match (limit, offset) {
            (Some(limit), _) => {
                self.text(" LIMIT ");
                self.expr(limit)?;
            }
            // SQLite knows no OFFSET without a LIMIT.
            (None, Some(_)) => self.out.split(" LIMIT -1", ""),
            (None, None) => {}
        }
        if let Some(Offset { value, rows }) = offset {
            self.absent(*rows == OffsetRows::None, "OFFSET … ROWS", query)?;
            self.text(" OFFSET ");
            self.expr(value)?;
        }
        Ok(())
    }

    /// SQLite has one writer at a time, whose transaction holds the lock already: there the clause is left out.
    fn lock(&mut self, lock: &LockClause, query: &Query) -> Written {
        let LockClause {
            lock_type,
            of,
            nonblock,
        } = lock;
        self.absent(of.is_none(), "FOR UPDATE OF", query)?;
        if !lockable(&query.body) {
            return Err(self.refuse_clause(
                "FOR UPDATE here",
                "PostgreSQL locks rows of a plain SELECT only, without DISTINCT, GROUP BY, HAVING and set operations",
                query,
            ));
        }
        self.locks = true;
        self.out.split(
            "",
            match lock_type {
                LockType::Update => " FOR UPDATE",
                LockType::Share => " FOR SHARE",
            },
        );
        self.out.split(
            "",
            match nonblock {
                None => "",
                Some(NonBlock::Nowait) => " NOWAIT",
                Some(NonBlock::SkipLocked) => " SKIP LOCKED",
            },
        );
        Ok(())
    }
}

/// The operator with spaces around it; `None` if SQLite does not know it.
fn set_operator(op: SetOperator, quantifier: SetQuantifier) -> Option<&'static str> {
    let text = match (op, quantifier) {
        (SetOperator::Union, SetQuantifier::None | SetQuantifier::Distinct) => " UNION ",
        (SetOperator::Union, SetQuantifier::All) => " UNION ALL ",
        (SetOperator::Intersect, SetQuantifier::None | SetQuantifier::Distinct) => " INTERSECT ",
        (SetOperator::Except, SetQuantifier::None | SetQuantifier::Distinct) => " EXCEPT ",
        (
            SetOperator::Union | SetOperator::Intersect | SetOperator::Except | SetOperator::Minus,
            _,
        ) => return None,
    };
    Some(text)
}

fn lockable(body: &SetExpr) -> bool {
    let SetExpr::Select(select) = body else {
        return false;
    };
    let grouped = match &select.group_by {
        sqlparser::ast::GroupByExpr::All(_) => true,
        sqlparser::ast::GroupByExpr::Expressions(items, _) => !items.is_empty(),
    };
    !grouped && select.distinct.is_none() && select.having.is_none()
}

/// Whether a query is one plain SELECT, to whose list a column can be added.
pub(super) fn is_plain_select(query: &Query) -> bool {
    matches!(&*query.body, SetExpr::Select(_))
}

/// The rows of a query that is VALUES and nothing else.
pub(super) fn plain_values(query: &Query) -> Option<&[Parens<Vec<Expr>>]> {
    let Query {
        with: None,
        body,
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks,
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators,
    } = query
    else {
        return None;
    };
    match &**body {
        SetExpr::Values(Values {
            explicit_row: false,
            value_keyword: false,
            rows,
        }) if locks.is_empty() && pipe_operators.is_empty() && !rows.is_empty() => Some(rows),
        _ => None,
    }
}
