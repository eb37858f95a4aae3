//! The names of the columns that a statement yields.

use sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr};

/// The names of a query's columns: those of its leftmost SELECT, as both databases have it.
pub(crate) fn of_query(query: &Query) -> Option<Vec<String>> {
    let mut body = &*query.body;
    loop {
        match body {
            SetExpr::Select(select) => return of_items(&select.projection),
            SetExpr::SetOperation { left, .. } => body = left,
            SetExpr::Query(query) => body = &query.body,
            SetExpr::Values(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => return None,
        }
    }
}

pub(crate) fn of_items(items: &[SelectItem]) -> Option<Vec<String>> {
    items.iter().map(of_item).collect()
}

fn of_item(item: &SelectItem) -> Option<String> {
    let name = match item {
        SelectItem::ExprWithAlias { alias, .. } => alias,
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => name,
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(path)) => path.last()?,
        SelectItem::UnnamedExpr(_)
        | SelectItem::ExprWithAliases { .. }
        | SelectItem::QualifiedWildcard(..)
        | SelectItem::Wildcard(_) => return None,
    };
    Some(folded(name))
}

/// The writer has accepted the name already: quoted ones are in lower case.
fn folded(name: &Ident) -> String {
    name.value.to_ascii_lowercase()
}
