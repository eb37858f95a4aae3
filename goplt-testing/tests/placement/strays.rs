//! Rows of a tenant in a database where nobody looks for them: no process serves beside them.

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
    let refused = bed.start_again("globex,acme").await.unwrap_err().to_string();
    assert!(
        refused.starts_with("rows of tenants lie in a database where nobody looks for them: 1 fault\n"),
        "{refused}"
    );
    assert!(
        refused.contains("tenant `acme` is placed in `globex`, and rows of it lie in the home database"),
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
