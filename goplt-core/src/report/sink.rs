//! [`ErrorSink`]: who is told of incidents beside the log.

use std::{fmt::Debug, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{sync::mpsc, time::timeout};

use super::{Incident, numbers::Numbers};
use crate::{
    BoxError,
    error::{chain, fenced},
};

/// Where incidents go beside the log: a service that collects errors, a pager, a test.
///
/// Each sink has a task and a queue of its own, so one that is slow, fails or panics harms nobody
/// but itself: what it cannot take is dropped and counted. Calls of one sink come one after the
/// other, in the order of the incidents. A future that takes too long is dropped, so it must not
/// leave half a message behind.
///
/// # Examples
///
/// ```
/// use goplt_core::{BoxError, report::{ErrorSink, Incident}};
///
/// #[derive(Debug)]
/// struct Pager;
///
/// #[async_trait::async_trait]
/// impl ErrorSink for Pager {
///     fn name(&self) -> &str {
///         "pager"
///     }
///
///     async fn tell(&self, incident: &Incident) -> Result<(), BoxError> {
///         println!("{}: {incident}", incident.fingerprint);
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait ErrorSink: Debug + Send + Sync + 'static {
    /// A word for metrics and logs.
    fn name(&self) -> &str;

    /// Hands the incident on.
    async fn tell(&self, incident: &Incident) -> Result<(), BoxError>;
}

const _: Option<&dyn ErrorSink> = None;

#[async_trait]
impl<T: ErrorSink + ?Sized> ErrorSink for Arc<T> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn tell(&self, incident: &Incident) -> Result<(), BoxError> {
        (**self).tell(incident).await
    }
}

/// Feeds one sink until its queue is closed and empty.
pub(super) async fn feed(
    sink: Arc<dyn ErrorSink>,
    mut incidents: mpsc::Receiver<Arc<Incident>>,
    patience: Duration,
    numbers: Numbers,
) {
    let mut was_well = true;
    while let Some(incident) = incidents.recv().await {
        // A block, so that a panic before the future is made stays within the fence.
        let told = fenced(async { sink.tell(&incident).await });
        let told = match timeout(patience, told).await {
            Ok(told) => told,
            Err(_) => Err(format!("it took longer than {patience:?}").into()),
        };
        if let Err(error) = &told {
            numbers.failed(sink.name());
            // Once, until it is well again: a sink that is away must not fill the log.
            if was_well {
                let error = chain(&**error);
                tracing::warn!(sink = sink.name(), %error, "a sink of error reports fails");
            }
        }
        was_well = told.is_ok();
    }
}
