//! What the module does, whoever asks: REST, a contract, or the assembly.

use std::sync::Arc;

use goplt_contracts::identity::{UserCreated, UserDeleted, UserUpdated};
use goplt_core::{
    Authorizer, BoxError, Clock, Code, Random, RequestContext, TenantId, Uuid,
    contract::RpcError,
    data::{DbError, HostScope, TenantDb},
    id::Ids,
    mail::Mailer,
    problem::Violation,
};
use goplt_module::http::{ListQuery, Page};

use super::{
    domain::{SecretRow, TenantRow, UserRow},
    event,
    input::{Email, MAX_PASSWORD_BYTES, NewPassword, NewUser, UserChange},
    mailbox::{Links, after},
    password::{Checked, Passwords},
    recorded, repo,
    token_repo::{self, Purpose},
};

/// Users and tenants.
pub(super) struct Identity {
    pub(super) db: TenantDb,
    pub(super) host: HostScope,
    pub(super) passwords: Passwords,
    pub(super) mailer: Arc<dyn Mailer>,
    pub(super) links: Links,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) ids: Ids,
    pub(super) authorizer: Arc<dyn Authorizer>,
    /// Whether anybody may register.
    pub(super) open: bool,
}

/// The most ids that one call may name.
const MAX_BATCH: usize = 100;

impl Identity {
    pub(super) async fn create_user(
        &self,
        cx: &RequestContext,
        user: NewUser,
    ) -> Result<UserRow, RpcError> {
        let scope = cx.scope()?;
        if self
            .find_tenant(cx, scope.tenant().as_str())
            .await?
            .is_none()
        {
            return Err(RpcError::not_found("there is no such tenant"));
        }
        let hash = self
            .passwords
            .hash(&user.password)
            .await
            .map_err(RpcError::internal)?;
        let mut tx = self.db.begin(scope).await?;
        let id = self.ids.next();
        repo::insert(&mut tx, id, &user, &hash, self.clock.now())
            .await
            .map_err(email_taken)?;
        let row = repo::by_id(&mut tx, id).await?.ok_or(DbError::NoRow)?;
        let user_id = id.to_string();
        tx.outbox()
            .publish(event::USER_CREATED, &UserCreated { user_id })
            .await?;
        Self::want_verification(&mut tx, id).await?;
        tx.audit().record(recorded::created(id)).await?;
        tx.commit().await?;
        tracing::info!(user = %id, "a user was made");
        Ok(row)
    }

