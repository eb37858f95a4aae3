//! One run at a time, however many processes start at once.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::MigrationError;
use crate::{Random, data::engine::Admin};

/// The longest wait for another process to end its run.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How often a process that waits says so.
const REMINDER: Duration = Duration::from_secs(10);

/// Waits for the lock by asking again and again: whoever waited inside of the database would hold a snapshot, which
/// `CREATE INDEX CONCURRENTLY` of the process that has the lock waits for.
pub(super) async fn take(admin: &mut dyn Admin) -> Result<(), MigrationError> {
    let random = Random::system();
    let started = Instant::now();
    let mut reminded = started;
    while !admin.try_lock().await? {
        let waited = started.elapsed();
        if waited >= PATIENCE {
            let holder = admin.lock_holder().await?;
            return Err(MigrationError::Locked { holder, waited });
        }
        if reminded.elapsed() >= REMINDER {
            reminded = Instant::now();
            let holder = admin.lock_holder().await?;
            tracing::info!(holder, ?waited, "waiting for another process that migrates");
        }
        sleep(Duration::from_millis(20 + random.below(60))).await;
    }
    Ok(())
}
