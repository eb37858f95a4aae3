//! REST: from a request to the service, and back.

use std::sync::Arc;

use bytes::Bytes;
use goplt_core::{Problem, RequestContext, contract::RpcError};
use goplt_module::http::{EnterTenant, Json, NoContent, State};
use http::{
    HeaderName,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::service::{Sessions, Tokens, refused};
use crate::service::tenant_token::TenantToken;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    email: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    refresh_token: String,
}

#[derive(Serialize)]
pub(super) struct TokensView {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
}

type Answer = ([(HeaderName, &'static str); 1], Json<TokensView>);

/// RFC 6749 §5.1: tokens are never cached.
const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

pub(super) async fn login(
    State(sessions): State<Arc<Sessions>>,
    cx: RequestContext,
    Json(body): Json<Login>,
) -> Result<Answer, Problem> {
    Ok(answer(
        &sessions.login(&cx, body.email, body.password).await?,
    ))
}

pub(super) async fn refresh(
    State(sessions): State<Arc<Sessions>>,
    cx: RequestContext,
    enter: Option<EnterTenant>,
    Json(body): Json<Refresh>,
) -> Result<Answer, Problem> {
    let Some(token) = TenantToken::parse(&body.refresh_token) else {
        return Err(not_valid().into());
    };
    let cx = match enter {
        Some(enter) => enter.enter(token.tenant().clone())?,
        // An authenticated caller is in its tenant already, and refreshes in that one alone.
        None if cx.tenant() == Some(token.tenant()) => cx,
        None => return Err(not_valid().into()),
    };
    Ok(answer(&sessions.refresh(&cx, &token).await?))
}

pub(super) async fn logout(
    State(sessions): State<Arc<Sessions>>,
    cx: RequestContext,
    Json(body): Json<Refresh>,
) -> Result<NoContent, Problem> {
    sessions.logout(&cx, &body.refresh_token).await?;
    Ok(NoContent)
}

pub(super) async fn jwks(
    State(sessions): State<Arc<Sessions>>,
) -> ([(HeaderName, &'static str); 2], Bytes) {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, sessions.keyring.published().current().to_json())
}

fn answer(tokens: &Tokens) -> Answer {
    let view = TokensView {
        access_token: tokens.access.expose().to_owned(),
        token_type: "Bearer",
        expires_in: tokens.access.expires_in().as_secs(),
        refresh_token: tokens.refresh.expose_secret().to_owned(),
    };
    (NO_STORE, Json(view))
}

fn not_valid() -> RpcError {
    refused("the refresh token is not valid")
}
