//! [`Server`]: a PostgreSQL that tests make databases in.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::PgConnection;

use super::{
    Database, RUN_LOCK, Row, SqlError, Template, USERS_LOCK, connection, connection::quoted,
};
use crate::backend::Rung;

/// A PostgreSQL server, and the right to make databases and roles in it.
///
/// Clones are the same server.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    address: Address,
    /// Names this process among all that use the server.
    run: i32,
    databases: AtomicU32,
    /// Its locks say that this process lives; they end with it, however it ends.
    _alive: PgConnection,
}

impl Server {
    pub(super) fn connect(address: Address) -> Result<Self, SqlError> {
        let run = fastrand::i32(1..);
        let alive = connection::wait(async {
            let mut alive = connection::open(&address.url()).await?;
            let locks = format!(
                "SET application_name = 'goplt-testing {process}';
                 SELECT pg_advisory_lock_shared({USERS_LOCK});
                 SELECT pg_advisory_lock({RUN_LOCK}, {run})",
                process = std::process::id(),
            );
            connection::run(&mut alive, &locks).await?;
            sweep(&mut alive).await?;
            Ok(alive)
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                address,
                run,
                databases: AtomicU32::new(0),
                _alive: alive,
            }),
        })
    }

    /// Where it came from.
    #[must_use]
    pub fn rung(&self) -> Rung {
        self.inner.address.rung
    }

    /// Host name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.inner.address.host
    }

    /// TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner.address.port
    }

    /// The URL of the superuser.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.inner.address.url()
    }

    /// An empty database of its own; it goes with the value, and the roles that begin with its name
    /// do too.
    ///
    /// # Panics
    ///
    /// If the server does not make one.
    #[must_use]
    pub fn database(&self) -> Database {
        self.copy_of("template0")
    }

    /// A database to make copies of: `prepare` runs once.
    ///
    /// A copy is made in some tens of milliseconds, whatever it holds.
    ///
    /// # Panics
    ///
    /// If the server does not make one.
    #[must_use]
    pub fn template(&self, prepare: impl FnOnce(&Database)) -> Template {
        let database = self.database();
        prepare(&database);
        Template::new(database)
    }

    pub(super) fn copy_of(&self, template: &str) -> Database {
        let number = self.inner.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{:08x}_{number}", PREFIX, self.inner.run);
        let sql = format!(
            "CREATE DATABASE {} TEMPLATE {}",
            quoted(&name),
            quoted(template)
        );
        self.execute(&sql)
            .unwrap_or_else(|error| panic!("no database for the test: {error}"));
        Database::new(self.clone(), name)
    }

    /// The URL of a database, as this user.
    pub(super) fn url(&self, database: &str) -> String {
        self.inner.address.url_with(None, database)
    }

    /// The URL of a database, as a user of the test's.
    pub(super) fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        self.inner
            .address
            .url_with(Some((user, password)), database)
    }

    /// Runs statements as the superuser, outside of the databases of tests.
    ///
    /// # Errors
    ///
    /// If the server refuses one.
    pub fn execute(&self, sql: &str) -> Result<Vec<Row>, SqlError> {
        connection::once(&self.inner.address.url(), sql)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("rung", &self.rung())
            .field("host", &self.host())
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}

/// Begins the names of all databases of tests.
const PREFIX: &str = "goplt_test_";

/// Drops what processes that were killed have left: databases named after a process whose lock is
/// free.
async fn sweep(alive: &mut PgConnection) -> Result<(), SqlError> {
    let names = connection::run(
        alive,
        "SELECT datname FROM pg_database WHERE datname ~ '^goplt_test_[0-9a-f]{8}_[0-9]+$'",
    )
    .await?;
    for name in names.into_iter().flatten().flatten() {
        let Some(run) = name
            .get(PREFIX.len()..PREFIX.len() + 8)
            .and_then(|run| i32::from_str_radix(run, 16).ok())
        else {
            continue;
        };
        let lock = format!("SELECT pg_try_advisory_lock({RUN_LOCK}, {run})");
        // Our own lock could be taken again; nothing is named after it yet.
        if connection::run(alive, &lock).await? != [[Some("t".to_owned())]] {
            continue;
        }
        for sql in drop_statements(alive, &name).await? {
            connection::run(alive, &sql).await?;
        }
        connection::run(
            alive,
            &format!("SELECT pg_advisory_unlock({RUN_LOCK}, {run})"),
        )
        .await?;
    }
    Ok(())
}

/// What removes a database and the roles named after it.
pub(super) async fn drop_statements(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Vec<String>, SqlError> {
    let roles = format!("SELECT rolname FROM pg_roles WHERE starts_with(rolname, '{name}_')");
    let roles = connection::run(connection, &roles).await?;
    let mut statements = vec![format!(
        "DROP DATABASE IF EXISTS {} WITH (FORCE)",
        quoted(name)
    )];
    for role in roles.into_iter().flatten().flatten() {
        statements.push(format!("DROP ROLE IF EXISTS {}", quoted(&role)));
    }
    Ok(statements)
}

/// Where a server is, and who may do everything there.
#[derive(Clone)]
pub(super) struct Address {
    rung: Rung,
    user: String,
    password: String,
    host: String,
    port: u16,
    database: String,
    /// From `?` on.
    options: String,
}

impl Address {
    pub(super) fn local(rung: Rung, host: &str, port: u16, password: &str) -> Self {
        Self {
            rung,
            user: "postgres".to_owned(),
            password: password.to_owned(),
            host: host.to_owned(),
            port,
            database: "postgres".to_owned(),
            options: String::new(),
        }
    }

    /// User and password stay as they are written, percent signs included.
    pub(super) fn parse(url: &str, rung: Rung) -> Option<Self> {
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))?;
        let (rest, options) = match rest.find('?') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (credentials, place) = rest.rsplit_once('@')?;
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (authority, 5432),
        };
        if user.is_empty() || host.is_empty() {
            return None;
        }
        let database = if database.is_empty() { user } else { database };
        Some(Self {
            rung,
            user: user.to_owned(),
            password: password.to_owned(),
            host: host.to_owned(),
            port,
            database: database.to_owned(),
            options: options.to_owned(),
        })
    }

    pub(super) const fn rung(&self) -> Rung {
        self.rung
    }

    pub(super) fn url(&self) -> String {
        self.url_with(None, &self.database)
    }

    fn url_with(&self, credentials: Option<(&str, &str)>, database: &str) -> String {
        let (user, password) = credentials.unwrap_or((&self.user, &self.password));
        let password = if password.is_empty() {
            String::new()
        } else {
            format!(":{password}")
        };
        let Self {
            host,
            port,
            options,
            ..
        } = self;
        format!("postgres://{user}{password}@{host}:{port}/{database}{options}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_it_was_read() {
        for (given, read) in [
            (
                "postgres://postgres:a%40b@127.0.0.1:25432/postgres?sslmode=disable",
                "postgres://postgres:a%40b@127.0.0.1:25432/postgres?sslmode=disable",
            ),
            ("postgresql://root@db", "postgres://root@db:5432/root"),
            ("postgres://u:p@[::1]:5/d", "postgres://u:p@[::1]:5/d"),
            ("postgres://u:p@[::1]/d", "postgres://u:p@[::1]:5432/d"),
        ] {
            assert_eq!(Address::parse(given, Rung::Url).unwrap().url(), read);
        }
        for wrong in [
            "",
            "mysql://u@h/d",
            "postgres://h/d",
            "postgres://u@h:port/d",
        ] {
            assert!(Address::parse(wrong, Rung::Url).is_none(), "{wrong}");
        }
    }
}
