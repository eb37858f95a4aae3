//! REST: what comes in, what goes out. The routes and their permissions are in `module.yaml`.

use std::sync::Arc;

use goplt_core::{Problem, RequestContext, Timestamp, Uuid};
use goplt_module::http::{Created, ETag, IfMatch, Json, ListQuery, NoContent, Page, Path, State};
use serde::{Deserialize, Serialize};

use crate::{
    Blog,
    domain::{self, Draft},
    service::Names,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostBody {
    title: String,
    content: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentBody {
    content: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PostFilter {
    author_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PostPath {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CommentPath {
    id: Uuid,
    comment_id: Uuid,
}

#[derive(Debug, Serialize)]
pub(crate) struct Post {
    id: Uuid,
    author_id: String,
    author_name: Option<String>,
    title: String,
    content: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct Comment {
    id: Uuid,
    post_id: Uuid,
    author_id: String,
    content: String,
    created_at: Timestamp,
}

pub(crate) async fn create_post(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    Json(body): Json<PostBody>,
) -> Result<(ETag, Created<Post>), Problem> {
    let post = blog.create_post(&cx, body.title, body.content).await?;
    let location = format!("/api/v1/blog/posts/{}", post.id);
    let etag = ETag::of_version(post.version.number());
    Ok((etag, Created::at(location, named(&blog, &cx, post).await)))
}

pub(crate) async fn list_posts(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    list: ListQuery<PostFilter>,
) -> Result<Json<Page<Post>>, Problem> {
    let author = list.filter.author_id.as_deref();
    let page = blog
        .posts(&cx, author, list.cursor.as_ref(), list.limit)
        .await?;
    let names = blog.names(&cx, &page.items).await;
    Ok(Json(page.map(|post| Post::new(post, &names))))
}

pub(crate) async fn get_post(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    Path(path): Path<PostPath>,
) -> Result<(ETag, Json<Post>), Problem> {
    let post = blog.post(&cx, path.id).await?;
    Ok((
        ETag::of_version(post.version.number()),
        Json(named(&blog, &cx, post).await),
    ))
}

pub(crate) async fn update_post(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    Path(path): Path<PostPath>,
    if_match: IfMatch,
    Json(body): Json<PostBody>,
) -> Result<(ETag, Json<Post>), Problem> {
    let draft = Draft::new(body.title, body.content, blog.max_content)?;
    let post = blog
        .update_post(&cx, path.id, draft, accepts(&if_match))
        .await?;
    Ok((
        ETag::of_version(post.version.number()),
        Json(named(&blog, &cx, post).await),
    ))
}

pub(crate) async fn delete_post(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    Path(path): Path<PostPath>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    blog.delete_post(&cx, path.id, accepts(&if_match)).await?;
    Ok(NoContent)
}

pub(crate) async fn create_comment(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    Path(path): Path<PostPath>,
    Json(body): Json<CommentBody>,
) -> Result<Created<Comment>, Problem> {
    let comment = blog.create_comment(&cx, path.id, body.content).await?;
    let location = format!("/api/v1/blog/posts/{}/comments/{}", path.id, comment.id);
    Ok(Created::at(location, comment.into()))
}

pub(crate) async fn list_comments(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    Path(path): Path<PostPath>,
    list: ListQuery,
) -> Result<Json<Page<Comment>>, Problem> {
    let page = blog
        .comments(&cx, path.id, list.cursor.as_ref(), list.limit)
        .await?;
    Ok(Json(page.map(Comment::from)))
}

pub(crate) async fn delete_comment(
    State(blog): State<Arc<Blog>>,
    cx: RequestContext,
    Path(path): Path<CommentPath>,
) -> Result<NoContent, Problem> {
    blog.delete_comment(&cx, path.id, path.comment_id).await?;
    Ok(NoContent)
}

/// Which versions the caller's `If-Match` accepts.
fn accepts(if_match: &IfMatch) -> impl Fn(i64) -> bool {
    |version| if_match.check(&ETag::of_version(version)).is_ok()
}

async fn named(blog: &Blog, cx: &RequestContext, post: domain::Post) -> Post {
    let names = blog.names(cx, std::slice::from_ref(&post)).await;
    Post::new(post, &names)
}

impl Post {
    fn new(post: domain::Post, names: &Names) -> Self {
        Self {
            id: post.id,
            author_name: names.get(&post.author_id).cloned(),
            author_id: post.author_id,
            title: post.title,
            content: post.content,
            version: post.version.number(),
            created_at: post.created_at,
            updated_at: post.updated_at,
        }
    }
}

impl From<domain::Comment> for Comment {
    fn from(comment: domain::Comment) -> Self {
        let domain::Comment {
            id,
            post_id,
            author_id,
            content,
            created_at,
        } = comment;
        Self {
            id,
            post_id,
            author_id,
            content,
            created_at,
        }
    }
}
