//! Bad input is answered with what is wrong, in the one form.

use http::{Method, Request};
use http_body_util::Full;
use hyper::body::Bytes;

use crate::{
    POSTS,
    common::{Answer, request},
    monolith,
};

#[tokio::test]
async fn bad_input_is_answered_with_what_is_wrong() {
    let (_dir, monolith) = monolith().await;
    let editor = monolith.token("acme", "editor").await;
    let send = |body: &str, content_type: &'static str| {
        let request = Request::post(POSTS)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {editor}"))
            .header("content-type", content_type)
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        monolith.send(request)
    };
    let detail = |answer: Answer, status, code, word: &str| {
        let problem = answer.refused(status, code);
        let text = problem.to_string();
        assert!(text.contains(word), "{word} in {text}");
    };
    let json = "application/json";
    detail(send("{", json).await, 400, "invalid_argument", "");
    detail(send("[]", json).await, 400, "invalid_argument", "object");
    detail(
        send(r#"{"title":"t"}"#, json).await,
        400,
        "invalid_argument",
        "content",
    );
    detail(
        send(r#"{"title":"t","content":"c","x":1}"#, json).await,
        400,
        "invalid_argument",
        "x",
    );
    detail(
        send(r#"{"title":1,"content":"c"}"#, json).await,
        400,
        "invalid_argument",
        "title",
    );
    detail(
        send(&"[".repeat(100_000), json).await,
        400,
        "invalid_argument",
        "",
    );
    detail(
        send(r#"{"title":"","content":""}"#, json).await,
        422,
        "invalid_argument",
        "title",
    );
    send("{}", "text/plain")
        .await
        .refused(415, "unsupported_media_type");
    send(&" ".repeat(1_100_000), json)
        .await
        .refused(413, "body_too_large");
    send(
        r#"{"title":"t","content":"c"}"#,
        "application/json; charset=utf-8",
    )
    .await
    .ok(201);

    monolith
        .get("/nowhere", &editor)
        .await
        .refused(404, "not_found");
    monolith
        .get("/api/v1/blog/posts/not-a-uuid", &editor)
        .await
        .refused(404, "not_found");
    let answer = monolith
        .send(request(Method::PATCH, POSTS, &editor, None))
        .await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("POST"));
    for token in ["x", "a.b.c", &"a".repeat(10_000)] {
        let answer = monolith.get(POSTS, token).await;
        answer.refused(401, "unauthenticated");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    monolith
        .send(request(Method::GET, POSTS, "", None))
        .await
        .refused(401, "unauthenticated");
}
