//! Proves that the code generated for every shape a proto can have compiles without a warning, and does what it says.

#[rustfmt::skip]
#[expect(unreachable_pub, unnameable_types, reason = "in a contract crate all of it is public")]
mod generated;

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use goplt_core::{
    Code, Decision, Permission, Principal, RequestContext, TenantId,
    contract::{
        Access, Contract, GuardSettings, Idempotency, LocalGuard, RpcError, RpcStream, Streaming,
    },
    event::Event,
};
use prost::Message;

use self::generated::{
    colour::v1::Paint,
    shape::v1::{
        Shape, ShapeMoved, ShapeService,
        shape::{Corner, Kind, Size},
    },
};

fn square() -> Shape {
    let corner = Corner { x: 1, y: -2 };
    Shape {
        r#type: "square".to_owned(),
        label: Some(String::new()),
        corners: vec![corner],
        named: [("first".to_owned(), corner)].into(),
        kind: Kind::Square.into(),
        size: Some(Size::Large("2 m".to_owned())),
        made_at: Some(prost_types::Timestamp {
            seconds: 1,
            nanos: 2,
        }),
        mask: Some(prost_types::FieldMask {
            paths: vec!["type".to_owned()],
        }),
        nothing: Some(()),
        picture: vec![0, 255],
        parent: Some(Box::default()),
        paint: Some(Paint {
            name: "red".to_owned(),
        }),
        key: Some("do not print".to_owned()),
        area: 4.0,
    }
}

#[test]
fn a_message_of_an_event_is_its_payload() {
    let moved = ShapeMoved {
        r#type: "square".to_owned(),
    };

    assert_eq!(ShapeMoved::NAME, "shape.shape.moved");
    assert_eq!(moved.key(), "square");
    assert_eq!(
        <ShapeMoved as Event>::decode(&Event::encode(&moved)).unwrap(),
        moved
    );
    let error = <ShapeMoved as Event>::decode(&[0xff]).unwrap_err();
    assert_eq!(error.to_string(), "the payload is no `shape.shape.moved`");
}

#[test]
fn messages_survive_the_wire() {
    let bytes = square().encode_to_vec();

    assert_eq!(Shape::decode(bytes.as_slice()), Ok(square()));
}

#[test]
fn a_secret_is_not_printed_and_the_rest_is() {
    let text = format!("{:?}", square());

    assert!(!text.contains("do not print"), "{text}");
    assert!(text.contains(r#"key: "[redacted]""#), "{text}");
    assert!(text.contains(r#"type: "square""#), "{text}");
}

/// Watches two items, paints what it is given, and never moves.
struct Studio;

#[async_trait::async_trait]
impl ShapeService for Studio {
    async fn r#move(&self, _: &RequestContext, _: Shape) -> Result<(), RpcError> {
        panic!("refused before it comes here")
    }

    async fn watch(&self, _: &RequestContext, (): ()) -> Result<RpcStream<Shape>, RpcError> {
        Ok(Box::pin(stream::iter([
            Ok(square()),
            Err(RpcError::not_found("the end")),
        ])))
    }

    async fn paint(&self, cx: &RequestContext, paint: Paint) -> Result<Shape, RpcError> {
        assert!(cx.deadline().is_none(), "the method has no timeout");
        Ok(Shape {
            paint: Some(paint),
            ..square()
        })
    }
}

fn studio() -> Arc<dyn ShapeService> {
    let nobody = |_: &Principal, _: &TenantId, _: &Permission| Decision::Deny;
    let guard = LocalGuard::new(
        <dyn ShapeService>::NAME,
        GuardSettings::new(Arc::new(nobody)),
    );
    <dyn ShapeService>::guarded(Arc::new(Studio), guard)
}

fn context() -> RequestContext {
    RequestContext::new("req-1".parse().expect("a request id"))
}

fn code<T>(result: Result<T, RpcError>) -> Code {
    result.err().map_or(Code::Ok, |error| error.code())
}

#[tokio::test]
async fn a_stream_passes_the_guard() {
    assert_eq!(
        code(studio().watch(&context(), ()).await),
        Code::Unauthenticated
    );

    let cx = context().with_principal(Principal::user("ada"));
    let items: Vec<_> = studio().watch(&cx, ()).await.unwrap().collect().await;

    assert_eq!(items.len(), 2);
    assert_eq!(items[0].as_ref().unwrap(), &square());
    assert_eq!(items[1].as_ref().unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_message_of_another_package_reaches_the_method() {
    let shape = studio()
        .paint(
            &context(),
            Paint {
                name: "blue".to_owned(),
            },
        )
        .await
        .unwrap();

    assert_eq!(shape.paint.unwrap().name, "blue");
}

#[tokio::test]
async fn a_method_named_by_a_keyword_is_guarded_like_any_other() {
    assert_eq!(
        code(studio().r#move(&context(), square()).await),
        Code::Unauthenticated
    );
}

#[test]
fn the_options_are_in_the_metadata() {
    let [r#move, watch, paint] = <dyn ShapeService>::METHODS else {
        panic!("three methods")
    };

    assert_eq!(<dyn ShapeService>::VERSION, "2.1.0-rc.1");
    assert_eq!(
        r#move.access,
        Access::Permission(Permission::from_static("shape.shape.move"))
    );
    assert_eq!(r#move.timeout, Some(Duration::from_millis(250)));
    assert_eq!(r#move.idempotency, Idempotency::Idempotent);
    assert_eq!(watch.streaming, Streaming::Server);
    assert_eq!(watch.access, Access::Authenticated);
    assert_eq!(paint.access, Access::Public);
    assert_eq!(paint.timeout, None);
}
