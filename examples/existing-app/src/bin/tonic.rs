//! Run with `cargo run -p existing-app --bin tonic`: goplt's layers in a tonic application.
use goplt_auth::AuthLayer;
use goplt_auth::jwks::{KeyHandle, KeySet};
use goplt_auth::jwt::{Issuer, JwtVerifier, Signer};
use goplt_authz::{RequireLayer, TenantLayer, tenant::Tenancy};
use goplt_core::{BoxError, Permission, Principal, RequestContext, TenantId, data::ScopeMint};
use notes::{ListReply, ListRequest, notes_server};
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Request, Response, Status, service::LayerExt as _};

pub(crate) mod notes {
    tonic::include_proto!("notes");
}

const ISSUER: &str = "https://login.example.com";

struct Notes;

#[tonic::async_trait]
impl notes_server::Notes for Notes {
    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListReply>, Status> {
        let cx = request.extensions().get::<RequestContext>();
        let Some(tenant) = cx.and_then(RequestContext::tenant) else {
            return Err(Status::internal(
                "RequireLayer lets no one in without a tenant",
            ));
        };
        let text = format!("the notes of {tenant}\n");
        Ok(Response::new(ListReply { text }))
    }
}

pub(crate) async fn serve(incoming: TcpIncoming, keys: KeyHandle) -> Result<(), BoxError> {
    let readers = |who: &Principal, _: &TenantId, _: &Permission| {
        who.roles().iter().any(|role| role == "reader").into()
    };
    let require = RequireLayer::new(readers, Permission::from_static("notes.note.read"));
    let server = Server::builder()
        .layer(AuthLayer::new(JwtVerifier::new(keys, ISSUER, "notes")))
        .layer(TenantLayer::new(
            ScopeMint::new(),
            Tenancy::multi().with_credentials_only(),
        ))
        .add_service(require.named_layer(notes_server::NotesServer::new(Notes)));
    Ok(server.serve_with_incoming(incoming).await?)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let signer = Signer::generate();
    let keys = KeyHandle::from(KeySet::new([signer.verification_key()])?);
    let ada = Issuer::new(ISSUER, "notes").issue(&signer, "ada", &"acme".parse()?, &["reader"]);
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:50051");
    let incoming = TcpIncoming::bind(address.parse()?)?;
    println!(
        "printf '\\0\\0\\0\\0\\0' | curl --http2-prior-knowledge --data-binary @- -i --output - \
        -H 'content-type: application/grpc' -H 'authorization: Bearer {}' \
        http://{}/notes.Notes/List",
        ada.expose(),
        incoming.local_addr()?
    );
    serve(incoming, keys).await
}
