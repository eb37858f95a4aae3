//! The rewriter on SQLite. 20,000 statements; `GOPLT_PROPTEST_CASES` is the long mode.

use crate::{
    attempts,
    database::Sqlite,
    differential::{self, Plan},
};

#[test]
fn rewritten_on_shared_data_equals_original_on_one_tenants_data() {
    differential::rewritten_on_shared_data_equals_original_on_one_tenants_data::<Sqlite>(
        &(),
        &Plan::from_env(20_000),
    );
}

#[test]
fn finds_a_rewriter_that_forgets() {
    differential::finds_a_rewriter_that_forgets::<Sqlite>(&());
}

#[test]
fn no_attempt_reaches_another_tenant() {
    attempts::no_attempt_reaches_another_tenant::<Sqlite>(&());
}

#[test]
fn every_read_finds_its_rows_by_the_tenant() {
    differential::every_read_finds_its_rows_by_the_tenant::<Sqlite>(&(), 2_000);
}
