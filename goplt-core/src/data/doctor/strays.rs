//! Rows of a tenant in a database where nobody looks for them: it was placed elsewhere, or is placed
//! there no longer, and its rows stayed.
//!
//! At home each tenant that is placed elsewhere is asked for, in each table, as the role of requests
//! with that tenant set. In the database of a placement the tenants of the tables that the host role
//! reads are listed, one look into the index for each, and those that are not placed there are asked
//! for likewise. So it needs no more rights than a process that serves has.
//!
//! Events on their way and jobs are no strays: a relay and a runner look after all that lie in their
//! database, and take effect in the tenant's own. Neither is what belongs to the platform itself.

use std::{collections::BTreeSet, sync::Arc};

use super::Fault;
use crate::{
    TenantId,
    data::{
        DbError, DbType, IntoValue, TenantDb, Value,
        catalogue::Catalogue,
        engine::{Access, Patience, Session, Wanted, Whose},
        guard::quote,
        migration::{ModuleMigrations, owner},
        sql::{Bound, Statement, Text},
    },
};

/// How many tenants of one table are listed: there are few in the database of a placement.
const MOST_TENANTS: u32 = 10_000;

/// How many tables one statement looks into.
const TABLES: usize = 50;

/// How long to wait for a connection.
const PATIENCE: Patience = Patience {
    timeout: std::time::Duration::from_secs(10),
    deadline: None,
};

/// The kernel's only table of which each row says that the tenant was served here.
const INBOX: &str = "goplt_inbox";

/// A table with rows of tenants, and who may read it.
struct Look {
    /// As it stands in SQL.
    quoted: String,
    name: String,
    by_app: bool,
    by_host: bool,
}

/// A fault for each tenant that has rows in this database and is not placed in it.
pub(super) async fn strays(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
    catalogue: &Catalogue,
) -> Result<Vec<Fault>, DbError> {
    if !db.has_placements() {
        return Ok(Vec::new());
    }
    let looks = looks(modules, catalogue);
    let mut tenants: BTreeSet<TenantId> = db.placed_elsewhere().cloned().collect();
    if !db.is_home() {
        tenants.extend(listed(db, &looks).await?);
    }
    let mut faults = Vec::new();
    for tenant in tenants {
        let tables = tables_of(db, &looks, &tenant).await?;
        if !tables.is_empty() {
            faults.push(fault(db, &tenant, &tables));
        }
    }
    Ok(faults)
}

