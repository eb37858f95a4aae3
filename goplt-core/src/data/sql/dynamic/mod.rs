//! Statements that are known only at run time.

mod cache;

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use goplt_sql::Tables;

use self::cache::Cache;
use super::{Bound, Statement, TenantSql, Text};
use crate::data::{DbError, Value};

/// Analysed statements: an analysis costs about as much as running one.
static KNOWN: LazyLock<RwLock<Cache<Statement>>> = LazyLock::new(RwLock::default);

impl TenantSql {
    /// Analyses and rewrites `sql` now, by the rules of `tenant_sql!`.
    ///
    /// `tables` are the tenant tables that it may touch. The analysis is kept for the next
    /// call with the same text: put what varies into `binds`, one for each `?`.
    ///
    /// # Errors
    ///
    /// [`DbError::Sql`] with the place and the mend if the text is refused, [`DbError::Binds`] if
    /// the number of binds is not that of the `?`.
    ///
    /// # Examples
    ///
    /// ```
    /// use goplt_core::data::{IntoValue, TenantSql};
    ///
    /// let order = "title";
    /// let sql = format!("SELECT id FROM blog_posts WHERE likes > ? ORDER BY {order}");
    /// let posts = TenantSql::checked(&sql, vec![10_i64.into_value()], &["blog_posts"])?;
    /// assert!(posts.sqlite().contains("blog_posts.tenant_id = ?2"));
    ///
    /// assert!(TenantSql::checked("DROP TABLE blog_posts", vec![], &["blog_posts"]).is_err());
    /// # Ok::<_, goplt_core::data::DbError>(())
    /// ```
    pub fn checked(sql: &str, binds: Vec<Value>, tables: &[&str]) -> Result<Self, DbError> {
        let statement = analysed(sql, tables)?;
        let (wanted, found) = (statement.params, binds.len());
        if wanted != found {
            return Err(DbError::Binds { wanted, found });
        }
        let statement = Text::Shared(statement);
        Ok(Self {
            bound: Bound {
                statement,
                values: binds,
            },
        })
    }
}

fn analysed(sql: &str, tables: &[&str]) -> Result<Arc<Statement>, DbError> {
    let names = tables.join(",");
    let known = KNOWN
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .young(&names, sql);
    if let Some(known) = known {
        return Ok(known);
    }
    let renewed = KNOWN
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .renewed(&names, sql);
    if let Some(known) = renewed {
        return Ok(known);
    }
    let rewritten = goplt_sql::rewrite(sql, &Tables::new(tables.iter().copied()))
        .map_err(|error| DbError::Sql(error.render(sql).into()))?;
    let statement = Arc::new(Statement {
        takes_tenant: rewritten.tenant_param.is_some(),
        of_all_tenants: false,
        writes: rewritten.writes,
        params: rewritten.params,
        sqlite: Cow::Owned(rewritten.sqlite),
        postgres: Cow::Owned(rewritten.postgres),
    });
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.insert(&names, sql, statement.clone());
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::IntoValue;

    #[test]
    fn both_databases_have_their_text() {
        let sql = "SELECT id FROM posts WHERE title ILIKE ?";
        let checked = TenantSql::checked(sql, vec!["a%".into_value()], &["posts"]).unwrap();
        let from = "FROM (SELECT * FROM posts WHERE posts.tenant_id =";
        assert!(
            checked.sqlite().contains(&format!("{from} ?2)")),
            "{checked:?}"
        );
        assert!(checked.sqlite().contains("title LIKE ?1"), "{checked:?}");
        assert!(
            checked.postgres().contains(&format!("{from} $2)")),
            "{}",
            checked.postgres()
        );
        assert!(
            checked.postgres().contains("title ILIKE $1"),
            "{}",
            checked.postgres()
        );
    }

    #[test]
    fn a_text_is_analysed_once() {
        let sql = "SELECT id FROM posts WHERE id = 31";
        let of = |sql: &str| analysed(sql, &["posts"]).unwrap();
        assert!(Arc::ptr_eq(&of(sql), &of(sql)));
        assert!(!Arc::ptr_eq(
            &of(sql),
            &analysed(sql, &["posts", "comments"]).unwrap()
        ));
    }

    #[test]
    fn a_text_that_is_known_for_other_tables_is_refused_for_these() {
        let sql = "SELECT id FROM invoices";
        assert!(TenantSql::checked(sql, vec![], &["invoices"]).is_ok());
        let refused = TenantSql::checked(sql, vec![], &["posts"]).unwrap_err();
        assert!(
            refused.to_string().contains("unknown table `invoices`"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_refused_and_binds_that_do_not_fit_are_told() {
        for sql in [
            "DELETE FROM posts; SELECT 1",
            "SELECT * FROM pg_class",
            "SELECT id FROM posts WHERE id = $1",
        ] {
            assert!(
                matches!(
                    TenantSql::checked(sql, vec![], &["posts"]),
                    Err(DbError::Sql(_))
                ),
                "{sql}"
            );
        }
        let few = TenantSql::checked("SELECT id FROM posts WHERE id = ?", vec![], &["posts"]);
        assert!(
            matches!(
                few,
                Err(DbError::Binds {
                    wanted: 1,
                    found: 0
                })
            ),
            "{few:?}"
        );
    }
}
