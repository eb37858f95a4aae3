//! The SQL of the blog. Every statement is rewritten at compile time to see one tenant only.

use goplt_core::{
    Timestamp, Uuid,
    data::{Cursor, DbError, Entity, Page, Repo, TenantTx},
};

use crate::{
    domain::{Comment, Post},
    tenant_sql,
};

/// The posts by id.
pub(crate) const POSTS: Repo<Post> = Repo::new();
/// The comments by id.
pub(crate) const COMMENTS: Repo<Comment> = Repo::new();

/// Newest first.
pub(crate) async fn posts_of(
    tx: &mut TenantTx,
    author: &str,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<Post>, DbError> {
    let posts = tx
        .fetch_all(tenant_sql!(
            "SELECT id, author_id, title, content, version, created_at, updated_at
             FROM blog_posts WHERE author_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
            author,
            before(cursor)?,
            one_more(limit)
        ))
        .await?;
    Ok(Page::of_rows(posts, limit, Entity::id))
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

/// Newest first.
pub(crate) async fn comments_on(
    tx: &mut TenantTx,
    post: Uuid,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<Comment>, DbError> {
    let comments = tx
        .fetch_all(tenant_sql!(
            "SELECT id, post_id, author_id, content, created_at
             FROM blog_comments WHERE post_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
            post,
            before(cursor)?,
            one_more(limit)
        ))
        .await?;
    Ok(Page::of_rows(comments, limit, Entity::id))
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

/// The id where the last page ended, or one later than every id.
fn before(cursor: Option<&Cursor>) -> Result<Uuid, DbError> {
    const LAST: Uuid = Uuid::from_bytes([0xff; 16]);
    Ok(cursor.map_or(Ok(LAST), Cursor::key)?)
}

/// One row more than a page holds tells whether there is another page.
fn one_more(limit: u32) -> i64 {
    i64::from(limit) + 1
}
