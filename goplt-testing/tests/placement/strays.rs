//! Rows of a tenant in a database where nobody looks for them: no process serves beside them.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

use crate::{
    bed::{Bed, Engine, Literal, Place, on_each_engine},
    send,
};

on_each_engine!(
    a_start_says_where_the_rows_of_a_tenant_are_that_is_placed_elsewhere,
    a_start_says_where_the_rows_of_a_tenant_are_that_is_placed_no_longer,
    a_job_of_a_tenant_that_is_elsewhere_is_no_stray,
);

/// Both tenants have rows, and a start with the tenants where they are is one.
async fn lived_in(engine: Engine) -> Bed {
    let bed = Bed::start(engine).await;
    send(&bed.host.acme().editor(), "tea").await;
    send(&bed.host.globex().editor(), "coffee").await;
    bed.host.settle().await;
    let again = bed.start_again("globex").await.unwrap();
    again.stop().await.unwrap();
    bed
}

async fn a_start_says_where_the_rows_of_a_tenant_are_that_is_placed_elsewhere(engine: Engine) {
    let bed = lived_in(engine).await;
    let refused = bed
        .start_again("globex,acme")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with(
            "rows of tenants lie in a database where nobody looks for them: 1 fault\n"
        ),
        "{refused}"
    );
    assert!(
        refused.contains(
            "tenant `acme` is placed in `globex`, and rows of it lie in the home database"
        ),
        "{refused}"
    );
    assert!(refused.contains("`parcel_parcels`"), "{refused}");
    assert!(refused.contains("`goplt_inbox`"), "{refused}");
    bed.host.stop().await.unwrap();
}

async fn a_start_says_where_the_rows_of_a_tenant_are_that_is_placed_no_longer(engine: Engine) {
    let bed = lived_in(engine).await;
    let refused = bed.start_again("initech").await.unwrap_err().to_string();
    assert!(
        refused.contains("in the placement `globex`: tenant `globex` is in the home database, and rows of it lie here"),
        "{refused}"
    );
    assert!(refused.contains("`parcel_parcels`"), "{refused}");
    assert!(!refused.contains("acme"), "{refused}");
    bed.host.stop().await.unwrap();
}

/// The runner at home looks after it, and it takes effect where the tenant is.
async fn a_job_of_a_tenant_that_is_elsewhere_is_no_stray(engine: Engine) {
    let bed = lived_in(engine).await;
    let sql = format!(
        "INSERT INTO {{core}}.goplt_job (tenant_id, id, module, name, payload, state, run_at, attempts, token, \
         correlation_id, created_at) VALUES ('globex', {}, 'parcel', 'remind', '\"x\"', 'failed', {past}, 1, 0, 'old', \
         {past})",
        bed.literal(Literal::Id(bed.host.context().ids().next())),
        past = bed.literal(Literal::Past)
    );
    bed.raw(Place::Home, &sql).await;
    let again = bed.start_again("globex").await.unwrap();
    again.stop().await.unwrap();
    bed.host.stop().await.unwrap();
}

async fn run(connection: &mut SqliteConnection, sql: String) {
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

/// As the guide says it.
#[tokio::test]
async fn a_tenant_that_was_moved_by_hand_is_where_it_is_placed() {
    const TABLES: [&str; 4] = ["parcel_parcels", "audit_logs", "audit_heads", "goplt_inbox"];
    let bed = lived_in(Engine::Sqlite).await;
    let mut placed = bed.sqlite(Place::Placed).await;
    let file = bed.file(Place::Home).display().to_string();
    run(&mut placed, format!("ATTACH '{file}' AS home")).await;
    for table in TABLES {
        let rows = format!("SELECT * FROM home.{table} WHERE tenant_id = 'acme'");
        run(&mut placed, format!("INSERT INTO main.{table} {rows}")).await;
    }
    placed.close().await.unwrap();

    let triggers =
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'audit%delete'";
    let triggers = bed.raw(Place::Home, triggers).await;
    assert_eq!(triggers.len(), 2);
    let mut home = bed.sqlite(Place::Home).await;
    for trigger in ["audit_heads_no_delete", "audit_logs_no_delete"] {
        run(&mut home, format!("DROP TRIGGER {trigger}")).await;
    }
    for table in &TABLES[..3] {
        run(
            &mut home,
            format!("DELETE FROM {table} WHERE tenant_id = 'acme'"),
        )
        .await;
    }
    let refused = bed
        .start_again("globex,acme")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("not seen: `goplt_inbox`; "), "{refused}");

    run(
        &mut home,
        "DELETE FROM goplt_inbox WHERE tenant_id = 'acme'".to_owned(),
    )
    .await;
    for sql in triggers {
        run(&mut home, sql).await;
    }
    home.close().await.unwrap();
    let again = bed.start_again("globex,acme").await.unwrap();
    again.stop().await.unwrap();
    let texts = "SELECT text FROM {parcel}.parcel_parcels ORDER BY text";
    assert_eq!(bed.raw(Place::Placed, texts).await, ["coffee", "tea"]);
    assert!(bed.raw(Place::Home, texts).await.is_empty());
    bed.host.stop().await.unwrap();
}
