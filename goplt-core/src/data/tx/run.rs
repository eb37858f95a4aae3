//! What both kinds of transactions share: running statements, once, in time.

use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    TenantId,
    data::{
        DbError, FromRow,
        engine::{Access, RowSink, Session, Wanted},
        meter::{Meter, operation},
        row::{Places, RawRow, Row},
        sql::{Bound, Statement},
    },
    telemetry::is_exported,
};

/// A transaction that refuses to go on after a failure.
pub(super) struct Transaction {
    session: Box<dyn Session>,
    access: Access,
    deadline: Option<Instant>,
    meter: Meter,
    /// Rows were changed.
    changed: bool,
    /// A statement failed, or one began and was never seen to end.
    aborted: bool,
    /// Another transaction stood in the way of a statement.
    conflicted: bool,
}

impl Transaction {
    pub(super) const fn new(
        session: Box<dyn Session>,
        access: Access,
        deadline: Option<Instant>,
        meter: Meter,
    ) -> Self {
        Self {
            session,
            access,
            deadline,
            meter,
            changed: false,
            aborted: false,
            conflicted: false,
        }
    }

    pub(super) const fn has_conflicted(&self) -> bool {
        self.conflicted
    }

    pub(super) async fn fetch_all<T: FromRow + Send>(
        &mut self,
        bound: Bound,
        tenant: Option<&TenantId>,
    ) -> Result<Vec<T>, DbError> {
        let mut all = Vec::new();
        let places = Places::of::<T>();
        let rows = &mut |raw: &dyn RawRow| {
            all.push(T::from_row(&Row::new(raw, &places))?);
            Ok(())
        };
        self.run(bound, tenant, Wanted::All, rows).await?;
        Ok(all)
    }

    pub(super) async fn fetch_optional<T: FromRow + Send>(
        &mut self,
        bound: Bound,
        tenant: Option<&TenantId>,
    ) -> Result<Option<T>, DbError> {
        let mut first = None;
        let places = Places::of::<T>();
        let rows = &mut |raw: &dyn RawRow| {
            if first.is_none() {
                first = Some(T::from_row(&Row::new(raw, &places))?);
            }
            Ok(())
        };
        self.run(bound, tenant, Wanted::First, rows).await?;
        Ok(first)
    }

    pub(super) async fn execute(
        &mut self,
        bound: Bound,
        tenant: Option<&TenantId>,
    ) -> Result<u64, DbError> {
        self.run(bound, tenant, Wanted::All, &mut |_| Ok(())).await
    }

    pub(super) const fn writes(&self) -> bool {
        matches!(self.access, Access::Write)
    }

    pub(super) async fn commit(self) -> Result<(), DbError> {
        if self.aborted {
            return Err(DbError::Aborted);
        }
        // No deadline: half a commit is none, and what is asked for last takes no time of others.
        let started = self.meter.start();
        let committed = self.session.commit().await;
        self.meter.record("COMMIT", started, &committed);
        if self.changed && committed.is_ok() {
            self.meter.wrote();
        }
        committed
    }

    async fn run(
        &mut self,
        mut bound: Bound,
        tenant: Option<&TenantId>,
        wanted: Wanted,
        rows: RowSink<'_>,
    ) -> Result<u64, DbError> {
        bound.complete(tenant.map(TenantId::as_str))?;
        if self.aborted {
            return Err(DbError::Aborted);
        }
        if bound.statement().writes && self.access == Access::Read {
            return Err(DbError::ReadOnly);
        }
        let (operation, writes) = (
            operation(&bound.statement().sqlite),
            bound.statement().writes,
        );
        let span = span(bound.statement(), operation, self.meter.system());
        let started = self.meter.start();
        self.aborted = true;
        let running = self
            .session
            .run(bound, wanted, rows)
            .instrument(span.clone());
        let done = match self.deadline {
            None => running.await,
            Some(deadline) => timeout_at(deadline, running)
                .await
                .unwrap_or(Err(DbError::Deadline)),
        };
        self.aborted = done.as_ref().is_err_and(is_of_the_database);
        self.changed |= writes && done.as_ref().is_ok_and(|rows| *rows > 0);
        self.conflicted |= matches!(done, Err(DbError::Conflict(_)));
        self.meter.record(operation, started, &done);
        if let Err(error) = &done {
            span.record("error.type", error.code().as_str());
            span.record("otel.status_code", "ERROR");
        }
        done
    }
}

/// The text with its places and never a value.
fn span(statement: &Statement, operation: &'static str, system: &'static str) -> Span {
    tracing::debug_span!(
        target: "goplt::db",
        "db.query",
        otel.name = is_exported().then_some(operation),
        otel.kind = is_exported().then_some("client"),
        otel.status_code = Empty,
        db.system.name = system,
        db.operation.name = operation,
        db.query.text = &*statement.sqlite,
        error.type = Empty,
    )
}

/// Whether the database knows of the failure: a row that could not be read has not harmed it.
const fn is_of_the_database(error: &DbError) -> bool {
    !matches!(
        error,
        DbError::Column { .. }
            | DbError::NoColumn { .. }
            | DbError::Width { .. }
            | DbError::Bind { .. }
    )
}
