//! A database with the kernel's tables, an event, and a module that counts.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its part; one that cannot go on has failed"
)]

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use goplt_core::{
    Clock, Principal, Random, RequestContext, Timestamp, Uuid,
    data::{
        DatabaseSettings, DbError, ScopeMint, TenantDb, TenantTx, kernel_migrations,
        migration::{self, ModuleMigrations},
    },
    event::{
        Both, DecodeError, Event, EventContext, EventHandlers, EventKey, EventOf, EventRunner,
        EventSettings,
    },
    manifest::{Dialect, Migration, name_tag},
    shutdown::Shutdown,
};
use tokio::task::JoinHandle;

/// Something was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) key: String,
    pub(crate) number: u32,
}

pub(crate) const TAG: u64 = name_tag("shop.item.counted");
pub(crate) const COUNTED: EventKey<TAG, Both> = EventKey::__declared("shop.item.counted");

impl Event for Counted {
    const NAME: &'static str = "shop.item.counted";
    const VERSION: u32 = 1;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.key)
    }

    fn encode(&self) -> Vec<u8> {
        format!("{}\n{}", self.key, self.number).into_bytes()
    }

    fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let refused = || DecodeError::new(Self::NAME, "it is not two lines");
        let text =
            std::str::from_utf8(payload).map_err(|error| DecodeError::new(Self::NAME, error))?;
        let (key, number) = text.split_once('\n').ok_or_else(refused)?;
        Ok(Self {
            key: key.to_owned(),
            number: number.parse().map_err(|_| refused())?,
        })
    }
}

impl EventOf<TAG> for Counted {}

const COUNTS: &str = "CREATE TABLE shop_counts (tenant_id TEXT NOT NULL, id BIGINT NOT NULL, item TEXT NOT NULL, \
                      number BIGINT NOT NULL, PRIMARY KEY (tenant_id, id));";

/// Writes a row: one too many or too few is seen by [`World::counts`].
pub(crate) async fn count(tx: &mut TenantTx, item: &str, number: u32) -> Result<(), DbError> {
    tx.execute(goplt_macros::__tenant_sql!(
        tables = ["shop_counts"];
        "INSERT INTO shop_counts (id, item, number) SELECT COALESCE(max(id), 0) + 1, ?, ? FROM shop_counts",
        item,
        number
    ))
    .await?;
    Ok(())
}

/// Polls a future so many times, and drops it.
pub(crate) async fn cut_off<F: Future<Output = ()>>(work: F, mut polls: u32) {
    let mut work = Box::pin(work);
    std::future::poll_fn(|cx| {
        polls = polls.saturating_sub(1);
        if polls == 0 {
            return std::task::Poll::Ready(());
        }
        work.as_mut().poll(cx)
    })
    .await;
}

