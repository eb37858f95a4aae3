//! The notes of one tenant are no other's.

use goplt_testing::isolation::{Call, Isolation};
use notes::NotesModule;
use serde_json::json;

const NOTES: &str = "/api/v1/notes";

fn calls(suite: Isolation<()>) -> Isolation<()> {
    suite
        .seed(async |tenant| {
            let note = json!({ "text": tenant.mark("note") });
            assert_eq!(tenant.caller().post(NOTES, note).await.status(), 204);
        })
        .route("create", |(), ()| {
            Call::post(NOTES, json!({ "text": "milk" }))
        })
}

goplt_testing::isolation_suite!(NotesModule, calls);
