//! The SQL of the blog. Every statement is rewritten at compile time to see one tenant only.

use goplt_core::{
    Timestamp, Uuid,
    data::{DbError, TenantTx},
};

use crate::{
    domain::{Comment, Draft, Post},
    tenant_sql,
};

/// Lists stop here: one more than a page, to know whether there is another.
pub(crate) async fn list_posts(
    tx: &mut TenantTx,
    author: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Post>, DbError> {
    let before = before.unwrap_or(LAST);
    let Some(author) = author else {
        return tx
            .fetch_all(tenant_sql!(
                "SELECT id, author_id, title, content, version, created_at, updated_at
                 FROM blog_posts WHERE id < ? ORDER BY id DESC LIMIT ?",
                before,
                limit
            ))
            .await;
    };
    tx.fetch_all(tenant_sql!(
        "SELECT id, author_id, title, content, version, created_at, updated_at
         FROM blog_posts WHERE author_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        author,
        before,
        limit
    ))
    .await
}

pub(crate) async fn find_post(tx: &mut TenantTx, id: Uuid) -> Result<Option<Post>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "SELECT id, author_id, title, content, version, created_at, updated_at
         FROM blog_posts WHERE id = ?",
        id
    ))
    .await
}

pub(crate) async fn insert_post(tx: &mut TenantTx, post: &Post) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO blog_posts (id, author_id, title, content, version, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        post.id,
        post.author_id.as_str(),
        post.title.as_str(),
        post.content.as_str(),
        post.version,
        post.created_at,
        post.updated_at
    ))
    .await?;
    Ok(())
}

/// The changed post, if it has the version still.
pub(crate) async fn update_post(
    tx: &mut TenantTx,
    id: Uuid,
    version: i64,
    draft: &Draft,
    at: Timestamp,
) -> Result<Option<Post>, DbError> {
    tx.fetch_optional(tenant_sql!(
        "UPDATE blog_posts SET title = ?, content = ?, version = version + 1, updated_at = ?
         WHERE id = ? AND version = ?
         RETURNING id, author_id, title, content, version, created_at, updated_at",
        draft.title(),
        draft.content(),
        at,
        id,
        version
    ))
    .await
}

/// Comments go with their post.
pub(crate) async fn delete_post(tx: &mut TenantTx, id: Uuid) -> Result<u64, DbError> {
    tx.execute(tenant_sql!("DELETE FROM blog_posts WHERE id = ?", id))
        .await
}

pub(crate) async fn count_posts(
    tx: &mut TenantTx,
    from: Timestamp,
    to: Timestamp,
) -> Result<i64, DbError> {
    tx.fetch_one(tenant_sql!(
        "SELECT COUNT(*) AS posts FROM blog_posts WHERE created_at >= ? AND created_at < ?",
        from,
        to
    ))
    .await
}

pub(crate) async fn list_comments(
    tx: &mut TenantTx,
    post: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Comment>, DbError> {
    tx.fetch_all(tenant_sql!(
        "SELECT id, post_id, author_id, content, created_at
         FROM blog_comments WHERE post_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        post,
        before.unwrap_or(LAST),
        limit
    ))
    .await
}

pub(crate) async fn insert_comment(tx: &mut TenantTx, comment: &Comment) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO blog_comments (id, post_id, author_id, content, created_at)
         VALUES (?, ?, ?, ?, ?)",
        comment.id,
        comment.post_id,
        comment.author_id.as_str(),
        comment.content.as_str(),
        comment.created_at
    ))
    .await?;
    Ok(())
}

pub(crate) async fn delete_comment(
    tx: &mut TenantTx,
    post: Uuid,
    id: Uuid,
) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "DELETE FROM blog_comments WHERE post_id = ? AND id = ?",
        post,
        id
    ))
    .await
}

/// Puts `nobody` in the place of an author.
pub(crate) async fn forget_author(
    tx: &mut TenantTx,
    author: &str,
    nobody: &str,
) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "UPDATE blog_posts SET author_id = ? WHERE author_id = ?",
        nobody,
        author
    ))
    .await?;
    tx.execute(tenant_sql!(
        "UPDATE blog_comments SET author_id = ? WHERE author_id = ?",
        nobody,
        author
    ))
    .await?;
    Ok(())
}

/// Later than every id.
const LAST: Uuid = Uuid::from_bytes([0xff; 16]);