pub(crate) struct World {
    pub(crate) db: TenantDb,
    pub(crate) mint: ScopeMint,
    pub(crate) clock: Clock,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = Clock::starting_at(Timestamp::from_micros(1_700_000_000_000_000));
        Self::open(&DatabaseSettings::in_memory(), clock, Random::seeded(7)).await
    }

    pub(crate) async fn open(settings: &DatabaseSettings, clock: Clock, random: Random) -> Self {
        let mint = ScopeMint::new();
        let db = TenantDb::open(settings, &mint)
            .await
            .unwrap()
            .with_seams(clock.clone(), random);
        let shop = "shop".parse().unwrap();
        let tables = ["shop_counts".to_owned()];
        let migrations = [Migration::from_static(1, "counts", Dialect::Any, COUNTS)];
        let shop = ModuleMigrations::new(&shop, &migrations).with_tenant_tables(&tables);
        migration::run(&db, &[kernel_migrations(), shop])
            .await
            .unwrap();
        Self { db, mint, clock }
    }

    /// What handlers have written for a tenant, in the order of their commits.
    pub(crate) async fn counts(&self, tenant: &str) -> Vec<(String, u32)> {
        let mut tx = self
            .db
            .begin_read(self.cx(tenant).scope().unwrap())
            .await
            .unwrap();
        tx.fetch_all(goplt_macros::__tenant_sql!(
            tables = ["shop_counts"];
            "SELECT item, number FROM shop_counts ORDER BY id"
        ))
        .await
        .unwrap()
    }

    /// Waits until every delivery is gone.
    pub(crate) async fn wait_until_delivered(&self) {
        let host = self.mint.host_scope("core".parse().unwrap(), "tests look");
        let gone = async {
            loop {
                let mut tx = self.db.begin_host_read(&host).await.unwrap();
                let left: i64 = tx
                    .fetch_one(goplt_macros::__host_sql!(
                        tables = ["goplt_outbox", "goplt_delivery"];
                        "SELECT (SELECT count(*) FROM goplt_outbox WHERE batch IS NULL) + \
                         (SELECT count(*) FROM goplt_delivery)"
                    ))
                    .await
                    .unwrap();
                if left == 0 {
                    return;
                }
                drop(tx);
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), gone)
            .await
            .expect("all is delivered");
    }

    pub(crate) fn cx(&self, tenant: &str) -> RequestContext {
        let cx =
            RequestContext::new("req-1".parse().unwrap()).with_principal(Principal::user("ada"));
        self.mint.enter(cx, tenant.parse().unwrap()).unwrap()
    }

    pub(crate) async fn publish(&self, tenant: &str, key: &str, number: u32) -> Uuid {
        let mut tx = self
            .db
            .begin(self.cx(tenant).scope().unwrap())
            .await
            .unwrap();
        let event = Counted {
            key: key.to_owned(),
            number,
        };
        let id = tx.outbox().publish(COUNTED, &event).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(crate) fn runner(&self, handlers: EventHandlers) -> EventRunner {
        EventRunner::new(self.db.clone(), self.mint.clone(), handlers).with_settings(
            EventSettings::new()
                .with_poll(Duration::from_millis(20))
                // Far longer than a busy machine keeps a runner from renewing it: none is lost by chance.
                .with_lease(Duration::from_secs(60)),
        )
    }

    pub(crate) fn start(&self, runner: EventRunner) -> Running {
        let shutdown = Shutdown::new(Duration::from_secs(20));
        let task = tokio::spawn(runner.run(shutdown.token()));
        Running { shutdown, task }
    }
}

pub(crate) struct Running {
    pub(crate) shutdown: Shutdown,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.drain();
        self.task.await.unwrap();
    }
}

/// What a group has handled: numbers by tenant and key, in the order of their commits.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    numbers: Mutex<HashMap<(String, String), Vec<u32>>>,
    changed: tokio::sync::Notify,
}

impl Seen {
    pub(crate) fn add(&self, cx: &EventContext, event: &Counted) {
        let key = (cx.tenant().to_string(), event.key.clone());
        self.numbers
            .lock()
            .unwrap()
            .entry(key)
            .or_default()
            .push(event.number);
        self.changed.notify_waiters();
    }

    pub(crate) fn of(&self, tenant: &str, key: &str) -> Vec<u32> {
        let key = (tenant.to_owned(), key.to_owned());
        self.numbers
            .lock()
            .unwrap()
            .get(&key)
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn total(&self) -> usize {
        self.numbers.lock().unwrap().values().map(Vec::len).sum()
    }

    /// Waits until `enough` of them were handled.
    pub(crate) async fn reach(&self, enough: usize) {
        let reached = async {
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if self.total() >= enough {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached)
            .await
            .unwrap_or_else(|_| panic!("only {} of {enough}: {self:?}", self.total()));
    }
}

pub(crate) fn handlers<S, H>(group: &str, service: &Arc<S>, handler: H) -> EventHandlers
where
    S: Send + Sync + 'static,
    H: for<'a> goplt_core::event::EventHandler<'a, S, Counted>,
{
    let mut handlers = EventHandlers::new();
    let _ = handlers
        .group(group.parse().unwrap(), service)
        .on(COUNTED, handler);
    handlers
}
