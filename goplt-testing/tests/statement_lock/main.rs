//! Proves the statement lock on PostgreSQL, as a role that owns nothing: alone, without row-level security; then once more
//! under it, where both locks together must answer as one.
//!
//! The statements, the comparison and the attempts are those of goplt-sql, which runs them on SQLite.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

#[path = "../../../goplt-core/sql/tests/attempts/mod.rs"]
mod attempts;
#[path = "../../../goplt-core/sql/tests/differential/mod.rs"]
mod differential;
#[path = "../../../goplt-core/sql/tests/grammar/mod.rs"]
mod grammar;

mod database;
mod plan;

use self::{
    database::{Place, Postgres},
    differential::Plan,
};
use goplt_testing::backend;

#[test]
fn rewritten_on_shared_data_equals_original_on_one_tenants_data() {
    let Some(server) = backend::postgres() else {
        return;
    };
    differential::rewritten_on_shared_data_equals_original_on_one_tenants_data::<Postgres>(
        &Place::new(&server),
        &Plan::from_env(20_000),
    );
}

#[test]
fn both_locks_together_answer_as_one() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let place = Place::new(&server).with_row_security();
    differential::rewritten_on_shared_data_equals_original_on_one_tenants_data::<Postgres>(
        &place,
        &Plan::of(1_000_000, 1_000),
    );
    attempts::no_attempt_reaches_another_tenant::<Postgres>(&place);
}

#[test]
fn finds_a_rewriter_that_forgets() {
    let Some(server) = backend::postgres() else {
        return;
    };
    differential::finds_a_rewriter_that_forgets::<Postgres>(&Place::new(&server));
}

#[test]
fn no_attempt_reaches_another_tenant() {
    let Some(server) = backend::postgres() else {
        return;
    };
    attempts::no_attempt_reaches_another_tenant::<Postgres>(&Place::new(&server));
}

#[test]
fn every_read_finds_its_rows_by_the_tenant() {
    let Some(server) = backend::postgres() else {
        return;
    };
    differential::every_read_finds_its_rows_by_the_tenant::<Postgres>(&Place::new(&server), 1_000);
}

/// PostgreSQL reads `row.name` as a call of `name` on the whole row where no column is called so, and knows whole rows as
/// values; and an old setting makes a backslash in a plain string an escape.
#[test]
fn what_only_postgresql_reads_reaches_no_other_tenant() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let reads = [
        "SELECT CAST(p AS TEXT) AS r FROM posts p WHERE p.tenant_id <> 'red' OR TRUE",
        "SELECT p.row_to_json AS r FROM posts p",
        "SELECT p.to_jsonb AS r FROM posts p",
        "SELECT p.count AS r FROM posts p",
        "SELECT id FROM posts WHERE CAST(posts AS TEXT) ILIKE '%blue%'",
        "SELECT max(CAST(c AS TEXT)) AS r FROM comments c LEFT JOIN posts ON posts.id = c.post",
    ];
    let changes = [
        "UPDATE posts SET title = CAST(posts AS TEXT) RETURNING CAST(posts AS TEXT) AS r",
        "DELETE FROM posts WHERE CAST(posts AS TEXT) ILIKE '%blue%' OR TRUE",
        "INSERT INTO posts (id, title) SELECT id + 100, CAST(c AS TEXT) FROM comments c",
    ];
    let place = Place::new(&server);
    attempts::none_reaches_another_tenant::<Postgres>(&place, &reads, &changes);
    attempts::no_attempt_reaches_another_tenant::<Postgres>(&place.with_old_strings());
}
