//! A module's events reach its handlers and its jobs run while the host runs; what is declared and has no handler, or
//! nobody publishes, keeps the host from starting.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{borrow::Cow, sync::Arc, time::Duration};

use goplt_core::{
    BoxError,
    config::Sources,
    data::{TenantDb, TenantTx},
    event::{DecodeError, Event, EventContext, EventOf},
    id::Ids,
    job::{JobContext, NewJob},
    manifest::{Manifest, name_tag},
};
use goplt_module::{Host, IModule, InitContext, RouteKey, StartContext};
use tokio::sync::mpsc;

goplt_module::include_manifest!("tests/work/module.yaml");

struct NoteMade {
    text: String,
}

impl Event for NoteMade {
    const NAME: &'static str = "work.note.made";
    const VERSION: u32 = 1;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.text)
    }

    fn encode(&self) -> Vec<u8> {
        self.text.clone().into_bytes()
    }

    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let text = String::from_utf8(payload.to_vec());
        text.map(|text| Self { text })
            .map_err(|error| DecodeError::new(Self::NAME, error))
    }
}

impl EventOf<{ name_tag("work.note.made") }> for NoteMade {}

/// Which handlers to leave out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    Nothing,
    Event,
    Jobs,
    /// And handlers registered twice, one of them on a route that is not there.
    Everything,
}

struct Work {
    leave: Leave,
    done: mpsc::UnboundedSender<Vec<String>>,
}

struct Notes {
    db: TenantDb,
    ids: Ids,
    done: mpsc::UnboundedSender<Vec<String>>,
}

impl Notes {
    async fn on_made(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: NoteMade,
    ) -> Result<(), BoxError> {
        assert_eq!(cx.request().principal().unwrap().subject(), "work");
        self.write(tx, &format!("heard {}", event.text)).await?;
        let job = NewJob::new(job::REMIND).with_payload(&event.text)?;
        tx.jobs().enqueue(job).await?;
        Ok(())
    }

    async fn remind(&self, cx: &JobContext) -> Result<(), BoxError> {
        let mut tx = self.db.begin(cx.request().scope()?).await?;
        let text: String = cx.payload()?;
        self.write(&mut tx, &format!("reminded of {text}")).await?;
        let all = tx
            .fetch_all(tenant_sql!("SELECT text FROM work_notes ORDER BY id"))
            .await?;
        cx.finish(tx).await?;
        self.done.send(all)?;
        Ok(())
    }

    async fn sweep(&self, _: &JobContext) -> Result<(), BoxError> {
        Ok(())
    }

    async fn write(&self, tx: &mut TenantTx, text: &str) -> Result<(), BoxError> {
        let id = self.ids.next();
        tx.execute(tenant_sql!(
            "INSERT INTO work_notes (id, text) VALUES (?, ?)",
            id,
            text
        ))
        .await?;
        Ok(())
    }
}

impl IModule for Work {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let notes = Arc::new(Notes {
            db: cx.db(),
            ids: cx.ids(),
            done: self.done.clone(),
        });
        if self.leave == Leave::Everything {
            let route = RouteKey::__declared("work", "hello");
            cx.routes(&notes).mount(route, async || "hello");
            let _ = cx
                .events(&notes)
                .on(event::NOTE_MADE, Notes::on_made)
                .on(event::NOTE_MADE, Notes::on_made);
            let _ = cx
                .jobs(&notes)
                .on(job::REMIND, Notes::remind)
                .on(job::REMIND, Notes::remind);
            return Ok(());
        }
        if self.leave != Leave::Event {
            let _ = cx.events(&notes).on(event::NOTE_MADE, Notes::on_made);
        }
        if self.leave != Leave::Jobs {
            let _ = cx
                .jobs(&notes)
                .on(job::REMIND, Notes::remind)
                .on(job::SWEEP, Notes::sweep);
        }
        Ok(())
    }

    async fn on_start(&self, cx: &StartContext) -> Result<(), BoxError> {
        let acme = cx.service_contexts().for_tenant("acme".parse()?);
        let mut tx = cx.db().begin(acme.scope()?).await?;
        let made = NoteMade {
            text: "tea".to_owned(),
        };
        tx.outbox().publish(event::NOTE_MADE, &made).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn host(
    leave: Leave,
) -> (
    tempfile::TempDir,
    Host,
    mpsc::UnboundedReceiver<Vec<String>>,
) {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources::new(folder.path()).with_set(["data_dir=data".to_owned()]);
    let (done, finished) = mpsc::unbounded_channel();
    let host = Host::builder()
        .sources(sources)
        .module(Work { leave, done });
    (folder, host.build().unwrap(), finished)
}

#[tokio::test]
async fn an_event_is_handled_and_its_job_runs() {
    let (_folder, host, mut finished) = host(Leave::Nothing);
    let running = host.start_in_process().await.unwrap();
    let all = tokio::time::timeout(Duration::from_secs(60), finished.recv()).await;
    assert_eq!(all.unwrap().unwrap(), ["heard tea", "reminded of tea"]);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_event_that_is_heard_needs_a_handler() {
    let (_folder, host, _) = host(Leave::Event);
    let error = host.start_in_process().await.err().unwrap().to_string();
    assert!(error.contains("W018"), "{error}");
    assert!(
        error.contains("the event `work.note.made` is heard and has no handler"),
        "{error}"
    );
    assert!(error.contains("module.yaml:5:"), "{error}");
}

#[tokio::test]
async fn a_job_needs_a_handler() {
    let (_folder, host, _) = host(Leave::Jobs);
    let error = host.start_in_process().await.err().unwrap().to_string();
    assert!(error.contains("the job `remind` has no handler"), "{error}");
    assert!(error.contains("the job `sweep` has no handler"), "{error}");
}

#[tokio::test]
async fn what_is_registered_wrongly_is_told_all_at_once() {
    let (_folder, host, _) = host(Leave::Everything);
    let error = host.start_in_process().await.err().unwrap();
    insta::assert_snapshot!(error);
}

/// A module of this manifest.
struct Listener(Manifest);

impl IModule for Listener {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &self.0
    }

    async fn init(&self, _: (), _: &mut InitContext<'_>) -> Result<(), BoxError> {
        Ok(())
    }
}

fn report(extra: &str, event: &str) -> Option<String> {
    let manifest =
        format!("name: listener\nversion: 1.0.0\n{extra}events: {{ subscribes: [{event}] }}\n");
    let manifest = Manifest::parse("listener/module.yaml", &manifest).unwrap();
    let (done, _) = mpsc::unbounded_channel();
    let work = Work {
        leave: Leave::Nothing,
        done,
    };
    let folder = tempfile::tempdir().unwrap();
    let host = Host::builder()
        .sources(Sources::new(folder.path()))
        .module(work)
        .module(Listener(manifest));
    host.build().err().map(|report| report.to_string())
}

#[test]
fn an_event_that_nobody_publishes_is_a_line_of_the_report() {
    let near = report("", "work.note.mode").unwrap();
    insta::assert_snapshot!("an_event_that_nobody_publishes", near);
    let away = report("", "billing.invoice.paid").unwrap();
    assert!(
        away.contains("add the module `billing`, or name it under `optional_dependencies`"),
        "{away}"
    );
    assert!(report("", "work.note.made").is_none());
    assert!(report("optional_dependencies: [billing]\n", "billing.invoice.paid").is_none());
}
