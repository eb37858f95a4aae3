//! Which migrations have to wait for older instances to end: pure but for reading who lives.

use std::fmt;

use goplt_manifest::{ModuleName, Phase};

use super::{MigrationError, run::Pending};
use crate::{
    Timestamp,
    data::{
        DbError, DbType, DbValue, IntoValue, Value, catalogue::Catalogue, engine::Admin,
        guard::KERNEL_SCHEMA,
    },
    id::PlacementName,
};

/// An instance that serves, and does not know a migration that takes something away.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OlderInstance {
    /// Whose migrations it is about.
    pub module: ModuleName,
    /// Which version of the module it runs.
    pub version: String,
    /// The number of the last migration that it knows.
    pub knows: u32,
    /// Where it runs.
    pub name: String,
    /// How long it counts if it says nothing more.
    pub alive_until: Timestamp,
}

/// A migration that is held back, since older instances would not work on what it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldMigration {
    /// Whose it is.
    pub module: ModuleName,
    /// The file name.
    pub file: String,
    /// Who has to end first.
    pub older: Vec<OlderInstance>,
    /// The placement whose database it is pending in; `None` for the home.
    pub placement: Option<PlacementName>,
}

const TABLE: &str = "goplt_instance";

/// The instances that live.
pub(super) async fn living(
    admin: &mut dyn Admin,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Vec<OlderInstance>, DbError> {
    const TYPES: &[DbType] = &[
        DbType::Text,
        DbType::Text,
        DbType::I64,
        DbType::Text,
        DbType::Timestamp,
    ];
    if !is_known(catalogue) {
        return Ok(Vec::new());
    }
    admin.enter(KERNEL_SCHEMA).await?;
    let sql = format!(
        "SELECT module, version, migration, name, alive_until FROM {TABLE} WHERE alive_until > ?1 \
         ORDER BY module, migration, name"
    );
    let rows = admin.query(&sql, vec![now.into_value()], TYPES).await?;
    rows.into_iter().map(instance).collect()
}

/// Keeps instances from coming up until the transaction ends: they say so before they look at the schema. SQLite keeps
/// every writer out anyway.
pub(super) async fn keep_out(admin: &mut dyn Admin, catalogue: &Catalogue) -> Result<(), DbError> {
    if catalogue.server.is_none() || !is_known(catalogue) {
        return Ok(());
    }
    let sql = format!("LOCK TABLE {KERNEL_SCHEMA}.{TABLE} IN SHARE MODE");
    admin.execute(&sql).await
}

fn is_known(catalogue: &Catalogue) -> bool {
    catalogue.tables.iter().any(|table| table.name == TABLE)
}

/// Takes out of `files` what has to wait.
///
/// A contract waits for every instance that does not know it, and so does what comes after it in its module, since
/// migrations are applied in order. What only adds cannot wait, because this binary needs it.
pub(super) fn hold_back(
    files: &mut Vec<Pending<'_, '_>>,
    living: &[OlderInstance],
) -> Result<Vec<HeldMigration>, MigrationError> {
    let mut held: Vec<HeldMigration> = Vec::new();
    let mut stuck: Option<(String, usize)> = None;
    files.retain(|pending| {
        let module = &pending.module.module;
        let file = pending.found.file;
        let before = held.iter().position(|held| held.module == **module);
        if pending.found.header.phase == Phase::Expand {
            if let (Some(before), None) = (before, &stuck) {
                stuck = Some((file.file_name(), before));
            }
            return before.is_none();
        }
        let is_older = |instance: &&OlderInstance| {
            instance.module == **module && instance.knows < file.version
        };
        let older: Vec<_> = living.iter().filter(is_older).cloned().collect();
        if before.is_none() && older.is_empty() {
            return true;
        }
        held.push(HeldMigration {
            module: (*module).clone(),
            file: file.file_name(),
            older,
            placement: None,
        });
        false
    });
    match stuck {
        Some((file, before)) => Err(MigrationError::Older {
            file,
            held: held.swap_remove(before),
        }),
        None => Ok(held),
    }
}

fn instance(row: Vec<Value>) -> Result<OlderInstance, DbError> {
    fn next<T: DbValue>(row: &mut impl Iterator<Item = Value>, column: &str) -> Result<T, DbError> {
        let value = row.next().expect("as many values as types were asked for");
        T::from_value(value).map_err(|source| DbError::Column {
            column: column.into(),
            source,
        })
    }
    let mut row = row.into_iter();
    let module: String = next(&mut row, "module")?;
    Ok(OlderInstance {
        module: module
            .parse()
            .map_err(|_| DbError::Sql(format!("`{module}` in `{TABLE}` is no module").into()))?,
        version: next(&mut row, "version")?,
        knows: next::<i64>(&mut row, "migration")?
            .try_into()
            .unwrap_or(u32::MAX),
        name: next(&mut row, "name")?,
        alive_until: next(&mut row, "alive_until")?,
    })
}

impl fmt::Display for HeldMigration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            file,
            older,
            placement,
        } = self;
        write!(f, "{module}/{file} (contract)")?;
        if let Some(placement) = placement {
            write!(f, " of the placement `{placement}`")?;
        }
        f.write_str(" waits for older instances to end")?;
        for instance in older {
            write!(f, "\n    {instance}")?;
        }
        Ok(())
    }
}

impl fmt::Display for OlderInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            version,
            knows,
            name,
            alive_until,
        } = self;
        write!(
            f,
            "{module} {version}, which knows V{knows:04} at most, on {name} (until {alive_until} if it says nothing more)"
        )
    }
}
