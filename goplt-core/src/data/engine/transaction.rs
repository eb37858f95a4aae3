//! The driver's own transaction commands, on a bare connection: sqlx's `Transaction` borrows its
//! connection, and so could not live in ours.

use sqlx::{Database, Error, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;

pub(super) async fn begin<D: Database>(
    connection: &mut D::Connection,
    statement: &'static str,
) -> Result<(), Error> {
    D::TransactionManager::begin(connection, Some(statement.into_sql_str())).await
}

pub(super) async fn commit<D: Database>(connection: &mut D::Connection) -> Result<(), Error> {
    D::TransactionManager::commit(connection).await
}

/// Queues a rollback behind what runs, without waiting for it.
pub(super) fn start_rollback<D: Database>(connection: &mut D::Connection) {
    D::TransactionManager::start_rollback(connection);
}

/// Whether the connection knows of no open transaction.
pub(super) fn is_outside<D: Database>(connection: &D::Connection) -> bool {
    D::TransactionManager::get_transaction_depth(connection) == 0
}
