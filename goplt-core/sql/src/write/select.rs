use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind,
    WildcardAdditionalOptions,
};

use super::{Writer, Written};

/// What a SELECT that feeds an INSERT gets besides its own text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extra {
    /// The tenant as its last column.
    pub(super) tenant: bool,
    /// A WHERE even if it has none: SQLite reads an ON after FROM as a join's condition, not as ON CONFLICT.
    pub(super) condition: bool,
}

impl Writer<'_> {
    pub(super) fn select(&mut self, select: &Select, extra: Extra) -> Written {
        let Select {
            select_token: _,
            // Hints are comments to us: they are not written.
            optimizer_hints: _,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        self.absent(
            into.is_none(),
            "SELECT INTO (write INSERT … SELECT)",
            select,
        )?;
        self.absent(top.is_none(), "TOP (write LIMIT)", select)?;
        self.absent(
            qualify.is_none(),
            "QUALIFY (filter in an outer SELECT)",
            select,
        )?;
        let plain = select_modifiers.is_none()
            && exclude.is_none()
            && lateral_views.is_empty()
            && prewhere.is_none()
            && connect_by.is_empty()
            && cluster_by.is_empty()
            && distribute_by.is_empty()
            && sort_by.is_empty()
            && value_table_mode.is_none()
            && *flavor == SelectFlavor::Standard
            && !projection.is_empty();
        self.absent(plain, "this form of SELECT", select)?;

        self.text("SELECT ");
        match distinct {
            None | Some(Distinct::All) => {}
            Some(Distinct::Distinct) => self.text("DISTINCT "),
            Some(Distinct::On(_)) => {
                return Err(self.refuse_clause(
                    "DISTINCT ON",
                    "SQLite does not know it; filter on row_number() OVER (…) in an outer SELECT",
                    select,
                ));
            }
        }
        self.list(projection, Self::item)?;
        if extra.tenant {
            self.text(", ");
            self.tenant();
        }
        if !from.is_empty() {
            self.text(" FROM ");
            self.from(from, None)?;
        }
        self.condition(" WHERE ", selection.as_ref())?;
        if extra.condition && selection.is_none() {
            self.text(" WHERE TRUE");
        }
        self.group_by(group_by, select)?;
        self.condition(" HAVING ", having.as_ref())?;
        self.windows(named_window)
    }

    fn condition(&mut self, keyword: &str, condition: Option<&Expr>) -> Written {
        let Some(condition) = condition else {
            return Ok(());
        };
        self.text(keyword);
        self.expr(condition)
    }

    fn group_by(&mut self, group_by: &GroupByExpr, select: &Select) -> Written {
        let GroupByExpr::Expressions(items, modifiers) = group_by else {
            return Err(self.refuse_clause("GROUP BY ALL", "name the columns", select));
        };
        self.absent(modifiers.is_empty(), "a modifier of GROUP BY", select)?;
        if items.is_empty() {
            return Ok(());
        }
        self.text(" GROUP BY ");
        self.list(items, Self::expr)
    }

    pub(super) fn item(&mut self, item: &SelectItem) -> Written {
        match item {
            SelectItem::UnnamedExpr(expr) => self.expr(expr),
            SelectItem::ExprWithAlias { expr, alias } => {
                self.expr(expr)?;
                let alias = self.alias(alias)?;
                self.text(&format!(" AS {alias}"));
                Ok(())
            }
            SelectItem::Wildcard(options) => {
                self.wildcard(options, item)?;
                self.star();
                Ok(())
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) => {
                self.wildcard(options, item)?;
                let name = self.single(name, "table")?;
                self.text(&format!("{name}.*"));
                Ok(())
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _)
            | SelectItem::ExprWithAliases { .. } => Err(self.refuse(
                "this column",
                "write an expression, with AS and a name if need be",
                item,
            )),
        }
    }

    fn wildcard(&self, options: &WildcardAdditionalOptions, item: &SelectItem) -> Written {
        let WildcardAdditionalOptions {
            wildcard_token: _,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = options;
        let plain = opt_ilike.is_none()
            && opt_exclude.is_none()
            && opt_except.is_none()
            && opt_replace.is_none()
            && opt_rename.is_none()
            && opt_alias.is_none();
        self.absent(plain, "an option of `*`", item)
    }
}
