//! Roles, database and schemas are made once, on a real PostgreSQL, and a process gets at them with what it is given.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use goplt_core::{
    ModuleName,
    config::{ExposeSecret, SecretString},
    data::{
        DatabaseSettings, ScopeMint, TenantDb, doctor, kernel_migrations, migration,
        setup::{FirstUse, RoleUrls, Setup, SetupError, connect},
    },
};
use goplt_testing::backend::{self, postgres::Database};

fn database() -> Option<Database> {
    Some(backend::postgres()?.database())
}

fn blog() -> ModuleName {
    "blog".parse().unwrap()
}

/// The URL without whoever it is.
fn place(database: &Database) -> SecretString {
    let url = database.url();
    let (_, rest) = url.split_once('@').unwrap();
    format!("postgres://{rest}").into()
}

fn setup(database: &Database, folder: &Path) -> Setup {
    Setup::new(&place(database), [&blog()], folder).unwrap()
}

async fn connected(
    url: SecretString,
    folder: &Path,
    first_use: FirstUse,
) -> Result<DatabaseSettings, SetupError> {
    let urls = RoleUrls {
        url,
        host_url: None,
        owner_url: None,
    };
    let (settings, _) = connect(urls, [&blog()], folder, first_use).await?;
    Ok(settings)
}

async fn works(settings: &DatabaseSettings) {
    let db = TenantDb::open(settings, &ScopeMint::new()).await.unwrap();
    let modules = [kernel_migrations()];
    migration::run(&db, &modules).await.unwrap();
    let diagnosis = doctor::examine(&db, &modules).await.unwrap();
    assert!(diagnosis.is_healthy(), "{diagnosis}");
    db.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_made_once() {
    let (Some(database), folder) = (database(), tempfile::tempdir().unwrap()) else {
        return;
    };
    let (setup, admin) = (setup(&database, folder.path()), database.url().into());
    let report = setup.run(&admin, false).await.unwrap();
    let roles = report
        .done()
        .iter()
        .filter(|done| done.contains("made the role"));
    assert_eq!(roles.count(), 3, "{report}");
    let again = setup.run(&admin, false).await.unwrap();
    assert_eq!(again.to_string(), "everything is there");

    let settings = connected(place(&database), folder.path(), FirstUse::Refuse)
        .await
        .unwrap();
    assert!(
        settings
            .url()
            .expose_secret()
            .contains(&format!("{}_app:", database.name()))
    );
    works(&settings).await;
    let schemas = "SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace \
        WHERE pg_get_userbyid(nspowner) = current_database() || '_owner'";
    assert_eq!(database.text(schemas).unwrap(), "blog,goplt");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_made_and_is_nobody_elses() {
    let (Some(database), folder) = (database(), tempfile::tempdir().unwrap()) else {
        return;
    };
    // Beside the harness's own, with a name that is gone with it: its roles begin with this one's.
    database
        .execute(&format!("DROP DATABASE IF EXISTS {}_2", database.name()))
        .unwrap();
    let url = place(&database)
        .expose_secret()
        .replace(database.name(), &format!("{}_2", database.name()));
    let setup = Setup::new(&url.clone().into(), [&blog()], folder.path()).unwrap();
    let report = setup.run(&database.url().into(), false).await.unwrap();
    assert!(report.to_string().contains("made the database"), "{report}");
    works(
        &connected(url.into(), folder.path(), FirstUse::Refuse)
            .await
            .unwrap(),
    )
    .await;
    let public = format!(
        "SELECT has_database_privilege('pg_monitor', '{0}_2', 'CONNECT')",
        database.name()
    );
    assert_eq!(database.text(&public).unwrap(), "f");
    database
        .execute(&format!("DROP DATABASE {}_2 WITH (FORCE)", database.name()))
        .unwrap();
}

#[tokio::test]
async fn a_lost_file_of_passwords_is_not_made_up_unless_asked() {
    let Some(database) = database() else { return };
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let admin = database.url().into();
    setup(&database, first.path())
        .run(&admin, false)
        .await
        .unwrap();
    let other = setup(&database, second.path());
    let error = other.run(&admin, false).await.unwrap_err();
    assert!(
        matches!(error, SetupError::UnknownPassword { .. }),
        "{error}"
    );
    assert!(!second.path().join("database-roles").exists());

    let report = other.run(&admin, true).await.unwrap();
    assert!(report.to_string().contains("a new password"), "{report}");
    works(
        &connected(place(&database), second.path(), FirstUse::Refuse)
            .await
            .unwrap(),
    )
    .await;
    // The first file is of no use now; `db setup` with it makes it right again.
    let stale = connected(place(&database), first.path(), FirstUse::Refuse)
        .await
        .unwrap();
    TenantDb::open(&stale, &ScopeMint::new()).await.unwrap_err();
    setup(&database, first.path())
        .run(&admin, false)
        .await
        .unwrap();
    works(&stale).await;
}

#[tokio::test]
async fn in_development_the_url_of_a_superuser_sets_up_and_requests_run_as_another() {
    let (Some(database), folder) = (database(), tempfile::tempdir().unwrap()) else {
        return;
    };
    let superuser = SecretString::from(database.url());
    for _ in 0..2 {
        let settings = connected(superuser.clone(), folder.path(), FirstUse::SetUp)
            .await
            .unwrap();
        assert!(
            settings.url().expose_secret().contains("_app:"),
            "requests are not a superuser's"
        );
        works(&settings).await;
    }
    let error = connected(superuser, folder.path(), FirstUse::Refuse)
        .await
        .unwrap_err();
    assert!(matches!(error, SetupError::OneRole { .. }), "{error}");
}

#[tokio::test]
async fn an_administrator_need_not_be_a_superuser() {
    let (Some(database), folder) = (database(), tempfile::tempdir().unwrap()) else {
        return;
    };
    let (name, admin) = (database.name(), format!("{}_dba", database.name()));
    database
        .execute(&format!("CREATE ROLE {admin} LOGIN CREATEROLE PASSWORD 'd'; ALTER DATABASE {name} OWNER TO {admin}"))
        .unwrap();
    let setup = setup(&database, folder.path());
    setup
        .run(&database.url_as(&admin, "d").into(), false)
        .await
        .unwrap();
    works(
        &connected(place(&database), folder.path(), FirstUse::Refuse)
            .await
            .unwrap(),
    )
    .await;
}

#[tokio::test]
async fn without_passwords_the_error_says_what_to_do() {
    let (Some(database), folder) = (database(), tempfile::tempdir().unwrap()) else {
        return;
    };
    let error = connected(place(&database), folder.path(), FirstUse::SetUp)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("db setup --admin-url URL"),
        "{error}"
    );
}
