//! A process that is killed at named places, again and again: each note has its entry, once, and the
//! chain holds.
//!
//! `GOPLT_KILLS` is five times the number of kills.

use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use goplt_authz::{PolicyHandle, service::AuditModule};
use goplt_contracts::audit::{AuditService, QueryRequest, VerifyRequest};
use goplt_core::{
    BoxError, RequestContext,
    audit::AuditEntry,
    config::Sources,
    data::{ScopeMint, TenantTx},
    event::EventLog,
    manifest::Manifest,
};
use goplt_module::{Host, IModule, InitContext, RunningHost, StartContext};

goplt_module::include_manifest!("tests/audit/clerk/module.yaml");

/// Every place between a commit and an entry that a process can be killed at.
const PLACES: [&str; 5] = [
    "relay.before_write",
    "relay.before_commit",
    "relay.after_commit",
    "handler.before_commit",
    "handler.after_commit",
];

const FOLDER: &str = "GOPLT_AUDIT_CRASH_FOLDER";

/// How many notes one life of the process writes.
const NOTES: usize = 4;

/// Writes this many notes when it starts.
struct Clerk(usize);

impl IModule for Clerk {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, (): (), _: &mut InitContext<'_>) -> Result<(), BoxError> {
        Ok(())
    }

    async fn on_start(&self, cx: &StartContext) -> Result<(), BoxError> {
        for _ in 0..self.0 {
            let acme = cx.service_contexts().for_tenant("acme".parse()?);
            let mut tx = cx.db().begin(acme.scope()?).await?;
            let number = notes(&mut tx).await?;
            tx.execute(tenant_sql!(
                "INSERT INTO clerk_notes (number) VALUES (?)",
                number
            ))
            .await?;
            let entry = AuditEntry::new("clerk.note.written", "clerk.note")
                .with_resource_id(number.to_string());
            tx.audit().record(entry).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

async fn notes(tx: &mut TenantTx) -> Result<i64, BoxError> {
    let count = tx
        .fetch_one(tenant_sql!("SELECT count(*) FROM clerk_notes"))
        .await?;
    Ok(count)
}

/// One life: writes, and goes on until every entry is kept, if it is not killed before.
async fn live(folder: &Path, count: usize) -> (RunningHost, ScopeMint) {
    let data_dir = format!("data_dir={}", folder.join("data").display());
    let settings = [
        data_dir,
        "server.port=0".into(),
        "audit.requests=false".into(),
    ];
    let mint = ScopeMint::new();
    // Not in process: who serves alone takes over at once what the dead had leased.
    let running = Host::builder()
        .module(AuditModule)
        .module(Clerk(count))
        .mint(mint.clone())
        .authorizer(Arc::new(PolicyHandle::new()))
        .sources(Sources::new(folder).with_set(settings))
        .build()
        .unwrap()
        .start()
        .await
        .unwrap();
    let log = EventLog::new(running.db(), &mint);
    let mut commits = running.db().commits();
    while !log.backlog().await.unwrap().is_empty() {
        commits.next().await;
    }
    (running, mint)
}

/// Not a test: what the test below starts, and kills.
#[tokio::test]
async fn a_life_that_may_be_cut_short() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let (running, _) = live(Path::new(&folder), NOTES).await;
        running.stop().await.unwrap();
    }
}

fn kills() -> usize {
    let kills = std::env::var("GOPLT_KILLS").ok();
    kills.map_or(40, |kills| kills.parse::<usize>().unwrap().div_ceil(5))
}

#[tokio::test]
async fn every_note_has_its_entry_once_and_the_chain_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut killed = 0;
    for round in 0..kills() {
        let place = PLACES[round % PLACES.len()];
        let pass = 1 + round / PLACES.len() % NOTES;
        let life = Command::new(std::env::current_exe().unwrap())
            .args(["crash::a_life_that_may_be_cut_short", "--exact"])
            .env(FOLDER, folder.path())
            .env("GOPLT_FAILPOINT", format!("{place}:{pass}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let is_killed = life.signal().is_some();
        assert!(
            is_killed || life.success(),
            "a life ended by itself: {life}"
        );
        killed += usize::from(is_killed);
    }
    assert!(
        killed > kills() / 2,
        "only {killed} of {} were killed",
        kills()
    );

    let (running, mint) = live(folder.path(), NOTES).await;
    let cx = RequestContext::new("judge".parse().unwrap());
    let cx = mint.enter(cx, "acme".parse().unwrap()).unwrap();
    let mut tx = running.db().begin_read(cx.scope().unwrap()).await.unwrap();
    let written = notes(&mut tx).await.unwrap();
    drop(tx);
    let audit: Arc<dyn AuditService> = running.get().unwrap();
    let acme = running
        .context("judge")
        .service_contexts()
        .for_tenant("acme".parse().unwrap());
    let verified = audit.verify(&acme, VerifyRequest::default()).await.unwrap();
    assert_eq!(verified.broken, None);
    assert_eq!(verified.entries, written);
    assert!(written > i64::try_from(kills()).unwrap());

    let mut numbers = Vec::new();
    let mut query = QueryRequest {
        limit: Some(100),
        ..QueryRequest::default()
    };
    loop {
        let page = audit.query(&acme, query.clone()).await.unwrap();
        numbers.extend(page.entries.iter().map(|entry| {
            let number = entry.resource_id.as_deref().unwrap();
            number.parse::<i64>().unwrap()
        }));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    // Newest first: the order of the commits, backwards.
    assert_eq!(numbers, (0..written).rev().collect::<Vec<_>>());
    running.stop().await.unwrap();
}
