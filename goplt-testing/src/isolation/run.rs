//! Running a suite: each fixture twice, and what came of it.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashSet},
};

use goplt_core::{
    Principal, RequestContext, Timestamp, Uuid,
    event::EventLog,
    manifest::{Manifest, ModuleName},
};
use tokio::runtime::Builder;

use super::{
    Isolation, Seeding,
    call::SUBJECT,
    capture::Capture,
    outcome::Outcome,
    rows::{self, Rows},
    seeding::Seed,
    suite::{Fixture, Kind},
};
use crate::{TestHost, TestHostBuilder, host::parse};

/// Runs a suite on SQLite: what [`isolation_suite!`](crate::isolation_suite) calls.
///
/// # Panics
///
/// With everything that was found, if the module does not keep its tenants apart.
pub fn on_sqlite<D: 'static>(suite: impl FnOnce() -> Isolation<D>) {
    run(suite(), |builder| builder);
}

/// Runs a suite on SQLite with globex placed in a database of its own: what
/// [`isolation_suite!`](crate::isolation_suite) calls.
///
/// # Panics
///
/// As [`on_sqlite`].
pub fn on_sqlite_placed<D: 'static>(suite: impl FnOnce() -> Isolation<D>) {
    run(suite(), |builder| builder.placed(OTHER));
}

/// Runs a suite on PostgreSQL with globex placed in a database of its own, if there is one.
///
/// # Panics
///
/// As [`on_sqlite`].
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub fn on_postgres_placed<D: 'static>(suite: impl FnOnce() -> Isolation<D>) {
    if let Some(server) = crate::backend::postgres() {
        run(suite(), |builder| {
            let builder = builder.postgres(server.database());
            builder.placed_on(OTHER, server.database())
        });
    }
}

/// Runs a suite on PostgreSQL, if there is one: what [`isolation_suite!`](crate::isolation_suite)
/// calls.
///
/// # Panics
///
/// With everything that was found, if the module does not keep its tenants apart.
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub fn on_postgres<D: 'static>(suite: impl FnOnce() -> Isolation<D>) {
    if let Some(server) = crate::backend::postgres() {
        run(suite(), |builder| builder.postgres(server.database()));
    }
}

/// When it all happens, so that no schedule is due by chance.
const NOON: Timestamp = Timestamp::from_micros(1_772_366_400_000_000);

fn run<D: 'static>(suite: Isolation<D>, place: impl FnOnce(TestHostBuilder) -> TestHostBuilder) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    let runtime = runtime.unwrap_or_else(|error| panic!("there is no runtime: {error}"));
    let capture = Capture::default();
    let logging = tracing::subscriber::set_default(capture.clone());
    let faults = runtime.block_on(async {
        let name = suite.manifest.name().clone();
        let mut faults = suite.faults();
        let Isolation {
            builder,
            manifest,
            seed,
            fixtures,
            ..
        } = suite;
        let seed = seed.unwrap_or_else(|| panic!("the suite has no `.seed(…)`"));
        let host = place(builder).frozen_at(NOON).start().await;
        let host = host.unwrap_or_else(|error| panic!("the host does not start: {error}"));
        let mut trial = Trial::begin(&host, &name, &*seed, capture).await;
        for fixture in &fixtures {
            trial.judge(fixture, &manifest).await;
        }
        faults.append(&mut trial.faults);
        drop(trial);
        if let Err(error) = host.stop().await {
            faults.push(format!("the host does not stop: {error}"));
        }
        faults
    });
    drop(logging);
    let list = faults.iter().enumerate();
    let list: String = list
        .map(|(at, fault)| format!("\n  {}. {fault}", at + 1))
        .collect();
    assert!(
        faults.is_empty(),
        "the module does not keep its tenants apart, or was not wholly tried:{list}"
    );
}

/// A suite that runs.
struct Trial<'a, D> {
    host: &'a TestHost,
    module: &'a ModuleName,
    seed: &'a dyn Seed<D>,
    capture: Capture,
    /// Of globex.
    marks: RefCell<Vec<String>>,
    data: D,
    rows: Rows,
    /// The events that were looked at.
    seen: HashSet<Uuid>,
    /// The marks that were found in others' rows, and in which table.
    strayed: BTreeSet<(String, String)>,
    faults: Vec<String>,
}

