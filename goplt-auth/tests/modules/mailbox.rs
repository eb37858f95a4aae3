//! Verification and reset, by what lies in the mailbox: every token once, for one purpose, for one address.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt};
use goplt_core::mail::{Mail, MailError, Mailer};
use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, Platform, plan};

const VERIFY: &str = "/api/v1/users/verify-email";
const RESET: &str = "/api/v1/users/reset-password";
const CONFIRM: &str = "/api/v1/users/reset-password/confirm";
const VERIFICATION: &str = "Confirm your address";
const NEW_PASSWORD: &str = "Set a new password";

/// The mails to this address about this, as they lie in the folder.
fn mails(folder: &Path, to: &str, subject: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder.join("data").join("mail")) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.unwrap().path());
    let finished = paths.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    let mut texts: Vec<_> = finished
        .map(|path| std::fs::read_to_string(path).unwrap())
        .filter(|text| text.contains(&format!("To: {to}\r\n")))
        .filter(|text| text.contains(&format!("Subject: {subject}\r\n")))
        .collect();
    texts.sort_unstable();
    texts
}

/// The token of the one mail to this address about this, once it is there.
async fn token(folder: &Path, to: &str, subject: &str) -> String {
    let looking = async {
        loop {
            if let [mail] = &mails(folder, to, subject)[..] {
                let token = mail.lines().find_map(|line| line.strip_prefix("    "));
                return token.unwrap().to_owned();
            }
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(60), looking).await;
    found.expect("the mail comes")
}

async fn verify(platform: &Platform, token: &str) -> Answer {
    platform.post(VERIFY, "", json!({ "token": token })).await
}

async fn confirm(platform: &Platform, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "new_password": password });
    platform.post(CONFIRM, "", body).await
}

#[track_caller]
fn is_not_good(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.text("code"), "token_invalid");
}

