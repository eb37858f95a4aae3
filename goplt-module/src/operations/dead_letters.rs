//! REST of dead letters.

use std::sync::Arc;

use goplt_core::{
    Code, Problem, RequestContext, Timestamp, Uuid,
    event::{DeadLetter, DeadLetterFilter, DeadLetterState},
};
use serde::{Deserialize, Serialize};

use super::{Operations, limit, tenant};
use crate::http::{Json, NoContent, Path, Query, State};

#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    group: Option<String>,
    event: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(super) struct Letters {
    items: Vec<Letter>,
}

#[derive(Debug, Serialize)]
struct Letter {
    event_id: Uuid,
    event: String,
    key: String,
    /// The module whose handler failed.
    group: String,
    /// `parked`: the later events of the key wait. `skipped`: they do not.
    state: &'static str,
    attempts: u32,
    error: String,
    occurred_at: Timestamp,
    first_failed_at: Timestamp,
    last_failed_at: Timestamp,
}

pub(super) async fn list(
    State(operations): State<Arc<Operations>>,
    cx: RequestContext,
    Query(asked): Query<Filter>,
) -> Result<Json<Letters>, Problem> {
    let mut filter = DeadLetterFilter::new()
        .with_tenant(tenant(&cx)?)
        .with_limit(limit(asked.limit)?);
    if let Some(group) = asked.group {
        filter = filter.with_group(group);
    }
    if let Some(event) = asked.event {
        filter = filter.with_event(event);
    }
    let found = operations.dead_letters(&cx).list(&filter).await?;
    let items = found.into_iter().map(Letter::from).collect();
    Ok(Json(Letters { items }))
}

/// Each module that gave the event up handles it again.
pub(super) async fn replay(
    State(operations): State<Arc<Operations>>,
    cx: RequestContext,
    Path(id): Path<Uuid>,
) -> Result<NoContent, Problem> {
    let one = DeadLetterFilter::new()
        .with_tenant(tenant(&cx)?)
        .with_id(id);
    found(operations.dead_letters(&cx).replay(&one).await?)
}

pub(super) async fn purge(
    State(operations): State<Arc<Operations>>,
    cx: RequestContext,
    Path(id): Path<Uuid>,
) -> Result<NoContent, Problem> {
    let one = DeadLetterFilter::new()
        .with_tenant(tenant(&cx)?)
        .with_id(id);
    found(operations.dead_letters(&cx).purge(&one).await?)
}

fn found(letters: usize) -> Result<NoContent, Problem> {
    if letters == 0 {
        return Err(Problem::new(Code::NotFound).with_detail("no dead letter is of this event"));
    }
    Ok(NoContent)
}

impl From<DeadLetter> for Letter {
    fn from(letter: DeadLetter) -> Self {
        let event = &letter.event;
        Self {
            event_id: event.id(),
            event: event.name().to_owned(),
            key: event.key().to_owned(),
            group: letter.group,
            state: match letter.state {
                DeadLetterState::Skipped => "skipped",
                _ => "parked",
            },
            attempts: letter.attempts,
            error: letter.error,
            occurred_at: event.time(),
            first_failed_at: letter.first_failed_at,
            last_failed_at: letter.last_failed_at,
        }
    }
}
