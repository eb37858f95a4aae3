//! Sessions that end because of what happens in identity, before anybody asks for them.

use std::{path::Path, time::Duration};

use goplt_core::{
    RequestContext,
    data::{DatabaseSettings, ScopeMint, TenantDb},
};
use serde_json::json;

use crate::harness::{PASSWORD, Platform};

goplt_module::include_manifest!("tests/modules/heard.yaml");

/// The sessions of acme that are not revoked, once there are so many.
async fn until_open(folder: &Path, sessions: i64) {
    let file = folder.join("data").join("goplt.db");
    let settings = DatabaseSettings::new(format!("sqlite:{}", file.display()));
    let mint = ScopeMint::new();
    let db = TenantDb::open(&settings, &mint).await.unwrap();
    let cx = RequestContext::new("spy".parse().unwrap());
    let cx = mint.enter(cx, "acme".parse().unwrap()).unwrap();
    let looking = async {
        loop {
            let mut tx = db.begin_read(cx.scope().unwrap()).await.unwrap();
            let open: i64 = tx
                .fetch_one(tenant_sql!(
                    "SELECT COUNT(*) AS open FROM auth_sessions WHERE revoked_at IS NULL"
                ))
                .await
                .unwrap();
            if open == sessions {
                return;
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(60), looking).await;
    found.expect("the sessions end");
    db.close().await;
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_that_began_under_the_old_one_and_no_other() {
    let (platform, folder) = Platform::start().await;
    let ada = platform.session("acme", "ada@example.org").await;
    platform.session("acme", "eve@example.org").await;
    until_open(folder.path(), 2).await;
    let new = "a new and long password";
    let change = json!({ "old_password": PASSWORD, "new_password": new });
    let path = "/api/v1/users/change-password";
    assert_eq!(platform.post(path, &ada.access, change).await.status, 204);
    let login = platform.login("acme", "ada@example.org", new).await;
    until_open(folder.path(), 2).await;
    let next = platform.refresh(login.text("refresh_token")).await;
    assert_eq!(next.status, 200, "the session under the new password");
    platform.stop().await;
}

#[tokio::test]
async fn a_deleted_user_has_no_sessions() {
    let (platform, folder) = Platform::permissive().await;
    let ada = platform.session("acme", "ada@example.org").await;
    let eve = platform.session("acme", "eve@example.org").await;
    until_open(folder.path(), 2).await;
    let path = format!("/api/v1/users/{}", eve.id);
    let deleted = platform
        .call("DELETE", &path, &ada.access, serde_json::Value::Null)
        .await;
    assert_eq!(deleted.status, 204);
    until_open(folder.path(), 1).await;
    platform.stop().await;
}
