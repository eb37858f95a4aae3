//! The JSON form of an event is CloudEvents 1.0, and stays as it was published once: the golden file is never changed,
//! only added to.
#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use goplt_core::event::{Actor, Envelope};
use proptest::prelude::*;

const GOLDEN: &str = include_str!("golden/event.json");

#[test]
fn the_golden_file_is_read_and_written_alike() {
    let envelope = Envelope::from_json(GOLDEN).unwrap();
    assert_eq!(envelope.name(), "blog.post.created");
    assert_eq!(envelope.module(), "blog");
    assert_eq!(envelope.topic(), "blog.post");
    assert_eq!(envelope.version(), 2);
    assert_eq!(envelope.tenant().as_str(), "acme");
    assert_eq!(envelope.key(), "01890a5d-ac96-774b-bcce-b302099a8057");
    assert_eq!(envelope.time().to_string(), "2026-03-01T12:00:00.5Z");
    assert_eq!(envelope.payload(), b"\x0a\x02p1");
    assert_eq!(envelope.request_id().as_str(), "req-1");
    assert_eq!(envelope.actor().map(Actor::subject), Some("ada"));
    assert_eq!(envelope.actor().map(Actor::kind), Some("user"));
    assert!(envelope.trace().is_sampled());
    assert!(envelope.cause().is_some());
    let (golden, written): (serde_json::Value, serde_json::Value) = (
        serde_json::from_str(GOLDEN).unwrap(),
        serde_json::from_str(&envelope.to_json()).unwrap(),
    );
    assert_eq!(written, golden);
}

#[test]
fn what_is_missing_or_of_another_kind_is_named() {
    let without = |name: &str| {
        let mut event: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(GOLDEN).unwrap();
        event.remove(name);
        Envelope::from_json(&serde_json::to_string(&event).unwrap())
    };
    for name in [
        "id",
        "type",
        "subject",
        "time",
        "tenantid",
        "schemaversion",
        "data_base64",
    ] {
        let error = without(name).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(
            cause,
            format!("the attribute `{name}` is missing or no string")
        );
    }
    for name in ["traceparent", "causationid", "actor"] {
        assert!(without(name).is_ok(), "{name} may be missing");
    }
    assert!(Envelope::from_json(&GOLDEN.replace("\"1.0\"", "\"0.3\"")).is_err());
    assert!(Envelope::from_json(&GOLDEN.replace("application/protobuf", "text/plain")).is_err());
}

proptest! {
    #[test]
    fn every_key_and_payload_survives(key in ".{0,60}", payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(GOLDEN).unwrap();
        event.insert("subject".to_owned(), key.clone().into());
        use base64::Engine;
        let text = base64::prelude::BASE64_STANDARD.encode(&payload);
        event.insert("data_base64".to_owned(), text.into());
        let envelope = Envelope::from_json(&serde_json::to_string(&event).unwrap()).unwrap();
        prop_assert_eq!(envelope.key(), key);
        prop_assert_eq!(envelope.payload(), payload);
        prop_assert_eq!(Envelope::from_json(&envelope.to_json()).unwrap(), envelope);
    }

    #[test]
    fn reading_never_panics(text in ".{0,200}") {
        let _ = Envelope::from_json(&text);
    }
}
