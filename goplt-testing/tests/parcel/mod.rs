//! A module under test, with one of everything, and with leaks that a test can ask for.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses a part of it"
)]

use std::{borrow::Cow, sync::Arc};

use goplt_core::{
    BoxError, Problem, RequestContext, Uuid,
    data::{DbError, HostScope, HostSql, TenantDb, TenantTx},
    event::{DecodeError, Event, EventContext, EventOf},
    id::Ids,
    job::{JobContext, NewJob},
    manifest::{Manifest, name_tag},
    telemetry::metrics::Counter,
};
use goplt_module::{
    IModule, InitContext,
    http::{Json, Path, State},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

goplt_module::include_manifest!("tests/parcel/module.yaml");

/// Where the module forgets whose rows they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leak {
    Nowhere,
    List,
    Get,
    Label,
    Handler,
    Job,
    Log,
    Event,
    Header,
    Metric,
    Error,
    Row,
    Payload,
}

#[derive(Debug)]
pub(crate) struct ParcelModule(pub(crate) Leak);

pub(crate) struct ParcelSent {
    pub(crate) id: Uuid,
    pub(crate) text: String,
}

struct Parcels {
    leak: Leak,
    db: TenantDb,
    ids: Ids,
    host: HostScope,
    lists: Counter<1>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
struct ById {
    id: Uuid,
}

#[derive(Serialize)]
struct Parcel {
    id: Uuid,
    text: String,
    state: String,
}

type Columns = (Uuid, String, String);

impl Event for ParcelSent {
    const NAME: &'static str = "parcel.parcel.sent";
    const VERSION: u32 = 1;

    fn key(&self) -> Cow<'_, str> {
        self.id.to_string().into()
    }

    fn encode(&self) -> Vec<u8> {
        json!([self.id, self.text]).to_string().into_bytes()
    }

    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let decoded = serde_json::from_slice(payload).map(|(id, text)| Self { id, text });
        decoded.map_err(|error| DecodeError::new(Self::NAME, error))
    }
}

impl EventOf<{ name_tag("parcel.parcel.sent") }> for ParcelSent {}

impl Parcels {
    async fn everyones(&self, sql: HostSql) -> Result<Vec<Columns>, DbError> {
        let mut tx = self.db.begin_host_read(&self.host).await?;
        tx.fetch_all(sql).await
    }

    async fn all_texts(&self) -> Result<String, DbError> {
        let sql = host_sql!("SELECT id, text, state FROM parcel_parcels");
        let all = self.everyones(sql).await?;
        Ok(all.into_iter().map(|(_, text, _)| text).collect())
    }

