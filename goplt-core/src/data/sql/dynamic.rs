//! Statements that are known only at run time.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use goplt_sql::Tables;

use super::{Bound, Statement, TenantSql, Text};
use crate::data::{DbError, Value};

/// Analysed statements by tables and text: an analysis costs about as much as running one.
static KNOWN: LazyLock<RwLock<HashMap<Key, Arc<Statement>>>> = LazyLock::new(RwLock::default);

/// Past this many the memory is worth more than the time; texts that vary without end are a mistake.
const MOST: usize = 1_000;

type Key = (String, String);

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
    let key = (tables.join(","), sql.to_owned());
    if let Some(known) = KNOWN
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
    {
        return Ok(known.clone());
    }
    let rewritten = goplt_sql::rewrite(sql, &Tables::new(tables.iter().copied()))
        .map_err(|error| DbError::Sql(error.render(sql).into()))?;
    let statement = Arc::new(Statement {
        takes_tenant: rewritten.tenant_param.is_some(),
        writes: rewritten.writes,
        params: rewritten.params,
        sqlite: Cow::Owned(rewritten.sqlite),
        postgres: Cow::Owned(rewritten.postgres),
    });
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(key, statement.clone());
    Ok(statement)
}
