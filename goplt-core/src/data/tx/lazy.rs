//! A transaction that opens at its first statement.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use futures_core::future::BoxFuture;

use super::TenantTx;
use crate::data::{
    DbError, HostSql, TenantDb, TenantScope,
    db::Place,
    engine::{Access, RowSink, Session, Wanted},
    scope::OpenWrite,
    sql::Bound,
};

/// How the first statement of a [`LazySession`] went, for whoever made it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prelude(Arc<AtomicU8>);

/// Why a prelude refused the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It changed no row: the right to go on is lost.
    Fenced,
    /// It broke a unique constraint: this was done before.
    Duplicate,
}

/// Opens its transaction with a prelude: a statement that must change a row.
struct LazySession {
    db: TenantDb,
    place: Place,
    scope: TenantScope,
    prelude: Option<HostSql>,
    outcome: Prelude,
    // Before the mark, so that the transaction has ended when the mark says so.
    open: Option<Box<dyn Session>>,
    mark: Option<OpenWrite>,
}

impl TenantDb {
    /// A transaction that begins with its first statement, or when it is committed.
    pub(crate) fn begin_lazily(
        &self,
        scope: &TenantScope,
        prelude: HostSql,
    ) -> (TenantTx, Prelude) {
        let outcome = Prelude::default();
        let place = self.place_of(scope.tenant());
        let session = LazySession {
            db: self.clone(),
            place,
            scope: scope.clone(),
            prelude: Some(prelude),
            outcome: outcome.clone(),
            open: None,
            mark: None,
        };
        (
            TenantTx::lazy(Box::new(session), scope, self, place),
            outcome,
        )
    }
}

impl Prelude {
    pub(crate) fn refused(&self) -> Option<Refused> {
        match self.0.load(Ordering::Acquire) {
            1 => Some(Refused::Fenced),
            2 => Some(Refused::Duplicate),
            _ => None,
        }
    }

    fn refuse(&self, why: Refused) {
        let why = match why {
            Refused::Fenced => 1,
            Refused::Duplicate => 2,
        };
        self.0.store(why, Ordering::Release);
    }
}

impl LazySession {
    async fn open(&mut self) -> Result<&mut Box<dyn Session>, DbError> {
        if let Some(prelude) = self.prelude.take() {
            let begun = self
                .db
                .tenant_session(self.place, &self.scope, Access::Write);
            let mut session = begun.await?;
            self.mark = Some(self.scope.open_write());
            let began = session
                .run(prelude.bound, Wanted::All, &mut |_| Ok(()))
                .await;
            match began {
                Ok(0) => {
                    self.outcome.refuse(Refused::Fenced);
                    return Err(DbError::Aborted);
                }
                Ok(_) => self.open = Some(session),
                Err(error) => {
                    if error.is_unique_violation() {
                        self.outcome.refuse(Refused::Duplicate);
                    }
                    return Err(error);
                }
            }
        }
        self.open.as_mut().ok_or(DbError::Aborted)
    }
}

impl Session for LazySession {
    fn run<'a>(
        &'a mut self,
        bound: Bound,
        wanted: Wanted,
        rows: RowSink<'a>,
    ) -> BoxFuture<'a, Result<u64, DbError>> {
        Box::pin(async move { self.open().await?.run(bound, wanted, rows).await })
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<(), DbError>> {
        Box::pin(async move {
            self.open().await?;
            match self.open.take() {
                Some(session) => session.commit().await,
                None => Err(DbError::Aborted),
            }
        })
    }
}
