//! Entries cannot be changed; and who owns the tables and changes them all the same is found out.

use std::sync::Arc;

use goplt_contracts::audit::{AuditService, Head, RecordRequest, VerifyRequest};
use goplt_testing::TestHost;
use serde_json::Value;

use crate::bed::{Bed, LOGS, Raw, on_each_engine};

on_each_engine!(
    the_database_refuses_to_change_and_to_delete,
    whoever_changes_it_all_the_same_is_found_out,
    a_log_cut_off_with_its_head_is_not_the_one_that_was_kept,
);

/// How many entries there are.
const ENTRIES: i64 = 6;

async fn written(bed: Bed) -> (TestHost, Raw, Head) {
    let (host, raw) = bed.set("audit.requests=false").start().await;
    let audit: Arc<dyn AuditService> = host.get().unwrap();
    for number in 1..=ENTRIES {
        let cx = host
            .context()
            .service_contexts()
            .for_tenant("acme".parse().unwrap());
        let request = RecordRequest {
            id: host.context().ids().next().to_string(),
            action: format!("bank.account.opened{number}"),
            resource: "bank.account".to_owned(),
            ..RecordRequest::default()
        };
        audit.record(&cx, request).await.unwrap();
    }
    let cx = host
        .context()
        .service_contexts()
        .for_tenant("acme".parse().unwrap());
    let head = audit
        .verify(&cx, VerifyRequest::default())
        .await
        .unwrap()
        .head;
    (host, raw, head.unwrap())
}

async fn verify(host: &TestHost) -> Value {
    let answer = host.acme().admin().get(&format!("{LOGS}/verify")).await;
    assert_eq!(answer.status(), 200);
    answer.json()
}

async fn the_database_refuses_to_change_and_to_delete(bed: Bed) {
    let (host, raw, _) = Box::pin(written(bed)).await;
    for sql in [
        "UPDATE {logs} SET action = 'x' WHERE sequence = 3",
        "DELETE FROM {logs} WHERE sequence = 3",
        "DELETE FROM {logs}",
        "UPDATE {heads} SET sequence = 2",
        "DELETE FROM {heads}",
    ] {
        let error = raw.execute(sql).await.expect_err(sql).to_string();
        assert!(error.contains("audit log"), "{sql}: {error}");
    }
    let verified = verify(&host).await;
    assert_eq!(verified["valid"], true, "{verified}");
    assert_eq!(verified["entries"], ENTRIES);
    host.stop().await.unwrap();
}

/// What was done, to be undone afterwards, and what is found.
const TAMPERINGS: [(&str, &str, i64, &str); 6] = [
    (
        "UPDATE {logs} SET action = 'x' WHERE sequence = 3",
        "UPDATE {logs} SET action = 'bank.account.opened3' WHERE sequence = 3",
        3,
        "changed",
    ),
    (
        "UPDATE {logs} SET actor_id = NULL WHERE sequence = 1",
        "UPDATE {logs} SET actor_id = 'test' WHERE sequence = 1",
        1,
        "changed",
    ),
    (
        // Two entries change places.
        "UPDATE {logs} SET sequence = 99 WHERE sequence = 2; UPDATE {logs} SET sequence = 2 WHERE sequence = 4; \
         UPDATE {logs} SET sequence = 4 WHERE sequence = 99",
        "UPDATE {logs} SET sequence = 99 WHERE sequence = 2; UPDATE {logs} SET sequence = 2 WHERE sequence = 4; \
         UPDATE {logs} SET sequence = 4 WHERE sequence = 99",
        2,
        "changed",
    ),
    (
        // One is moved to where nobody looks.
        "UPDATE {logs} SET sequence = -1 WHERE sequence = 5",
        "UPDATE {logs} SET sequence = 5 WHERE sequence = -1",
        -1,
        "misplaced",
    ),
    (
        // To another tenant.
        "UPDATE {logs} SET tenant_id = 'globex' WHERE sequence = 4",
        "UPDATE {logs} SET tenant_id = 'acme' WHERE sequence = 4",
        4,
        "missing",
    ),
    (
        "UPDATE {logs} SET tenant_id = 'globex' WHERE sequence > 4",
        "UPDATE {logs} SET tenant_id = 'acme' WHERE sequence > 4",
        5,
        "cut_off",
    ),
];

async fn whoever_changes_it_all_the_same_is_found_out(bed: Bed) {
    let (host, raw, _) = Box::pin(written(bed)).await;
    raw.drop_triggers().await;
    for (sql, undo, sequence, kind) in TAMPERINGS {
        raw.execute(sql).await.unwrap();
        let verified = verify(&host).await;
        assert_eq!(verified["valid"], false, "{sql}");
        let broken = &verified["broken"];
        assert_eq!(
            (&broken["sequence"], &broken["kind"]),
            (&sequence.into(), &kind.into()),
            "{sql}: {verified}"
        );
        raw.execute(undo).await.unwrap();
        assert_eq!(verify(&host).await["valid"], true, "{undo}");
    }
    raw.execute("DELETE FROM {logs} WHERE sequence = 2")
        .await
        .unwrap();
    let broken = verify(&host).await["broken"].clone();
    assert_eq!(
        (&broken["sequence"], &broken["kind"]),
        (&2.into(), &"missing".into())
    );
    host.stop().await.unwrap();
}

async fn a_log_cut_off_with_its_head_is_not_the_one_that_was_kept(bed: Bed) {
    let (host, raw, kept) = Box::pin(written(bed)).await;
    raw.drop_triggers().await;
    raw.execute(
        "UPDATE {heads} SET sequence = 4, hash = (SELECT hash FROM {logs} WHERE sequence = 4); \
         DELETE FROM {logs} WHERE sequence > 4",
    )
    .await
    .unwrap();
    assert_eq!(verify(&host).await["valid"], true, "nothing within tells");
    let audit: Arc<dyn AuditService> = host.get().unwrap();
    let cx = host
        .context()
        .service_contexts()
        .for_tenant("acme".parse().unwrap());
    let kept = Some(kept);
    let broken = audit
        .verify(&cx, VerifyRequest { kept })
        .await
        .unwrap()
        .broken
        .unwrap();
    assert_eq!((broken.sequence, broken.kind.as_str()), (5, "cut_off"));
    host.stop().await.unwrap();
}
