//! `isolation_suite!` is green for a module that keeps its tenants apart, and red for each way of
//! not doing so.
#![allow(clippy::unwrap_used, reason = "a test")]

mod parcel;

use std::panic::{AssertUnwindSafe, catch_unwind};

use goplt_core::Uuid;
use goplt_testing::isolation::{Call, Isolation, Job, on_sqlite};
use serde_json::json;

use self::parcel::{Leak, ParcelModule, ParcelSent};

const NOBODYS: Uuid = Uuid::from_bytes([0; 16]);
const PARCELS: &str = "/api/v1/parcels";

struct Ids {
    parcel: Uuid,
}

fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
    routes(suite)
        .event(|_, ids| ParcelSent {
            id: ids.parcel,
            text: "again".to_owned(),
        })
        .job("remind", |_, ids| Job::of_tenant(json!(ids.parcel)))
        .job("sweep", |_, _| Job::of_schedule())
}

fn routes(suite: Isolation<Ids>) -> Isolation<Ids> {
    suite
        .seed(async |tenant| {
            let text = json!({ "text": tenant.mark("text") });
            let answer = tenant.caller().post(PARCELS, text).await;
            let id = answer.json()["id"].as_str().unwrap().parse().unwrap();
            Ids { parcel: id }
        })
        .route("send", |_, _| Call::post(PARCELS, json!({ "text": "tea" })))
        .route("list", |_, _| Call::get(PARCELS))
        .route("get", |_, ids| {
            Call::get(format!("{PARCELS}/{}", ids.parcel))
        })
        .route("label", |_, ids| {
            let path = format!("{PARCELS}/{}", ids.parcel);
            Call::put(path, json!({ "text": "new" }))
        })
}

goplt_testing::isolation_suite!(ParcelModule(Leak::Nowhere), calls);

/// What the suite says of a module.
fn report(suite: impl FnOnce() -> Isolation<Ids>) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| on_sqlite(suite)));
    *panic.unwrap_err().downcast::<String>().unwrap()
}

fn report_of(leak: Leak) -> String {
    report(|| calls(Isolation::of(ParcelModule(leak))))
}

#[test]
fn a_list_without_filter_is_found() {
    let report = report_of(Leak::List);
    assert!(report.contains("the route `list`, with acme's own ids: `text-globex-"));
    assert!(report.contains("is in the answer"), "{report}");
}

#[test]
fn a_row_of_another_tenant_by_its_id_is_found() {
    let report = report_of(Leak::Get);
    let expected = "the route `get`, with globex's ids: `text-globex-";
    assert!(report.contains(expected), "{report}");
    assert!(!report.contains("2. "), "{report}");
}

#[cfg(feature = "postgres")]
#[test]
fn a_row_of_another_tenant_is_found_on_postgres_too() {
    if goplt_testing::backend::postgres().is_none() {
        return;
    }
    let suite = || calls(Isolation::of(ParcelModule(Leak::Label)));
    let panic = catch_unwind(AssertUnwindSafe(|| {
        goplt_testing::isolation::on_postgres(suite);
    }));
    let report = *panic.unwrap_err().downcast::<String>().unwrap();
    let expected = "the route `label`, with globex's ids: globex's parcel.parcel_parcels lost";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_change_to_a_row_of_another_tenant_is_found() {
    let report = report_of(Leak::Label);
    let expected = "the route `label`, with globex's ids: globex's parcel_parcels lost the row";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_handler_that_changes_another_tenants_row_is_found() {
    let report = report_of(Leak::Handler);
    let expected = "the event `parcel.parcel.sent`, with globex's ids: globex's parcel_parcels";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_job_that_changes_another_tenants_row_is_found() {
    let report = report_of(Leak::Job);
    let expected = "the job `remind`, with globex's ids: globex's parcel_parcels";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_text_of_another_tenant_in_the_log_is_found() {
    let report = report_of(Leak::Log);
    assert!(report.contains("is in the log"), "{report}");
}

#[test]
fn a_text_of_another_tenant_in_an_event_is_found() {
    let report = report_of(Leak::Event);
    let expected = "is in the event parcel.parcel.sent";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_text_of_another_tenant_in_a_header_is_found() {
    let report = report_of(Leak::Header);
    let expected = "the route `get`, with acme's own ids: `text-globex-";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_text_of_another_tenant_in_a_label_of_a_metric_is_found() {
    let report = report_of(Leak::Metric);
    assert!(report.contains("is in the metrics"), "{report}");
}

#[test]
fn a_text_of_another_tenant_in_an_error_is_found() {
    let report = report_of(Leak::Error);
    let expected = "the route `get`, with globex's ids: `text-globex-";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_text_of_another_tenant_in_a_row_of_ones_own_is_found() {
    let report = report_of(Leak::Row);
    let expected = "is in a row of parcel_parcels that is not globex's";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_text_of_another_tenant_in_what_a_job_is_about_is_found() {
    let report = report_of(Leak::Payload);
    let expected = "is in a row of goplt_job that is not globex's";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn what_is_declared_and_not_called_is_named() {
    let report = report(|| routes(Isolation::of(ParcelModule(Leak::Nowhere))));
    for expected in [
        "the event `parcel.parcel.sent` is declared and not called",
        "the job `remind` is declared and not called",
        "the job `sweep` is declared and not called",
    ] {
        assert!(report.contains(expected), "{report}");
    }
}

#[test]
fn a_call_that_never_succeeds_proves_nothing() {
    let report = report(|| {
        calls(Isolation::of(ParcelModule(Leak::Nowhere)))
            .route("get", |_, _| Call::get(format!("{PARCELS}/{}", NOBODYS)))
    });
    let expected = "the route `get` does not succeed with acme's own data: 404";
    assert!(report.contains(expected), "{report}");
    let expected = "the route `get` is called, and not declared or called before";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_call_of_another_route_is_none() {
    let report = report(|| {
        Isolation::of(ParcelModule(Leak::Nowhere))
            .seed(async |tenant| {
                let _ = tenant.mark("none");
                Ids { parcel: NOBODYS }
            })
            .route("get", |_, _| Call::get(PARCELS))
    });
    let expected = "its call goes to GET /api/v1/parcels, not to GET /api/v1/parcels/{id}";
    assert!(report.contains(expected), "{report}");
}
