//! What a user proves with a mailed token: that an email is theirs, and therefore who they are.
//!
//! A token is 256 random bits with its tenant in front, for one purpose, good once and for a day.
//! Only its hash is stored, and not even that before the mail is about to leave: requests enqueue a
//! job, in their transaction, and the job makes the token. So no request waits for a mail server, a
//! crash loses no mail, and no queue holds a secret. A job that is run again makes another token;
//! both are good until one is used.
//!
//! Who asks for a reset learns nothing: every request enqueues a job, whoever has the email.

use std::time::Duration;

use goplt_contracts::identity::UserUpdated;
use goplt_core::{
    BoxError, Code, RequestContext, Timestamp, Uuid,
    contract::RpcError,
    data::TenantTx,
    event::{Permanent, RetryPolicy},
    job::{JobContext, JobPolicy, NewJob},
    mail::Mail,
};
use secrecy::ExposeSecret as _;

use super::{
    domain::UserRow,
    event,
    input::{Email, NewPassword},
    job, recorded, repo,
    service::Identity,
    token_repo::{self, MailedToken, Purpose},
};
use crate::service::tenant_token::TenantToken;

/// How the mailed tokens are made and worded.
pub(super) struct Links {
    pub(super) lifetime: Duration,
    pub(super) verification: Option<String>,
    pub(super) reset: Option<String>,
}

impl Identity {
    /// Enqueues the mail that lets the user verify the email, with the transaction that set it.
    pub(super) async fn want_verification(tx: &mut TenantTx, user: Uuid) -> Result<(), RpcError> {
        let wanted = NewJob::new(job::SEND_VERIFICATION)
            .with_payload(&user)
            .map_err(RpcError::internal)?
            .with_unique_key(user.to_string());
        tx.jobs().enqueue(wanted).await?;
        Ok(())
    }

    /// `cx` is in the token's tenant.
    pub(super) async fn verify_email(
        &self,
        cx: &RequestContext,
        token: &TenantToken,
    ) -> Result<(), RpcError> {
        let mut tx = self.db.begin(cx.scope()?).await?;
        let now = self.clock.now();
        let mailed = token_repo::take(&mut tx, token, Purpose::VerifyEmail, now).await?;
        let mailed = mailed.ok_or_else(not_good)?;
        // The email may be another one by now.
        if !repo::verify(&mut tx, mailed.user_id, &mailed.email, now).await? {
            return Err(not_good());
        }
        token_repo::forget(&mut tx, mailed.user_id, Purpose::VerifyEmail).await?;
        let updated = UserUpdated {
            user_id: mailed.user_id.to_string(),
            email_verified: true,
            ..UserUpdated::default()
        };
        tx.outbox().publish(event::USER_UPDATED, &updated).await?;
        let entry = recorded::email_verified(mailed.user_id);
        tx.audit().record(entry).await?;
        tx.commit().await?;
        tracing::info!(user = %mailed.user_id, "an email was verified");
        Ok(())
    }

    /// The same work for every email that could be one.
    pub(super) async fn request_reset(
        &self,
        cx: &RequestContext,
        email: &str,
    ) -> Result<(), RpcError> {
        let Ok(email) = Email::parse("email", email) else {
            return Ok(());
        };
        let wanted = NewJob::new(job::SEND_RESET)
            .with_payload(email.as_str())
            .map_err(RpcError::internal)?
            .with_unique_key(email.as_str());
        let mut tx = self.db.begin(cx.scope()?).await?;
        tx.jobs().enqueue(wanted).await?;
        Ok(tx.commit().await?)
    }

    /// `cx` is in the token's tenant. Sessions end as with any new password.
    pub(super) async fn reset_password(
        &self,
        cx: &RequestContext,
        token: &TenantToken,
        new: &NewPassword,
    ) -> Result<(), RpcError> {
        let scope = cx.scope()?;
        let purpose = Purpose::ResetPassword;
        let mut tx = self.db.begin_read(scope).await?;
        let good = token_repo::find(&mut tx, token, purpose, self.clock.now()).await?;
        drop(tx);
        if good.is_none() {
            return Err(not_good());
        }
        let hash = self.passwords.hash(new).await.map_err(RpcError::internal)?;
        let mut tx = self.db.begin(scope).await?;
        let mailed = token_repo::take(&mut tx, token, purpose, self.clock.now()).await?;
        let mailed = mailed.ok_or_else(not_good)?;
        let updated = self.set_password(&mut tx, &mailed, &hash).await?;
        tx.outbox().publish(event::USER_UPDATED, &updated).await?;
        let entry = recorded::password_reset(mailed.user_id);
        tx.audit().record(entry).await?;
        tx.commit().await?;
        tracing::info!(user = %mailed.user_id, "a password was reset");
        Ok(())
    }

