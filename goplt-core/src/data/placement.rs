//! Opening the databases of a [`TenantDb`](super::TenantDb): the home, and those that tenants are
//! placed in.

use std::{
    collections::{HashMap, hash_map::Entry},
    future::poll_fn,
    sync::Arc,
    task::Poll,
};

use super::{
    DatabaseSettings, DbError, TenantDb,
    db::{Database, Place},
    engine,
    kernel::Seams,
    settings::Placed,
};
use crate::{Clock, Random, TenantId, id::PlacementName};

/// The databases, the home first, and where the tenants are that are not there.
pub(super) async fn open(
    settings: &DatabaseSettings,
) -> Result<(Vec<Database>, HashMap<TenantId, Place>), DbError> {
    let placed = places(settings.placements())?;
    let mut databases = vec![one(None, settings).await?];
    for Placed {
        name,
        settings: own,
        ..
    } in settings.placements()
    {
        let mut own = own.clone();
        if own.search_path().is_empty() {
            own = own.with_search_path(settings.search_path().iter().cloned());
        }
        let opened = one(Some(name), &own).await;
        databases.push(opened.map_err(|source| at(name, source))?);
    }
    if databases.len() > 1 {
        tell_apart(&databases).await?;
    }
    Ok((databases, placed))
}

async fn one(
    placement: Option<&PlacementName>,
    settings: &DatabaseSettings,
) -> Result<Database, DbError> {
    Ok(Database {
        placement: placement.cloned(),
        engine: engine::open(settings).await?,
        acquire_timeout: settings.acquire_timeout(),
        not_writable: Arc::default(),
    })
}

/// The seams of each database: time, ids and the news of commits are one for all.
pub(super) fn seams(databases: &[Database], clock: Clock, random: Random) -> Arc<[Seams]> {
    let home = Seams::new(clock, random);
    let others: Vec<_> = databases.iter().skip(1).map(|_| home.beside()).collect();
    std::iter::once(home).chain(others).collect()
}

/// Runs it on each database of the handle, side by side, until all have ended. In one task: dropped,
/// none goes on.
pub(crate) async fn on_each<F: Future<Output = ()>>(db: &TenantDb, run: impl Fn(TenantDb) -> F) {
    let mut running: Vec<_> = db.databases().map(|db| Box::pin(run(db))).collect();
    poll_fn(|cx| {
        running.retain_mut(|one| one.as_mut().poll(cx).is_pending());
        if running.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

fn places(placements: &[Placed]) -> Result<HashMap<TenantId, Place>, DbError> {
    let mut placed = HashMap::new();
    for (index, placement) in placements.iter().enumerate() {
        for tenant in &placement.tenants {
            match placed.entry(tenant.clone()) {
                Entry::Vacant(free) => drop(free.insert(index + 1)),
                Entry::Occupied(taken) => {
                    let other = &placements[taken.get() - 1].name;
                    let reason = format!("the tenant `{tenant}` is placed in `{other}` already");
                    return Err(refused(&placement.name, reason));
                }
            }
        }
    }
    Ok(placed)
}

/// Two names of one database would have its events and jobs handled as if they were of two.
async fn tell_apart(databases: &[Database]) -> Result<(), DbError> {
    let home = &databases[0].engine;
    let mut known: HashMap<String, &str> = HashMap::new();
    for Database {
        placement, engine, ..
    } in databases
    {
        let name = placement.as_ref();
        if let Some(name) = name.filter(|_| engine.system() != home.system()) {
            let (own, other) = (engine.system(), home.system());
            let reason = format!("it is on {own}, and the home database on {other}");
            return Err(refused(name, reason));
        }
        let identity = engine.identity().await;
        let identity = match (identity, name) {
            (Ok(identity), _) => identity,
            (Err(source), Some(name)) => return Err(at(name, source)),
            (Err(source), None) => return Err(source),
        };
        let shown = name.map_or("the home database", PlacementName::as_str);
        if let (Some(other), Some(name)) = (known.insert(identity, shown), name) {
            let reason = format!("its database is that of {other}; name another one");
            return Err(refused(name, reason));
        }
    }
    Ok(())
}

fn at(name: &PlacementName, source: DbError) -> DbError {
    match source {
        DbError::Url(reason) => refused(name, format!("its URL is not usable: {reason}")),
        source => DbError::Placed {
            name: name.clone(),
            source: Box::new(source),
        },
    }
}

fn refused(name: &PlacementName, reason: String) -> DbError {
    DbError::Placement {
        name: name.clone(),
        reason: reason.into(),
    }
}
