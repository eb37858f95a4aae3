//! PostgreSQL: a pool for the role that serves requests, a small one for work across tenants, and
//! row-level security beneath both.
//!
//! The tenant is set within the transaction, in the same message as BEGIN, and goes with it: no
//! connection remembers one. A transaction begins in a task of its own, so that nobody who walks
//! away leaves a connection in the middle of it (see [`pool`]).

mod admin;
mod catalogue;
pub(in crate::data) mod chaos;
mod error;
mod options;
mod pool;
mod session;
mod value;

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use futures_core::future::BoxFuture;
use goplt_manifest::Dialect;
use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;

use self::{pool::Pool, session::PgSession};
use super::{Access, Admin, Engine, Patience, Session, Whose};
use crate::data::{DatabaseSettings, DbError, DbType, DbValue, catalogue::Roles};

/// Relay, job runner and a few more: beside a process's requests they need little.
const MOST_HOST_CONNECTIONS: u32 = 5;

struct Postgres {
    app: Arc<Pool>,
    host: Option<Arc<Pool>>,
    owner: Option<PgConnectOptions>,
}

pub(super) async fn open(settings: &DatabaseSettings) -> Result<Box<dyn Engine>, DbError> {
    let parse = |url| options::parse(url, settings);
    let app = parse(settings.url())?;
    let host = settings.host_url().map(parse).transpose()?;
    let owner = settings.owner_url().map(parse).transpose()?;
    let most = settings.max_connections().max(1);
    let engine = Postgres {
        app: Pool::new(app, most, settings),
        host: host.map(|host| Pool::new(host, most.min(MOST_HOST_CONNECTIONS), settings)),
        owner,
    };
    // Better refused now than in a request.
    engine.app.open().await?;
    Ok(Box::new(engine))
}

/// A session as the user of the URL; `None` if the server has no such database.
pub(super) async fn session(url: &SecretString) -> Result<Option<Box<dyn Admin>>, DbError> {
    let options = options::parse(url, &DatabaseSettings::new(url.clone()))?;
    admin::open_if_there(&options).await
}

impl Postgres {
    fn pool(&self, whose: Whose<'_>) -> Result<&Arc<Pool>, DbError> {
        match whose {
            Whose::Tenant(_) => Ok(&self.app),
            Whose::Host | Whose::Kernel => self.host.as_ref().ok_or(DbError::NoRole {
                role: "host",
                purpose: "works across tenants",
            }),
        }
    }
}

impl Postgres {
    /// Who is who. A host role that is the app role is none: its policy would show it every tenant's rows.
    fn roles(&self) -> Roles {
        let app = self.app.options().get_username().to_owned();
        let name = |options: &PgConnectOptions| options.get_username().to_owned();
        Roles {
            owner: self.owner.as_ref().map(name).unwrap_or_default(),
            host: self
                .host
                .as_ref()
                .map(|host| name(host.options()))
                .filter(|host| *host != app),
            app,
        }
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The owner's options hold its password, and show it.
        f.debug_struct("Postgres")
            .field("app", &self.app)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl Engine for Postgres {
    fn system(&self) -> &'static str {
        "postgresql"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn begin<'a>(
        &'a self,
        access: Access,
        whose: Whose<'a>,
        patience: Patience,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, DbError>> {
        Box::pin(async move {
            let lease = self
                .pool(whose)?
                .begin(begin(access, whose, patience.deadline), patience)
                .await?;
            Ok(Box::new(PgSession::new(lease)) as Box<dyn Session>)
        })
    }

    fn ping(&self, patience: Patience) -> BoxFuture<'_, Result<(), DbError>> {
        Box::pin(async move {
            // What is dropped rolls back.
            let text = begin(Access::Read, Whose::Host, None);
            self.app.begin(text, patience).await.map(drop)
        })
    }

    fn identity(&self) -> BoxFuture<'_, Result<String, DbError>> {
        // A server is told by the moment it started, a database in it by its number.
        const WHICH: &str = "SELECT pg_postmaster_start_time()::text || ' ' || oid::text FROM pg_database \
                             WHERE datname = current_database()";
        Box::pin(async move {
            let mut inspector = self.inspector().await?;
            let found = inspector.query(WHICH, Vec::new(), &[DbType::Text]).await;
            inspector.finish().await;
            let found = found?.into_iter().flatten().next();
            let found = found.ok_or(DbError::NoRow)?;
            String::from_value(found).map_err(|source| DbError::Column {
                column: "identity".into(),
                source,
            })
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.app.close().await;
            if let Some(host) = &self.host {
                host.close().await;
            }
        })
    }

