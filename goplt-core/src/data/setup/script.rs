//! The statements that make roles, database and schemas; and the same as a script for `psql`. Pure.

use super::{ROLES, url::PostgresUrl};
use crate::data::{guard, guard::quote};

/// Makes a role, if it is not there.
pub(super) fn create_role(role: &str) -> String {
    format!("CREATE ROLE {}", quote(role))
}

pub(super) fn create_database(url: &PostgresUrl) -> String {
    let (database, owner) = (quote(&url.database), quote(&url.role("owner")));
    format!("CREATE DATABASE {database} OWNER {owner}")
}

/// In the database, by whoever sets it up.
pub(super) fn database(url: &PostgresUrl, is_new: bool) -> Vec<String> {
    let database = quote(&url.database);
    let (owner, app, host) = roles(url);
    let mut statements = Vec::new();
    if is_new {
        // An existing database may have other users; a new one has none but these.
        statements.push(format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"));
        statements.push("REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned());
    }
    statements.push(format!(
        "GRANT CONNECT ON DATABASE {database} TO {owner}, {app}, {host}"
    ));
    statements.push(format!("GRANT CREATE ON DATABASE {database} TO {owner}"));
    statements
}

/// In the database, as the owner, so that what is made is the owner's.
pub(super) fn schemas(url: &PostgresUrl, schemas: &[String]) -> Vec<String> {
    let (_, app, host) = roles(url);
    let mut statements =
        vec!["ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC".to_owned()];
    for schema in schemas {
        let schema = quote(schema);
        statements.push(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
        statements.push(format!("GRANT USAGE ON SCHEMA {schema} TO {app}, {host}"));
    }
    statements.push(guard::create_current_tenant());
    let name = guard::KERNEL_SCHEMA;
    statements.push(format!(
        "GRANT EXECUTE ON FUNCTION {name}.current_tenant() TO {app}, {host}"
    ));
    statements
}

fn roles(url: &PostgresUrl) -> (String, String, String) {
    let role = |suffix| quote(&url.role(suffix));
    (role("owner"), role("app"), role("host"))
}

/// All of it for `psql`, without a password.
pub(super) fn script(url: &PostgresUrl, names: &[String]) -> String {
    let mut text = format!(
        "-- Roles, database and schemas of `{database}`, for a superuser. It may run again. Nobody but the three roles may\n\
         -- connect to the database afterwards, unless you say so.\n\
         -- Passwords are no part of this text; give them as variables, and the same ones to the application as\n\
         -- `database.url`, `database.host_url` and `database.owner_url`:\n\
         --   psql \"postgres://…/postgres\" -v owner_password=… -v app_password=… -v host_password=… -f setup.sql\n\
         \\set ON_ERROR_STOP on\n\
         -- Passwords have no business in the server's log.\n\
         SET log_statement = 'none';\n\
         SET log_min_duration_statement = -1;\n\
         SET log_min_error_statement = 'panic';\n",
        database = url.database
    );
    for suffix in ROLES {
        let role = url.role(suffix);
        text.push_str(&format!(
            "SELECT '{create}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec\n\
             ALTER ROLE {quoted} LOGIN PASSWORD :'{suffix}_password';\n",
            create = create_role(&role),
            quoted = quote(&role),
        ));
    }
    text.push_str(&format!(
        "SELECT '{create}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec\n\
         \\connect {quoted}\n",
        create = create_database(url),
        database = url.database,
        quoted = quote(&url.database),
    ));
    for statement in database(url, true) {
        text.push_str(&format!("{statement};\n"));
    }
    text.push_str(&format!("SET ROLE {};\n", quote(&url.role("owner"))));
    for statement in schemas(url, names) {
        text.push_str(&format!("{statement};\n"));
    }
    text.push_str("RESET ROLE;\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_makes_everything_and_holds_no_password() {
        let url = PostgresUrl::parse(&"postgres://ada:s3cret@localhost/shop".into()).unwrap();
        insta::assert_snapshot!(script(&url, &["goplt".into(), "blog".into()]), @r#"
        -- Roles, database and schemas of `shop`, for a superuser. It may run again. Nobody but the three roles may
        -- connect to the database afterwards, unless you say so.
        -- Passwords are no part of this text; give them as variables, and the same ones to the application as
        -- `database.url`, `database.host_url` and `database.owner_url`:
        --   psql "postgres://…/postgres" -v owner_password=… -v app_password=… -v host_password=… -f setup.sql
        \set ON_ERROR_STOP on
        -- Passwords have no business in the server's log.
        SET log_statement = 'none';
        SET log_min_duration_statement = -1;
        SET log_min_error_statement = 'panic';
        SELECT 'CREATE ROLE "shop_owner"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop_owner') \gexec
        ALTER ROLE "shop_owner" LOGIN PASSWORD :'owner_password';
        SELECT 'CREATE ROLE "shop_app"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop_app') \gexec
        ALTER ROLE "shop_app" LOGIN PASSWORD :'app_password';
        SELECT 'CREATE ROLE "shop_host"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop_host') \gexec
        ALTER ROLE "shop_host" LOGIN PASSWORD :'host_password';
        SELECT 'CREATE DATABASE "shop" OWNER "shop_owner"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'shop') \gexec
        \connect "shop"
        REVOKE ALL ON DATABASE "shop" FROM PUBLIC;
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT CONNECT ON DATABASE "shop" TO "shop_owner", "shop_app", "shop_host";
        GRANT CREATE ON DATABASE "shop" TO "shop_owner";
        SET ROLE "shop_owner";
        ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
        CREATE SCHEMA IF NOT EXISTS "goplt";
        GRANT USAGE ON SCHEMA "goplt" TO "shop_app", "shop_host";
        CREATE SCHEMA IF NOT EXISTS "blog";
        GRANT USAGE ON SCHEMA "blog" TO "shop_app", "shop_host";
        CREATE OR REPLACE FUNCTION goplt.current_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$SELECT nullif(pg_catalog.current_setting('goplt.tenant', true), '')$$;
        GRANT EXECUTE ON FUNCTION goplt.current_tenant() TO "shop_app", "shop_host";
        RESET ROLE;
        "#);
    }
}
