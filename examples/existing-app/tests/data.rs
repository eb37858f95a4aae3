//! Tenant-scoped SQL on a table that was there before: the application's own driver made it, with
//! a note of acme and one of globex, both with the id 1.

mod http;
#[expect(dead_code, reason = "no token expires here")]
mod keys;

use std::{net::SocketAddr, path::Path};

use goplt_auth::{AuthLayer, jwks::KeyHandle, jwt::JwtVerifier};
use goplt_authz::{TenantLayer, tenant::Tenancy};
use http::{ask, bearer};
use keys::Keys;
use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};

// begin: in the guide
use axum::{Router, extract::State, routing::get};
use goplt_core::data::{DatabaseSettings, ScopeMint, TenantDb};
use goplt_core::{BoxError, Problem, RequestContext};

macro_rules! notes_sql {
    ($($sql:tt)*) => { goplt_core::data::tenant_sql!(tables = ["notes"]; $($sql)*) };
}

async fn list(State(db): State<TenantDb>, cx: RequestContext) -> Result<String, Problem> {
    let mut tx = db.begin_read(cx.scope()?).await?;
    let notes = notes_sql!("SELECT id, text FROM notes ORDER BY id");
    let notes: Vec<(i64, String)> = tx.fetch_all(notes).await?;
    Ok(format!("{notes:?}"))
}

async fn add(State(db): State<TenantDb>, cx: RequestContext) -> Result<String, Problem> {
    let mut tx = db.begin(cx.scope()?).await?;
    let note = notes_sql!("INSERT INTO notes (id, text) VALUES (?, ?)", 2_i64, "eat");
    tx.execute(note).await?;
    tx.commit().await?;
    Ok("added".to_owned())
}

async fn app(keys: KeyHandle, url: &str) -> Result<Router, BoxError> {
    let mint = ScopeMint::new();
    let db = TenantDb::open(&DatabaseSettings::new(url), &mint).await?;
    let auth = AuthLayer::new(JwtVerifier::new(keys, "https://login.example.com", "notes"));
    let tenant = TenantLayer::new(mint, Tenancy::multi().with_credentials_only());
    Ok(Router::new()
        .route("/notes", get(list).post(add))
        .layer((auth, tenant))
        .with_state(db))
}
// end: in the guide

const BEFORE: &str = "
    CREATE TABLE notes (
        tenant_id TEXT NOT NULL,
        id INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (tenant_id, id)
    );
    INSERT INTO notes VALUES ('acme', 1, 'call the bank'), ('globex', 1, 'buy a boat');
";

/// The database as the application had it before goplt came.
async fn before(file: &Path) {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    connection.execute(BEFORE).await.unwrap();
    connection.close().await.unwrap();
}

/// Serves the application on that database.
async fn serve(keys: &Keys, folder: &tempfile::TempDir) -> SocketAddr {
    let file = folder.path().join("notes.db");
    before(&file).await;
    let url = format!("sqlite:{}", file.display());
    let app = app(keys.handle(), &url).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app).into_future());
    address
}

#[tokio::test]
async fn each_tenant_sees_and_adds_its_own_rows() {
    let (keys, folder) = (Keys::new(), tempfile::tempdir().unwrap());
    let address = serve(&keys, &folder).await;
    let acme = bearer(&keys.token("ada", "acme"));
    let globex = bearer(&keys.token("gil", "globex"));

    let seen = ask(address, "GET /notes", &[&acme]).await;
    assert!(seen.ends_with(r#"[(1, "call the bank")]"#), "{seen}");
    let added = ask(address, "POST /notes", &[&acme]).await;
    assert!(added.ends_with("added"), "{added}");
    let seen = ask(address, "GET /notes", &[&acme]).await;
    assert!(
        seen.ends_with(r#"[(1, "call the bank"), (2, "eat")]"#),
        "{seen}"
    );
    let seen = ask(address, "GET /notes", &[&globex]).await;
    assert!(seen.ends_with(r#"[(1, "buy a boat")]"#), "{seen}");
}

#[tokio::test]
async fn a_row_that_is_there_is_a_conflict_for_its_tenant_alone() {
    let (keys, folder) = (Keys::new(), tempfile::tempdir().unwrap());
    let address = serve(&keys, &folder).await;
    for (tenant, status) in [("acme", "200"), ("acme", "409"), ("globex", "200")] {
        let token = bearer(&keys.token("ada", tenant));
        let answer = ask(address, "POST /notes", &[&token]).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{tenant}: {answer}"
        );
    }
}

#[tokio::test]
async fn an_anonymous_caller_sees_no_row_of_the_tenant_that_it_names() {
    let (keys, folder) = (Keys::new(), tempfile::tempdir().unwrap());
    let address = serve(&keys, &folder).await;
    let answer = ask(address, "GET /notes", &["x-tenant-id: acme"]).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("tenant_required"), "{answer}");
}
