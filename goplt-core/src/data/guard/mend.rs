//! The statements that give schemas and tables what they lack; none for what is as it must be.

use goplt_manifest::ModuleName;

use super::{
    ALL_ROWS, CURRENT_TENANT, Condition, Expected, KERNEL_SCHEMA, OWN_ROWS, POLICIES, USE,
    WHILE_MIGRATING, expected,
};
use crate::data::{
    catalogue::{Catalogue, Grant, Guard, PUBLIC, Policy, Roles, Schema, Server, Table},
    migration::{ModuleMigrations, owner},
};

/// What schemas and the function behind every policy lack.
pub(crate) fn foundation(modules: &[ModuleMigrations<'_>], server: &Server) -> Vec<String> {
    let mut statements = Vec::new();
    let mut names: Vec<_> = modules.iter().map(ModuleMigrations::schema).collect();
    // First, since every other schema's policies call what is in it.
    names.retain(|name| name != KERNEL_SCHEMA);
    names.insert(0, KERNEL_SCHEMA.to_owned());
    for name in names {
        let known = server.schemas.iter().find(|schema| schema.name == name);
        schema(&name, known, &server.roles, &mut statements);
        if name == KERNEL_SCHEMA && server.current_tenant.as_deref() != Some(CURRENT_TENANT) {
            statements.extend(current_tenant(&server.roles));
        }
    }
    statements
}

/// What lets the modules' own functions and counters be used, once a migration may have made some.
pub(crate) fn usage(module: &ModuleMigrations<'_>, roles: &Roles) -> Vec<String> {
    let schema = quote(&module.schema());
    let users = users(roles);
    vec![
        format!("GRANT EXECUTE ON ALL ROUTINES IN SCHEMA {schema} TO {users}"),
        format!("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {users}"),
    ]
}

fn schema(name: &str, known: Option<&Schema>, roles: &Roles, statements: &mut Vec<String>) {
    let quoted = quote(name);
    if known.is_none() {
        statements.push(format!("CREATE SCHEMA {quoted}"));
    }
    let has = |role: &str| {
        known.is_some_and(|schema| {
            schema.owner == role
                || schema
                    .grants
                    .iter()
                    .any(|grant| grant.to == role && grant.privilege == "USAGE")
        })
    };
    for role in [Some(&roles.app), roles.host.as_ref()]
        .into_iter()
        .flatten()
    {
        if *role != roles.owner && !has(role) {
            statements.push(format!("GRANT USAGE ON SCHEMA {quoted} TO {}", quote(role)));
        }
    }
}

fn current_tenant(roles: &Roles) -> Vec<String> {
    let users = users(roles);
    vec![
        // Functions are everyone's by default; from here on only whoever is named may call them.
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC".to_owned(),
        create_current_tenant(),
        format!("GRANT EXECUTE ON FUNCTION {KERNEL_SCHEMA}.current_tenant() TO {users}"),
    ]
}

/// The function that every policy asks.
pub(crate) fn create_current_tenant() -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {KERNEL_SCHEMA}.current_tenant() RETURNS text \
         LANGUAGE sql STABLE PARALLEL SAFE AS $${CURRENT_TENANT}$$"
    )
}

/// Those who do not own what they use.
fn users(roles: &Roles) -> String {
    let users = [Some(&roles.app), roles.host.as_ref()];
    let users = users.into_iter().flatten().map(|role| quote(role));
    users.collect::<Vec<_>>().join(", ")
}