    fn admin(&self) -> BoxFuture<'_, Result<Box<dyn Admin>, DbError>> {
        Box::pin(async move {
            let owner = self.owner.as_ref().ok_or(DbError::NoRole {
                role: "owner",
                purpose: "changes the schema",
            })?;
            admin::connect(owner, self.roles()).await
        })
    }

    fn inspector(&self) -> BoxFuture<'_, Result<Box<dyn Admin>, DbError>> {
        Box::pin(async move { admin::inspect(self.app.options(), self.roles()).await })
    }
}

/// One message: the transaction, whose it is, and when the server shall give up by itself.
fn begin(access: Access, whose: Whose<'_>, deadline: Option<Instant>) -> String {
    let mut text = String::with_capacity(160);
    // A reader sees one state from its first statement to its last.
    text.push_str(match access {
        Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        Access::Write => "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
    });
    match whose {
        Whose::Tenant(tenant) => {
            // An id has letters, digits and hyphens alone, that of the platform an `@`; what a string
            // would have to escape never parsed.
            text.push_str("; SET LOCAL goplt.tenant = '");
            text.push_str(tenant.as_str());
            text.push('\'');
        }
        Whose::Host => {}
        // The kernel's tables are queues: empty in one moment and full in the next. A plan made for
        // the one, which reads them from end to end, would be kept for the other.
        Whose::Kernel => text.push_str("; SET LOCAL enable_seqscan = off"),
    }
    if let Some(deadline) = deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.as_millis().clamp(1, LONGEST_TIMEOUT);
        // A `String` takes all that is written to it.
        let _ = write!(text, "; SET LOCAL statement_timeout = {left}");
    }
    text
}

/// In milliseconds; what PostgreSQL takes.
const LONGEST_TIMEOUT: u128 = i32::MAX as u128;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tenant_and_time_go_with_the_begin() {
        let tenant = "acme-2".parse().unwrap();
        let deadline = Instant::now() + Duration::from_millis(1_500);
        assert_eq!(
            begin(Access::Write, Whose::Tenant(&tenant), Some(deadline)),
            "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SET LOCAL goplt.tenant = 'acme-2'; \
             SET LOCAL statement_timeout = 1500"
        );
        assert_eq!(
            begin(Access::Read, Whose::Host, None),
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        );
        assert_eq!(
            begin(Access::Read, Whose::Kernel, None),
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL enable_seqscan = off"
        );
    }

    #[test]
    fn what_is_shown_of_it_holds_no_password() {
        let settings = DatabaseSettings::new("postgres://ada:s3cret@localhost/shop");
        let options = options::parse(settings.url(), &settings).unwrap();
        let engine = Postgres {
            app: Pool::new(options.clone(), 1, &settings),
            host: Some(Pool::new(options.clone(), 1, &settings)),
            owner: Some(options),
        };
        let shown = format!("{engine:?}");
        assert!(
            shown.contains("shop") && !shown.contains("s3cret"),
            "{shown}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_has_passed_is_not_no_deadline() {
        let passed = Instant::now();
        tokio::time::advance(Duration::from_secs(1)).await;
        // Zero would switch the timeout off.
        assert!(begin(Access::Read, Whose::Host, Some(passed)).ends_with("statement_timeout = 1"));
    }
}
