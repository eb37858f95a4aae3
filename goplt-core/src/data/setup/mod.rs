//! The three roles of an assembly on PostgreSQL, and the database and schemas that they work in.
//!
//! | role | what it is for | may |
//! |---|---|---|
//! | `{database}_owner` | migrations | own the schemas and tables |
//! | `{database}_app` | requests, event handlers, jobs | read and write the rows of one tenant at a time |
//! | `{database}_host` | relay, job runner, declared work across tenants | read and write the tables declared for that |
//!
//! Each has a password of its own, made once and kept in the data folder, in the file `database-roles` (mode 0600).
//! [`Setup::run`] makes what is not there and may be run again; [`Setup::script`] is the same for `psql`.

mod error;
mod passwords;
mod run;
mod script;
mod url;
mod verifier;

use std::path::{Path, PathBuf};

use goplt_manifest::ModuleName;
use secrecy::SecretString;

use self::{passwords::Passwords, url::PostgresUrl};
use super::{DatabaseSettings, guard};

pub use self::{error::SetupError, run::SetupReport};

/// What the roles' names end with.
const ROLES: [&str; 3] = ["owner", "app", "host"];

/// A database to be set up for the modules of an assembly.
///
/// # Examples
///
/// ```
/// use goplt_core::data::setup::Setup;
///
/// let setup = Setup::new(&"postgres://127.0.0.1/shop".into(), [&"blog".parse()?], "./data".as_ref())?;
/// let script = setup.script();
/// assert!(script.contains(r#"CREATE SCHEMA IF NOT EXISTS "blog""#));
/// assert!(script.contains("PASSWORD :'app_password'"));
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
#[derive(Debug)]
pub struct Setup {
    url: PostgresUrl,
    schemas: Vec<String>,
    data_dir: PathBuf,
}

/// The URLs of a configuration.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "three roles, three URLs: there is no fourth"
)]
pub struct RoleUrls {
    /// `database.url`.
    pub url: SecretString,
    /// `database.host_url`.
    pub host_url: Option<SecretString>,
    /// `database.owner_url`.
    pub owner_url: Option<SecretString>,
}

/// What a process may do when it is given the URL of someone who may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it may or it may not")]
pub enum FirstUse {
    /// Set the database up with it: development.
    SetUp,
    /// Nothing: production.
    Refuse,
}

impl Setup {
    /// Of the database that the URL names, for these modules; passwords are kept in the data folder.
    ///
    /// # Errors
    ///
    /// [`SetupError::Url`].
    pub fn new<'m>(
        url: &SecretString,
        modules: impl IntoIterator<Item = &'m ModuleName>,
        data_dir: &Path,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            url: PostgresUrl::parse(url)?,
            schemas: search_path(modules),
            data_dir: data_dir.to_owned(),
        })
    }

    /// Everything as a script for `psql`, which asks for the passwords as variables.
    #[must_use]
    pub fn script(&self) -> String {
        script::script(&self.url, &self.schemas)
    }

    /// How each role connects, with the passwords in the data folder.
    fn settings(&self, passwords: &Passwords) -> Result<DatabaseSettings, SetupError> {
        let url = |suffix: &str| {
            let password = passwords.of(&self.url, suffix);
            let password = password.ok_or_else(|| SetupError::NoPasswords {
                place: self.url.place(),
                file: passwords.path().to_owned(),
                placement: None,
            })?;
            Ok(self
                .url
                .with_user(&self.url.role(suffix), password)
                .to_secret())
        };
        Ok(DatabaseSettings::new(url("app")?)
            .with_host_url(url("host")?)
            .with_owner_url(url("owner")?)
            .with_search_path(self.schemas.clone()))
    }
}

/// How a process gets at its database with three roles, by the URLs of its configuration.
///
/// With `database.host_url` set, the URLs are taken as they are. Otherwise `database.url` names the place, and the
/// roles' passwords are those in the data folder. In development a URL with the user of someone else is that of whoever
/// may set the database up: it is, and what was done is returned.
///
/// # Errors
///
/// [`SetupError`], with the mend.
pub async fn connect<'m>(
    urls: RoleUrls,
    modules: impl IntoIterator<Item = &'m ModuleName>,
    data_dir: &Path,
    first_use: FirstUse,
) -> Result<(DatabaseSettings, SetupReport), SetupError> {
    if let Some(host_url) = urls.host_url {
        let settings = DatabaseSettings::new(urls.url)
            .with_host_url(host_url)
            .with_search_path(search_path(modules));
        let settings = match urls.owner_url {
            Some(owner_url) => settings.with_owner_url(owner_url),
            None => settings,
        };
        return Ok((settings, SetupReport::default()));
    }
    let setup = Setup::new(&urls.url, modules, data_dir)?;
    let passwords = Passwords::read(data_dir)?;
    let app = setup.url.role("app");
    match (setup.url.user(), first_use) {
        (Some(user), FirstUse::SetUp) if *user != *app => {
            let report = setup.run_as_administrator(&setup.url, true).await?;
            let settings = setup.settings(&Passwords::read(data_dir)?)?;
            Ok((settings, report))
        }
        (Some(user), FirstUse::Refuse) if *user != *app => Err(SetupError::OneRole {
            user: user.to_owned(),
            placement: None,
        }),
        _ => Ok((setup.settings(&passwords)?, SetupReport::default())),
    }
}

/// The schemas that names without one are looked for in.
fn search_path<'m>(modules: impl IntoIterator<Item = &'m ModuleName>) -> Vec<String> {
    let mut schemas = vec![guard::KERNEL_SCHEMA.to_owned()];
    for schema in modules.into_iter().map(guard::schema_of) {
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
    }
    schemas
}
