//! Every value comes back from the database as it went in.

use goplt_core::{
    Random, TenantId, Timestamp, Uuid,
    data::{DbError, DbValue, FromRow, Json, TenantTx},
};
use serde_json::{Value as JsonValue, json};

use super::{Shop, tenant_sql};
use crate::conformance::Engine;

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
    tx.fetch_one(tenant_sql!(
        "SELECT a_bool, a_small, an_int, a_big, a_double, a_text, some_bytes, a_uuid, a_time, some_json FROM shop_kinds"
    ))
    .await
}

/// The times that PostgreSQL keeps: from 4713 BC to the year 294276.
const TIMES: std::ops::Range<i64> = -210_866_803_200_000_000..9_223_371_331_200_000_000;

fn random_kinds(random: &Random) -> Kinds {
    fn maybe<T>(random: &Random, value: T) -> Option<T> {
        (random.below(6) > 0).then_some(value)
    }
    let text: String = (0..random.below(12))
        .map(|_| char::from_u32(1 + u32::try_from(random.below(0xD7FF)).unwrap()).unwrap())
        .collect();
    let double = f64::from_bits(u64::from_be_bytes(random.bytes()));
    let long = i64::from_be_bytes(random.bytes());
    let bytes = (0..random.below(20)).map(|_| random.bytes::<1>()[0]);
    Kinds {
        a_bool: maybe(random, random.below(2) == 0),
        a_small: maybe(random, i16::from_be_bytes(random.bytes())),
        an_int: maybe(random, i32::from_be_bytes(random.bytes())),
        a_big: maybe(random, i64::from_be_bytes(random.bytes())),
        a_double: maybe(random, double).filter(|double| !double.is_nan()),
        a_text: maybe(random, text.clone()),
        some_bytes: maybe(random, bytes.collect()),
        a_uuid: maybe(random, Uuid::from_bytes(random.bytes())),
        a_time: maybe(random, Timestamp::from_micros(long))
            .filter(|at| TIMES.contains(&at.as_micros())),
        json: maybe(
            random,
            Json(json!({ "text": text, "numbers": [long, 1.5, null, true] })),
        ),
    }
}

/// Runs a test in a transaction on an empty shop.
async fn run<T>(engine: &Engine, test: impl AsyncFnOnce(&mut TenantTx) -> T) -> T {
    let shop = Shop::open(engine).await;
    let mut tx = shop.db.begin(&shop.scope("acme")).await.unwrap();
    test(&mut tx).await
}

pub async fn every_kind_of_value_comes_back(engine: Engine) {
    run(&engine, async |tx| {
        let random = Random::seeded(11);
        for _ in 0..300 {
            let mut kinds = random_kinds(&random);
            let back = round_trip(tx, kinds.clone()).await.unwrap();
            // A zero has no sign.
            kinds.a_double = kinds.a_double.map(|double| double + 0.0);
            assert_eq!(back, kinds);
        }
    })
    .await;
}

pub async fn extremes_come_back(engine: Engine) {
    run(&engine, async |tx| {
        let doubles = [
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NEG_INFINITY,
            5e-324,
            1e15,
            -0.0,
        ];
        for (index, double) in doubles.into_iter().enumerate() {
            let first = index % 2 == 0;
            let kinds = Kinds {
                a_bool: Some(first),
                a_small: Some(if first { i16::MAX } else { i16::MIN }),
                an_int: Some(if first { i32::MAX } else { i32::MIN }),
                a_big: Some(if first { i64::MAX } else { i64::MIN }),
                a_double: Some(double),
                a_text: Some(if first {
                    String::new()
                } else {
                    "ü\u{10FFFF}'\"\\".repeat(999)
                }),
                some_bytes: Some(if first { vec![] } else { vec![0, 255, 0] }),
                a_uuid: Some(Uuid::from_bytes([if first { 0 } else { 255 }; 16])),
                a_time: Some(Timestamp::from_micros(if first {
                    TIMES.start
                } else {
                    TIMES.end - 1
                })),
                json: Some(Json(json!(null))),
            };
            let mut back = round_trip(tx, kinds.clone()).await.unwrap();
            assert_eq!(
                back.a_double.map(f64::is_sign_positive),
                Some(double >= 0.0)
            );
            back.a_double = Some(double);
            assert_eq!(back, kinds);
        }
    })
    .await;
}

