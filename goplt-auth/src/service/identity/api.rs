//! REST: from a request to the service, and back.

use std::sync::Arc;

use goplt_core::{
    Permission, Problem, RequestContext, Uuid, contract::RpcError, problem::Violation,
};
use goplt_module::http::{Created, EnterTenant, Json, ListQuery, NoContent, Page, Path, State};
use http::StatusCode;
use serde::Deserialize;

use super::{
    domain::UserView,
    input::{NewPassword, NewUser, UserChange},
    mailbox::not_good,
    permission,
    service::Identity,
};
use crate::service::tenant_token::TenantToken;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUser {
    email: String,
    password: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateUser {
    email: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    old_password: String,
    new_password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyEmail {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestReset {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetPassword {
    token: String,
    new_password: String,
}

#[derive(Deserialize)]
pub(super) struct UserFilter {
    email: Option<String>,
}

type Identities = State<Arc<Identity>>;

/// Access is decided here: see the route's reason in the manifest.
pub(super) async fn create_user(
    State(identity): Identities,
    cx: RequestContext,
    Json(body): Json<CreateUser>,
) -> Result<Created<UserView>, Problem> {
    if !identity.open {
        cx.authorize(&*identity.authorizer, &permission::USER_CREATE)?;
    }
    let CreateUser {
        email,
        password,
        name,
    } = body;
    let user = NewUser::parse(&email, password, name.as_deref()).map_err(Problem::unprocessable)?;
    let user = UserView::from(identity.create_user(&cx, user).await?);
    Ok(Created::at(user.location(), user))
}

pub(super) async fn list_users(
    State(identity): Identities,
    cx: RequestContext,
    list: ListQuery<UserFilter>,
) -> Result<Json<Page<UserView>>, Problem> {
    let page = identity
        .list(&cx, &list, list.filter.email.as_deref())
        .await?;
    Ok(Json(page.map(UserView::from)))
}

pub(super) async fn get_me(
    State(identity): Identities,
    cx: RequestContext,
) -> Result<Json<UserView>, Problem> {
    Ok(Json(identity.user(&cx, own_id(&cx)?).await?.into()))
}

pub(super) async fn get_user(
    State(identity): Identities,
    cx: RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Json<UserView>, Problem> {
    self_or(&identity, &cx, id, &permission::USER_READ)?;
    Ok(Json(identity.user(&cx, id).await?.into()))
}

pub(super) async fn update_user(
    State(identity): Identities,
    cx: RequestContext,
    Path(id): Path<Uuid>,
    Json(body): Json<UpdateUser>,
) -> Result<Json<UserView>, Problem> {
    self_or(&identity, &cx, id, &permission::USER_UPDATE)?;
    let change = UserChange::parse(body.email.as_deref(), body.name.as_deref())
        .map_err(Problem::unprocessable)?;
    Ok(Json(identity.update_user(&cx, id, &change).await?.into()))
}

pub(super) async fn delete_user(
    State(identity): Identities,
    cx: RequestContext,
    Path(id): Path<Uuid>,
) -> Result<NoContent, Problem> {
    identity.delete_user(&cx, id).await?;
    Ok(NoContent)
}

pub(super) async fn change_password(
    State(identity): Identities,
    cx: RequestContext,
    Json(body): Json<ChangePassword>,
) -> Result<NoContent, Problem> {
    let ChangePassword {
        old_password,
        new_password,
    } = body;
    let new = NewPassword::parse("new_password", new_password)
        .map_err(|rule: Violation| Problem::unprocessable(vec![rule]))?;
    identity
        .change_password(&cx, own_id(&cx)?, old_password, &new)
        .await?;
    Ok(NoContent)
}

pub(super) async fn verify_email(
    State(identity): Identities,
    cx: RequestContext,
    enter: Option<EnterTenant>,
    Json(body): Json<VerifyEmail>,
) -> Result<NoContent, Problem> {
    let token = TenantToken::parse(&body.token).ok_or_else(not_good)?;
    let cx = within(&token, cx, enter)?;
    identity.verify_email(&cx, &token).await?;
    Ok(NoContent)
}

/// 202 whoever has the email: nobody learns who is a user here.
pub(super) async fn request_reset(
    State(identity): Identities,
    cx: RequestContext,
    Json(body): Json<RequestReset>,
) -> Result<StatusCode, Problem> {
    identity.request_reset(&cx, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn reset_password(
    State(identity): Identities,
    cx: RequestContext,
    enter: Option<EnterTenant>,
    Json(body): Json<ResetPassword>,
) -> Result<NoContent, Problem> {
    let new = NewPassword::parse("new_password", body.new_password)
        .map_err(|rule: Violation| Problem::unprocessable(vec![rule]))?;
    let token = TenantToken::parse(&body.token).ok_or_else(not_good)?;
    let cx = within(&token, cx, enter)?;
    identity.reset_password(&cx, &token, &new).await?;
    Ok(NoContent)
}

/// The token's tenant. An authenticated caller is in its own already, and stays there.
fn within(
    token: &TenantToken,
    cx: RequestContext,
    enter: Option<EnterTenant>,
) -> Result<RequestContext, Problem> {
    match enter {
        Some(enter) => enter.enter(token.tenant().clone()),
        None if cx.tenant() == Some(token.tenant()) => Ok(cx),
        None => Err(not_good().into()),
    }
}

/// The caller's id; a principal that is no user of this module has none.
fn own_id(cx: &RequestContext) -> Result<Uuid, RpcError> {
    cx.require_principal()?
        .user_id()
        .ok_or_else(super::service::no_user)
}

fn self_or(
    identity: &Identity,
    cx: &RequestContext,
    id: Uuid,
    permission: &Permission,
) -> Result<(), RpcError> {
    if cx.require_principal()?.user_id() == Some(id) {
        return Ok(());
    }
    cx.authorize(&*identity.authorizer, permission)
}
