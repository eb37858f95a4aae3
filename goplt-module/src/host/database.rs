//! Where a host's database is, as whom it is used, and whether it keeps tenants apart.

use std::path::Path;

use goplt_core::{
    ModuleName,
    config::{
        Config, SecretString,
        kernel::{DatabaseConfig, MigrationMode, PlacementConfig},
    },
    data::{
        DatabaseSettings, TenantDb,
        doctor::{self, Diagnosis},
        kernel_migrations,
        migration::ModuleMigrations,
        setup::{self, FirstUse, RoleUrls, Setup, SetupError, SetupReport},
    },
};

use super::{Host, StartCause, StartError, data_dir::DataDir};
use crate::Registry;

/// What the section `database` says, with the data folder and the passwords in it.
///
/// In development a database of PostgreSQL that is not set up yet is, if the URL is that of someone who may.
pub(super) async fn database_settings(
    config: &Config,
    modules: &Registry,
) -> Result<DatabaseSettings, StartCause> {
    let database: DatabaseConfig = config.get();
    let settings = match database.url {
        Some(url) => {
            let urls = RoleUrls {
                url,
                host_url: database.host_url,
                owner_url: database.owner_url,
            };
            connect(urls, config, modules).await?
        }
        None => DatabaseSettings::new(sqlite_url(config.data_dir())),
    };
    let mut settings = settings
        .with_max_connections(database.max_connections)
        .with_max_idle_connections(database.max_idle_connections)
        .with_max_lifetime(database.max_lifetime)
        .with_acquire_timeout(database.acquire_timeout);
    for placement in database.placements {
        let name = placement.name.clone();
        let tenants = placement.tenants.clone();
        let placed = placement_settings(placement, config, modules).await?;
        settings = settings.with_placement(name, placed, tenants);
    }
    Ok(settings)
}

async fn placement_settings(
    placement: PlacementConfig,
    config: &Config,
    modules: &Registry,
) -> Result<DatabaseSettings, StartCause> {
    let urls = RoleUrls {
        url: placement.url,
        host_url: placement.host_url,
        owner_url: placement.owner_url,
    };
    let settings = connect(urls, config, modules).await;
    let settings = settings.map_err(|error| error.of_placement(&placement.name))?;
    Ok(settings
        .with_max_connections(placement.max_connections)
        .with_max_idle_connections(placement.max_idle_connections)
        .with_max_lifetime(placement.max_lifetime)
        .with_acquire_timeout(placement.acquire_timeout))
}

async fn connect(
    urls: RoleUrls,
    config: &Config,
    modules: &Registry,
) -> Result<DatabaseSettings, SetupError> {
    if is_embedded(config) {
        return Ok(DatabaseSettings::new(urls.url));
    }
    let first_use = if config.environment().is_development() {
        FirstUse::SetUp
    } else {
        FirstUse::Refuse
    };
    let names = module_names(modules);
    let (settings, report) = setup::connect(urls, names, config.data_dir(), first_use).await?;
    for done in report.done() {
        tracing::info!(done, "set the database up");
    }
    Ok(settings)
}

/// Whether the database is no server of PostgreSQL.
pub(super) fn is_embedded(config: &Config) -> bool {
    use goplt_core::config::ExposeSecret;
    let url = config.get::<DatabaseConfig>().url;
    url.is_none_or(|url| !url.expose_secret().starts_with("postgres"))
}

/// Who applies migrations.
pub(super) fn migration_mode(config: &Config) -> MigrationMode {
    if is_embedded(config) {
        return MigrationMode::Auto;
    }
    let default = if config.environment().is_development() {
        MigrationMode::Auto
    } else {
        MigrationMode::Verify
    };
    let mode = config.get::<DatabaseConfig>().migrations;
    mode.unwrap_or(default)
}

/// What every module declares of tables, the kernel first.
pub(super) fn migrations(modules: &Registry) -> Vec<ModuleMigrations<'_>> {
    let modules = modules
        .all()
        .map(|module| ModuleMigrations::of(module.manifest()));
    std::iter::once(kernel_migrations())
        .chain(modules)
        .collect()
}

/// Refuses a database that does not keep tenants apart; in development it says so and goes on, unless rows of a tenant
/// are where nobody looks for them: it would look empty, and be written to.
pub(super) async fn examine(
    db: &TenantDb,
    modules: &Registry,
    config: &Config,
) -> Result<(), StartCause> {
    let diagnosis = doctor::examine(db, &migrations(modules)).await;
    let diagnosis = diagnosis.map_err(StartCause::Database)?;
    if diagnosis.is_healthy() {
        return Ok(());
    }
    if !config.environment().is_development() {
        return Err(StartCause::Doctor(diagnosis));
    }
    let strays = diagnosis.strays();
    if !strays.is_healthy() {
        return Err(StartCause::Doctor(strays));
    }
    for fault in diagnosis.faults() {
        tracing::warn!(%fault, "the database does not keep tenants apart; outside of development this is no start");
    }
    Ok(())
}