#[tokio::test]
async fn whoever_registers_verifies_the_address_once() {
    let (platform, folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let token = token(folder.path(), "ada@example.org", VERIFICATION).await;
    assert!(token.starts_with("acme."), "{token}");
    is_not_good(&confirm(&platform, &token, "another long password").await);
    let elsewhere = platform.post(VERIFY, "@globex", json!({ "token": token }));
    assert_eq!(elsewhere.await.status, 403);
    let moved = token.replacen("acme.", "globex.", 1);
    is_not_good(&verify(&platform, &moved).await);

    assert_eq!(verify(&platform, &token).await.status, 204);
    let me = platform.get("/api/v1/users/me", &ada.access).await;
    assert_eq!(me.body["verified"], true);
    is_not_good(&verify(&platform, &token).await);
    for nonsense in ["", "acme", "acme.x", &"x".repeat(10_000)] {
        is_not_good(&verify(&platform, nonsense).await);
    }
    assert_eq!(platform.post(VERIFY, "", json!({})).await.status, 400);
    platform.stop().await;
}

#[tokio::test]
async fn a_reset_tells_nobody_who_is_a_user() {
    let (platform, folder) = Platform::start().await;
    platform.register("acme", "ada@example.org").await;
    let mut answers = Vec::new();
    for (tenant, email) in [
        ("@acme", "ADA@example.org"),
        ("@acme", "nobody@example.org"),
        ("@acme", "no address"),
        ("@globex", "ada@example.org"),
        ("@nowhere", "ada@example.org"),
    ] {
        let answer = platform
            .post(RESET, tenant, json!({ "email": email }))
            .await;
        assert_eq!(answer.status, 202, "{tenant} {email}");
        answers.push(answer.body);
    }
    answers.dedup();
    assert_eq!(answers, [Value::Null]);
    token(folder.path(), "ada@example.org", NEW_PASSWORD).await;
    assert!(mails(folder.path(), "nobody@example.org", NEW_PASSWORD).is_empty());
    assert_eq!(platform.post(RESET, "@acme", json!({})).await.status, 400);
    platform.stop().await;
}

#[tokio::test]
async fn a_reset_sets_the_password_and_ends_the_sessions() {
    let (platform, folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let body = json!({ "email": "ada@example.org" });
    assert_eq!(platform.post(RESET, "@acme", body).await.status, 202);
    let token = token(folder.path(), "ada@example.org", NEW_PASSWORD).await;

    let short = confirm(&platform, &token, "short").await;
    assert_eq!(
        (short.status.as_u16(), short.fields()),
        (422, vec!["new_password"])
    );
    is_not_good(&verify(&platform, &token).await);
    let new = "a new and long password";
    let (one, two) = tokio::join!(
        confirm(&platform, &token, new),
        confirm(&platform, &token, new)
    );
    let mut answers = [one.status.as_u16(), two.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [204, 400], "of two at once one wins");

    assert_eq!(platform.refresh(&ada.refresh).await.status, 401);
    let old = platform.login("acme", "ada@example.org", PASSWORD).await;
    assert_eq!(old.status, 401);
    let login = platform.login("acme", "ada@example.org", new).await;
    assert_eq!(login.status, 200);
    let me = platform.get("/api/v1/users/me", login.text("access_token"));
    assert_eq!(me.await.body["verified"], true, "the mailbox is theirs");
    platform.stop().await;
}

#[tokio::test]
async fn what_was_mailed_before_a_change_is_worth_nothing_after_it() {
    let (platform, folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let first = token(folder.path(), "ada@example.org", VERIFICATION).await;
    let body = json!({ "email": "ada@example.org" });
    platform.post(RESET, "@acme", body).await;
    let reset = token(folder.path(), "ada@example.org", NEW_PASSWORD).await;
    let path = format!("/api/v1/users/{}", ada.id);
    let moved = json!({ "email": "new@example.org" });
    let moved = platform.call("PUT", &path, &ada.access, moved).await;
    assert_eq!(moved.status, 200);
    is_not_good(&verify(&platform, &first).await);
    is_not_good(&confirm(&platform, &reset, "another long password").await);
    let second = token(folder.path(), "new@example.org", VERIFICATION).await;
    assert_eq!(verify(&platform, &second).await.status, 204);

    let body = json!({ "email": "new@example.org" });
    platform.post(RESET, "@acme", body).await;
    let reset = token(folder.path(), "new@example.org", NEW_PASSWORD).await;
    let change = json!({ "old_password": PASSWORD, "new_password": "another long password" });
    let path = "/api/v1/users/change-password";
    assert_eq!(platform.post(path, &ada.access, change).await.status, 204);
    is_not_good(&confirm(&platform, &reset, "a third long password").await);
    platform.stop().await;
}

#[tokio::test]
async fn an_expired_token_is_as_good_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let platform = plan(folder.path(), &["identity.token_lifetime=0s"])
        .start()
        .await;
    platform.register("acme", "ada@example.org").await;
    let token = token(folder.path(), "ada@example.org", VERIFICATION).await;
    is_not_good(&verify(&platform, &token).await);
    platform.stop().await;
}

#[tokio::test]
async fn a_mail_holds_the_link_that_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let link = "identity.verification_link=https://app.example/verify?token={token}";
    let platform = plan(folder.path(), &[link]).start().await;
    platform.register("acme", "ada@example.org").await;
    let line = token(folder.path(), "ada@example.org", VERIFICATION).await;
    let token = line.strip_prefix("https://app.example/verify?token=");
    assert_eq!(verify(&platform, token.unwrap()).await.status, 204);
    platform.stop().await;
}

/// Fails so many times before it takes a mail.
#[derive(Debug)]
struct Unreliable {
    failures: Mutex<u32>,
    taken: Mutex<Vec<Mail>>,
}

impl Mailer for Unreliable {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        async move {
            let mut failures = self.failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Err(MailError::new("the mail server is away"));
            }
            self.taken.lock().unwrap().push(mail.clone());
            Ok(())
        }
        .boxed()
    }
}

#[tokio::test]
async fn a_mail_server_that_is_away_keeps_nobody_waiting_and_loses_no_mail() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Arc::new(Unreliable {
        failures: Mutex::new(2),
        taken: Mutex::default(),
    });
    let mut plan = plan(folder.path(), &[]);
    plan.builder = plan.builder.mailer(mailer.clone());
    let platform = plan.start().await;
    assert_eq!(
        platform.register("acme", "ada@example.org").await.status,
        201
    );
    let waiting = async {
        while mailer.taken.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let taken = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    taken.expect("the mail is sent in the end");
    let taken = mailer.taken.lock().unwrap().clone();
    assert_eq!(taken.len(), 1);
    let token = taken[0]
        .text()
        .lines()
        .find_map(|line| line.strip_prefix("    "));
    assert_eq!(verify(&platform, token.unwrap()).await.status, 204);
    platform.stop().await;
}