const OWN: &str = "acme";
const OTHER: &str = "globex";

impl<'a, D> Trial<'a, D> {
    /// With globex's data there.
    async fn begin(
        host: &'a TestHost,
        module: &'a ModuleName,
        seed: &'a dyn Seed<D>,
        capture: Capture,
    ) -> Self {
        let marks = RefCell::default();
        let data = plant(host, seed, OTHER, &marks).await;
        assert!(
            !marks.borrow().is_empty(),
            "the seed marks nothing: put `tenant.mark(…)` wherever its data has room for a text"
        );
        let rows = rows_of(host).await;
        let seen = published(host).await;
        let seen = seen.iter().map(|event| event.envelope.id()).collect();
        capture.take();
        Self {
            host,
            module,
            seed,
            capture,
            marks,
            data,
            rows,
            seen,
            strayed: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    async fn judge(&mut self, fixture: &Fixture<D>, manifest: &Manifest) {
        let name = format!("the {} `{}`", fixture.kind.what(), fixture.name);
        let own = self.plant_own().await;
        let (said, outcome) = self.perform(fixture, manifest, &own, &own).await;
        if !outcome.succeeded {
            let line = format!(
                "{name} does not succeed with {OWN}'s own data: {}",
                outcome.shown()
            );
            self.faults.push(line);
        }
        self.look(&format!("{name}, with {OWN}'s own ids"), &said, &outcome)
            .await;
        self.look_beside(&format!("{name}, with {OWN}'s own ids"), true)
            .await;
        // The first call may have used up what it was given.
        let own = self.plant_own().await;
        let (said, outcome) = self.perform(fixture, manifest, &own, &self.data).await;
        self.look(&format!("{name}, with {OTHER}'s ids"), &said, &outcome)
            .await;
        // What was said in an RPC is not known: it may have been a mark.
        let is_said = !matches!(fixture.kind, Kind::Rpc(_));
        self.look_beside(&format!("{name}, with {OTHER}'s ids"), is_said)
            .await;
    }

    async fn plant_own(&self) -> D {
        plant(self.host, self.seed, OWN, &RefCell::default()).await
    }

    /// Calls, with the ids of `ids`; what the call said, and what came of it.
    async fn perform(
        &self,
        fixture: &Fixture<D>,
        manifest: &Manifest,
        own: &D,
        ids: &D,
    ) -> (String, Outcome) {
        let cx = self.context();
        let done = match &fixture.kind {
            Kind::Route(call) => {
                let call = call(own, ids);
                let mut routes = manifest.routes().iter();
                let route = routes.find(|route| route.id == fixture.name);
                if let Some(strays) = route.and_then(|route| call.strays_from(route)) {
                    return (String::new(), Outcome::failure(strays));
                }
                let answer = call.send(self.host).await;
                let body = String::from_utf8_lossy(answer.body());
                let text = format!("{} {:?} {body}", answer.status(), answer.headers());
                let outcome = Outcome {
                    succeeded: answer.status().is_success(),
                    text,
                };
                (call.text(), outcome)
            }
            Kind::Rpc(rpc) => {
                let outcome = rpc.call(self.host, &cx, own, ids).await;
                (String::new(), outcome)
            }
            Kind::Event(make) => {
                let event = make(own, ids);
                let said = String::from_utf8_lossy(&event.payload).into_owned();
                let outcome = match event.publish.publish(self.host, &cx).await {
                    Ok(id) => self.handled(id).await,
                    Err(error) => Outcome::failure(error.to_string()),
                };
                (said, outcome)
            }
            Kind::Job(make) => {
                let job = make(own, ids);
                let (module, name) = (self.module.as_str(), &*fixture.name);
                let said = job.payload.as_ref().map(ToString::to_string);
                let ran = match job.payload {
                    Some(payload) => self.host.run_job_of(OWN, module, name, payload).await,
                    None => self.host.run_job(module, name).await,
                };
                let outcome = match ran {
                    Ok(()) => Outcome::success(String::new()),
                    Err(error) => Outcome::failure(error),
                };
                (said.unwrap_or_default(), outcome)
            }
        };
        self.host.settle().await;
        done
    }

    /// Whether the module has handled the event.
    async fn handled(&self, id: Uuid) -> Outcome {
        self.host.settle().await;
        let log = EventLog::new(self.host.running.db(), &self.host.mint);
        match log.is_handled(self.module, id).await {
            Ok(true) => Outcome::success(String::new()),
            Ok(false) => {
                let lines = self.capture.take();
                let id = id.to_string();
                let why = lines
                    .iter()
                    .filter(|line| line.contains(&id) && line.contains("error"));
                let why: Vec<_> = why.map(String::as_str).collect();
                Outcome::failure(format!("it was not handled: {}", why.join("; ")))
            }
            Err(error) => Outcome::failure(error.to_string()),
        }
    }

    /// A user of acme's who may do everything.
    fn context(&self) -> RequestContext {
        // Its grants are in the policy once it was a caller.
        let _ = super::call::caller(self.host, OWN, SUBJECT);
        let user = Principal::user(SUBJECT).with_tenant(parse(OWN));
        let cx = RequestContext::new(self.host.context().ids().request_id()).with_principal(user);
        self.host
            .mint
            .enter(cx, parse(OWN))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Looks for what is globex's wherever something came of a call.
    async fn look(&mut self, call: &str, said: &str, outcome: &Outcome) {
        // From now on acme may have it among its own.
        self.marks
            .borrow_mut()
            .retain(|mark| !said.contains(mark.as_str()));
        let marks = self.marks.borrow().clone();
        let mut found = |place: &str, text: &str| {
            for mark in marks.iter().filter(|mark| text.contains(mark.as_str())) {
                let fault = format!("{call}: `{mark}` is in {place}");
                if !self.faults.contains(&fault) {
                    self.faults.push(fault);
                }
            }
        };
        found("the answer", &outcome.text);
        for line in self.capture.take() {
            found("the log", &line);
        }
        let metrics = self.host.anonymous(OWN).get("/metrics").await;
        found("the metrics", &String::from_utf8_lossy(metrics.body()));
        let events = published(self.host).await;
        for event in &events {
            if !self.seen.insert(event.envelope.id()) {
                continue;
            }
            let envelope = &event.envelope;
            let text = format!(
                "{} {}",
                envelope.to_json(),
                String::from_utf8_lossy(envelope.payload())
            );
            found(&format!("the event {}", envelope.name()), &text);
        }
        self.capture.take();

        let rows = rows_of(self.host).await;
        for change in rows::changes(&self.rows, &rows) {
            self.faults.push(format!("{call}: {OTHER}'s {change}"));
        }
        // Each fault is told once, by the call that made it.
        self.rows = rows;
    }

    /// Looks for what is globex's among the rows of all others. A mark in a table is told once, by the call that put it
    /// there, if that call is told at all.
    async fn look_beside(&mut self, call: &str, is_told: bool) {
        let marks = self.marks.borrow().clone();
        for (table, rows) in beside(self.host).await {
            for mark in marks
                .iter()
                .filter(|mark| rows.iter().any(|row| rows::says(row, mark)))
            {
                let is_new = self.strayed.insert((table.clone(), mark.clone()));
                if is_new && is_told {
                    self.faults.push(format!(
                        "{call}: `{mark}` is in a row of {table} that is not {OTHER}'s"
                    ));
                }
            }
        }
    }
}

async fn plant<D>(
    host: &TestHost,
    seed: &dyn Seed<D>,
    tenant: &'static str,
    marks: &RefCell<Vec<String>>,
) -> D {
    let seeding = Seeding {
        host,
        tenant,
        marks,
    };
    let data = seed.seed(&seeding).await;
    host.settle().await;
    data
}

async fn rows_of(host: &TestHost) -> Rows {
    let rows = rows::of(host.database_of(OTHER), OTHER).await;
    rows.unwrap_or_else(|error| panic!("{OTHER}'s rows cannot be read: {error}"))
}

/// The rows of all others, wherever they are.
async fn beside(host: &TestHost) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    let placed = host.placed.iter().map(|(_, database)| database);
    for database in std::iter::once(&host.database).chain(placed) {
        let rows = rows::beside(database, OTHER).await;
        all.extend(rows.unwrap_or_else(|error| panic!("the others' rows cannot be read: {error}")));
    }
    all
}

async fn published(host: &TestHost) -> Vec<goplt_core::event::Published> {
    let log = EventLog::new(host.running.db(), &host.mint);
    let events = log.after(0, u32::MAX).await;
    events.unwrap_or_else(|error| panic!("no events can be read: {error}"))
}
