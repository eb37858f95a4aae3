//! Bad input, one row each: what is sent, and the status, code and detail that come back.

use axum::{body::Body, extract::Request};
use http::Method;

use crate::app::{App, settings};

/// What stands in the detail of the problem.
enum Detail {
    Is(&'static str),
    Has(&'static str),
    None,
}
use Detail::{Has, Is, None as Nothing};

struct Row {
    method: Method,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    detail: Detail,
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn json(body: impl Into<Vec<u8>>, detail: Detail) -> Row {
    Row {
        method: Method::POST,
        path: "/order",
        headers: JSON,
        body: body.into(),
        status: 400,
        code: "invalid_argument",
        detail,
    }
}

fn get(path: &'static str, status: u16, code: &'static str, detail: Detail) -> Row {
    Row {
        method: Method::GET,
        path,
        headers: &[],
        body: Vec::new(),
        status,
        code,
        detail,
    }
}

fn rows() -> Vec<Row> {
    let deep = format!(r#"{{"name":{}1{}}}"#, "[".repeat(64), "]".repeat(64));
    let very_deep = "[".repeat(500_000);
    let unsupported = |headers| Row {
        headers,
        status: 415,
        code: "unsupported_media_type",
        ..json(
            "{}",
            Is("send the body as `content-type: application/json`"),
        )
    };
    let put = |headers, status, code, detail| Row {
        method: Method::PUT,
        path: "/items/01890a5d-ac96-774b-bcce-b302099a8057",
        headers,
        body: Vec::new(),
        status,
        code,
        detail,
    };
    vec![
        json("", Has("the body is not JSON: EOF")),
        json("{", Has("line 1")),
        json("{}x", Has("`name`: is missing")),
        json(r#"{"name":"n"} {}"#, Has("trailing characters")),
        json("[]", Is("the body is not a JSON object")),
        json("7", Is("the body is not a JSON object")),
        json(b"{\"name\":\"\xff\"}", Is("byte 9 is not UTF-8")),
        json(r#"{"name":7}"#, Is("`name`: expected a string")),
        json("{}", Is("`name`: is missing")),
        json(
            r#"{"name":"n","x":1}"#,
            Is("`x`: is not known; expected `name` or `items`"),
        ),
        json(r#"{"name":"n","name":"m"}"#, Is("`name`: comes twice")),
        json(
            r#"{"name":"n","items":[{"title":"t"},{"title":{}}]}"#,
            Is("`items[1].title`: expected a string"),
        ),
        json(deep, Is("values are nested deeper than 64 levels")),
        json(very_deep, Is("values are nested deeper than 64 levels")),
        unsupported(&[]),
        unsupported(&[("content-type", "text/plain")]),
        unsupported(&[("content-type", "application/x-www-form-urlencoded")]),
        unsupported(&[("content-type", "application/json; charset=latin1")]),
        Row {
            detail: Is("send the body as it is, without `content-encoding`"),
            ..unsupported(&[
                ("content-type", "application/json"),
                ("content-encoding", "gzip"),
            ])
        },
        Row {
            status: 413,
            code: "body_too_large",
            ..json("x".repeat(2_000_000), Is("a body may have 1048576 bytes"))
        },
        get(
            "/nothing",
            404,
            "not_found",
            Is("there is nothing at this path"),
        ),
        get(
            "/find?x=1",
            400,
            "invalid_argument",
            Is("`x`: is not known"),
        ),
        get(
            "/find?author_id=7",
            400,
            "invalid_argument",
            Has("`author_id`: `7` is not a UUID"),
        ),
        get(
            "/find?author_id=&author_id=",
            400,
            "invalid_argument",
            Is("`author_id`: comes twice"),
        ),
        get("/items?limit=0", 422, "invalid_argument", Nothing),
        get("/items?limit=101", 422, "invalid_argument", Nothing),
        get("/items?limit=x", 422, "invalid_argument", Nothing),
        get(
            "/items?cursor=AAAA",
            400,
            "invalid_argument",
            Has("`cursor` is not one"),
        ),
        get(
            "/items?page=2",
            400,
            "invalid_argument",
            Is("`page`: is not known"),
        ),
        Row {
            method: Method::DELETE,
            ..get("/items", 405, "method_not_allowed", Nothing)
        },
        put(
            &[("if-match", "\"2\"")],
            412,
            "failed_precondition",
            Has("`If-Match`"),
        ),
        put(
            &[("if-match", "W/\"3\"")],
            412,
            "failed_precondition",
            Has("`If-Match`"),
        ),
        put(
            &[("if-match", "3")],
            400,
            "invalid_argument",
            Has("entity tags in quotes"),
        ),
        Row {
            path: "/items/nonsense",
            ..put(&[], 404, "not_found", Nothing)
        },
        Row {
            path: "/items/%ff",
            ..put(&[], 404, "not_found", Nothing)
        },
        get("/boom", 500, "internal", Nothing),
    ]
}

#[tokio::test]
async fn every_kind_of_bad_input_has_its_answer() {
    let app = App::with(settings(|_| {}));
    for row in rows() {
        let what = format!(
            "{} {} {:?}",
            row.method,
            row.path,
            String::from_utf8_lossy(&row.body)
        );
        let what: String = what.chars().take(120).collect();
        let length = row.body.len();
        let mut request = Request::builder()
            .method(row.method)
            .uri(row.path)
            .body(Body::from(row.body))
            .unwrap();
        for (name, value) in row.headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        request
            .headers_mut()
            .insert("content-length", length.into());
        let answer = app.call(request).await;
        let json = answer.json();
        assert_eq!(answer.status, row.status, "{what}: {json}");
        assert_eq!(json["code"], row.code, "{what}");
        assert_eq!(json["status"], row.status, "{what}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{what}"
        );
        assert_eq!(json["request_id"], answer.header("x-request-id"), "{what}");
        match row.detail {
            Is(detail) => assert_eq!(json["detail"], detail, "{what}"),
            Has(part) => {
                let detail = json["detail"].as_str().unwrap_or_default();
                assert!(detail.contains(part), "{what}: {detail}");
            }
            Nothing => assert!(json["detail"].is_null(), "{what}"),
        }
    }
}

#[tokio::test]
async fn a_rule_that_is_broken_names_the_field() {
    let answer = App::new().call(crate::app::get("/items?limit=1000")).await;
    let json = answer.json();
    assert_eq!(json["errors"][0]["field"], "limit");
    assert_eq!(
        json["errors"][0]["message"],
        "must be a number from 1 to 100"
    );
}

#[tokio::test]
async fn what_is_right_passes() {
    let app = App::new();
    for path in ["/items", "/items?limit=1", "/find", "/items?limit=100"] {
        assert_eq!(app.call(crate::app::get(path)).await.status, 200, "{path}");
    }
    let order = crate::app::post("/order", r#"{"name":"n","items":[{"title":"t"}]}"#);
    assert_eq!(app.call(order).await.json()["items"][0]["title"], "t");
    for if_match in ["*", "\"3\"", "\"1\", \"3\""] {
        let request = Request::put(format!("/items/{ID}")).header("if-match", if_match);
        let answer = app.call(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 204, "{if_match}");
    }
}
