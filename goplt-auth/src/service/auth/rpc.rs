//! The module as a contract: [`AuthService`].

use async_trait::async_trait;
use goplt_contracts::auth::{
    AuthService, LoginRequest, LogoutRequest, RefreshTokenRequest, RevokeUserSessionsRequest,
    TokenClaims, TokenPair, ValidateTokenRequest,
};
use goplt_core::{Code, RequestContext, TenantId, contract::RpcError};
use secrecy::ExposeSecret as _;

use super::service::{Sessions, Tokens, refused};
use crate::service::tenant_token::TenantToken;

impl From<Tokens> for TokenPair {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access.expose().to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: u32::try_from(tokens.access.expires_in().as_secs()).unwrap_or(u32::MAX),
            refresh_token: tokens.refresh.expose_secret().to_owned(),
        }
    }
}

#[async_trait]
impl AuthService for Sessions {
    async fn login(&self, cx: &RequestContext, req: LoginRequest) -> Result<TokenPair, RpcError> {
        let LoginRequest { email, password } = req;
        Ok(self.login(cx, email, password).await?.into())
    }

    async fn refresh_token(
        &self,
        cx: &RequestContext,
        req: RefreshTokenRequest,
    ) -> Result<TokenPair, RpcError> {
        let token = TenantToken::parse(&req.refresh_token)
            .ok_or_else(|| refused("the refresh token is not valid"))?;
        Ok(self.refresh(cx, &token).await?.into())
    }

    async fn validate_token(
        &self,
        _: &RequestContext,
        req: ValidateTokenRequest,
    ) -> Result<TokenClaims, RpcError> {
        let claims = self.validate(&req.access_token)?;
        Ok(TokenClaims {
            subject: claims.subject().to_owned(),
            tenant_id: claims.tenant().map(TenantId::to_string).unwrap_or_default(),
            roles: claims.roles().to_vec(),
            expires_at: claims.expires_at().as_micros(),
        })
    }

    async fn logout(&self, cx: &RequestContext, req: LogoutRequest) -> Result<(), RpcError> {
        self.logout(cx, &req.refresh_token).await
    }

    async fn revoke_user_sessions(
        &self,
        cx: &RequestContext,
        req: RevokeUserSessionsRequest,
    ) -> Result<(), RpcError> {
        let user = req
            .user_id
            .parse()
            .map_err(|_| RpcError::new(Code::InvalidArgument, "the id of a user is a UUID"))?;
        self.revoke_all(cx, user).await
    }
}
