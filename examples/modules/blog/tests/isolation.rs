//! The blog keeps its tenants apart, on each database.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::sync::Arc;

use blog::BlogModule;
use blog_contract::{
    BlogService, CountPostsRequest, CreateCommentRequest, CreatePostRequest, DeleteCommentRequest,
    DeletePostRequest, GetPostRequest, ListCommentsRequest, ListPostsRequest, UpdatePostRequest,
};
use goplt_contracts::identity::{
    BatchGetUsersResponse, FakeIdentityService, IdentityService, UserDeleted,
};
use goplt_testing::isolation::{Call, Isolation, Seeding};
use serde_json::json;

const POSTS: &str = "/api/v1/blog/posts";

struct Ids {
    post: String,
    comment: String,
    author: String,
}

async fn seed(tenant: &Seeding<'_>) -> Ids {
    let caller = tenant.caller();
    let text = json!({ "title": tenant.mark("title"), "content": tenant.mark("content") });
    let post = caller.post(POSTS, text).await;
    let comments = format!("{}/comments", post.header("location"));
    let text = json!({ "content": tenant.mark("comment") });
    let comment = caller.post(&comments, text).await.json();
    Ids {
        post: post.json()["id"].as_str().unwrap().to_owned(),
        comment: comment["id"].as_str().unwrap().to_owned(),
        author: caller.subject().unwrap().to_owned(),
    }
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    let path = |ids: &Ids| format!("{POSTS}/{}", ids.post);
    let text = || json!({ "title": "new", "content": "text" });
    let suite = suite
        .host(|host| {
            let identity: Arc<dyn IdentityService> = Arc::new(
                FakeIdentityService::new()
                    .on_batch_get_users(|_, _| Ok(BatchGetUsersResponse::default())),
            );
            host.outside("identity", "1.0.0").supply(identity)
        })
        .seed(seed)
        .route("create_post", move |_, _| Call::post(POSTS, text()))
        .route("list_posts", |_, ids| {
            Call::get(format!("{POSTS}?author_id={}", ids.author))
        })
        .route("get_post", move |_, ids| Call::get(path(ids)))
        .route("update_post", move |_, ids| Call::put(path(ids), text()))
        .route("delete_post", move |_, ids| Call::delete(path(ids)))
        .route("create_comment", move |_, ids| {
            let comments = format!("{}/comments", path(ids));
            Call::post(comments, json!({ "content": "late" }))
        })
        .route("list_comments", move |_, ids| {
            Call::get(format!("{}/comments", path(ids)))
        })
        .route("delete_comment", move |_, ids| {
            Call::delete(format!("{}/comments/{}", path(ids), ids.comment))
        })
        .event(|_, ids| UserDeleted {
            user_id: ids.author.clone(),
        });
    rpcs(suite)
}

fn rpcs(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .rpc("CreatePost", async |blog: &dyn BlogService, cx, _, _| {
            let post = CreatePostRequest {
                title: "new".to_owned(),
                content: "text".to_owned(),
            };
            blog.create_post(cx, post).await
        })
        .rpc("GetPost", async |blog: &dyn BlogService, cx, _, ids| {
            let id = ids.post.clone();
            blog.get_post(cx, GetPostRequest { id }).await
        })
        .rpc("ListPosts", async |blog: &dyn BlogService, cx, _, ids| {
            let list = ListPostsRequest {
                author_id: Some(ids.author.clone()),
                ..ListPostsRequest::default()
            };
            blog.list_posts(cx, list).await
        })
        .rpc("UpdatePost", async |blog: &dyn BlogService, cx, _, ids| {
            let update = UpdatePostRequest {
                id: ids.post.clone(),
                title: "new".to_owned(),
                content: "text".to_owned(),
                version: None,
            };
            blog.update_post(cx, update).await
        })
        .rpc("DeletePost", async |blog: &dyn BlogService, cx, _, ids| {
            let delete = DeletePostRequest {
                id: ids.post.clone(),
                version: None,
            };
            blog.delete_post(cx, delete).await
        })
        .rpc(
            "CreateComment",
            async |blog: &dyn BlogService, cx, _, ids| {
                let comment = CreateCommentRequest {
                    post_id: ids.post.clone(),
                    content: "late".to_owned(),
                };
                blog.create_comment(cx, comment).await
            },
        )
        .rpc(
            "ListComments",
            async |blog: &dyn BlogService, cx, _, ids| {
                let list = ListCommentsRequest {
                    post_id: ids.post.clone(),
                    ..ListCommentsRequest::default()
                };
                blog.list_comments(cx, list).await
            },
        )
        .rpc(
            "DeleteComment",
            async |blog: &dyn BlogService, cx, _, ids| {
                let delete = DeleteCommentRequest {
                    post_id: ids.post.clone(),
                    id: ids.comment.clone(),
                };
                blog.delete_comment(cx, delete).await
            },
        )
        .rpc("CountPosts", async |blog: &dyn BlogService, cx, _, _| {
            let always = CountPostsRequest {
                from: 0,
                to: i64::MAX,
            };
            blog.count_posts(cx, always).await
        })
}

goplt_testing::isolation_suite!(BlogModule, calls);