    pub(super) async fn user(&self, cx: &RequestContext, id: Uuid) -> Result<UserRow, RpcError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        repo::by_id(&mut tx, id).await?.ok_or_else(no_user)
    }

    pub(super) async fn user_by_email(
        &self,
        cx: &RequestContext,
        email: &str,
    ) -> Result<UserRow, RpcError> {
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        repo::by_email(&mut tx, &Email::fold(email))
            .await?
            .ok_or_else(no_user)
    }

    pub(super) async fn users(
        &self,
        cx: &RequestContext,
        mut ids: Vec<Uuid>,
    ) -> Result<Vec<UserRow>, RpcError> {
        if ids.len() > MAX_BATCH {
            let message = format!("at most {MAX_BATCH} ids at once");
            return Err(RpcError::new(Code::InvalidArgument, message));
        }
        ids.sort_unstable();
        ids.dedup();
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        let mut users = Vec::with_capacity(ids.len());
        for ids in ids.chunks(repo::BATCH) {
            users.extend(repo::by_ids(&mut tx, ids).await?);
        }
        Ok(users)
    }

    /// Newest first; with an email, the one user who has it.
    pub(super) async fn list<F: Sync>(
        &self,
        cx: &RequestContext,
        list: &ListQuery<F>,
        email: Option<&str>,
    ) -> Result<Page<UserRow>, RpcError> {
        let after: Option<Uuid> = list.after()?;
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        let rows = match email {
            Some(email) => {
                let found = repo::by_email(&mut tx, &Email::fold(email)).await?;
                found
                    .into_iter()
                    .filter(|user| after.is_none_or(|after| user.id < after))
                    .collect()
            }
            None => repo::page(&mut tx, after, list.rows_to_fetch()).await?,
        };
        Ok(list.page(rows, |user| user.id))
    }

    pub(super) async fn update_user(
        &self,
        cx: &RequestContext,
        id: Uuid,
        change: &UserChange,
    ) -> Result<UserRow, RpcError> {
        let mut tx = self.db.begin(cx.scope()?).await?;
        let before = repo::by_id(&mut tx, id).await?.ok_or_else(no_user)?;
        let found = repo::update(&mut tx, id, change, self.clock.now())
            .await
            .map_err(email_taken)?;
        if !found {
            return Err(no_user());
        }
        let row = repo::by_id(&mut tx, id).await?.ok_or_else(no_user)?;
        let updated = UserUpdated {
            user_id: id.to_string(),
            name_changed: row.name != before.name,
            email_changed: row.email != before.email,
            ..UserUpdated::default()
        };
        if updated.email_changed {
            // What was mailed to the old address is worth nothing at the new one.
            token_repo::forget(&mut tx, id, Purpose::VerifyEmail).await?;
            token_repo::forget(&mut tx, id, Purpose::ResetPassword).await?;
            Self::want_verification(&mut tx, id).await?;
        }
        if updated.name_changed || updated.email_changed {
            tx.outbox().publish(event::USER_UPDATED, &updated).await?;
            tx.audit().record(recorded::updated(&updated)).await?;
        }
        tx.commit().await?;
        Ok(row)
    }

    pub(super) async fn delete_user(&self, cx: &RequestContext, id: Uuid) -> Result<(), RpcError> {
        let mut tx = self.db.begin(cx.scope()?).await?;
        if !repo::delete(&mut tx, id).await? {
            return Err(no_user());
        }
        let user_id = id.to_string();
        tx.outbox()
            .publish(event::USER_DELETED, &UserDeleted { user_id })
            .await?;
        tx.audit().record(recorded::deleted(id)).await?;
        tx.commit().await?;
        tracing::info!(user = %id, "a user was deleted");
        Ok(())
    }

    /// Sets a new password for who knows the old one. Sessions end with it: auth compares
    /// `password_changed_at`, which therefore always grows.
    pub(super) async fn change_password(
        &self,
        cx: &RequestContext,
        id: Uuid,
        old: String,
        new: &NewPassword,
    ) -> Result<(), RpcError> {
        let caller = cx.require_principal()?;
        if caller.is_user() && caller.user_id() != Some(id) {
            return Err(RpcError::new(
                Code::PermissionDenied,
                "only one's own password can be changed",
            ));
        }
        let scope = cx.scope()?;
        let mut tx = self.db.begin_read(scope).await?;
        let known = repo::secret_by_id(&mut tx, id).await?.ok_or_else(no_user)?;
        drop(tx);
        if self.check(old, Some(&known)).await? == Checked::Wrong {
            let rule = "is not the present password";
            return Err(RpcError::invalid(vec![Violation::new(
                "old_password",
                rule,
            )]));
        }
        let hash = self.passwords.hash(new).await.map_err(RpcError::internal)?;
        let now = after(self.clock.now(), known.password_changed_at);
        let mut tx = self.db.begin(scope).await?;
        if !repo::change_password(&mut tx, id, &known.password_hash, &hash, now).await? {
            return Err(RpcError::new(
                Code::Aborted,
                "the password was changed meanwhile",
            ));
        }
        token_repo::forget(&mut tx, id, Purpose::ResetPassword).await?;
        let updated = UserUpdated {
            user_id: id.to_string(),
            password_changed_at: Some(now.as_micros()),
            ..UserUpdated::default()
        };
        tx.outbox().publish(event::USER_UPDATED, &updated).await?;
        tx.audit().record(recorded::password_changed(id)).await?;
        tx.commit().await?;
        tracing::info!(user = %id, "a password was changed");
        Ok(())
    }

    /// The user, if email and password are theirs. Whatever is wrong, the work is the same.
    pub(super) async fn verify_credentials(
        &self,
        cx: &RequestContext,
        email: &str,
        password: String,
    ) -> Result<Option<UserRow>, RpcError> {
        let scope = cx.scope()?;
        let mut tx = self.db.begin_read(scope).await?;
        let known = repo::secret_by_email(&mut tx, &Email::fold(email)).await?;
        drop(tx);
        let checked = self.check(password.clone(), known.as_ref()).await?;
        let Some(known) = known.filter(|_| checked != Checked::Wrong) else {
            return Ok(None);
        };
        if checked == Checked::RightButOld
            && let Err(error) = self.rehash(cx, &known, password).await
        {
            tracing::warn!(%error, "a password could not be hashed with the present parameters");
        }
        let mut tx = self.db.begin_read(scope).await?;
        Ok(repo::by_id(&mut tx, known.id).await?)
    }

    async fn check(
        &self,
        password: String,
        known: Option<&SecretRow>,
    ) -> Result<Checked, RpcError> {
        let fits = password.len() <= MAX_PASSWORD_BYTES;
        let stored = known
            .filter(|_| fits)
            .map(|known| known.password_hash.clone());
        let password = if fits { password } else { String::new() };
        self.passwords
            .check(password, stored)
            .await
            .map_err(RpcError::internal)
    }

    async fn rehash(
        &self,
        cx: &RequestContext,
        known: &SecretRow,
        password: String,
    ) -> Result<(), BoxError> {
        let hash = self.passwords.rehash(password).await?;
        let mut tx = self.db.begin(cx.scope()?).await?;
        repo::rehash(&mut tx, known.id, &known.password_hash, &hash).await?;
        Ok(tx.commit().await?)
    }

    /// Makes the tenant, or finds it as it is.
    pub(super) async fn create_tenant(
        &self,
        cx: &RequestContext,
        id: TenantId,
        name: &str,
    ) -> Result<TenantRow, RpcError> {
        let mut tx = self.db.begin_host(&self.host.within(cx)).await?;
        if repo::insert_tenant(&mut tx, id.as_str(), name, self.clock.now()).await? {
            tx.audit(cx, id.clone())
                .record(recorded::tenant(&id))
                .await?;
        }
        let row = repo::tenant(&mut tx, id.as_str())
            .await?
            .ok_or(DbError::NoRow)?;
        tx.commit().await?;
        Ok(row)
    }

    pub(super) async fn find_tenant(
        &self,
        cx: &RequestContext,
        id: &str,
    ) -> Result<Option<TenantRow>, RpcError> {
        let mut tx = self.db.begin_host_read(&self.host.within(cx)).await?;
        Ok(repo::tenant(&mut tx, id).await?)
    }

    pub(super) async fn list_tenants(
        &self,
        cx: &RequestContext,
        list: &ListQuery,
    ) -> Result<Page<TenantRow>, RpcError> {
        let after: Option<String> = list.after()?;
        let mut tx = self.db.begin_host_read(&self.host.within(cx)).await?;
        let rows = repo::tenants(&mut tx, &after.unwrap_or_default(), list.rows_to_fetch()).await?;
        Ok(list.page(rows, |tenant| tenant.id.clone()))
    }
}

pub(super) fn no_user() -> RpcError {
    RpcError::not_found("there is no such user")
}

/// The email is all that is unique of a user but its id.
fn email_taken(error: DbError) -> RpcError {
    if error.is_unique_violation() {
        return RpcError::new(Code::AlreadyExists, "this email is taken")
            .with_reason("email_taken");
    }
    error.into()
}
