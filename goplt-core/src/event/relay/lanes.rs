//! Leases: which runner delivers which lanes of a group.

use std::{collections::HashSet, time::Duration};

use super::super::outbox::LANES;
use crate::{
    ModuleName, Timestamp, Uuid,
    data::{DbError, HostTx, kernel::kernel_sql},
};

/// One runner's view of the leases.
#[derive(Debug, Clone)]
pub(super) struct Leases {
    pub(super) owner: Uuid,
    pub(super) lease: Duration,
}

/// How a runner's share of a group's lanes stands.
#[derive(Debug)]
pub(super) struct Share {
    /// Whether it has all that is due to it.
    pub(super) whole: bool,
    /// What it has too many and is at work in: to be given back when that has ended.
    pub(super) leaving: HashSet<i64>,
}

impl Leases {
    /// Makes the lanes of a group if they are not there; with `alone`, takes them all.
    pub(super) async fn enter(
        &self,
        tx: &mut HostTx,
        group: &ModuleName,
        alone: bool,
        now: Timestamp,
    ) -> Result<Share, DbError> {
        for lane in 0..LANES {
            tx.execute(kernel_sql!(
                "INSERT INTO goplt_lane (group_name, lane, token, leased_until) VALUES (?, ?, 0, ?) \
                 ON CONFLICT (group_name, lane) DO NOTHING",
                group.as_str(),
                i64::try_from(lane).unwrap_or_default(),
                Timestamp::UNIX_EPOCH
            ))
            .await?;
        }
        if alone {
            tx.execute(kernel_sql!(
                "UPDATE goplt_lane SET owner = NULL, leased_until = ? WHERE group_name = ?",
                Timestamp::UNIX_EPOCH,
                group.as_str()
            ))
            .await?;
            tx.execute(kernel_sql!(
                "DELETE FROM goplt_member WHERE group_name = ?",
                group.as_str()
            ))
            .await?;
        }
        self.keep(tx, group, &HashSet::new(), now).await
    }

    /// Says that this runner lives, renews what it holds, and takes or gives back lanes until
    /// all runners of the group have their share. Busy lanes are not given back yet.
    pub(super) async fn keep(
        &self,
        tx: &mut HostTx,
        group: &ModuleName,
        busy: &HashSet<i64>,
        now: Timestamp,
    ) -> Result<Share, DbError> {
        let until = now.plus(self.lease);
        tx.execute(kernel_sql!(
            "INSERT INTO goplt_member (group_name, owner, alive_until) VALUES (?, ?, ?) \
             ON CONFLICT (group_name, owner) DO UPDATE SET alive_until = excluded.alive_until",
            group.as_str(),
            self.owner,
            until
        ))
        .await?;
        tx.execute(kernel_sql!(
            "UPDATE goplt_lane SET leased_until = ? WHERE group_name = ? AND owner = ?",
            until,
            group.as_str(),
            self.owner
        ))
        .await?;
        let members: i64 = tx
            .fetch_one(kernel_sql!(
                "SELECT count(*) FROM goplt_member WHERE group_name = ? AND alive_until > ?",
                group.as_str(),
                now
            ))
            .await?;
        let mine: Vec<i64> = tx
            .fetch_all(kernel_sql!(
                "SELECT lane FROM goplt_lane WHERE group_name = ? AND owner = ? ORDER BY lane",
                group.as_str(),
                self.owner
            ))
            .await?;
        let share = usize::try_from(LANES)
            .unwrap_or(usize::MAX)
            .div_ceil(usize::try_from(members).unwrap_or(1).max(1));
        if mine.len() < share {
            let missing = share - mine.len();
            let taken = self.take(tx, group, missing, now).await?;
            return Ok(Share {
                whole: usize::try_from(taken).is_ok_and(|taken| taken >= missing),
                leaving: HashSet::new(),
            });
        }
        let extra = mine.len() - share;
        let (busy, idle): (Vec<i64>, Vec<i64>) =
            mine.iter().rev().partition(|lane| busy.contains(lane));
        for lane in idle.iter().take(extra) {
            self.give_back(tx, group, *lane).await?;
        }
        let leaving: HashSet<i64> = busy
            .into_iter()
            .take(extra.saturating_sub(idle.len()))
            .collect();
        Ok(Share {
            whole: leaving.is_empty(),
            leaving,
        })
    }

    /// Gives everything back.
    pub(super) async fn leave(&self, tx: &mut HostTx) -> Result<(), DbError> {
        tx.execute(kernel_sql!(
            "UPDATE goplt_lane SET owner = NULL, leased_until = ? WHERE owner = ?",
            Timestamp::UNIX_EPOCH,
            self.owner
        ))
        .await?;
        tx.execute(kernel_sql!(
            "DELETE FROM goplt_member WHERE owner = ?",
            self.owner
        ))
        .await?;
        Ok(())
    }

    async fn take(
        &self,
        tx: &mut HostTx,
        group: &ModuleName,
        lanes: usize,
        now: Timestamp,
    ) -> Result<u64, DbError> {
        // The condition stands twice: between the two somebody else may have taken one. A lane
        // that a handler of its last owner still holds is left for the next time.
        tx.execute(kernel_sql!(
            "UPDATE goplt_lane SET owner = ?, token = token + 1, leased_until = ? WHERE group_name = ? \
             AND (owner IS NULL OR leased_until < ?) AND lane IN (SELECT lane FROM goplt_lane \
             WHERE group_name = ? AND (owner IS NULL OR leased_until < ?) ORDER BY lane LIMIT ? FOR UPDATE SKIP LOCKED)",
            self.owner,
            now.plus(self.lease),
            group.as_str(),
            now,
            group.as_str(),
            now,
            i64::try_from(lanes).unwrap_or(i64::MAX)
        ))
        .await
    }

    async fn give_back(
        &self,
        tx: &mut HostTx,
        group: &ModuleName,
        lane: i64,
    ) -> Result<(), DbError> {
        tx.execute(kernel_sql!(
            "UPDATE goplt_lane SET owner = NULL, leased_until = ? WHERE group_name = ? AND lane = ? AND owner = ?",
            Timestamp::UNIX_EPOCH,
            group.as_str(),
            lane,
            self.owner
        ))
        .await?;
        Ok(())
    }
}
