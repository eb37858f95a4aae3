//! [`TestHost`]: modules under test, in the test's own process.

mod builder;
mod database;
mod frozen;
mod jobs;
mod quiet;

use std::{fmt, sync::Arc};

use axum::Router;
use goplt_authz::PolicyHandle;
use goplt_core::{
    BoxError, RequestContext, TenantId, Uuid,
    contract::Contract,
    data::ScopeMint,
    event::{Event, EventLog},
};
use goplt_module::{HostContext, RunningHost};
use tempfile::TempDir;

pub(crate) use self::database::TestDatabase;
use self::frozen::Frozen;
pub use self::{builder::TestHostBuilder, quiet::Reached};
use crate::{Caller, Events, Tenant, TokenMint};

/// Modules under test: see the [crate docs](crate).
///
/// Its folder and its database go with it; [`stop`](Self::stop) it to run the modules' `on_stop`.
pub struct TestHost {
    pub(crate) running: RunningHost,
    pub(crate) router: Router,
    pub(crate) policy: PolicyHandle,
    pub(crate) tokens: TokenMint,
    pub(crate) mint: ScopeMint,
    pub(crate) database: TestDatabase,
    /// Those of tenants that are placed.
    pub(crate) placed: Vec<(String, TestDatabase)>,
    frozen: Option<Frozen>,
    _folder: TempDir,
}

impl TestHost {
    /// A host without modules yet.
    pub fn builder() -> TestHostBuilder {
        TestHostBuilder::new()
    }

    /// The tenant `acme` with its people.
    #[must_use]
    pub const fn acme(&self) -> Tenant<'_> {
        Tenant::new(self, "acme")
    }

    /// The tenant `globex` with its people.
    #[must_use]
    pub const fn globex(&self) -> Tenant<'_> {
        Tenant::new(self, "globex")
    }

    /// A user with a token of this tenant and without any permission.
    ///
    /// # Panics
    ///
    /// If `tenant` is no tenant id.
    #[must_use]
    pub fn user(&self, subject: &str, tenant: &str) -> Caller<'_> {
        Caller::user(self, subject, parse(tenant))
    }

    /// Someone without credentials, who names a tenant by header.
    ///
    /// # Panics
    ///
    /// If `tenant` is no tenant id.
    #[must_use]
    pub fn anonymous(&self, tenant: &str) -> Caller<'_> {
        Caller::anonymous(self, parse(tenant))
    }

    /// Where the rows of a tenant are.
    pub(crate) fn database_of(&self, tenant: &str) -> &TestDatabase {
        let mut placed = self.placed.iter();
        let placed = placed.find(|(placed, _)| placed == tenant);
        placed.map_or(&self.database, |(_, database)| database)
    }

    /// What makes the tokens of its callers.
    #[must_use]
    pub const fn tokens(&self) -> &TokenMint {
        &self.tokens
    }

    /// The contract `C` as any module would hold it, if a module provides it.
    #[must_use]
    pub fn get<C: Contract + ?Sized>(&self) -> Option<Arc<C>> {
        self.running.get()
    }

    /// Contexts to call contracts in, as the service `test`; ids, clock, folder.
    #[must_use]
    pub fn context(&self) -> HostContext {
        self.running.context("test")
    }

    /// What was published up to now, by all tenants. To wait for something, see
    /// [`eventually`](Self::eventually).
    ///
    /// # Panics
    ///
    /// If the database does not answer.
    pub async fn events(&self) -> Events {
        let log = EventLog::new(self.running.db(), &self.mint);
        let published = log.after(0, u32::MAX).await;
        let mut published =
            published.unwrap_or_else(|error| panic!("no events can be read: {error}"));
        if !self.placed.is_empty() {
            // In the order of time, whatever the database.
            published.sort_by_key(|published| published.envelope.id());
        }
        Events::new(
            published
                .into_iter()
                .map(|published| published.envelope)
                .collect(),
        )
    }

    /// Publishes an event in a tenant, whoever's it is: in place of a module that is not here.
    ///
    /// # Panics
    ///
    /// If the database does not take it, or `tenant` is no tenant id.
    pub async fn publish<E: Event>(&self, tenant: &str, event: &E) -> Uuid {
        let cx = self.context().service_contexts().for_tenant(parse(tenant));
        self.publish_in(&cx, event)
            .await
            .unwrap_or_else(|error| panic!("the event was not published: {error}"))
    }

    pub(crate) async fn publish_in<E: Event>(
        &self,
        cx: &RequestContext,
        event: &E,
    ) -> Result<Uuid, BoxError> {
        let mut tx = self.running.db().begin(cx.scope()?).await?;
        let id = tx.outbox().__publish(event).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Stops the modules in order.
    ///
    /// # Errors
    ///
    /// If an `on_stop` fails, or something does not end in time.
    pub async fn stop(self) -> Result<(), BoxError> {
        drop(self.router);
        Ok(self.running.stop().await?)
    }
}

pub(crate) fn parse(tenant: &str) -> TenantId {
    tenant.parse().unwrap_or_else(|error| panic!("{error}"))
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost").finish_non_exhaustive()
    }
}