impl Host {
    /// Whether the database keeps tenants apart; starts nothing and changes nothing. It may run beside a server.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the database cannot be looked at.
    pub async fn examine(self) -> Result<Diagnosis, StartError> {
        let opened = Opened::open(&self).await.map_err(StartError::early)?;
        let diagnosis = doctor::examine(&opened.db, &migrations(&self.registry)).await;
        opened.db.close().await;
        diagnosis.map_err(|error| StartError::early(StartCause::Database(error)))
    }

    /// Makes roles, database and schemas on PostgreSQL, as the user of this URL: see [`setup`]. With `reset` a role
    /// whose password is not in the data folder gets a new one. With `placement` it is the database of that one.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn set_up(
        self,
        admin_url: &SecretString,
        placement: Option<&str>,
        reset: bool,
    ) -> Result<SetupReport, StartError> {
        let setup = self.setup(Some(admin_url), placement);
        let setup = setup.map_err(StartError::early)?;
        // So that the folder is there, and can be written to, before a password is made.
        let _folder = DataDir::open(self.config.data_dir()).map_err(StartError::early)?;
        let done = setup.run(admin_url, reset).await;
        done.map_err(StartError::early)
    }

    /// What [`set_up`](Self::set_up) does, as a script for `psql` without passwords.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if no URL names the database.
    pub fn setup_script(
        &self,
        admin_url: Option<&SecretString>,
        placement: Option<&str>,
    ) -> Result<String, SetupError> {
        Ok(self.setup(admin_url, placement)?.script())
    }

    /// Of the database that `database.url` names, or the administrator's URL if that names none.
    fn setup(
        &self,
        admin_url: Option<&SecretString>,
        placement: Option<&str>,
    ) -> Result<Setup, SetupError> {
        let database: DatabaseConfig = self.config.get();
        if let Some(name) = placement {
            return self.placement_setup(name, &database);
        }
        let configured = database.url.filter(|_| !is_embedded(&self.config));
        let Some(url) = configured.as_ref().or(admin_url) else {
            return Err(SetupError::NoDatabase);
        };
        let names = module_names(&self.registry);
        Setup::new(url, names, self.config.data_dir())
    }

    fn placement_setup(&self, name: &str, database: &DatabaseConfig) -> Result<Setup, SetupError> {
        let mut placements = database.placements.iter();
        let Some(placement) = placements.find(|known| known.name.as_str() == name) else {
            return Err(no_placement(name, database));
        };
        if is_embedded(&self.config) {
            return Err(SetupError::NoDatabase);
        }
        let names = module_names(&self.registry);
        let setup = Setup::new(&placement.url, names, self.config.data_dir());
        setup.map_err(|error| error.of_placement(&placement.name))
    }
}

fn no_placement(name: &str, database: &DatabaseConfig) -> SetupError {
    let known: Vec<_> = database
        .placements
        .iter()
        .map(|known| format!("`{}`", known.name))
        .collect();
    let known = if known.is_empty() {
        format!("set `database.placements.{name}.url` first")
    } else {
        format!("known are {}", known.join(", "))
    };
    SetupError::NoPlacement {
        name: name.to_owned(),
        known,
    }
}

/// The database of a host that is not started.
pub(super) struct Opened {
    pub(super) db: TenantDb,
    pub(super) data_dir: DataDir,
}

impl Opened {
    pub(super) async fn open(host: &Host) -> Result<Self, StartCause> {
        let data_dir = DataDir::open(host.config.data_dir())?;
        match open(host).await {
            Ok(db) => Ok(Self { db, data_dir }),
            Err(cause) => {
                data_dir.discard();
                Err(cause)
            }
        }
    }
}

async fn open(host: &Host) -> Result<TenantDb, StartCause> {
    let settings = database_settings(&host.config, &host.registry).await?;
    let opened = TenantDb::open(&settings, &host.parts.mint).await;
    opened.map_err(StartCause::Database)
}

fn module_names(modules: &Registry) -> impl Iterator<Item = &ModuleName> {
    modules.all().map(|module| module.name())
}

fn sqlite_url(data_dir: &Path) -> String {
    format!("sqlite:{}", data_dir.join("goplt.db").display())
}
