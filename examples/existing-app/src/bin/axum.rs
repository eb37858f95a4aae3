//! Run with `cargo run -p existing-app --bin axum`: goplt's layers in an axum application.
use axum::{Router, routing::get};
use goplt_auth::AuthLayer;
use goplt_auth::jwks::{KeyHandle, KeySet};
use goplt_auth::jwt::{Issuer, JwtVerifier, Signer};
use goplt_authz::{PolicyHandle, RequireLayer, TenantLayer, rbac::Role, tenant::Tenancy};
use goplt_core::{BoxError, Permission, Problem, RequestContext, Uuid, data::ScopeMint};

const ISSUER: &str = "https://login.example.com";

pub(crate) fn app(keys: KeyHandle) -> Result<Router, BoxError> {
    let read = Permission::from_static("notes.note.read");
    let reader = Role::new(Uuid::from_bytes([1; 16]), "reader").with_grants(["notes.*".parse()?]);
    let policy = PolicyHandle::new();
    policy.set_catalogue([read.clone()]);
    let roles_of_ada = [reader.id()];
    policy.replace_tenant(&"acme".parse()?, [reader], [("ada", roles_of_ada)]);

    let auth = AuthLayer::new(JwtVerifier::new(keys, ISSUER, "notes"));
    let tenant = TenantLayer::new(ScopeMint::new(), Tenancy::multi().with_credentials_only());
    Ok(Router::new()
        .route("/notes", get(notes).layer(RequireLayer::new(policy, read)))
        .layer((auth, tenant)))
}

async fn notes(cx: RequestContext) -> Result<String, Problem> {
    Ok(format!("the notes of {}\n", cx.scope()?.tenant()))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let signer = Signer::generate();
    let keys = KeyHandle::from(KeySet::new([signer.verification_key()])?);
    let ada = Issuer::new(ISSUER, "notes").issue(&signer, "ada", &"acme".parse()?, &["reader"]);
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:3000");
    let listener = tokio::net::TcpListener::bind(address).await?;
    let url = format!("http://{}/notes", listener.local_addr()?);
    println!("curl {url} -H 'authorization: Bearer {}'", ada.expose());
    Ok(axum::serve(listener, app(keys)?).await?)
}