    async fn change_anyones(&self, sql: HostSql) -> Result<u64, DbError> {
        let mut tx = self.db.begin_host(&self.host).await?;
        let changed = tx.execute(sql).await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn on_sent(
        &self,
        cx: &EventContext,
        tx: &mut TenantTx,
        event: ParcelSent,
    ) -> Result<(), BoxError> {
        if self.leak == Leak::Handler {
            self.change_anyones(host_sql!(
                "UPDATE parcel_parcels SET state = ? WHERE id = ?",
                cx.tenant().as_str(),
                event.id
            ))
            .await?;
        }
        tx.execute(tenant_sql!(
            "UPDATE parcel_parcels SET state = 'delivered' WHERE id = ? AND state = 'sent'",
            event.id
        ))
        .await?;
        if self.leak == Leak::Row {
            let texts = self.all_texts().await?;
            tx.execute(tenant_sql!("UPDATE parcel_parcels SET state = ?", texts))
                .await?;
        }
        Ok(())
    }

    async fn remind(&self, cx: &JobContext) -> Result<(), BoxError> {
        let id: Uuid = cx.payload()?;
        if self.leak == Leak::Job {
            self.change_anyones(host_sql!(
                "UPDATE parcel_parcels SET state = 'leaked' WHERE id = ?",
                id
            ))
            .await?;
        }
        let mut tx = self.db.begin(cx.request().scope()?).await?;
        tx.execute(tenant_sql!(
            "UPDATE parcel_parcels SET state = 'reminded' WHERE id = ?",
            id
        ))
        .await?;
        cx.finish(tx).await?;
        Ok(())
    }

    async fn sweep(&self, _: &JobContext) -> Result<(), BoxError> {
        for db in self.db.databases() {
            let mut tx = db.begin_host(&self.host).await?;
            tx.execute(host_sql!(
                "DELETE FROM parcel_parcels WHERE state = 'reminded'"
            ))
            .await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

async fn send(
    State(parcels): State<Arc<Parcels>>,
    cx: RequestContext,
    Json(new): Json<Text>,
) -> Result<(http::StatusCode, axum::Json<Value>), Problem> {
    let mut text = new.text;
    if text == "fail" {
        return Err(Problem::new(goplt_core::Code::Internal));
    }
    let id = parcels.ids.next();
    if parcels.leak == Leak::Event {
        text.push_str(&parcels.all_texts().await?);
    }
    let mut tx = parcels.db.begin(cx.scope()?).await?;
    tx.execute(tenant_sql!(
        "INSERT INTO parcel_parcels (id, text, state) VALUES (?, ?, 'sent')",
        id,
        &text
    ))
    .await?;
    if parcels.leak == Leak::Payload {
        let later = goplt_core::Timestamp::from_micros(4_000_000_000_000_000);
        let job = NewJob::new(job::REMIND).with_payload(&parcels.all_texts().await?);
        let job = job.map_err(|_| Problem::new(goplt_core::Code::Internal))?;
        tx.jobs().enqueue(job.with_run_at(later)).await?;
    }
    if text.starts_with("remind") {
        let job = NewJob::new(job::REMIND).with_payload(&id);
        tx.jobs()
            .enqueue(job.map_err(|_| Problem::new(goplt_core::Code::Internal))?)
            .await?;
    }
    tx.outbox()
        .publish(event::PARCEL_SENT, &ParcelSent { id, text })
        .await?;
    tx.commit().await?;
    Ok((http::StatusCode::CREATED, axum::Json(json!({ "id": id }))))
}

async fn list(
    State(parcels): State<Arc<Parcels>>,
    cx: RequestContext,
) -> Result<axum::Json<Vec<Parcel>>, Problem> {
    let everyones = || host_sql!("SELECT id, text, state FROM parcel_parcels ORDER BY id");
    if parcels.leak == Leak::Log {
        for (_, text, _) in parcels.everyones(everyones()).await? {
            tracing::debug!(text, "looked at a parcel");
        }
    }
    if parcels.leak == Leak::Metric {
        parcels.lists.add([&parcels.all_texts().await?], 1);
    }
    let found = if parcels.leak == Leak::List {
        parcels.everyones(everyones()).await?
    } else {
        let mut tx = parcels.db.begin_read(cx.scope()?).await?;
        tx.fetch_all(tenant_sql!(
            "SELECT id, text, state FROM parcel_parcels ORDER BY id"
        ))
        .await?
    };
    Ok(axum::Json(found.into_iter().map(Parcel::of).collect()))
}

async fn get(
    State(parcels): State<Arc<Parcels>>,
    cx: RequestContext,
    Path(path): Path<ById>,
) -> Result<([(&'static str, String); 1], axum::Json<Parcel>), Problem> {
    let found: Option<Columns> = if parcels.leak == Leak::Get {
        let sql = host_sql!(
            "SELECT id, text, state FROM parcel_parcels WHERE id = ?",
            path.id
        );
        parcels.everyones(sql).await?.pop()
    } else {
        let mut tx = parcels.db.begin_read(cx.scope()?).await?;
        tx.fetch_optional(tenant_sql!(
            "SELECT id, text, state FROM parcel_parcels WHERE id = ?",
            path.id
        ))
        .await?
    };
    let Some(found) = found else {
        let problem = Problem::new(goplt_core::Code::NotFound);
        return Err(match parcels.leak {
            Leak::Error => problem.with_detail(parcels.all_texts().await?),
            _ => problem,
        });
    };
    let tag = match parcels.leak {
        Leak::Header => parcels.all_texts().await?,
        _ => "none".to_owned(),
    };
    Ok(([("x-label", tag)], axum::Json(Parcel::of(found))))
}

async fn label(
    State(parcels): State<Arc<Parcels>>,
    cx: RequestContext,
    Path(path): Path<ById>,
    Json(new): Json<Text>,
) -> Result<http::StatusCode, Problem> {
    let changed = if parcels.leak == Leak::Label {
        let sql = host_sql!(
            "UPDATE parcel_parcels SET text = ? WHERE id = ?",
            &new.text,
            path.id
        );
        parcels.change_anyones(sql).await?
    } else {
        let mut tx = parcels.db.begin(cx.scope()?).await?;
        let sql = tenant_sql!(
            "UPDATE parcel_parcels SET text = ? WHERE id = ?",
            &new.text,
            path.id
        );
        let changed = tx.execute(sql).await?;
        tx.commit().await?;
        changed
    };
    match changed {
        0 => Err(Problem::new(goplt_core::Code::NotFound)),
        _ => Ok(http::StatusCode::NO_CONTENT),
    }
}

impl Parcel {
    fn of((id, text, state): Columns) -> Self {
        Self { id, text, state }
    }
}

impl IModule for ParcelModule {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let parcels = Arc::new(Parcels {
            leak: self.0,
            db: cx.db(),
            ids: cx.ids(),
            host: cx.host_scope()?,
            lists: cx.metrics().counter(
                "parcel_lists_total",
                "Lists that were asked for.",
                ["of"],
            )?,
        });
        cx.routes(&parcels)
            .mount(route::SEND, send)
            .mount(route::LIST, list)
            .mount(route::GET, get)
            .mount(route::LABEL, label);
        let _ = cx.events(&parcels).on(event::PARCEL_SENT, Parcels::on_sent);
        let _ = cx
            .jobs(&parcels)
            .on(job::REMIND, Parcels::remind)
            .on(job::SWEEP, Parcels::sweep);
        Ok(())
    }
}
