//! Rules that a schema must keep so that tenants and modules stay apart: pure.

use goplt_manifest::ModuleName;

use super::{MigrationProblem, ModuleMigrations};
use crate::data::catalogue::{Reference, TENANT, Table};

/// Everything in `tables` that breaks a rule. `before` are the tables that were there already, with their schemas;
/// `incomplete` the modules whose last migrations are still to come; `ahead` those of which a newer binary has made more.
pub(crate) fn lint(
    modules: &[ModuleMigrations<'_>],
    tables: &[Table],
    before: &[String],
    incomplete: &[&ModuleName],
    ahead: &[ModuleName],
) -> Vec<MigrationProblem> {
    let mut problems = Vec::new();
    for module in modules {
        for name in module.tenant_tables {
            match find(module, name, tables) {
                Some(table) => {
                    tenant_table(module, table, &mut problems);
                    // What a part forbids is forbidden to whoever writes to the whole.
                    for part in parts(table, tables) {
                        keys(module, part, &mut problems);
                    }
                    for table in std::iter::once(table).chain(parts(table, tables)) {
                        tenant_references(module, table, tables, &mut problems);
                    }
                }
                None if incomplete.contains(&module.module) => {}
                None => problems.push(missing(module, name)),
            }
        }
        if module.is_kernel() {
            continue;
        }
        // Asking who owns a table looks at every module, so only where it may be this one.
        let prefix = module.prefix();
        let own = tables
            .iter()
            .filter(|table| table.name.starts_with(&prefix))
            .filter(|table| is_owner(modules, module, &table.name));
        for table in own {
            if !ahead.contains(module.module) {
                undeclared(module, table, &mut problems);
            }
            misplaced(module, table, &mut problems);
            references(modules, module, table, &mut problems);
        }
    }
    let fresh = tables
        .iter()
        .filter(|table| !before.contains(&table.full_name()));
    problems.extend(fresh.filter_map(|table| ownerless(modules, table)));
    problems
}

/// Whether the table's prefix is this module's: the longest one that fits is the owner's.
fn is_owner(modules: &[ModuleMigrations<'_>], module: &ModuleMigrations<'_>, table: &str) -> bool {
    owner(modules, table).is_some_and(|owner| owner.module == module.module)
}

pub(crate) fn owner<'a, 'm>(
    modules: &'a [ModuleMigrations<'m>],
    table: &str,
) -> Option<&'a ModuleMigrations<'m>> {
    let fitting = modules
        .iter()
        .filter(|module| table.starts_with(&module.prefix()));
    fitting.max_by_key(|module| module.prefix().len())
}

/// The module's own table, also where another schema has one of the same name.
fn find<'t>(module: &ModuleMigrations<'_>, name: &str, tables: &'t [Table]) -> Option<&'t Table> {
    let schema = module.schema();
    let mut named = tables.iter().filter(|table| table.name == name);
    let own = named.clone().find(|table| table.schema == schema);
    own.or_else(|| named.next())
}

/// The partitions and children of a table, at every depth.
fn parts<'t>(table: &Table, tables: &'t [Table]) -> Vec<&'t Table> {
    let mut found: Vec<&Table> = Vec::new();
    let mut names = vec![table.full_name()];
    while let Some(name) = names.pop() {
        for part in tables {
            let parent = part.guard.as_ref().and_then(|guard| guard.parent.as_ref());
            if parent == Some(&name) && !found.contains(&part) {
                names.push(part.full_name());
                found.push(part);
            }
        }
    }
    found
}

fn missing(module: &ModuleMigrations<'_>, name: &str) -> MigrationProblem {
    let message =
        format!("its manifest declares the tenant table `{name}`, which no migration makes");
    MigrationProblem::new(
        module.module,
        message,
        "create it, or take it out of `tables`",
    )
}

fn tenant_table(
    module: &ModuleMigrations<'_>,
    table: &Table,
    problems: &mut Vec<MigrationProblem>,
) {
    let name = &table.name;
    let mut add = |message: String, help: String| {
        problems.push(MigrationProblem::new(module.module, message, help));
    };
    let Some(column) = table.columns.iter().find(|column| column.name == TENANT) else {
        let message = format!("the tenant table `{name}` has no column `tenant_id`");
        return add(message, "add `tenant_id TEXT NOT NULL`".into());
    };
    // Another type would compare `0123` and `123` as numbers: two tenants as one.
    if !column.not_null || !column.ty.eq_ignore_ascii_case("TEXT") {
        let message = format!("`tenant_id` of `{name}` is not `TEXT NOT NULL`");
        add(
            message,
            if column.ty.contains(" COLLATE ") {
                "declare it so: a collation that takes two texts for one takes two tenants for one"
                    .into()
            } else {
                "declare it so; every row belongs to a tenant".into()
            },
        );
    }
    if table
        .primary_key
        .first()
        .is_none_or(|first| first != TENANT)
    {
        let message = format!("the primary key of `{name}` does not begin with `tenant_id`");
        let rest: Vec<_> = table
            .primary_key
            .iter()
            .filter(|key| *key != TENANT)
            .collect();
        let rest = rest
            .iter()
            .map(|key| format!(", {key}"))
            .collect::<String>();
        add(message, format!("write `PRIMARY KEY (tenant_id{rest})`"));
    }
    keys(module, table, problems);
}

