//! The backend ladder of PostgreSQL: a database for each test, and nothing left behind.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

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

fn myself(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
}

#[test]
fn an_address_that_is_given_is_taken() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let taken = myself("a_process_that_says_where_its_server_is")
        .env("GOPLT_POSTGRES_URL", server.admin_url())
        .output()
        .unwrap();
    let said = String::from_utf8(taken.stdout).unwrap();
    assert!(said.contains("rung=url"), "{said}");
}

#[test]
fn an_address_that_is_given_and_does_not_answer_fails() {
    let failed = myself("a_process_that_says_where_its_server_is")
        .env(
            "GOPLT_POSTGRES_URL",
            "postgres://nobody@127.0.0.1:1/nothing",
        )
        .output()
        .unwrap();
    assert!(!failed.status.success());
    let said = String::from_utf8(failed.stderr).unwrap();
    assert!(
        said.contains("GOPLT_POSTGRES_URL does not answer"),
        "{said}"
    );
}

#[test]
fn a_process_that_says_where_its_server_is() {
    if let Some(server) = backend::postgres() {
        writeln!(std::io::stdout(), "rung={}", server.rung()).unwrap();
    }
}

/// Set for a process of this test's own, which is to be killed.
const VICTIM: &str = "GOPLT_TESTING_VICTIM";

#[test]
fn what_a_killed_test_left_goes_when_the_next_one_begins() {
    let Some(server) = backend::postgres() else {
        return;
    };
    let mut victim = myself("a_process_to_be_killed")
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let name = lines
        .map(Result::unwrap)
        .find_map(|line| Some(line.split_once("database=")?.1.to_owned()))
        .unwrap();
    let there = |name: &str| {
        let databases = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
        !server.execute(&databases).unwrap().is_empty()
    };
    assert!(there(&name));
    victim.kill().unwrap();
    victim.wait().unwrap();

    let next = myself("a_test_has_a_database_of_its_own").output().unwrap();
    assert!(next.status.success(), "{next:?}");
    assert!(!there(&name), "{name} stays behind");
}

#[test]
fn a_process_to_be_killed() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let database = backend::postgres().unwrap().database();
    writeln!(std::io::stdout(), "database={}", database.name()).unwrap();
    // Until the kill.
    loop {
        std::thread::park();
    }
}