    /// Whoever read the mail has the mailbox: the email is verified as well.
    async fn set_password(
        &self,
        tx: &mut TenantTx,
        mailed: &MailedToken,
        hash: &str,
    ) -> Result<UserUpdated, RpcError> {
        let id = mailed.user_id;
        let known = repo::by_id(tx, id).await?.ok_or_else(not_good)?;
        if known.email != mailed.email {
            return Err(not_good());
        }
        let now = after(self.clock.now(), known.password_changed_at);
        repo::set_password(tx, id, hash, now).await?;
        repo::verify(tx, id, &mailed.email, now).await?;
        for purpose in [Purpose::ResetPassword, Purpose::VerifyEmail] {
            token_repo::forget(tx, id, purpose).await?;
        }
        Ok(UserUpdated {
            user_id: id.to_string(),
            email_verified: !known.verified,
            password_changed_at: Some(now.as_micros()),
            ..UserUpdated::default()
        })
    }

    pub(super) async fn send_verification(&self, cx: &JobContext) -> Result<(), BoxError> {
        let user: Uuid = cx.payload()?;
        let mut tx = self.db.begin(cx.request().scope()?).await?;
        let user = repo::by_id(&mut tx, user).await?;
        let Some(user) = user.filter(|user| !user.verified) else {
            return Ok(());
        };
        let token = self.issue(cx, &mut tx, Purpose::VerifyEmail, &user).await?;
        tx.commit().await?;
        let text = format!(
            "Please confirm that this address is yours:\n\n    {}\n\n\
             If you did not register, ignore this mail.\n",
            shown(&token, self.links.verification.as_deref())
        );
        self.send(cx, &user, "Confirm your address", text).await
    }

    pub(super) async fn send_reset(&self, cx: &JobContext) -> Result<(), BoxError> {
        let email: String = cx.payload()?;
        let mut tx = self.db.begin(cx.request().scope()?).await?;
        let Some(user) = repo::by_email(&mut tx, &Email::fold(&email)).await? else {
            return Ok(());
        };
        let token = self
            .issue(cx, &mut tx, Purpose::ResetPassword, &user)
            .await?;
        tx.audit()
            .record(recorded::reset_requested(user.id))
            .await?;
        tx.commit().await?;
        let text = format!(
            "Somebody, perhaps you, wants to set a new password:\n\n    {}\n\n\
             If it was not you, ignore this mail: the password stays as it is.\n",
            shown(&token, self.links.reset.as_deref())
        );
        self.send(cx, &user, "Set a new password", text).await
    }

    /// Of all tenants: an expired token is refused anyway, so nothing depends on when this runs.
    pub(super) async fn purge_tokens(&self, cx: &JobContext) -> Result<(), BoxError> {
        let host = self.host.within(cx.request());
        let mut gone = 0;
        for db in self.db.databases() {
            let mut tx = db.begin_host(&host).await?;
            gone += token_repo::purge(&mut tx, self.clock.now()).await?;
            tx.commit().await?;
        }
        tracing::info!(tokens = gone, "expired tokens were forgotten");
        Ok(())
    }

    async fn issue(
        &self,
        cx: &JobContext,
        tx: &mut TenantTx,
        purpose: Purpose,
        user: &UserRow,
    ) -> Result<TenantToken, BoxError> {
        let tenant = cx.request().scope()?.tenant().clone();
        let token = TenantToken::generate(tenant, &self.random);
        let now = self.clock.now();
        let expires_at = now.plus(self.links.lifetime);
        token_repo::insert(tx, &token, purpose, user, now, expires_at).await?;
        Ok(token)
    }

    async fn send(
        &self,
        cx: &JobContext,
        user: &UserRow,
        subject: &str,
        text: String,
    ) -> Result<(), BoxError> {
        let to = user.email.parse().map_err(Permanent::new)?;
        self.mailer
            .send(&Mail::new(cx.id(), to, subject, text))
            .await?;
        Ok(())
    }
}

/// A mail server may be away for hours.
pub(super) const fn patience() -> JobPolicy {
    JobPolicy::new().with_retry(
        RetryPolicy::new(20)
            .with_first_pause(Duration::from_secs(1))
            .with_longest_pause(Duration::from_secs(1_800)),
    )
}

/// Used, expired, forged, or for something else: nobody is told which.
pub(super) fn not_good() -> RpcError {
    RpcError::new(
        Code::InvalidArgument,
        "the token is not good, or not any more: ask for another",
    )
    .with_reason("token_invalid")
}

/// A time that is later than `last`, whatever the clock says.
pub(super) fn after(now: Timestamp, last: Timestamp) -> Timestamp {
    now.max(last.plus(Duration::from_micros(1)))
}

fn shown(token: &TenantToken, link: Option<&str>) -> String {
    let token = token.reveal();
    match link {
        Some(link) => link.replace("{token}", token.expose_secret()),
        None => token.expose_secret().to_owned(),
    }
}
