//! The SQL of roles.

use std::collections::BTreeMap;

use goplt_core::{
    Timestamp, Uuid,
    data::{DbError, FromRow, HostTx, TenantTx},
    manifest::PermissionPattern,
};

use super::{domain::StoredRole, host_sql, tenant_sql};

#[derive(Debug, FromRow)]
struct RoleRow {
    id: Uuid,
    name: String,
    description: String,
    created_at: Timestamp,
}

/// The roles of one tenant with their grants, by name.
pub(super) async fn roles(tx: &mut TenantTx) -> Result<Vec<StoredRole>, DbError> {
    let rows: Vec<RoleRow> = tx
        .fetch_all(tenant_sql!(
            "SELECT id, name, description, created_at FROM authz_roles ORDER BY name"
        ))
        .await?;
    let grants: Vec<(Uuid, String)> = tx
        .fetch_all(tenant_sql!(
            "SELECT role_id, pattern FROM authz_grants ORDER BY role_id, pattern"
        ))
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| with_grants(row, &grants))
        .collect())
}

pub(super) async fn role(tx: &mut TenantTx, id: Uuid) -> Result<Option<StoredRole>, DbError> {
    let row: Option<RoleRow> = tx
        .fetch_optional(tenant_sql!(
            "SELECT id, name, description, created_at FROM authz_roles WHERE id = ?",
            id
        ))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let grants: Vec<(Uuid, String)> = tx
        .fetch_all(tenant_sql!(
            "SELECT role_id, pattern FROM authz_grants WHERE role_id = ? ORDER BY pattern",
            id
        ))
        .await?;
    Ok(Some(with_grants(row, &grants)))
}

/// Newest first.
pub(super) async fn page(
    tx: &mut TenantTx,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<StoredRole>, DbError> {
    let before = before.unwrap_or(Uuid::from_bytes([0xff; 16]));
    let rows: Vec<RoleRow> = tx
        .fetch_all(tenant_sql!(
            "SELECT id, name, description, created_at FROM authz_roles WHERE id < ?
             ORDER BY id DESC LIMIT ?",
            before,
            limit
        ))
        .await?;
    let grants: Vec<(Uuid, String)> = tx
        .fetch_all(tenant_sql!(
            "SELECT role_id, pattern FROM authz_grants ORDER BY role_id, pattern"
        ))
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| with_grants(row, &grants))
        .collect())
}

fn with_grants(row: RoleRow, grants: &[(Uuid, String)]) -> StoredRole {
    // What was checked when it was written parses; were a row damaged, it would grant nothing.
    let own = grants.iter().filter(|(role, _)| *role == row.id);
    let grants = own
        .filter_map(|(_, text)| PermissionPattern::parse(text).ok())
        .collect();
    let RoleRow {
        id,
        name,
        description,
        created_at,
    } = row;
    StoredRole {
        id,
        name,
        description,
        grants,
        created_at,
    }
}

pub(super) async fn insert_role(tx: &mut TenantTx, role: &StoredRole) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO authz_roles (id, name, description, created_at) VALUES (?, ?, ?, ?)",
        role.id,
        role.name.as_str(),
        role.description.as_str(),
        role.created_at
    ))
    .await?;
    insert_grants(tx, role).await
}

/// Name, description and grants, in place of what they were.
pub(super) async fn update_role(tx: &mut TenantTx, role: &StoredRole) -> Result<(), DbError> {
    tx.execute(tenant_sql!(
        "UPDATE authz_roles SET name = ?, description = ? WHERE id = ?",
        role.name.as_str(),
        role.description.as_str(),
        role.id
    ))
    .await?;
    tx.execute(tenant_sql!(
        "DELETE FROM authz_grants WHERE role_id = ?",
        role.id
    ))
    .await?;
    insert_grants(tx, role).await
}

async fn insert_grants(tx: &mut TenantTx, role: &StoredRole) -> Result<(), DbError> {
    for pattern in &role.grants {
        tx.execute(tenant_sql!(
            "INSERT INTO authz_grants (role_id, pattern) VALUES (?, ?)",
            role.id,
            pattern.as_str()
        ))
        .await?;
    }
    Ok(())
}

