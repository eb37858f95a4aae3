//! The SQL of analytics. Every statement is rewritten at compile time to see one tenant only.

use goplt_core::data::{DbError, FromRow, TenantTx};

use crate::tenant_sql;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Post,
    Comment,
}

/// How many posts a user wrote.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct AuthorRow {
    pub(crate) author_id: String,
    pub(crate) posts_created: i64,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
        }
    }
}

pub(crate) async fn add(tx: &mut TenantTx, kind: Kind) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO analytics_totals (kind, created) VALUES (?, 1)
         ON CONFLICT (tenant_id, kind) DO UPDATE SET created = analytics_totals.created + 1",
        kind.as_str()
    ))
    .await?;
    Ok(())
}

pub(crate) async fn add_post_of(tx: &mut TenantTx, author: &str) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO analytics_authors (author_id, posts_created) VALUES (?, 1)
         ON CONFLICT (tenant_id, author_id)
         DO UPDATE SET posts_created = analytics_authors.posts_created + 1",
        author
    ))
    .await?;
    Ok(())
}

pub(crate) async fn total(tx: &mut TenantTx, kind: Kind) -> Result<i64, DbError> {
    let found: Option<i64> = tx
        .fetch_optional(tenant_sql!(
            "SELECT created FROM analytics_totals WHERE kind = ?",
            kind.as_str()
        ))
        .await?;
    Ok(found.unwrap_or_default())
}

/// Those who wrote most, first.
pub(crate) async fn authors(tx: &mut TenantTx, limit: i64) -> Result<Vec<AuthorRow>, DbError> {
    tx.fetch_all(tenant_sql!(
        "SELECT author_id, posts_created FROM analytics_authors
         ORDER BY posts_created DESC, author_id DESC LIMIT ?",
        limit
    ))
    .await
}
