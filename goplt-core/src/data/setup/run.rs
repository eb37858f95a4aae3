//! Making roles, database and schemas, as far as they are not there.

use std::fmt;

use secrecy::SecretString;

use super::{
    ROLES, Setup, SetupError,
    passwords::{self, Passwords},
    script,
    url::PostgresUrl,
    verifier::verifier,
};
use crate::data::{
    DbError, DbType, DbValue, IntoValue, Value,
    engine::{self, Admin},
    guard::quote,
};

/// What was made; displayed as a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetupReport {
    done: Vec<String>,
}

/// Several processes may begin at once; whoever comes second finds what the first has made.
const ATTEMPTS: u32 = 5;

impl Setup {
    /// Makes the roles, the database, the schemas and the rights that are not there, as the user of this URL: a
    /// superuser, or one that may make roles and databases.
    ///
    /// Passwords are those in the data folder, which are made if they are not there. With `reset` a role whose password
    /// is not known gets a new one.
    ///
    /// # Errors
    ///
    /// [`SetupError`]; what was done until then stays, and another run goes on.
    pub async fn run(
        &self,
        admin_url: &SecretString,
        reset: bool,
    ) -> Result<SetupReport, SetupError> {
        let admin = PostgresUrl::parse_any(admin_url)?;
        let report = self.run_as_administrator(&admin, reset).await?;
        self.set_passwords(&admin).await?;
        Ok(report)
    }