/// What the modules' tables lack, or have and must not. Of the modules that are `ahead`, a newer binary has made more than
/// this one knows, and nothing is taken away.
pub(crate) fn mend(
    modules: &[ModuleMigrations<'_>],
    catalogue: &Catalogue,
    ahead: &[ModuleName],
) -> Vec<String> {
    let Some(server) = &catalogue.server else {
        return Vec::new();
    };
    let mut statements = Vec::new();
    for found in &catalogue.tables {
        let (Some(module), Some(guard)) = (owner(modules, &found.name), &found.guard) else {
            continue;
        };
        let is_ahead = ahead.contains(module.module);
        let is_newers = is_ahead && !module.knows(&found.name);
        if found.schema == module.schema() && !is_newers {
            table(
                module,
                found,
                guard,
                (&server.roles, is_ahead),
                &mut statements,
            );
        }
    }
    statements
}

fn table(
    module: &ModuleMigrations<'_>,
    table: &Table,
    guard: &Guard,
    (roles, is_ahead): (&Roles, bool),
    statements: &mut Vec<String>,
) {
    let Expected {
        is_guarded,
        policies,
        grants,
    } = expected(module, table, roles);
    let name = format!("{}.{}", quote(&table.schema), quote(&table.name));
    if is_guarded && !guard.is_enabled {
        statements.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
    }
    if is_guarded && !guard.is_forced {
        statements.push(format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"));
    }
    for policy in &guard.policies {
        let is_ours = POLICIES.contains(&policy.name.as_str());
        let is_newers = is_ahead && !policies.iter().any(|known| known.name == policy.name);
        if is_ours && !is_newers && !policies.contains(policy) {
            statements.push(format!("DROP POLICY {} ON {name}", quote(&policy.name)));
        }
    }
    for policy in policies
        .iter()
        .filter(|policy| !guard.policies.contains(policy))
    {
        statements.push(create(policy, &name));
    }
    // Whoever owns a table has every right to it; the doctor has words for that.
    let missing = grants
        .iter()
        .filter(|grant| grant.to != guard.owner && !guard.grants.contains(grant));
    statements.extend(by_role(missing, "GRANT", &name, "TO"));
    let is_watched = |grant: &&Grant| {
        grant.to == PUBLIC
            || (grant.to != guard.owner
                && (grant.to == roles.app || Some(&grant.to) == roles.host.as_ref()))
    };
    let extra = guard
        .grants
        .iter()
        .filter(is_watched)
        .filter(|grant| !is_ahead || !is_use(grant))
        .filter(|grant| !grants.contains(grant));
    statements.extend(by_role(extra, "REVOKE", &name, "FROM"));
}

/// Whether a newer binary may have given it.
pub(crate) fn is_use(grant: &Grant) -> bool {
    grant.to != PUBLIC && USE.contains(&grant.privilege.as_str())
}

fn create(policy: &Policy, table: &str) -> String {
    let conditions = [&OWN_ROWS, &ALL_ROWS, &WHILE_MIGRATING];
    let written = |shown: &str| {
        let known = conditions.iter().find(|condition| condition.shown == shown);
        known.map_or("(false)", |Condition { written, .. }| written)
    };
    let Policy {
        name,
        command,
        roles,
        using,
        check,
        ..
    } = policy;
    let roles: Vec<_> = roles.iter().map(|role| quote(role)).collect();
    format!(
        "CREATE POLICY {} ON {table} AS PERMISSIVE FOR {command} TO {} USING {} WITH CHECK {}",
        quote(name),
        roles.join(", "),
        written(using),
        written(check)
    )
}

/// One statement for each role.
fn by_role<'g>(
    grants: impl Iterator<Item = &'g Grant>,
    verb: &str,
    table: &str,
    preposition: &str,
) -> Vec<String> {
    let mut roles: Vec<(&str, Vec<&str>)> = Vec::new();
    for grant in grants {
        match roles.iter_mut().find(|(role, _)| *role == grant.to) {
            Some((_, privileges)) => privileges.push(&grant.privilege),
            None => roles.push((&grant.to, vec![&grant.privilege])),
        }
    }
    let statement = |(role, privileges): &(&str, Vec<&str>)| {
        let role = if *role == PUBLIC {
            PUBLIC.to_owned()
        } else {
            quote(role)
        };
        let privileges = privileges.join(", ");
        format!("{verb} {privileges} ON {table} {preposition} {role}")
    };
    roles.iter().map(statement).collect()
}

/// A name as SQL takes it, whatever it holds.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::catalogue::Column;

    fn posts(guard: Guard) -> Table {
        Table {
            schema: "blog".into(),
            name: "blog_posts".into(),
            columns: vec![Column {
                name: "tenant_id".into(),
                ty: "text".into(),
                not_null: true,
            }],
            guard: Some(guard),
            ..Table::default()
        }
    }

    fn server() -> Server {
        Server {
            roles: Roles {
                owner: "shop_owner".into(),
                app: "shop_app".into(),
                host: Some("shop_host".into()),
            },
            ..Server::default()
        }
    }

    fn mended(tables: &[&str], host: &[&str], table: Table) -> String {
        let name = "blog".parse().unwrap();
        let own =
            |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.into()).collect() };
        let (tables, host) = (own(tables), own(host));
        let blog = ModuleMigrations::new(&name, &[])
            .with_tenant_tables(&tables)
            .with_host_tables(&host);
        let catalogue = Catalogue {
            tables: vec![table],
            server: Some(server()),
        };
        mend(&[blog], &catalogue, &[]).join("\n")
    }

    #[test]
    fn a_bare_table_gets_everything() {
        insta::assert_snapshot!(mended(&["blog_posts"], &["blog_posts"], posts(Guard::default())), @r#"
        ALTER TABLE "blog"."blog_posts" ENABLE ROW LEVEL SECURITY
        ALTER TABLE "blog"."blog_posts" FORCE ROW LEVEL SECURITY
        CREATE POLICY "goplt_tenant" ON "blog"."blog_posts" AS PERMISSIVE FOR ALL TO "shop_app" USING (tenant_id = (SELECT goplt.current_tenant())) WITH CHECK (tenant_id = (SELECT goplt.current_tenant()))
        CREATE POLICY "goplt_host" ON "blog"."blog_posts" AS PERMISSIVE FOR ALL TO "shop_host" USING (true) WITH CHECK (true)
        CREATE POLICY "goplt_migrate" ON "blog"."blog_posts" AS PERMISSIVE FOR ALL TO "shop_owner" USING (pg_catalog.current_setting('goplt.migrating', true) = 'on') WITH CHECK (pg_catalog.current_setting('goplt.migrating', true) = 'on')
        GRANT DELETE, INSERT, SELECT, UPDATE ON "blog"."blog_posts" TO "shop_app"
        GRANT DELETE, INSERT, SELECT, UPDATE ON "blog"."blog_posts" TO "shop_host"
        "#);
    }

    #[test]
    fn a_table_with_everything_gets_nothing() {
        let name = "blog".parse().unwrap();
        let tables = ["blog_posts".to_owned()];
        let blog = ModuleMigrations::new(&name, &[]).with_tenant_tables(&tables);
        let expected = expected(&blog, &posts(Guard::default()), &server().roles);
        let guard = Guard {
            owner: "shop_owner".into(),
            is_enabled: true,
            is_forced: true,
            policies: expected.policies,
            grants: expected.grants,
            ..Guard::default()
        };
        assert_eq!(mended(&["blog_posts"], &[], posts(guard)), "");
    }

    #[test]
    fn what_is_ours_and_wrong_is_taken_away() {
        let policy = |name: &str, using: &str| Policy {
            name: name.into(),
            command: "ALL".into(),
            is_permissive: true,
            roles: vec!["shop_app".into()],
            using: using.into(),
            check: using.into(),
        };
        let grant = |to: &str, privilege: &str| Grant {
            to: to.into(),
            privilege: privilege.into(),
        };
        let guard = Guard {
            owner: "shop_owner".into(),
            is_enabled: true,
            is_forced: true,
            policies: vec![policy("goplt_tenant", "true"), policy("theirs", "true")],
            grants: vec![
                grant("PUBLIC", "SELECT"),
                grant("shop_app", "TRUNCATE"),
                grant("bi", "SELECT"),
            ],
            ..Guard::default()
        };
        insta::assert_snapshot!(mended(&["blog_posts"], &[], posts(guard)), @r#"
        DROP POLICY "goplt_tenant" ON "blog"."blog_posts"
        CREATE POLICY "goplt_tenant" ON "blog"."blog_posts" AS PERMISSIVE FOR ALL TO "shop_app" USING (tenant_id = (SELECT goplt.current_tenant())) WITH CHECK (tenant_id = (SELECT goplt.current_tenant()))
        CREATE POLICY "goplt_migrate" ON "blog"."blog_posts" AS PERMISSIVE FOR ALL TO "shop_owner" USING (pg_catalog.current_setting('goplt.migrating', true) = 'on') WITH CHECK (pg_catalog.current_setting('goplt.migrating', true) = 'on')
        GRANT DELETE, INSERT, SELECT, UPDATE ON "blog"."blog_posts" TO "shop_app"
        REVOKE SELECT ON "blog"."blog_posts" FROM PUBLIC
        REVOKE TRUNCATE ON "blog"."blog_posts" FROM "shop_app"
        "#);
    }

    #[test]
    fn schemas_and_the_function_behind_policies_are_made_first() {
        let name = "blog-extra".parse().unwrap();
        let blog = ModuleMigrations::new(&name, &[]);
        insta::assert_snapshot!(foundation(&[blog], &server()).join("\n"), @r#"
        CREATE SCHEMA "goplt"
        GRANT USAGE ON SCHEMA "goplt" TO "shop_app"
        GRANT USAGE ON SCHEMA "goplt" TO "shop_host"
        ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC
        CREATE OR REPLACE FUNCTION goplt.current_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$SELECT nullif(pg_catalog.current_setting('goplt.tenant', true), '')$$
        GRANT EXECUTE ON FUNCTION goplt.current_tenant() TO "shop_app", "shop_host"
        CREATE SCHEMA "blog_extra"
        GRANT USAGE ON SCHEMA "blog_extra" TO "shop_app"
        GRANT USAGE ON SCHEMA "blog_extra" TO "shop_host"
        "#);
    }
}
