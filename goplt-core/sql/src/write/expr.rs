use sqlparser::ast::{CastKind, DataType, Expr, Query};

use super::{Mode, Name, Writer, Written};

/// For what only PostgreSQL can compute on dates: our times are values of the caller.
const TIMES: &str = "SQLite keeps times as numbers; compute in code and bind the value with `?`";

impl Writer<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm per node of the grammar, in one place to be checked"
    )]
    pub(super) fn expr(&mut self, expr: &Expr) -> Written {
        match expr {
            Expr::Identifier(name) => {
                let name = self.ident(name)?;
                self.column(&name);
                Ok(())
            }
            Expr::CompoundIdentifier(path) => match path.as_slice() {
                [table, column] => self.qualified([table, column]),
                _ => Err(self.refuse(format_args!("`{expr}`"), "write `column` or `table.column`", expr)),
            },
            Expr::Value(value) => self.value(value),
            Expr::Nested(inner) => self.in_parentheses(|w| w.expr(inner)),
            Expr::Tuple(items) => self.in_parentheses(|w| w.list(items, Self::expr)),
            Expr::Subquery(query) => self.subquery(query),
            Expr::Exists { subquery, negated } => {
                self.text(if *negated { "NOT EXISTS " } else { "EXISTS " });
                self.subquery(subquery)
            }
            Expr::Case {
                case_token: _,
                end_token: _,
                operand,
                conditions,
                else_result,
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Function(function) => self.function(function),
            Expr::Cast {
                kind,
                expr: value,
                data_type,
                format,
            } => {
                self.absent(format.is_none(), "FORMAT in CAST", expr)?;
                let plain = matches!(kind, CastKind::Cast | CastKind::DoubleColon);
                self.absent(plain, "a cast that may fail (write CAST)", expr)?;
                self.cast(value, data_type, expr)
            }
            Expr::Substring {
                expr: value,
                substring_from: Some(from),
                substring_for,
                special: _,
                shorthand: _,
            } => {
                self.text("substr(");
                self.expr(value)?;
                self.text(", ");
                self.expr(from)?;
                if let Some(length) = substring_for {
                    self.text(", ");
                    self.expr(length)?;
                }
                self.text(")");
                Ok(())
            }
            Expr::Trim {
                expr: value,
                trim_where: None,
                trim_what: None,
                trim_characters: None,
            } => {
                self.text("trim(");
                self.expr(value)?;
                self.text(")");
                Ok(())
            }

            Expr::UnaryOp { .. }
            | Expr::BinaryOp { .. }
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. } => self.operation(expr),

            Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => {
                Err(self.refuse("IS UNKNOWN", "SQLite does not know it; write IS NULL", expr))
            }
            Expr::AnyOp { .. } | Expr::AllOp { .. } => {
                Err(self.refuse("ANY and ALL", "SQLite does not know them; write IN (…) or EXISTS (SELECT …)", expr))
            }
            Expr::Collate { .. } => Err(self.refuse(
                "COLLATE",
                "collations have different names on SQLite and PostgreSQL; compare lower(…), or set it on the column",
                expr,
            )),
            Expr::AtTimeZone { .. } | Expr::Extract { .. } | Expr::Interval(_) | Expr::TypedString(_) => {
                Err(self.refuse("arithmetic on times", TIMES, expr))
            }
            Expr::Ceil { .. } | Expr::Floor { .. } => Err(self.refuse(
                "ceil and floor",
                "SQLite is built without them here; round in code",
                expr,
            )),
            Expr::Position { .. } => {
                Err(self.refuse("position", "SQLite does not know it; write ILIKE, or search in code", expr))
            }
            Expr::Substring { .. } | Expr::Trim { .. } | Expr::Overlay { .. } => Err(self.refuse(
                "this form of the function",
                "both databases know substr(text, from, length), trim(text) and replace(text, old, new)",
                expr,
            )),
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
                Err(self.refuse("`*`", "it can stand in the SELECT list and in count(*) only", expr))
            }
            Expr::Array(_)
            | Expr::CompoundFieldAccess { .. }
            | Expr::JsonAccess { .. }
            | Expr::InUnnest { .. }
            | Expr::Struct { .. }
            | Expr::Named { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::MemberOf(_) => Err(self.refuse(
                "arrays and composite values",
                "SQLite does not know them; use JSON with -> and ->>, or a table of its own",
                expr,
            )),
            Expr::SimilarTo { .. } | Expr::RLike { .. } | Expr::MatchAgainst { .. } => {
                Err(self.refuse("this match", "write ILIKE, the one pattern match that both databases share", expr))
            }
            Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => {
                Err(self.refuse("grouping sets", "SQLite does not know them; join two queries with UNION ALL", expr))
            }
            Expr::IsJson { .. }
            | Expr::IsNormalized { .. }
            | Expr::Convert { .. }
            | Expr::Prefixed { .. }
            | Expr::OuterJoin(_)
            | Expr::Prior(_)
            | Expr::Lambda(_) => Err(self.refuse(
                "this expression",
                "write it in the syntax that SQLite and PostgreSQL share",
                expr,
            )),
        }
    }

    pub(super) fn in_parentheses(&mut self, inner: impl FnOnce(&mut Self) -> Written) -> Written {
        self.text("(");
        inner(self)?;
        self.text(")");
        Ok(())
    }

    pub(super) fn subquery(&mut self, query: &Query) -> Written {
        self.in_parentheses(|w| w.query(query))
    }

    fn cast(&mut self, value: &Expr, data_type: &DataType, whole: &Expr) -> Written {
        if matches!(value, Expr::Cast { .. }) {
            return Err(self.refuse("a cast of a cast", "cast once", whole));
        }
        let (sqlite, postgres) = match data_type {
            DataType::Text => ("TEXT", "TEXT"),
            DataType::SmallInt(None) | DataType::Int2(None) => ("INTEGER", "SMALLINT"),
            DataType::Integer(None) | DataType::Int(None) | DataType::Int4(None) => {
                ("INTEGER", "INTEGER")
            }
            DataType::BigInt(None) | DataType::Int8(None) => ("INTEGER", "BIGINT"),
            DataType::DoublePrecision | DataType::Float8 => ("REAL", "DOUBLE PRECISION"),
            other => return self.cast_of_bind(value, other, whole),
        };
        self.text("CAST(");
        self.expr(value)?;
        self.out
            .split(&format!(" AS {sqlite})"), &format!(" AS {postgres})"));
        Ok(())
    }

    /// Types that SQLite has not: a bind is in its form for SQLite already, and PostgreSQL is told what it is.
    fn cast_of_bind(&mut self, value: &Expr, data_type: &DataType, whole: &Expr) -> Written {
        let postgres = match data_type {
            DataType::Uuid => "UUID",
            DataType::Boolean | DataType::Bool => "BOOLEAN",
            DataType::JSONB => "JSONB",
            DataType::Bytea => "BYTEA",
            DataType::Custom(name, args)
                if args.is_empty() && name.to_string().eq_ignore_ascii_case("timestamptz") =>
            {
                "TIMESTAMPTZ"
            }
            other => {
                return Err(self.refuse(
                    format_args!("the type {other}"),
                    "TEXT, SMALLINT, INTEGER, BIGINT and DOUBLE PRECISION mean the same on both databases; \
                     UUID, BOOLEAN, JSONB, BYTEA and TIMESTAMPTZ can be the type of a bind",
                    whole,
                ));
            }
        };
        let bind = match value {
            Expr::Value(value) if matches!(value.value, sqlparser::ast::Value::Placeholder(_)) => {
                value
            }
            _ => {
                return Err(self.refuse(
                    format_args!("a cast to {postgres}"),
                    "SQLite has no such type, so only a bind can be given it, as in CAST(? AS UUID)",
                    whole,
                ));
            }
        };
        self.out.split("", "CAST(");
        self.value(bind)?;
        self.out.split("", &format!(" AS {postgres})"));
        Ok(())
    }

    /// `name.tenant_id = $n AND (original)`, or the predicate alone; nothing for a host statement. The predicate comes
    /// first: SQLite looks at conditions in their order, and the author's may fail on a row of another tenant.
    pub(super) fn filtered(&mut self, condition: Option<&Expr>, target: &Name) -> Written {
        let tenant = self.mode == Mode::Tenant;
        match (condition, tenant) {
            (None, false) => return Ok(()),
            (Some(condition), false) => {
                self.text(" WHERE ");
                return self.expr(condition);
            }
            (_, true) => {
                self.text(" WHERE ");
                self.predicate(target);
            }
        }
        match condition {
            None => Ok(()),
            Some(condition) => {
                self.text(" AND ");
                self.in_parentheses(|w| w.expr(condition))
            }
        }
    }
}