pub async fn a_null_has_the_type_of_its_column(engine: Engine) {
    run(&engine, async |tx| {
        let nothing = Kinds {
            a_bool: None,
            a_small: None,
            an_int: None,
            a_big: None,
            a_double: None,
            a_text: None,
            some_bytes: None,
            a_uuid: None,
            a_time: None,
            json: None,
        };
        assert_eq!(round_trip(tx, nothing.clone()).await.unwrap(), nothing);
        // Compared, it is no row rather than an error.
        let sql = tenant_sql!("SELECT id FROM shop_kinds WHERE a_uuid = ?", None::<Uuid>);
        assert_eq!(tx.fetch_optional::<i64>(sql).await.unwrap(), None);
    })
    .await;
}

pub async fn sums_and_averages_are_numbers(engine: Engine) {
    #[derive(Debug, Clone, PartialEq, DbValue)]
    struct Slug(String);
    #[derive(Debug, Clone, Copy, PartialEq, DbValue)]
    struct Likes {
        count: u32,
    }

    run(&engine, async |tx| {
        for (id, likes) in [(1_i16, u32::MAX), (2, u32::MAX - 1)] {
            let sql = tenant_sql!(
                "INSERT INTO shop_kinds (id, a_big, a_small, an_int, a_text) VALUES (?, ?, ?, ?, ?)",
                i64::from(id),
                Likes { count: likes },
                id,
                i32::from(id),
                Slug(id.to_string()),
            );
            tx.execute(sql).await.unwrap();
        }
        let sql = tenant_sql!(
            "SELECT sum(a_big), sum(an_int), sum(a_small), count(*), avg(a_small), max(a_big) FROM shop_kinds"
        );
        let sums: (i64, i64, i64, i64, f64, Likes) = tx.fetch_one(sql).await.unwrap();
        let largest = Likes { count: u32::MAX };
        assert_eq!(sums, (2 * i64::from(u32::MAX) - 1, 3, 3, 2, 1.5, largest));
        let none = tenant_sql!("SELECT sum(a_big), avg(a_big) FROM shop_kinds WHERE id > 9");
        let sums: (Option<i64>, Option<f64>) = tx.fetch_one(none).await.unwrap();
        assert_eq!(sums, (None, None));
        let sql = tenant_sql!("SELECT a_text, tenant_id FROM shop_kinds WHERE a_big = ?", largest);
        let row: (Slug, TenantId) = tx.fetch_one(sql).await.unwrap();
        assert_eq!(row, (Slug("1".into()), "acme".parse().unwrap()));
        let sql = tenant_sql!("SELECT a_big FROM shop_kinds WHERE id = 1");
        let narrow = tx.fetch_one::<i32>(sql).await;
        assert!(matches!(narrow, Err(DbError::Column { .. })));
    })
    .await;
}

pub async fn text_that_looks_like_a_number_stays_text(engine: Engine) {
    run(&engine, async |tx| {
        for text in ["0123", "1e3", " 12 ", "12345678901234567890", ""] {
            let sql = tenant_sql!(
                "INSERT INTO shop_items (id, name) VALUES (1, ?) \
                 ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name RETURNING name",
                text
            );
            assert_eq!(tx.fetch_one::<String>(sql).await.unwrap(), text);
        }
    })
    .await;
}

pub async fn json_keeps_its_form(engine: Engine) {
    run(&engine, async |tx| {
        let texts = [
            "1.0",
            "18446744073709551615",
            "0",
            "null",
            "true",
            "\"text\"",
            "[1,\"a\",{\"b\":null}]",
        ];
        for text in texts {
            let json: JsonValue = serde_json::from_str(text).unwrap();
            let sql = tenant_sql!(
                "INSERT INTO shop_kinds (id, some_json) VALUES (1, ?) \
                 ON CONFLICT (tenant_id, id) DO UPDATE SET some_json = excluded.some_json RETURNING some_json",
                Json(json.clone())
            );
            let Json(back) = tx.fetch_one::<Json<JsonValue>>(sql).await.unwrap();
            assert_eq!(back.to_string(), json.to_string());
        }
    })
    .await;
}