/// Grants and assignments go with the role.
pub(super) async fn delete_role(tx: &mut TenantTx, id: Uuid) -> Result<u64, DbError> {
    tx.execute(tenant_sql!("DELETE FROM authz_roles WHERE id = ?", id))
        .await
}

pub(super) async fn assign(
    tx: &mut TenantTx,
    user: &str,
    role: Uuid,
    at: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "INSERT INTO authz_user_roles (user_id, role_id, created_at) VALUES (?, ?, ?)
         ON CONFLICT (tenant_id, user_id, role_id) DO NOTHING",
        user,
        role,
        at
    ))
    .await
}

pub(super) async fn remove(tx: &mut TenantTx, user: &str, role: Uuid) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "DELETE FROM authz_user_roles WHERE user_id = ? AND role_id = ?",
        user,
        role
    ))
    .await
}

/// Takes all roles from a user.
pub(super) async fn remove_all(tx: &mut TenantTx, user: &str) -> Result<u64, DbError> {
    tx.execute(tenant_sql!(
        "DELETE FROM authz_user_roles WHERE user_id = ?",
        user
    ))
    .await
}

/// The roles of one user, oldest assignment first.
pub(super) async fn roles_of(tx: &mut TenantTx, user: &str) -> Result<Vec<Uuid>, DbError> {
    tx.fetch_all(tenant_sql!(
        "SELECT role_id FROM authz_user_roles WHERE user_id = ? ORDER BY created_at, role_id",
        user
    ))
    .await
}

/// Who has which roles, in one tenant.
pub(super) async fn assignments(tx: &mut TenantTx) -> Result<BTreeMap<String, Vec<Uuid>>, DbError> {
    let rows: Vec<(String, Uuid)> = tx
        .fetch_all(tenant_sql!(
            "SELECT user_id, role_id FROM authz_user_roles ORDER BY user_id, created_at, role_id"
        ))
        .await?;
    let mut users: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for (user, role) in rows {
        users.entry(user).or_default().push(role);
    }
    Ok(users)
}

/// Everything of all tenants, for the start.
#[derive(Debug, Default)]
pub(super) struct AllTenants {
    pub(super) roles: BTreeMap<String, BTreeMap<Uuid, StoredRole>>,
    pub(super) users: BTreeMap<String, BTreeMap<String, Vec<Uuid>>>,
}

pub(super) async fn all_tenants(tx: &mut HostTx) -> Result<AllTenants, DbError> {
    let mut all = AllTenants::default();
    let roles: Vec<(String, Uuid, String, String, Timestamp)> = tx
        .fetch_all(host_sql!(
            "SELECT tenant_id, id, name, description, created_at FROM authz_roles"
        ))
        .await?;
    for (tenant, id, name, description, created_at) in roles {
        let role = StoredRole {
            id,
            name,
            description,
            grants: Vec::new(),
            created_at,
        };
        all.roles.entry(tenant).or_default().insert(id, role);
    }
    let grants: Vec<(String, Uuid, String)> = tx
        .fetch_all(host_sql!(
            "SELECT tenant_id, role_id, pattern FROM authz_grants ORDER BY pattern"
        ))
        .await?;
    for (tenant, id, text) in grants {
        let role = all
            .roles
            .get_mut(&tenant)
            .and_then(|roles| roles.get_mut(&id));
        if let (Some(role), Ok(pattern)) = (role, PermissionPattern::parse(&text)) {
            role.grants.push(pattern);
        }
    }
    let users: Vec<(String, String, Uuid)> = tx
        .fetch_all(host_sql!(
            "SELECT tenant_id, user_id, role_id FROM authz_user_roles ORDER BY created_at, role_id"
        ))
        .await?;
    for (tenant, user, role) in users {
        all.users
            .entry(tenant)
            .or_default()
            .entry(user)
            .or_default()
            .push(role);
    }
    Ok(all)
}
