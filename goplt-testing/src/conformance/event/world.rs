//! A database with the kernel's tables, an event, and a module that counts.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use goplt_core::{
    Clock, Principal, Random, RequestContext, Timestamp, Uuid,
    data::{
        DbError, ScopeMint, TenantDb, TenantTx, kernel_migrations,
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

use crate::conformance::{Engine, Ground};

/// Something was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub key: String,
    pub number: u32,
}

pub const TAG: u64 = name_tag("shop.item.counted");
pub const COUNTED: EventKey<TAG, Both> = EventKey::__declared("shop.item.counted");

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
pub async fn count(tx: &mut TenantTx, item: &str, number: u32) -> Result<(), DbError> {
    tx.execute(goplt_macros::__tenant_sql!(
        tables = ["shop_counts"];
        "INSERT INTO shop_counts (id, item, number) VALUES (?, ?, ?)",
        later(),
        item,
        number
    ))
    .await?;
    Ok(())
}

/// A number above all before it, those of processes that have ended included.
fn later() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros();
    let now = i64::try_from(now).unwrap();
    let after = |last: i64| Some(now.max(last + 1));
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, after);
    now.max(last.unwrap() + 1)
}

/// Polls a future so many times, and drops it.
pub async fn cut_off<F: Future<Output = ()>>(work: F, mut polls: u32) {
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

#[derive(Debug)]
pub struct World {
    pub db: TenantDb,
    pub mint: ScopeMint,
    pub clock: Clock,
    // Last: the database goes when nobody uses it.
    _ground: Ground,
}

impl World {
    pub async fn new(engine: &Engine) -> Self {
        let clock = Clock::starting_at(Timestamp::from_micros(1_700_000_000_000_000));
        Self::open(engine.ground(), clock, Random::seeded(7)).await
    }

    pub async fn open(ground: Ground, clock: Clock, random: Random) -> Self {
        let mint = ScopeMint::new();
        let db = TenantDb::open(ground.settings(), &mint)
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
        Self {
            db,
            mint,
            clock,
            _ground: ground,
        }
    }

    /// What handlers have written for a tenant, in the order of their statements.
    pub async fn counts(&self, tenant: &str) -> Vec<(String, u32)> {
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
    pub async fn wait_until_delivered(&self) {
        let host = self.mint.host_scope("core".parse().unwrap(), "tests look");
        let gone = async {
            loop {
                let mut left = 0;
                for db in self.db.databases() {
                    let mut tx = db.begin_host_read(&host).await.unwrap();
                    left += tx
                        .fetch_one::<i64>(goplt_macros::__host_sql!(
                            tables = ["goplt_outbox", "goplt_delivery"];
                            "SELECT (SELECT count(*) FROM goplt_outbox WHERE batch IS NULL) + \
                             (SELECT count(*) FROM goplt_delivery)"
                        ))
                        .await
                        .unwrap();
                }
                if left == 0 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), gone)
            .await
            .expect("all is delivered");
    }

    pub fn cx(&self, tenant: &str) -> RequestContext {
        let cx =
            RequestContext::new("req-1".parse().unwrap()).with_principal(Principal::user("ada"));
        self.mint.enter(cx, tenant.parse().unwrap()).unwrap()
    }

    pub async fn publish(&self, tenant: &str, key: &str, number: u32) -> Uuid {
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

    pub fn runner(&self, handlers: EventHandlers) -> EventRunner {
        EventRunner::new(self.db.clone(), self.mint.clone(), handlers).with_settings(
            EventSettings::new()
                .with_poll(Duration::from_millis(20))
                // Far longer than a busy machine keeps a runner from renewing it: none is lost by chance.
                .with_lease(Duration::from_secs(60)),
        )
    }

    pub fn start(&self, runner: EventRunner) -> Running {
        let shutdown = Shutdown::new(Duration::from_secs(20));
        let task = tokio::spawn(runner.run(shutdown.token()));
        Running { shutdown, task }
    }
}

#[derive(Debug)]
pub struct Running {
    pub shutdown: Shutdown,
    pub task: JoinHandle<()>,
}

impl Running {
    pub async fn stop(self) {
        self.shutdown.drain();
        self.task.await.unwrap();
    }
}

/// What a group has handled: numbers by tenant and key, in the order of their commits.
#[derive(Debug, Default)]
pub struct Seen {
    numbers: Mutex<HashMap<(String, String), Vec<u32>>>,
    changed: tokio::sync::Notify,
}

impl Seen {
    pub fn add(&self, cx: &EventContext, event: &Counted) {
        let key = (cx.tenant().to_string(), event.key.clone());
        self.numbers
            .lock()
            .unwrap()
            .entry(key)
            .or_default()
            .push(event.number);
        self.changed.notify_waiters();
    }

    pub fn of(&self, tenant: &str, key: &str) -> Vec<u32> {
        let key = (tenant.to_owned(), key.to_owned());
        self.numbers
            .lock()
            .unwrap()
            .get(&key)
            .cloned()
            .unwrap_or_default()
    }

    pub fn total(&self) -> usize {
        self.numbers.lock().unwrap().values().map(Vec::len).sum()
    }

    /// Waits until `enough` of them were handled.
    pub async fn reach(&self, enough: usize) {
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

pub fn handlers<S, H>(group: &str, service: &Arc<S>, handler: H) -> EventHandlers
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
