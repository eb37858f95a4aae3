//! What a look does at the database: new events are fanned out and what was handled is removed, in
//! one transaction; what is due is read, in another. The two may run at once.

use std::collections::HashSet;

use super::{
    deliver::Delivery,
    fan_out,
    load::{self, Due, Lanes},
    progress,
};
use crate::{ModuleName, Uuid, data::DbError, failpoint};

/// What is asked for one group.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) index: usize,
    pub(super) group: ModuleName,
    /// Lanes that are to be given back.
    pub(super) leaving: HashSet<i64>,
    /// Events that need not be read.
    pub(super) held: Vec<i64>,
    /// How many to read.
    pub(super) rows: usize,
}

/// What was found for one group.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) index: usize,
    /// The lanes that this runner works in.
    pub(super) lanes: Lanes,
    pub(super) retries: Vec<Due>,
    pub(super) pending: Vec<Due>,
    /// Whether there may be more than was asked for.
    pub(super) more: bool,
}

/// Removes what groups have handled and, with `outbox`, makes deliveries of new events; whether
/// there are more of those.
pub(super) async fn write(
    delivery: &Delivery,
    done: &[(ModuleName, Vec<i64>)],
    outbox: bool,
) -> Result<bool, DbError> {
    let outbox = outbox && {
        let mut tx = delivery.db.begin_host_read(&delivery.host).await?;
        fan_out::is_due(&mut tx).await?
    };
    if !outbox && done.is_empty() {
        return Ok(false);
    }
    failpoint::point("relay.before_write");
    let mut tx = delivery.db.begin_host(&delivery.host).await?;
    let taken = if outbox {
        fan_out::fan_out(&mut tx).await?
    } else {
        0
    };
    for (group, seqs) in done {
        progress::remove(&mut tx, group, seqs).await?;
    }
    failpoint::point("relay.before_commit");
    tx.commit().await?;
    failpoint::point("relay.after_commit");
    Ok(taken >= u64::from(fan_out::BATCH))
}

/// Reads what is due, all of one state of the database.
pub(super) async fn find(
    delivery: &Delivery,
    owner: Uuid,
    wanted: Vec<Wanted>,
) -> Result<Vec<Found>, DbError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let now = delivery.db.seams().clock.now();
    let mut tx = delivery.db.begin_host_read(&delivery.host).await?;
    let mut all = Vec::new();
    for Wanted {
        index,
        group,
        leaving,
        held,
        rows,
    } in wanted
    {
        let mut lanes = load::lanes(&mut tx, &group, owner).await?;
        lanes.retain(|lane, _| !leaving.contains(lane));
        let retries = load::retries(&mut tx, &group, &lanes, now).await?;
        let pending = load::pending(&mut tx, &group, &lanes, held, rows).await?;
        all.push(Found {
            index,
            more: pending.len() == rows,
            lanes,
            retries,
            pending,
        });
    }
    Ok(all)
}
