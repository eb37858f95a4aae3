//! What has expired is forgotten by jobs, also when nobody comes back for it.

use std::{path::Path, time::Duration};

use goplt_core::{
    Clock, RequestContext, Timestamp,
    data::{DatabaseSettings, ScopeMint, TenantDb, TenantTx},
};

use crate::harness::{Platform, plan};

mod identity {
    goplt_module::include_manifest!("tests/modules/purge.yaml");

    pub(super) async fn tokens(tx: &mut goplt_core::data::TenantTx) -> i64 {
        let count = tenant_sql!("SELECT COUNT(*) AS tokens FROM identity_tokens");
        tx.fetch_one(count).await.unwrap()
    }
}

mod auth {
    goplt_module::include_manifest!("tests/modules/heard.yaml");

    pub(super) async fn sessions(tx: &mut goplt_core::data::TenantTx) -> i64 {
        let count = tenant_sql!("SELECT COUNT(*) AS sessions FROM auth_sessions");
        tx.fetch_one(count).await.unwrap()
    }
}

/// Tokens and sessions of acme, once they are so many.
async fn until(folder: &Path, tokens: i64, sessions: i64) {
    let file = folder.join("data").join("goplt.db");
    let settings = DatabaseSettings::new(format!("sqlite:{}", file.display()));
    let mint = ScopeMint::new();
    let db = TenantDb::open(&settings, &mint).await.unwrap();
    let cx = RequestContext::new("spy".parse().unwrap());
    let cx = mint.enter(cx, "acme".parse().unwrap()).unwrap();
    let looking = async {
        loop {
            let mut tx: TenantTx = db.begin_read(cx.scope().unwrap()).await.unwrap();
            let found = (
                identity::tokens(&mut tx).await,
                auth::sessions(&mut tx).await,
            );
            if found == (tokens, sessions) {
                return;
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(60), looking).await;
    found.expect("there are so many");
    db.close().await;
}

async fn start(folder: &Path, at: Timestamp) -> Platform {
    let mut plan = plan(folder, &[]);
    plan.builder = plan.builder.clock(Clock::starting_at(at));
    plan.start().await
}

#[tokio::test]
async fn expired_tokens_and_sessions_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let first: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let day = Duration::from_secs(86_400);
    let platform = start(folder.path(), first).await;
    platform.session("acme", "ada@example.org").await;
    until(folder.path(), 1, 1).await;
    platform.stop().await;

    let platform = start(folder.path(), first.plus(2 * day)).await;
    until(folder.path(), 0, 1).await;
    platform.stop().await;

    let platform = start(folder.path(), first.plus(8 * day)).await;
    until(folder.path(), 0, 0).await;
    platform.stop().await;
}
