//! The database lock: which policies and rights each table must have, and the statements that give it what it lacks.
//! Pure.
//!
//! Module authors write none of it. A migration run puts it on every table with a `tenant_id`, and the doctor compares
//! with the same expectations.

mod mend;

use goplt_manifest::ModuleName;

pub(crate) use self::mend::{create_current_tenant, foundation, is_use, mend, quote, usage};
use super::{
    catalogue::{Grant, Policy, Roles, Table},
    migration::ModuleMigrations,
};

/// The schema of the kernel's tables.
pub(crate) const KERNEL_SCHEMA: &str = "goplt";

/// The policies of ours, by name.
pub(crate) const POLICIES: [&str; 3] = ["goplt_tenant", "goplt_host", "goplt_migrate"];

/// What a policy says, as it is written and as the server shows it.
struct Condition {
    written: &'static str,
    shown: &'static str,
}

/// An uncorrelated sub-select is planned once per statement, so that indexes on the tenant are used.
const OWN_ROWS: Condition = Condition {
    written: "(tenant_id = (SELECT goplt.current_tenant()))",
    shown: "(tenant_id = ( SELECT goplt.current_tenant() AS current_tenant))",
};

const ALL_ROWS: Condition = Condition {
    written: "(true)",
    shown: "true",
};

const WHILE_MIGRATING: Condition = Condition {
    written: "(pg_catalog.current_setting('goplt.migrating', true) = 'on')",
    shown: "(current_setting('goplt.migrating'::text, true) = 'on'::text)",
};

/// After its first use in a session the setting is empty rather than unset, which must mean the same: no tenant.
pub(crate) const CURRENT_TENANT: &str =
    "SELECT nullif(pg_catalog.current_setting('goplt.tenant', true), '')";

const READ: [&str; 1] = ["SELECT"];
const USE: [&str; 4] = ["DELETE", "INSERT", "SELECT", "UPDATE"];

/// What a table must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// It has a `tenant_id`, and so row-level security that binds its owner too.
    pub(crate) is_guarded: bool,
    pub(crate) policies: Vec<Policy>,
    /// The rights of the app role and of the host role, sorted.
    pub(crate) grants: Vec<Grant>,
}

/// What a table of this module must have.
pub(crate) fn expected(module: &ModuleMigrations<'_>, table: &Table, roles: &Roles) -> Expected {
    let declares = |tables: &[String]| tables.contains(&table.name);
    let is_ledger = table.name == format!("{}schema_history", module.prefix());
    let is_kernel = module.is_kernel() && !is_ledger;
    let is_guarded = table.has_tenant();
    let is_for_app = is_kernel || declares(module.tenant_tables);
    let is_for_host = is_kernel || declares(module.host_tables);
    let mut policies = Vec::new();
    if is_guarded {
        policies.push(policy(POLICIES[0], &roles.app, &OWN_ROWS));
        if let Some(host) = roles.host.as_ref().filter(|_| is_for_host) {
            policies.push(policy(POLICIES[1], host, &ALL_ROWS));
        }
        policies.push(policy(POLICIES[2], &roles.owner, &WHILE_MIGRATING));
    }
    let mut grants = Vec::new();
    if is_for_app {
        grants.extend(granted(&roles.app, &USE));
    } else if is_ledger {
        // So that a process that may change nothing can tell whether it may start.
        grants.extend(granted(&roles.app, &READ));
    }
    if let Some(host) = roles.host.as_ref().filter(|_| is_for_host) {
        grants.extend(granted(host, &USE));
    }
    grants.sort();
    grants.dedup();
    Expected {
        is_guarded,
        policies,
        grants,
    }
}

fn policy(name: &str, role: &str, condition: &Condition) -> Policy {
    Policy {
        name: name.to_owned(),
        command: "ALL".to_owned(),
        is_permissive: true,
        roles: vec![role.to_owned()],
        using: condition.shown.to_owned(),
        check: condition.shown.to_owned(),
    }
}

fn granted(role: &str, privileges: &[&str]) -> Vec<Grant> {
    let grant = |privilege: &&str| Grant {
        to: role.to_owned(),
        privilege: (*privilege).to_owned(),
    };
    privileges.iter().map(grant).collect()
}

/// The schema of a module's tables: its name, with `_` for `-`. One that PostgreSQL or the kernel has taken is not it.
pub(crate) fn schema_of(module: &ModuleName) -> String {
    if module.as_str() == "core" {
        return KERNEL_SCHEMA.to_owned();
    }
    let name = module.as_str().replace('-', "_");
    let is_taken = matches!(&*name, "public" | "information_schema" | KERNEL_SCHEMA);
    if is_taken || name.starts_with("pg_") {
        return format!("module_{name}");
    }
    name
}
