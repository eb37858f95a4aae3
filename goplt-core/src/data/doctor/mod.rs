//! Whether the database keeps tenants apart by itself: its catalogue against what it must be.
//!
//! On PostgreSQL: the attributes of the roles, row-level security with its policies on every table with a `tenant_id`,
//! the shape of keys, views, functions, rights, and settings that stand before a session begins. On SQLite, which has
//! neither roles nor policies, the tenant columns and the shape of keys.
//!
//! Where tenants are placed in several databases, also whether rows of a tenant lie in one where nobody looks for them.
//!
//! It changes nothing, and needs no more rights than a process that serves has. A start looks itself: outside of
//! development it ends with the list of [`Fault`]s, and everywhere if a tenant is not where its rows are.

mod checks;
mod fault;
mod strays;

use goplt_manifest::ModuleName;

use self::checks::Examination;
use super::{
    DbError, TenantDb,
    catalogue::Catalogue,
    migration::{ModuleMigrations, Run},
};
use crate::id::PlacementName;

pub use self::fault::{Diagnosis, Fault};

/// Everything that is wrong, with the mend: of each database, where tenants are placed in several.
///
/// # Errors
///
/// A failure of the database; what is wrong with it is no failure.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use goplt_core::data::{DatabaseSettings, ScopeMint, TenantDb, doctor, kernel_migrations, migration};
///
/// let db = TenantDb::open(&DatabaseSettings::in_memory(), &ScopeMint::new()).await?;
/// let modules = [kernel_migrations()]; // and ModuleMigrations::of(&blog::MANIFEST), …
/// migration::run(&db, &modules).await?;
///
/// let diagnosis = doctor::examine(&db, &modules).await?;
/// assert!(diagnosis.is_healthy(), "{diagnosis}");
/// # Ok::<_, goplt_core::BoxError>(()) })?;
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
pub async fn examine(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<Diagnosis, DbError> {
    let mut all = Diagnosis::default();
    for db in db.databases() {
        let placement = db.placement();
        let found = one(&db, modules).await;
        let found = found.map_err(|source| placed(placement, source))?;
        all.tables += found.tables;
        let faults = found.faults.into_iter();
        all.faults
            .extend(faults.map(|fault| fault.in_placement(placement)));
    }
    Ok(all)
}

async fn one(db: &TenantDb, modules: &[ModuleMigrations<'_>]) -> Result<Diagnosis, DbError> {
    let mut run = Run::inspect(db, modules).await?;
    // Boxed: it is in the future of every start.
    let seen = Box::pin(look(&mut run)).await;
    run.finish().await;
    let (catalogue, ahead) = seen?;
    let mut diagnosis = Examination::of(modules, &catalogue, &ahead).diagnose();
    diagnosis
        .faults
        .extend(strays::strays(db, modules, &catalogue).await?);
    Ok(diagnosis)
}

async fn look(run: &mut Run<'_, '_>) -> Result<(Catalogue, Vec<ModuleName>), DbError> {
    let catalogue = run.catalogue().await?;
    let ahead = match run.ahead(&catalogue).await {
        // A right that is missing is a fault to be told.
        Err(DbError::Denied(_)) => Vec::new(),
        ahead => ahead?,
    };
    Ok((catalogue, ahead))
}

fn placed(placement: Option<&PlacementName>, source: DbError) -> DbError {
    match placement {
        None => source,
        Some(name) => DbError::Placed {
            name: name.clone(),
            source: Box::new(source),
        },
    }
}

#[cfg(test)]
mod tests;