/// The declared tables of modules, and the inbox.
fn looks(modules: &[ModuleMigrations<'_>], catalogue: &Catalogue) -> Vec<Look> {
    let tables = catalogue.tables.iter().filter(|table| table.has_tenant());
    let looks = tables.filter_map(|table| {
        let module = owner(modules, &table.name)?;
        if !table.schema.is_empty() && table.schema != module.schema() {
            return None;
        }
        let is_inbox = module.is_kernel() && table.name == INBOX;
        let look = Look {
            quoted: table
                .full_name()
                .split('.')
                .map(quote)
                .collect::<Vec<_>>()
                .join("."),
            name: table.name.clone(),
            by_app: is_inbox || module.tenant_tables.contains(&table.name),
            by_host: is_inbox || module.host_tables.contains(&table.name),
        };
        (look.by_app || look.by_host).then_some(look)
    });
    looks.collect()
}

/// The tenants in the tables that the host role reads and that are not placed in this database.
async fn listed(db: &TenantDb, looks: &[Look]) -> Result<BTreeSet<TenantId>, DbError> {
    let mut found = BTreeSet::new();
    let mut session = match db.engine().begin(Access::Read, Whose::Host, PATIENCE).await {
        // Without this role nothing across tenants works, and whatever needs it says so.
        Err(DbError::NoRole { .. }) => return Ok(found),
        session => session?,
    };
    for Look { quoted, .. } in looks.iter().filter(|look| look.by_host) {
        // Each step is one look into the index, which begins with the tenant.
        let sql = format!(
            "WITH RECURSIVE seen (tenant) AS (SELECT min(tenant_id) FROM {quoted} UNION ALL \
             SELECT (SELECT min(t.tenant_id) FROM {quoted} t WHERE t.tenant_id > seen.tenant) FROM seen \
             WHERE seen.tenant IS NOT NULL) \
             SELECT tenant FROM seen WHERE tenant IS NOT NULL LIMIT {MOST_TENANTS}"
        );
        let Some(tenants) = texts(&mut *session, sql, vec![]).await? else {
            return Ok(found);
        };
        let tenants = tenants
            .iter()
            .filter_map(|text| TenantId::stored(text).ok());
        found.extend(tenants.filter(|tenant| !tenant.is_platform() && !db.holds(tenant)));
    }
    Ok(found)
}

/// The tables with a row of the tenant.
async fn tables_of(
    db: &TenantDb,
    looks: &[Look],
    tenant: &TenantId,
) -> Result<Vec<String>, DbError> {
    let by_app: Vec<_> = looks.iter().filter(|look| look.by_app).collect();
    let by_host: Vec<_> = looks.iter().filter(|look| !look.by_app).collect();
    let mut found = with_a_row(db, Whose::Tenant(tenant), &by_app, tenant).await?;
    match with_a_row(db, Whose::Host, &by_host, tenant).await {
        Err(DbError::NoRole { .. }) => {}
        tables => found.extend(tables?),
    }
    Ok(found)
}

async fn with_a_row(
    db: &TenantDb,
    whose: Whose<'_>,
    looks: &[&Look],
    tenant: &TenantId,
) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    if looks.is_empty() {
        return Ok(found);
    }
    let mut session = db.engine().begin(Access::Read, whose, PATIENCE).await?;
    for looks in looks.chunks(TABLES) {
        let look = |Look { quoted, name, .. }: &&Look| {
            let name = name.replace('\'', "''");
            format!(
                "SELECT CAST('{name}' AS TEXT) WHERE EXISTS (SELECT 1 FROM {quoted} WHERE tenant_id = ?1)"
            )
        };
        let sql: Vec<_> = looks.iter().map(look).collect();
        let binds = vec![tenant.as_str().into_value()];
        match texts(&mut *session, sql.join(" UNION ALL "), binds).await? {
            Some(tables) => found.extend(tables),
            None => return Ok(found),
        }
    }
    Ok(found)
}

/// The rows of a statement of our own; `None` if the role lacks a right, which is a fault that is
/// told as such.
async fn texts(
    session: &mut dyn Session,
    sql: String,
    values: Vec<Value>,
) -> Result<Option<Vec<String>>, DbError> {
    let statement = Statement {
        postgres: sql.replace('?', "$").into(),
        sqlite: sql.into(),
        params: values.len(),
        takes_tenant: false,
        writes: false,
        of_all_tenants: false,
    };
    let bound = Bound {
        statement: Text::Shared(Arc::new(statement)),
        values,
    };
    let mut found = Vec::new();
    let rows = &mut |row: &dyn crate::data::row::RawRow| {
        if let Ok(Value::Text(text)) = row.value(0, DbType::Text) {
            found.push(text);
        }
        Ok(())
    };
    match session.run(bound, Wanted::All, rows).await {
        Err(DbError::Denied(_)) => Ok(None),
        ran => ran.map(|_| Some(found)),
    }
}

fn fault(db: &TenantDb, tenant: &TenantId, tables: &[String]) -> Fault {
    let tables: Vec<_> = tables.iter().map(|table| format!("`{table}`")).collect();
    let belongs = db.database_of(tenant);
    let message = match (belongs.placement(), db.placement()) {
        (Some(there), None) => format!(
            "is placed in `{there}`, and rows of it lie in the home database, where they are not seen: {}",
            tables.join(", ")
        ),
        (there, _) => {
            let there = there.map_or("in the home database".to_owned(), |there| {
                format!("placed in `{there}`")
            });
            format!(
                "is {there}, and rows of it lie here, where they are not seen: {}",
                tables.join(", ")
            )
        }
    };
    Fault::stray(tenant, message)
}
