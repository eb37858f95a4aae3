//! For the test of what the detached begin is for: a switch that takes it away, and a look at the
//! connections as they lie in the pool.

use std::{
    any::Any,
    sync::atomic::{AtomicBool, Ordering},
};

use sqlx::{Row, postgres::PgRow};

use super::super::{Postgres, error};
use crate::data::{DbError, TenantDb};

/// Whether `begin` is awaited where it is called, as by a caller of the driver.
#[derive(Debug, Default)]
pub(in super::super) struct Chaos(AtomicBool);

impl Chaos {
    pub(in super::super) fn begins_inline(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What whoever borrows an idle connection would meet, were it to begin nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "for one test of our own")]
pub struct Naked {
    /// What a query of all rows sees.
    pub rows: i64,
    /// Whose they would be.
    pub tenant: String,
    /// Whether somebody's transaction is open.
    pub in_transaction: bool,
}

/// Takes the detached begin away.
///
/// # Panics
///
/// If the database is not PostgreSQL.
pub fn begin_inline(db: &TenantDb) {
    engine(db).app.chaos().0.store(true, Ordering::Relaxed);
}

/// Waits until no connection is in use, and queries each of them without a transaction; `table` is
/// what rows are counted in.
///
/// # Errors
///
/// A [`DbError`].
///
/// # Panics
///
/// If the database is not PostgreSQL.
pub async fn naked(db: &TenantDb, table: &str) -> Result<Vec<Naked>, DbError> {
    let sql = format!(
        "SELECT (SELECT count(*) FROM {table}), coalesce(current_setting('goplt.tenant', true), ''), \
         statement_timestamp() <> transaction_timestamp()"
    );
    let rows = engine(db).app.each_idle(&sql).await?;
    rows.iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(error::from_sqlx)
}

fn read(row: &PgRow) -> Result<Naked, sqlx::Error> {
    Ok(Naked {
        rows: row.try_get(0)?,
        tenant: row.try_get(1)?,
        in_transaction: row.try_get(2)?,
    })
}

fn engine(db: &TenantDb) -> &Postgres {
    let engine: &dyn Any = db.engine();
    engine.downcast_ref().expect("it was opened on PostgreSQL")
}
