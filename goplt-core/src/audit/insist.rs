//! Writing what must not be lost to a database that may be away for a while.

use std::{pin::Pin, time::Duration};

use tokio::time::sleep;

use crate::{
    data::DbError,
    error::{BoxError, chain},
};

/// How long it waits after a failure, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often a database that is away is asked at the end.
const LAST_ATTEMPTS: u32 = 3;

/// Writes, again and again while the database is away, but only a few times once `stop` has
/// completed; `is_stopping` tells whether it has, before and after.
pub(super) async fn insist<F>(
    mut write: impl FnMut() -> F,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    is_stopping: &mut bool,
) -> Result<(), BoxError>
where
    F: Future<Output = Result<(), BoxError>>,
{
    let mut pause = PAUSE.0;
    let mut last = 0;
    loop {
        let Err(error) = write().await else {
            return Ok(());
        };
        let is_outage = error
            .downcast_ref::<DbError>()
            .is_some_and(DbError::is_retryable);
        last += u32::from(*is_stopping);
        if !is_outage || last >= LAST_ATTEMPTS {
            return Err(error);
        }
        tracing::warn!(error = %chain(&*error), "the audit log waits for the database");
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(PAUSE.1),
            () = &mut stop, if !*is_stopping => *is_stopping = true,
        }
    }
}
