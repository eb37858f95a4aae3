//! The contract `BlogService`.

use std::sync::Arc;

use async_trait::async_trait;
use blog_contract::{
    BlogService, Comment, CountPostsRequest, CountPostsResponse, CreateCommentRequest,
    CreatePostRequest, DeleteCommentRequest, DeletePostRequest, GetPostRequest,
    ListCommentsRequest, ListCommentsResponse, ListPostsRequest, ListPostsResponse, Post,
    UpdatePostRequest,
};
use goplt_core::{RequestContext, Timestamp, Uuid, contract::RpcError};
use goplt_module::http::ListQuery;

use crate::{
    Blog,
    domain::{self, BlogError, Draft},
    service::Names,
};

/// The provider that other modules call.
#[derive(Debug, Clone)]
pub(crate) struct Rpc(pub(crate) Arc<Blog>);

#[async_trait]
impl BlogService for Rpc {
    async fn create_post(
        &self,
        cx: &RequestContext,
        req: CreatePostRequest,
    ) -> Result<Post, RpcError> {
        let post = self.0.create_post(cx, req.title, req.content).await?;
        self.named(cx, post).await
    }

    async fn get_post(&self, cx: &RequestContext, req: GetPostRequest) -> Result<Post, RpcError> {
        let post = self.0.post(cx, post_id(&req.id)?).await?;
        self.named(cx, post).await
    }

    async fn list_posts(
        &self,
        cx: &RequestContext,
        req: ListPostsRequest,
    ) -> Result<ListPostsResponse, RpcError> {
        let list = ListQuery::of_request(req.limit, req.cursor.as_deref())?;
        let author = req.author_id.as_deref();
        let page = self
            .0
            .posts(cx, author, list.cursor.as_ref(), list.limit)
            .await?;
        let names = self.0.names(cx, &page.items).await;
        let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
        let posts = page
            .items
            .into_iter()
            .map(|post| message(post, &names))
            .collect();
        Ok(ListPostsResponse { posts, next_cursor })
    }

    async fn update_post(
        &self,
        cx: &RequestContext,
        req: UpdatePostRequest,
    ) -> Result<Post, RpcError> {
        let id = post_id(&req.id)?;
        let draft = Draft::new(req.title, req.content, self.0.max_content)?;
        let expected = move |present| req.version.is_none_or(|version| version == present);
        let post = self.0.update_post(cx, id, draft, expected).await?;
        self.named(cx, post).await
    }

    async fn delete_post(
        &self,
        cx: &RequestContext,
        req: DeletePostRequest,
    ) -> Result<(), RpcError> {
        let expected = move |present| req.version.is_none_or(|version| version == present);
        Ok(self.0.delete_post(cx, post_id(&req.id)?, expected).await?)
    }

    async fn create_comment(
        &self,
        cx: &RequestContext,
        req: CreateCommentRequest,
    ) -> Result<Comment, RpcError> {
        let post = post_id(&req.post_id)?;
        Ok(self.0.create_comment(cx, post, req.content).await?.into())
    }

    async fn list_comments(
        &self,
        cx: &RequestContext,
        req: ListCommentsRequest,
    ) -> Result<ListCommentsResponse, RpcError> {
        let list = ListQuery::of_request(req.limit, req.cursor.as_deref())?;
        let post = post_id(&req.post_id)?;
        let page = self
            .0
            .comments(cx, post, list.cursor.as_ref(), list.limit)
            .await?;
        let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
        let comments = page.items.into_iter().map(Comment::from).collect();
        Ok(ListCommentsResponse {
            comments,
            next_cursor,
        })
    }

    async fn delete_comment(
        &self,
        cx: &RequestContext,
        req: DeleteCommentRequest,
    ) -> Result<(), RpcError> {
        let id = req.id.parse().map_err(|_| BlogError::NoComment)?;
        Ok(self
            .0
            .delete_comment(cx, post_id(&req.post_id)?, id)
            .await?)
    }

    async fn count_posts(
        &self,
        cx: &RequestContext,
        req: CountPostsRequest,
    ) -> Result<CountPostsResponse, RpcError> {
        let (from, to) = (
            Timestamp::from_micros(req.from),
            Timestamp::from_micros(req.to),
        );
        Ok(CountPostsResponse {
            count: self.0.count_posts(cx, from, to).await?,
        })
    }
}

impl Rpc {
    async fn named(&self, cx: &RequestContext, post: domain::Post) -> Result<Post, RpcError> {
        let names = self.0.names(cx, std::slice::from_ref(&post)).await;
        Ok(message(post, &names))
    }
}

fn message(post: domain::Post, names: &Names) -> Post {
    Post {
        id: post.id.to_string(),
        author_name: names.get(&post.author_id).cloned(),
        author_id: post.author_id,
        title: post.title,
        content: post.content,
        version: post.version.number(),
        created_at: post.created_at.as_micros(),
        updated_at: post.updated_at.as_micros(),
    }
}

impl From<domain::Comment> for Comment {
    fn from(comment: domain::Comment) -> Self {
        Self {
            id: comment.id.to_string(),
            post_id: comment.post_id.to_string(),
            author_id: comment.author_id,
            content: comment.content,
            created_at: comment.created_at.as_micros(),
        }
    }
}

fn post_id(text: &str) -> Result<Uuid, BlogError> {
    text.parse().map_err(|_| BlogError::NoPost)
}
