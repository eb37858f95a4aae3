//! Events and jobs: what the modules handle, and the tasks of the host that bring it to them.

use std::{pin::pin, sync::Arc, time::Duration};

use goplt_core::{
    audit::{HostReads, RequestAuditSettings, RequestRecorder, RequestWriter},
    data::Instance,
    event::{EventHandlers, EventRunner, EventSettings},
    job::{JobHandlers, JobRunner, JobSettings},
    manifest::{Manifest, yaml::Mark},
    shutdown::{Shutdown, ShutdownToken},
};

use super::{Shared, StartCause, migrate};
use crate::{Place, ProblemCode, Registry, StartupProblem, StopSignal, Subject};

/// What modules have registered in `init`.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    pub(crate) events: EventHandlers,
    pub(crate) jobs: JobHandlers,
    /// Which requests are written down for the audit log, if any are.
    pub(crate) audit: Option<RequestAuditSettings>,
    writer: Option<RequestWriter>,
}

impl Workers {
    pub(super) fn new(audit: Option<RequestAuditSettings>) -> Self {
        Self {
            audit,
            ..Self::default()
        }
    }

    /// Every declared subscription and job has one handler, and every schedule can be computed.
    pub(super) fn problems(&self, registry: &Registry) -> Vec<StartupProblem> {
        let mut problems = Vec::new();
        for module in registry.all() {
            let manifest = module.manifest();
            for event in &manifest.events().subscribes {
                let mut handled = self.events.subscriptions();
                if !handled.any(|(group, name)| group == manifest.name() && name == event.name) {
                    let what = format!("the event `{}` is heard and has no handler", event.name);
                    problems.push(unhandled(
                        manifest,
                        event.mark,
                        what,
                        "cx.events(&service).on(…)",
                    ));
                }
            }
            for job in manifest.jobs() {
                let mut handled = self.jobs.keys();
                if !handled
                    .any(|key| key.module() == manifest.name().as_str() && key.name() == job.name)
                {
                    let what = format!("the job `{}` has no handler", job.name);
                    problems.push(unhandled(
                        manifest,
                        job.mark,
                        what,
                        "cx.jobs(&service).on(…)",
                    ));
                }
            }
        }
        let clashes = self.events.clashes().iter().map(ToString::to_string);
        let jobs = self.jobs.problems().iter().map(ToString::to_string);
        problems.extend(
            clashes
                .chain(jobs)
                .map(|what| StartupProblem::new(ProblemCode::Handler, Subject::Assembly, what)),
        );
        problems
    }

    /// The end of the queue that requests see, if they are written down; the other end is run by
    /// [`spawn`](Self::spawn).
    pub(super) fn record_requests(
        &mut self,
        shared: &Shared,
    ) -> Result<Option<RequestRecorder>, StartCause> {
        let Some(settings) = self.audit else {
            return Ok(None);
        };
        let made = RequestRecorder::new(settings, &shared.db, &shared.mint, &shared.metrics);
        let (recorder, writer) = made.map_err(|error| StartCause::Layer {
            layer: "audit",
            source: error.into(),
        })?;
        self.writer = Some(writer);
        Ok(Some(recorder))
    }

    /// Runs them until the host stops its tasks. `alone` says that no other process serves on this database, so that
    /// what a process which died has leased is taken over at once.
    pub(super) fn spawn(self, shared: &Shared, alone: bool) {
        if let Some(writer) = self.writer {
            shared.tasks.spawn("audit", |stop| async move {
                writer.run(stop.wait()).await;
                Ok(())
            });
        }
        // Whoever writes to its tables may write events or audit entries with them; somebody has to clean up.
        let publishes = |manifest: &Manifest| {
            !manifest.events().publishes.is_empty() || !manifest.tables().is_empty()
        };
        let any = shared
            .registry
            .all()
            .any(|module| publishes(module.manifest()));
        if any || !self.events.is_empty() {
            let settings = if alone {
                EventSettings::new().alone()
            } else {
                EventSettings::new()
            };
            let runner = EventRunner::new(shared.db.clone(), shared.mint.clone(), self.events);
            let runner = runner
                .with_settings(settings)
                .with_reporter(shared.reporter.clone());
            shared
                .tasks
                .spawn("events", |stop| until(stop, |token| runner.run(token)));
        }
        if !self.jobs.is_empty() {
            let settings = if alone {
                JobSettings::new().alone()
            } else {
                JobSettings::new()
            };
            let runner = JobRunner::new(shared.db.clone(), shared.mint.clone(), self.jobs);
            let runner = runner
                .with_settings(settings)
                .with_reporter(shared.reporter.clone());
            shared
                .tasks
                .spawn("jobs", |stop| until(stop, |token| runner.run(token)));
        }
    }
}

/// Also for a command, which leaves events to the server: what it reads across tenants is told.
pub(super) fn spawn_host_audit(shared: &Shared, reads: HostReads) {
    let writer = reads.into_writer(shared.db.clone(), shared.mint.clone());
    shared.tasks.spawn("host-audit", |stop| async move {
        writer.run(stop.wait()).await;
        Ok(())
    });
}

/// What others know of this process, and what it does once they have ended.
pub(super) fn spawn_instance(shared: &Arc<Shared>, instance: Instance, has_held: bool) {
    shared.tasks.spawn("instance", |stop| async move {
        instance.live(stop.wait()).await;
        Ok(())
    });
    if has_held {
        let host = Arc::clone(shared);
        shared.tasks.spawn("migrations", |stop| async move {
            tokio::select! {
                () = migrate::apply_held(&host.db, &host.registry) => {}
                () = stop.wait() => {}
            }
            Ok(())
        });
    }
}

fn unhandled(manifest: &Manifest, mark: Mark, what: String, call: &str) -> StartupProblem {
    StartupProblem::of(ProblemCode::NotHandled, manifest, what)
        .at(Place::in_manifest(manifest, mark))
        .with_mend(format!(
            "register one in `init` with `{call}`, or take it out of the manifest"
        ))
}

/// Runs work that drains, and drains it when the host stops its tasks.
async fn until<F: Future<Output = ()>>(
    stop: StopSignal,
    run: impl FnOnce(ShutdownToken) -> F,
) -> Result<(), goplt_core::BoxError> {
    // The host's own end, with its grace period, is around this one.
    let end = Shutdown::new(Duration::ZERO);
    let mut work = pin!(run(end.token()));
    tokio::select! {
        () = &mut work => return Ok(()),
        () = stop.wait() => {}
    }
    end.drain();
    work.await;
    Ok(())
}