    pub(super) async fn run_as_administrator(
        &self,
        admin: &PostgresUrl,
        reset: bool,
    ) -> Result<SetupReport, SetupError> {
        let mut attempt = 1;
        loop {
            match self.attempt(admin, reset).await {
                Err(SetupError::Database { source, .. })
                    if attempt < ATTEMPTS && may_be_there_now(&source) =>
                {
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn attempt(&self, admin: &PostgresUrl, reset: bool) -> Result<SetupReport, SetupError> {
        let mut report = SetupReport::default();
        let target = admin.with_database(&self.url.database);
        let found = open(&target).await?;
        let is_new = found.is_none();
        let mut session = match found {
            Some(session) => session,
            // Every server has this one, and nothing is changed in it.
            None => there(&admin.with_database("postgres")).await?,
        };
        let known = roles(&mut *session, &self.url).await?;
        let mut passwords = Passwords::read(&self.data_dir)?;
        for role in &known {
            let suffix = role.rsplit('_').next().unwrap_or_default();
            if passwords.of(&self.url, suffix).is_none() && !reset {
                return Err(SetupError::UnknownPassword {
                    role: role.clone(),
                    file: passwords.path().to_owned(),
                });
            }
        }
        // What has no password in the file gets one now: also a role that is there.
        let unknown: Vec<_> = ROLES
            .iter()
            .filter(|suffix| passwords.of(&self.url, suffix).is_none())
            .collect();
        passwords.complete(&self.url)?;
        quiet(&mut *session).await;
        for suffix in ROLES {
            let role = self.url.role(suffix);
            let exists = known.contains(&role);
            let password = passwords.of(&self.url, suffix).cloned().unwrap_or_default();
            if !exists {
                with_password(&mut *session, "CREATE", &role, &password).await?;
                report.done.push(format!("made the role `{role}`"));
            } else if unknown.contains(&&suffix) {
                with_password(&mut *session, "ALTER", &role, &password).await?;
                report
                    .done
                    .push(format!("gave the role `{role}` a new password"));
            }
        }
        join(&mut *session, &self.url).await?;
        if is_new {
            run(&mut *session, &script::create_database(&self.url)).await?;
            report
                .done
                .push(format!("made the database `{}`", self.url.database));
            session.finish().await;
            session = there(&target).await?;
        }
        for statement in script::database(&self.url, is_new) {
            run(&mut *session, &statement).await?;
        }
        if !self.has_schemas(&mut *session).await? {
            let become_owner = format!("SET ROLE {}", quote(&self.url.role("owner")));
            run(&mut *session, &become_owner).await?;
            for statement in script::schemas(&self.url, &self.schemas) {
                run(&mut *session, &statement).await?;
            }
            report
                .done
                .push(format!("made the schemas {}", self.schemas.join(", ")));
        }
        session.finish().await;
        if !report.done.is_empty() {
            let file = passwords.path().display();
            report
                .done
                .push(format!("the roles' passwords are in `{file}`"));
        }
        Ok(report)
    }

    async fn has_schemas(&self, session: &mut dyn Admin) -> Result<bool, SetupError> {
        const SCHEMAS: &str = "SELECT nspname::text FROM pg_namespace";
        let found = texts(session, SCHEMAS, vec![]).await?;
        Ok(self.schemas.iter().all(|schema| found.contains(schema)))
    }

    /// So that the file is right, whatever became of the roles since it was written.
    async fn set_passwords(&self, admin: &PostgresUrl) -> Result<(), SetupError> {
        let passwords = Passwords::read(&self.data_dir)?;
        let mut session = there(&admin.with_database(&self.url.database)).await?;
        quiet(&mut *session).await;
        for suffix in ROLES {
            if let Some(password) = passwords.of(&self.url, suffix) {
                with_password(&mut *session, "ALTER", &self.url.role(suffix), password).await?;
            }
        }
        session.finish().await;
        Ok(())
    }
}

async fn open(url: &PostgresUrl) -> Result<Option<Box<dyn Admin>>, SetupError> {
    let opened = engine::session(&url.to_secret()).await;
    opened.map_err(|source| SetupError::Database {
        doing: format!("connecting to {}", url.place()),
        source,
    })
}

async fn there(url: &PostgresUrl) -> Result<Box<dyn Admin>, SetupError> {
    let missing = || SetupError::Url(format!("there is no database at {}", url.place()));
    open(url).await?.ok_or_else(missing)
}

/// The three roles, as far as they are there.
async fn roles(session: &mut dyn Admin, url: &PostgresUrl) -> Result<Vec<String>, SetupError> {
    const KNOWN: &str = "SELECT rolname::text FROM pg_roles WHERE rolname IN (?1, ?2, ?3)";
    let names = ROLES.iter().map(|suffix| url.role(suffix).into_value());
    texts(session, KNOWN, names.collect()).await
}

/// Whoever is no superuser may only give to the owner, and act as the owner, as one of its members.
async fn join(session: &mut dyn Admin, url: &PostgresUrl) -> Result<(), SetupError> {
    const STRANGER: &str =
        "SELECT current_user::text WHERE NOT pg_has_role(current_user, ?1, 'MEMBER')";
    let owner = url.role("owner");
    let stranger = texts(session, STRANGER, vec![owner.clone().into_value()]).await?;
    if let Some(user) = stranger.first() {
        let grant = format!("GRANT {} TO {}", quote(&owner), quote(user));
        run(session, &grant).await?;
    }
    Ok(())
}

/// Not even a verifier has business in the server's log. Who may not say so is refused, and that changes nothing.
async fn quiet(session: &mut dyn Admin) {
    for setting in [
        "log_statement = 'none'",
        "log_min_duration_statement = -1",
        "log_min_error_statement = panic",
    ] {
        let refused = session.execute(&format!("SET {setting}")).await;
        if let Err(error) = refused {
            tracing::debug!(%error, setting, "the server may log what it is told");
        }
    }
}

/// Makes or changes a role; its password leaves this process as a verifier only.
async fn with_password(
    session: &mut dyn Admin,
    verb: &str,
    role: &str,
    password: &SecretString,
) -> Result<(), SetupError> {
    let role = quote(role);
    let verifier = verifier(password, passwords::salt()?);
    let done = session
        .execute(&format!("{verb} ROLE {role} LOGIN PASSWORD '{verifier}'"))
        .await;
    done.map_err(|source| SetupError::Database {
        doing: format!("{verb} ROLE {role} LOGIN PASSWORD …"),
        source,
    })
}

/// Whether another process may have made the same at the same time.
const fn may_be_there_now(error: &DbError) -> bool {
    matches!(
        error,
        DbError::Statement(_) | DbError::Constraint { .. } | DbError::Conflict(_)
    )
}

async fn run(session: &mut dyn Admin, sql: &str) -> Result<(), SetupError> {
    let done = session.execute(sql).await;
    done.map_err(|source| SetupError::Database {
        doing: sql.to_owned(),
        source,
    })
}

async fn texts(
    session: &mut dyn Admin,
    sql: &str,
    binds: Vec<Value>,
) -> Result<Vec<String>, SetupError> {
    let failed = |source: DbError| SetupError::Database {
        doing: sql.to_owned(),
        source,
    };
    let rows = session
        .query(sql, binds, &[DbType::Text])
        .await
        .map_err(failed)?;
    let text = |value| {
        String::from_value(value).map_err(|source| DbError::Column {
            column: "of the catalogue".into(),
            source,
        })
    };
    let texts = rows.into_iter().flatten().map(text);
    texts.collect::<Result<_, _>>().map_err(failed)
}

impl SetupReport {
    /// What was done, in order; empty if everything was there.
    #[must_use]
    pub fn done(&self) -> &[String] {
        &self.done
    }
}

impl fmt::Display for SetupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.done.is_empty() {
            return f.write_str("everything is there");
        }
        f.write_str(&self.done.join("\n"))
    }
}