/// Unique indexes: one that does not lead with the tenant tells what another has.
fn keys(module: &ModuleMigrations<'_>, table: &Table, problems: &mut Vec<MigrationProblem>) {
    let name = &table.name;
    let primary = (String::new(), table.primary_key.clone());
    let is_part = table
        .guard
        .as_ref()
        .is_some_and(|guard| guard.parent.is_some());
    let primary = Some(&primary).filter(|(_, columns)| is_part && !columns.is_empty());
    let leaky = table
        .unique
        .iter()
        .chain(primary)
        .filter(|(_, columns)| columns.first().is_none_or(|first| first != TENANT));
    for (_, columns) in leaky {
        let columns = columns.join(", ");
        let message = format!(
            "`{name}` is unique on ({columns}) across tenants, so one learns what another has"
        );
        let help = format!("make it unique on (tenant_id, {columns})");
        problems.push(MigrationProblem::new(module.module, message, help));
    }
}

/// A foreign key is checked past every filter: one that does not lead with the tenant tells of other tenants' rows,
/// and lets one tenant's row hang on another's.
fn tenant_references(
    module: &ModuleMigrations<'_>,
    table: &Table,
    tables: &[Table],
    problems: &mut Vec<MigrationProblem>,
) {
    for Reference {
        table: other,
        columns,
    } in &table.references
    {
        let other_has_tenant = tables
            .iter()
            .any(|known| known.name == *other && known.has_tenant());
        let leads = columns
            .first()
            .is_some_and(|(own, theirs)| own == TENANT && (theirs == TENANT || theirs.is_empty()));
        if other_has_tenant && !leads {
            let own: Vec<_> = columns.iter().map(|(own, _)| own.as_str()).collect();
            let message = format!(
                "the foreign key of `{}` on ({}) to `{other}` does not begin with `tenant_id`, so a row can hang on \
                 another tenant's",
                table.name,
                own.join(", ")
            );
            let rest = own.iter().filter(|own| **own != TENANT);
            let rest: String = rest.map(|own| format!(", {own}")).collect();
            let help =
                format!("write `FOREIGN KEY (tenant_id{rest}) REFERENCES {other} (tenant_id, …)`");
            problems.push(MigrationProblem::new(module.module, message, help));
        }
    }
}

/// Where there are schemas, a module's tables are in its own.
fn misplaced(module: &ModuleMigrations<'_>, table: &Table, problems: &mut Vec<MigrationProblem>) {
    let schema = module.schema();
    if table.schema.is_empty() || table.schema == schema {
        return;
    }
    let message = format!(
        "the table `{}` is not in the module's schema",
        table.full_name()
    );
    let help = format!(
        "create it without naming a schema; move it with `ALTER TABLE {} SET SCHEMA {schema}`",
        table.full_name()
    );
    problems.push(MigrationProblem::new(module.module, message, help));
}

fn undeclared(module: &ModuleMigrations<'_>, table: &Table, problems: &mut Vec<MigrationProblem>) {
    let is_partition = table.guard.as_ref().is_some_and(|guard| guard.is_partition);
    let declared = is_partition
        || module
            .tenant_tables
            .iter()
            .chain(module.host_tables)
            .any(|name| *name == table.name);
    if table.has_tenant() && !declared {
        let name = &table.name;
        let message = format!("`{name}` has a column `tenant_id` and is not declared");
        let help = format!("add `{name}` to `tables` in module.yaml");
        problems.push(MigrationProblem::new(module.module, message, help));
    }
}

fn references(
    modules: &[ModuleMigrations<'_>],
    module: &ModuleMigrations<'_>,
    table: &Table,
    problems: &mut Vec<MigrationProblem>,
) {
    let foreign = table
        .references
        .iter()
        .map(|reference| &reference.table)
        .filter(|other| !is_owner(modules, module, other));
    for other in foreign {
        let message = format!(
            "`{}` refers to `{other}`, a table of another module",
            table.name
        );
        let help = "keep the id without a foreign key, and ask that module by its contract";
        problems.push(MigrationProblem::new(module.module, message, help));
    }
}

/// A new table that no module's prefix claims; the message goes to whoever may have made it.
fn ownerless(modules: &[ModuleMigrations<'_>], table: &Table) -> Option<MigrationProblem> {
    let name = &table.name;
    if owner(modules, name).is_some() {
        return None;
    }
    let makes = |module: &&ModuleMigrations<'_>| {
        module
            .migrations
            .iter()
            .any(|migration| migration.sql.contains(name.as_str()))
    };
    let module = modules.iter().find(makes).or(modules.first())?;
    let prefix = module.prefix();
    let message = format!("the table `{name}` does not begin with the module's prefix `{prefix}`");
    Some(MigrationProblem::new(
        module.module,
        message,
        format!("call it `{prefix}{name}`"),
    ))
}

#[cfg(test)]
mod tests;
