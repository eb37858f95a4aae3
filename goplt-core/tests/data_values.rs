//! Every value comes back from the database as it went in, whatever the column's declared type.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod data_support;

use std::cell::RefCell;

use data_support::{Shop, tenant_sql};
use goplt_core::{
    TenantId, Timestamp, Uuid,
    data::{DbError, DbValue, FromRow, Json, TenantTx},
};
use proptest::prelude::*;
use serde_json::Value as JsonValue;
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Clone, PartialEq, FromRow)]
struct Kinds {
    a_bool: Option<bool>,
    a_small: Option<i16>,
    an_int: Option<i32>,
    a_big: Option<i64>,
    a_double: Option<f64>,
    a_text: Option<String>,
    some_bytes: Option<Vec<u8>>,
    a_uuid: Option<Uuid>,
    a_time: Option<Timestamp>,
    #[row(rename = "some_json")]
    json: Option<Json<JsonValue>>,
}

async fn round_trip(tx: &mut TenantTx, kinds: Kinds) -> Result<Kinds, DbError> {
    tx.execute(tenant_sql!("DELETE FROM shop_kinds")).await?;
    let sql = tenant_sql!(
        "INSERT INTO shop_kinds (id, a_bool, a_small, an_int, a_big, a_double, a_text, some_bytes, a_uuid, a_time, some_json) \
         VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kinds.a_bool,
        kinds.a_small,
        kinds.an_int,
        kinds.a_big,
        kinds.a_double,
        kinds.a_text,
        kinds.some_bytes,
        kinds.a_uuid,
        kinds.a_time,
        kinds.json,
    );
    tx.execute(sql).await?;
    tx.fetch_one(tenant_sql!("SELECT * FROM shop_kinds")).await
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn run<T>(test: impl AsyncFnOnce(&mut TenantTx) -> T) -> T {
    runtime().block_on(async {
        let shop = Shop::open().await;
        let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
        test(&mut tx).await
    })
}

fn json() -> impl Strategy<Value = JsonValue> {
    let leaf = prop_oneof![
        Just(JsonValue::Null),
        any::<bool>().prop_map(JsonValue::from),
        any::<i64>().prop_map(JsonValue::from),
        any::<u64>().prop_map(JsonValue::from),
        any::<f64>()
            .prop_filter("JSON has no NaN", |x| x.is_finite())
            .prop_map(JsonValue::from),
        (-1_000_i32..1_000).prop_map(|x| JsonValue::from(f64::from(x))),
        "[^\0]{0,8}".prop_map(JsonValue::from),
        "[0-9.eE+ -]{0,8}".prop_map(JsonValue::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(JsonValue::from),
            prop::collection::btree_map("[^\0]{0,4}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn kinds() -> impl Strategy<Value = Kinds> {
    let option = prop::option::of::<BoxedStrategy<_>>;
    // What looks like a number or a blob is what affinity would change.
    let text = prop_oneof!["[^\0]{0,12}", "[0-9.eE+ -]{0,12}"];
    let numbers = (
        any::<Option<bool>>(),
        any::<Option<i16>>(),
        any::<Option<i32>>(),
        any::<Option<i64>>(),
    );
    let double = any::<f64>().prop_filter("NaN is refused", |x| !x.is_nan());
    let rest = (
        prop::option::of(double),
        prop::option::of(text),
        any::<Option<Vec<u8>>>(),
        any::<Option<[u8; 16]>>(),
        any::<Option<i64>>(),
        option(json().boxed()),
    );
    (numbers, rest).prop_map(|(numbers, rest)| Kinds {
        a_bool: numbers.0,
        a_small: numbers.1,
        an_int: numbers.2,
        a_big: numbers.3,
        a_double: rest.0,
        a_text: rest.1,
        some_bytes: rest.2,
        a_uuid: rest.3.map(Uuid::from_bytes),
        a_time: rest.4.map(Timestamp::from_micros),
        json: rest.5.map(Json),
    })
}

#[test]
fn every_value_comes_back() {
    let runtime = runtime();
    let shop = runtime.block_on(Shop::open());
    let tx = runtime
        .block_on(shop.db.begin(&shop.scope("acme")))
        .unwrap();
    let tx = RefCell::new(tx);
    proptest!(ProptestConfig::with_cases(400), |(kinds in kinds())| {
        let back = runtime.block_on(round_trip(&mut tx.borrow_mut(), kinds.clone()));
        prop_assert_eq!(back.unwrap(), kinds);
    });
}

#[test]
fn json_numbers_at_the_top_keep_their_form() {
    run(async |tx| {
        for text in [
            "1.0",
            "1e300",
            "-0.0",
            "18446744073709551615",
            "12345678901234567890",
            "0",
        ] {
            let json: JsonValue = serde_json::from_str(text).unwrap();
            let sql = tenant_sql!(
                "INSERT INTO shop_kinds (id, some_json) VALUES (1, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET some_json = excluded.some_json RETURNING some_json",
                Json(json.clone())
            );
            let Json(back) = tx.fetch_one::<Json<JsonValue>>(sql).await.unwrap();
            assert_eq!(back.to_string(), json.to_string());
        }
    });
}

#[test]
fn extremes_come_back_and_nan_is_refused() {
    run(async |tx| {
        let sql = |value: f64| {
            tenant_sql!(
                "INSERT INTO shop_kinds (id, a_double) VALUES (1, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET a_double = excluded.a_double RETURNING a_double",
                value
            )
        };
        for value in [
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NEG_INFINITY,
            5e-324,
            1e15,
        ] {
            assert_eq!(tx.fetch_one::<f64>(sql(value)).await.unwrap(), value);
        }
        let zero: f64 = tx.fetch_one(sql(-0.0)).await.unwrap();
        assert_eq!(zero.to_bits(), 0);
        assert!(matches!(
            tx.fetch_one::<f64>(sql(f64::NAN)).await,
            Err(DbError::Bind { index: 1, .. })
        ));
    });
}

#[test]
fn newtypes_ids_and_wide_integers_are_values() {
    #[derive(Debug, Clone, PartialEq, DbValue)]
    struct Slug(String);
    #[derive(Debug, Clone, Copy, PartialEq, DbValue)]
    struct Likes {
        count: u32,
    }

    run(async |tx| {
        let likes = Likes { count: u32::MAX };
        let owner: TenantId = "acme".parse().unwrap();
        let sql = tenant_sql!(
            "INSERT INTO shop_kinds (id, a_text, a_big) VALUES (?, ?, ?)",
            1_i32,
            Slug("a".into()),
            &likes,
        );
        tx.execute(sql).await.unwrap();
        let sql = tenant_sql!(
            "SELECT a_text, a_big, tenant_id FROM shop_kinds WHERE a_big = ?",
            likes
        );
        let row: (Option<Slug>, Likes, TenantId) = tx.fetch_one(sql).await.unwrap();
        assert_eq!(row, (Some(Slug("a".into())), likes, owner));
        let error = tx
            .fetch_one::<(i32,)>(tenant_sql!("SELECT a_big FROM shop_kinds"))
            .await;
        assert!(matches!(error, Err(DbError::Column { .. })));
    });
}

#[test]
fn text_that_looks_like_a_number_stays_text_in_a_text_column() {
    run(async |tx| {
        for text in ["0123", "1e3", " 12 ", "12345678901234567890", ""] {
            let sql = tenant_sql!(
                "INSERT INTO shop_items (id, name) VALUES (1, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name RETURNING name",
                text
            );
            assert_eq!(tx.fetch_one::<String>(sql).await.unwrap(), text);
        }
    });
}
