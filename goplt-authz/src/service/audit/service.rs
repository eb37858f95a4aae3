//! What the module does, whoever asks.

use std::fmt;

use goplt_core::{
    Clock, Code, RequestContext, TenantId, Timestamp,
    contract::RpcError,
    data::{DbError, HostScope, TenantDb, TenantTx},
};
use goplt_module::http::{ListQuery, Page};
use tokio::sync::Semaphore;

use super::{
    chain::{self, Broken, Verifier},
    domain::{Entry, Filter, Head, NewEntry},
    repo,
};

/// The logs of all tenants.
pub(super) struct Audit {
    pub(super) db: TenantDb,
    pub(super) host: HostScope,
    pub(super) clock: Clock,
    /// A log is read from end to end: not by many at once.
    verifying: Semaphore,
}

/// How a verification went.
#[derive(Debug)]
pub(super) struct Verified {
    /// How many entries hold, from the first on.
    pub(super) entries: i64,
    pub(super) outcome: Result<Head, Broken>,
}

/// How many entries are in memory at once while they are verified.
const CHUNK: i64 = 500;

/// How many logs are verified at once.
const VERIFICATIONS: usize = 2;

impl Audit {
    pub(super) fn new(db: TenantDb, host: HostScope, clock: Clock) -> Self {
        Self {
            db,
            host,
            clock,
            verifying: Semaphore::new(VERIFICATIONS),
        }
    }

    /// Newest first.
    pub(super) async fn entries<F: Sync>(
        &self,
        cx: &RequestContext,
        list: &ListQuery<F>,
        filter: &Filter,
    ) -> Result<Page<Entry>, RpcError> {
        let after: Option<(i64, i64)> = list.after()?;
        let before = after.map(|(micros, sequence)| (Timestamp::from_micros(micros), sequence));
        let mut tx = self.db.begin_read(cx.scope()?).await?;
        let rows = repo::page(&mut tx, filter, before, list.rows_to_fetch()).await?;
        Ok(list.page(rows, |entry| {
            (entry.content.timestamp.as_micros(), entry.sequence)
        }))
    }

    /// Compares the whole log with its chain, its head, and a head that was kept elsewhere.
    pub(super) async fn verify(
        &self,
        cx: &RequestContext,
        kept: Option<Head>,
    ) -> Result<Verified, RpcError> {
        let Ok(_permit) = self.verifying.try_acquire() else {
            let message = "other logs are being verified: try again later";
            return Err(RpcError::new(Code::ResourceExhausted, message));
        };
        let scope = cx.scope()?;
        // One transaction: head and entries are of the same moment, while others are appended.
        let mut tx = self.db.begin_read(scope).await?;
        let head = repo::head(&mut tx).await?;
        let mut verifier = Verifier::new(scope.tenant(), kept);
        let mut after = i64::MIN;
        loop {
            let entries = repo::chain(&mut tx, after, CHUNK).await?;
            let Some(last) = entries.last() else {
                let entries = verifier.entries();
                let outcome = verifier.finish(head);
                return Ok(Verified { entries, outcome });
            };
            after = last.sequence;
            for entry in &entries {
                if let Err(broken) = verifier.check(entry) {
                    let entries = verifier.entries();
                    let outcome = Err(broken);
                    return Ok(Verified { entries, outcome });
                }
            }
        }
    }

    /// Where the logs of all tenants end, and that of the platform.
    pub(super) async fn heads(
        &self,
        cx: &RequestContext,
        list: &ListQuery,
    ) -> Result<Page<(TenantId, Head)>, RpcError> {
        let after: Option<(usize, String)> = list.after()?;
        let (first, mut after) = after.unwrap_or_default();
        let host = self.host.within(cx);
        let mut heads = Vec::new();
        // One database after the other: what order texts have is for each to say.
        for (place, db) in self.db.databases().enumerate().skip(first) {
            let missing = list.rows_to_fetch() - i64::try_from(heads.len()).unwrap_or(i64::MAX);
            if missing > 0 {
                let found = heads_in(&db, &host, std::mem::take(&mut after), missing).await?;
                heads.extend(
                    found
                        .into_iter()
                        .map(|(tenant, head)| (place, tenant, head)),
                );
            }
        }
        let page = list.page(heads, |(place, tenant, _)| (*place, tenant.to_string()));
        Ok(page.map(|(_, tenant, head)| (tenant, head)))
    }

    /// Appends an entry with the transaction, unless one of its id is there; whether it was.
    pub(super) async fn append(tx: &mut TenantTx, content: NewEntry) -> Result<bool, DbError> {
        let head = match repo::lock_head(tx).await? {
            Some(head) => head,
            None => {
                repo::begin(tx, &chain::START).await?;
                repo::lock_head(tx).await?.ok_or(DbError::NoRow)?
            }
        };
        // Behind the lock: who appended it before has committed.
        if repo::exists(tx, content.id).await? {
            return Ok(true);
        }
        let tenant = tx.tenant().clone();
        repo::append(tx, &chain::seal(&tenant, content, &head)).await?;
        Ok(false)
    }
}

/// Those of the tenants that are placed in this database. What one that was moved has left there
/// is not its log any more.
async fn heads_in(
    db: &TenantDb,
    host: &HostScope,
    mut after: String,
    limit: i64,
) -> Result<Vec<(TenantId, Head)>, RpcError> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut tx = db.begin_host_read(host).await?;
    let mut heads = Vec::new();
    loop {
        let rows = repo::heads(&mut tx, &after, limit).await?;
        let is_last = rows.len() < wanted;
        for (tenant, sequence, hash) in rows {
            after.clone_from(&tenant);
            let tenant = TenantId::stored(&tenant).map_err(RpcError::internal)?;
            if db.holds(&tenant) {
                heads.push((tenant, Head { sequence, hash }));
            }
        }
        if is_last || heads.len() >= wanted {
            return Ok(heads);
        }
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}
