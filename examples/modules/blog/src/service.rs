//! What the blog does, for its REST handlers and its contract alike.

use std::{collections::HashMap, sync::Arc};

use blog_contract::{CommentCreated, CommentDeleted, PostCreated, PostDeleted, PostUpdated};
use goplt_contracts::identity::{BatchGetUsersRequest, IdentityService};
use goplt_core::{
    Clock, RequestContext, Timestamp, Uuid,
    data::{Cursor, Page, RowVersion, TenantDb},
    id::Ids,
};

use crate::{
    domain::{BlogError, Comment, Draft, Post, check_content},
    event,
    repo::{self, COMMENTS, POSTS},
};

/// The blog of all tenants.
#[derive(Clone)]
pub struct Blog {
    pub(crate) db: TenantDb,
    pub(crate) identity: Arc<dyn IdentityService>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) max_content: usize,
}

/// Names by author; who is not in it has none, or identity did not answer.
pub(crate) type Names = HashMap<String, String>;

impl Blog {
    pub(crate) async fn create_post(
        &self,
        cx: &RequestContext,
        title: String,
        content: String,
    ) -> Result<Post, BlogError> {
        let draft = Draft::new(title, content, self.max_content)?;
        let now = self.clock.now();
        let post = Post {
            id: self.ids.next(),
            author_id: author(cx)?,
            title: draft.title().to_owned(),
            content: draft.content().to_owned(),
            version: RowVersion::FIRST,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.db.begin(cx.scope()?).await?;
        POSTS.insert(&mut tx, &post).await?;
        let created = PostCreated {
            post_id: post.id.to_string(),
            author_id: post.author_id.clone(),
        };
        tx.outbox().publish(event::POST_CREATED, &created).await?;
        tx.commit().await?;
        Ok(post)
    }

    pub(crate) async fn post(&self, cx: &RequestContext, id: Uuid) -> Result<Post, BlogError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        POSTS.find(&mut tx, id).await?.ok_or(BlogError::NoPost)
    }

    /// Newest first, from where the last page ended.
    pub(crate) async fn posts(
        &self,
        cx: &RequestContext,
        author: Option<&str>,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<Post>, BlogError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        let page = match author {
            Some(author) => repo::posts_of(&mut tx, author, cursor, limit).await?,
            None => POSTS.page(&mut tx, cursor, limit).await?,
        };
        Ok(page)
    }

    /// Changes the post if it has one of the versions that `expected` accepts.
    pub(crate) async fn update_post(
        &self,
        cx: &RequestContext,
        id: Uuid,
        draft: Draft,
        expected: impl Fn(i64) -> bool,
    ) -> Result<Post, BlogError> {
        let mut tx = self.db.begin(cx.scope()?).await?;
        let mut post = POSTS.find(&mut tx, id).await?.ok_or(BlogError::NoPost)?;
        let present = post.version;
        if !expected(present.number()) {
            return Err(BlogError::Changed { present });
        }
        (post.title, post.content) = draft.into_parts();
        post.updated_at = self.clock.now();
        // Where readers do not block writers, another may have come between.
        POSTS.update(&mut tx, &mut post).await?;
        let updated = PostUpdated {
            post_id: id.to_string(),
            version: post.version.number(),
        };
        tx.outbox().publish(event::POST_UPDATED, &updated).await?;
        tx.commit().await?;
        Ok(post)
    }

    pub(crate) async fn delete_post(
        &self,
        cx: &RequestContext,
        id: Uuid,
        expected: impl Fn(i64) -> bool,
    ) -> Result<(), BlogError> {
        let mut tx = self.db.begin(cx.scope()?).await?;
        let post = POSTS.find(&mut tx, id).await?.ok_or(BlogError::NoPost)?;
        let present = post.version;
        if !expected(present.number()) {
            return Err(BlogError::Changed { present });
        }
        // Comments go with their post.
        POSTS.delete(&mut tx, id).await?;
        let deleted = PostDeleted {
            post_id: id.to_string(),
        };
        tx.outbox().publish(event::POST_DELETED, &deleted).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn count_posts(
        &self,
        cx: &RequestContext,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<i64, BlogError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        Ok(repo::count_posts(&mut tx, from, to).await?)
    }

    pub(crate) async fn create_comment(
        &self,
        cx: &RequestContext,
        post_id: Uuid,
        content: String,
    ) -> Result<Comment, BlogError> {
        if let Some(violation) = check_content(&content, self.max_content) {
            return Err(BlogError::Rules(vec![violation]));
        }
        let created_at = self.clock.now();
        let id = self.ids.next();
        let comment = Comment {
            id,
            post_id,
            author_id: author(cx)?,
            content,
            created_at,
        };
        let mut tx = self.db.begin(cx.scope()?).await?;
        let post = POSTS.find(&mut tx, post_id).await?;
        let post = post.ok_or(BlogError::NoPost)?;
        COMMENTS.insert(&mut tx, &comment).await?;
        let created = CommentCreated {
            comment_id: comment.id.to_string(),
            post_id: post_id.to_string(),
            author_id: comment.author_id.clone(),
            post_author_id: post.author_id,
        };
        tx.outbox()
            .publish(event::COMMENT_CREATED, &created)
            .await?;
        tx.commit().await?;
        Ok(comment)
    }

    /// Newest first, from where the last page ended.
    pub(crate) async fn comments(
        &self,
        cx: &RequestContext,
        post: Uuid,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<Comment>, BlogError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        POSTS.find(&mut tx, post).await?.ok_or(BlogError::NoPost)?;
        Ok(repo::comments_on(&mut tx, post, cursor, limit).await?)
    }

    pub(crate) async fn delete_comment(
        &self,
        cx: &RequestContext,
        post: Uuid,
        id: Uuid,
    ) -> Result<(), BlogError> {
        let mut tx = self.db.begin(cx.scope()?).await?;
        if repo::delete_comment(&mut tx, post, id).await? == 0 {
            return Err(BlogError::NoComment);
        }
        let deleted = CommentDeleted {
            comment_id: id.to_string(),
            post_id: post.to_string(),
        };
        tx.outbox()
            .publish(event::COMMENT_DELETED, &deleted)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The names of the authors. A post is worth reading without them: when identity does not
    /// answer, there are none.
    pub(crate) async fn names(&self, cx: &RequestContext, posts: &[Post]) -> Names {
        let mut ids: Vec<_> = posts.iter().map(|post| post.author_id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Names::new();
        }
        match self
            .identity
            .batch_get_users(cx, BatchGetUsersRequest { ids })
            .await
        {
            Ok(answer) => {
                let users = answer.users.into_iter();
                users
                    .filter_map(|user| Some((user.id, user.name?)))
                    .collect()
            }
            Err(error) => {
                tracing::warn!(%error, "posts are shown without the names of their authors");
                Names::new()
            }
        }
    }
}

fn author(cx: &RequestContext) -> Result<String, BlogError> {
    let principal = cx.principal().ok_or(BlogError::NoAuthor)?;
    Ok(principal.subject().to_owned())
}

impl std::fmt::Debug for Blog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blog")
            .field("max_content", &self.max_content)
            .finish_non_exhaustive()
    }
}
