//! [`Database`]: a test's own.

use std::{fmt, sync::OnceLock};

use super::{Row, Server, SqlError, connection, server::drop_statements};

/// A database that exists as long as this value, for one test alone.
///
/// With it go its connections, and the roles whose names begin with its name and an underscore,
/// such as `{name}_app`.
pub struct Database {
    server: Server,
    name: String,
    roles: OnceLock<Roles>,
}

/// The URLs of a database for the three roles of an assembly: [`Database::roles`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Roles {
    /// Serves requests: `database.url`.
    pub app: String,
    /// Works across tenants: `database.host_url`.
    pub host: String,
    /// Owns the tables: `database.owner_url`.
    pub owner: String,
}

impl Database {
    pub(super) const fn new(server: Server, name: String) -> Self {
        Self {
            server,
            name,
            roles: OnceLock::new(),
        }
    }

    /// Its name, which is a plain identifier.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it is in.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The URL of the superuser.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The URL of another user; `user` and `password` as they are to stand in a URL.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        self.server.url_as(user, password, &self.name)
    }

    /// The three roles of an assembly, `{name}_app`, `{name}_host` and `{name}_owner`, made at the
    /// first call. What they may do beyond connecting, and the owner beyond making schemas, is
    /// granted by migrations.
    ///
    /// # Panics
    ///
    /// If the server does not make them.
    pub fn roles(&self) -> &Roles {
        self.roles.get_or_init(|| {
            let name = &self.name;
            let password = format!("{:032x}", fastrand::u128(..));
            let make =
                |role: &str| format!("CREATE ROLE {name}_{role} LOGIN PASSWORD '{password}';");
            let sql = format!(
                "{}{}{} REVOKE ALL ON DATABASE {name} FROM PUBLIC; \
                 GRANT CONNECT ON DATABASE {name} TO {name}_app, {name}_host, {name}_owner; \
                 GRANT CREATE ON DATABASE {name} TO {name}_owner",
                make("app"),
                make("host"),
                make("owner"),
            );
            self.execute(&sql)
                .unwrap_or_else(|error| panic!("no roles for the test: {error}"));
            let url = |role: &str| self.url_as(&format!("{name}_{role}"), &password);
            Roles {
                app: url("app"),
                host: url("host"),
                owner: url("owner"),
            }
        })
    }

    /// Runs statements as the superuser, as one transaction unless they say otherwise, and gives
    /// their rows.
    ///
    /// It blocks, and may be called anywhere, also inside a runtime.
    ///
    /// # Errors
    ///
    /// If the server refuses one.
    pub fn execute(&self, sql: &str) -> Result<Vec<Row>, SqlError> {
        connection::once(&self.url(), sql)
    }

    /// The same as another user.
    ///
    /// # Errors
    ///
    /// If the server refuses the user or a statement.
    pub fn execute_as(&self, user: &str, password: &str, sql: &str) -> Result<Vec<Row>, SqlError> {
        connection::once(&self.url_as(user, password), sql)
    }

    /// The rows of a statement as one text, columns parted by `|` and rows by line ends; NULL is
    /// nothing.
    ///
    /// # Errors
    ///
    /// If the server refuses it.
    pub fn text(&self, sql: &str) -> Result<String, SqlError> {
        let rows = self.execute(sql)?;
        let line = |row: &Row| {
            let columns = row.iter().map(|column| column.as_deref().unwrap_or(""));
            columns.collect::<Vec<_>>().join("|")
        };
        Ok(rows.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let url = self.server.url("postgres");
        let dropped = connection::wait(async {
            let mut connection = connection::open(&url).await?;
            for sql in drop_statements(&mut connection, &self.name).await? {
                connection::run(&mut connection, &sql).await?;
            }
            Ok::<_, SqlError>(())
        });
        if let Err(error) = dropped {
            eprintln!("the database {} stays behind: {error}", self.name);
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // They hold passwords.
        f.write_str("Roles")
    }
}
