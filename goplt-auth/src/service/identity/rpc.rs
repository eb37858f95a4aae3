//! The module as a contract: [`IdentityService`].

use async_trait::async_trait;
use goplt_contracts::identity::{
    BatchGetUsersRequest, BatchGetUsersResponse, ChangePasswordRequest, CreateTenantRequest,
    CreateUserRequest, DeleteUserRequest, GetTenantRequest, GetUserByEmailRequest, GetUserRequest,
    IdentityService, ListTenantsRequest, ListTenantsResponse, ListUsersRequest, ListUsersResponse,
    RequestPasswordResetRequest, ResetPasswordRequest, Tenant, UpdateUserRequest, User,
    VerifyCredentialsRequest, VerifyCredentialsResponse, VerifyEmailRequest,
};
use goplt_core::{Code, RequestContext, TenantId, Uuid, contract::RpcError};
use goplt_module::http::ListQuery;

use super::{
    input::{NewPassword, NewUser, UserChange},
    mailbox::not_good,
    service::{Identity, no_user},
};
use crate::service::tenant_token::TenantToken;

/// An id that is none belongs to nobody.
fn user_id(id: &str) -> Result<Uuid, RpcError> {
    id.parse().map_err(|_| no_user())
}

/// A token of another tenant is as good as none.
fn token_of(cx: &RequestContext, text: &str) -> Result<TenantToken, RpcError> {
    let token = TenantToken::parse(text);
    token
        .filter(|token| cx.tenant() == Some(token.tenant()))
        .ok_or_else(not_good)
}

#[async_trait]
impl IdentityService for Identity {
    async fn create_user(
        &self,
        cx: &RequestContext,
        req: CreateUserRequest,
    ) -> Result<User, RpcError> {
        let CreateUserRequest {
            email,
            password,
            name,
        } = req;
        let user = NewUser::parse(&email, password, name.as_deref()).map_err(RpcError::invalid)?;
        Ok(self.create_user(cx, user).await?.into())
    }

    async fn get_user(&self, cx: &RequestContext, req: GetUserRequest) -> Result<User, RpcError> {
        Ok(self.user(cx, user_id(&req.id)?).await?.into())
    }

    async fn get_user_by_email(
        &self,
        cx: &RequestContext,
        req: GetUserByEmailRequest,
    ) -> Result<User, RpcError> {
        Ok(self.user_by_email(cx, &req.email).await?.into())
    }

    async fn batch_get_users(
        &self,
        cx: &RequestContext,
        req: BatchGetUsersRequest,
    ) -> Result<BatchGetUsersResponse, RpcError> {
        let ids = req.ids.iter().filter_map(|id| id.parse().ok()).collect();
        let users = self
            .users(cx, ids)
            .await?
            .into_iter()
            .map(User::from)
            .collect();
        Ok(BatchGetUsersResponse { users })
    }

    async fn list_users(
        &self,
        cx: &RequestContext,
        req: ListUsersRequest,
    ) -> Result<ListUsersResponse, RpcError> {
        let list = ListQuery::of_request(req.limit, req.cursor.as_deref())?;
        let page = self
            .list(cx, &list, req.email.as_deref())
            .await?
            .map(User::from);
        let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
        Ok(ListUsersResponse {
            users: page.items,
            next_cursor,
        })
    }

    async fn update_user(
        &self,
        cx: &RequestContext,
        req: UpdateUserRequest,
    ) -> Result<User, RpcError> {
        let change = UserChange::parse(req.email.as_deref(), req.name.as_deref())
            .map_err(RpcError::invalid)?;
        Ok(self
            .update_user(cx, user_id(&req.id)?, &change)
            .await?
            .into())
    }

    async fn delete_user(
        &self,
        cx: &RequestContext,
        req: DeleteUserRequest,
    ) -> Result<(), RpcError> {
        self.delete_user(cx, user_id(&req.id)?).await
    }

    async fn change_password(
        &self,
        cx: &RequestContext,
        req: ChangePasswordRequest,
    ) -> Result<(), RpcError> {
        let ChangePasswordRequest {
            user_id: id,
            old_password,
            new_password,
        } = req;
        let new = NewPassword::parse("new_password", new_password)
            .map_err(|rule| RpcError::invalid(vec![rule]))?;
        self.change_password(cx, user_id(&id)?, old_password, &new)
            .await
    }

    async fn verify_email(
        &self,
        cx: &RequestContext,
        req: VerifyEmailRequest,
    ) -> Result<(), RpcError> {
        self.verify_email(cx, &token_of(cx, &req.token)?).await
    }

    async fn request_password_reset(
        &self,
        cx: &RequestContext,
        req: RequestPasswordResetRequest,
    ) -> Result<(), RpcError> {
        self.request_reset(cx, &req.email).await
    }

    async fn reset_password(
        &self,
        cx: &RequestContext,
        req: ResetPasswordRequest,
    ) -> Result<(), RpcError> {
        let token = token_of(cx, &req.token)?;
        let new = NewPassword::parse("new_password", req.new_password)
            .map_err(|rule| RpcError::invalid(vec![rule]))?;
        self.reset_password(cx, &token, &new).await
    }

    async fn verify_credentials(
        &self,
        cx: &RequestContext,
        req: VerifyCredentialsRequest,
    ) -> Result<VerifyCredentialsResponse, RpcError> {
        let VerifyCredentialsRequest { email, password } = req;
        let user = self
            .verify_credentials(cx, &email, password)
            .await?
            .map(User::from);
        Ok(VerifyCredentialsResponse { user })
    }

    async fn create_tenant(
        &self,
        cx: &RequestContext,
        req: CreateTenantRequest,
    ) -> Result<Tenant, RpcError> {
        let id: TenantId = req
            .id
            .parse()
            .map_err(|error| RpcError::new(Code::InvalidArgument, format!("{error}")))?;
        let name = match req.name.trim() {
            "" => id.to_string(),
            name => name.to_owned(),
        };
        Ok(self.create_tenant(cx, id, &name).await?.into())
    }

    async fn get_tenant(
        &self,
        cx: &RequestContext,
        req: GetTenantRequest,
    ) -> Result<Tenant, RpcError> {
        let found = self.find_tenant(cx, &req.id).await?;
        Ok(found
            .ok_or_else(|| RpcError::not_found("there is no such tenant"))?
            .into())
    }

    async fn list_tenants(
        &self,
        cx: &RequestContext,
        req: ListTenantsRequest,
    ) -> Result<ListTenantsResponse, RpcError> {
        let list = ListQuery::of_request(req.limit, req.cursor.as_deref())?;
        let page = self.list_tenants(cx, &list).await?.map(Tenant::from);
        let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
        Ok(ListTenantsResponse {
            tenants: page.items,
            next_cursor,
        })
    }
}
