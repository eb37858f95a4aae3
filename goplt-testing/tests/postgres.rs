//! The backend ladder of PostgreSQL: a database for each test, and nothing left behind.
#![cfg(feature = "postgres")]

use goplt_testing::backend;

#[test]
fn a_test_has_a_database_of_its_own() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let (one, other) = (server.database(), server.database());
    one.execute("CREATE TABLE t (n INT, s TEXT); INSERT INTO t VALUES (1, NULL), (2, 'b')")
        .unwrap();

    assert_eq!(
        one.text("SELECT n, s FROM t ORDER BY n").unwrap(),
        "1|\n2|b"
    );
    let error = other.execute("SELECT n FROM t").unwrap_err();
    assert_eq!(error.code(), Some("42P01"), "{error}");
}

#[test]
fn a_database_goes_with_its_roles_and_connections() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let database = server.database();
    let name = database.name().to_owned();
    let role = format!("{name}_app");
    database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'secret'; CREATE SCHEMA s AUTHORIZATION {role}"
        ))
        .unwrap();
    assert_eq!(
        database
            .execute_as(&role, "secret", "SELECT current_user")
            .unwrap(),
        [[Some(role.clone())]]
    );
    let refused = database.execute_as(&role, "wrong", "SELECT 1").unwrap_err();
    assert_eq!(refused.code(), Some("28P01"), "{refused}");
    drop(database);

    let left = server
        .execute(&format!(
            "SELECT datname FROM pg_database WHERE datname = '{name}'
             UNION ALL SELECT rolname FROM pg_roles WHERE rolname = '{role}'"
        ))
        .unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_copy_of_a_template_holds_what_was_prepared() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let template = server.template(|database| {
        database
            .execute("CREATE TABLE t (n INT); INSERT INTO t VALUES (7)")
            .unwrap();
    });
    let (one, other) = (template.database(), template.database());
    one.execute("UPDATE t SET n = 8").unwrap();

    assert_eq!(one.text("SELECT n FROM t").unwrap(), "8");
    assert_eq!(other.text("SELECT n FROM t").unwrap(), "7");
}

#[tokio::test(start_paused = true)]
async fn it_may_be_called_inside_a_runtime_whose_clock_stands_still() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let database = server.database();

    assert_eq!(database.text("SELECT 1 + 1").unwrap(), "2");
}
