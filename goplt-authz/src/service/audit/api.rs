//! REST of the log. The routes and their permissions are in `module.yaml`.

use std::sync::Arc;

use goplt_core::{Problem, RequestContext, Timestamp, Uuid, problem::Violation};
use goplt_module::http::{Json, ListQuery, Page, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    domain::{Entry, Filter, Head, from_hex, to_hex},
    service::{Audit, Verified},
};

#[derive(Debug, Clone, Deserialize)]
pub(super) struct EntryFilter {
    actor_id: Option<String>,
    action: Option<String>,
    resource: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// A head that was kept elsewhere.
#[derive(Debug, Deserialize)]
pub(super) struct Kept {
    sequence: Option<i64>,
    hash: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct EntryView {
    id: Uuid,
    actor_id: Option<String>,
    action: String,
    resource: String,
    resource_id: Option<String>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    request_id: String,
    metadata: Value,
    timestamp: Timestamp,
}

#[derive(Debug, Serialize)]
pub(super) struct VerificationView {
    valid: bool,
    /// How many entries hold, from the first on.
    entries: i64,
    head: Option<HeadView>,
    broken: Option<BrokenView>,
}

#[derive(Debug, Serialize)]
pub(super) struct HeadView {
    sequence: i64,
    hash: String,
}

#[derive(Debug, Serialize)]
pub(super) struct BrokenView {
    sequence: i64,
    id: Option<String>,
    kind: &'static str,
    message: String,
}

pub(super) async fn list_entries(
    State(audit): State<Arc<Audit>>,
    cx: RequestContext,
    list: ListQuery<EntryFilter>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let filter = Filter::from(list.filter.clone());
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && from > to
    {
        let rule = "must not be later than `to`";
        return Err(Problem::unprocessable(vec![Violation::new("from", rule)]));
    }
    let page = audit.entries(&cx, &list, &filter).await?;
    Ok(Json(page.map(EntryView::from)))
}

pub(super) async fn verify(
    State(audit): State<Arc<Audit>>,
    cx: RequestContext,
    Query(kept): Query<Kept>,
) -> Result<Json<VerificationView>, Problem> {
    let kept = kept.head().map_err(Problem::unprocessable)?;
    Ok(Json(audit.verify(&cx, kept).await?.into()))
}

impl Kept {
    fn head(self) -> Result<Option<Head>, Vec<Violation>> {
        match (self.sequence, self.hash) {
            (None, None) => Ok(None),
            (Some(sequence), Some(hash)) => match from_hex(&hash) {
                Some(hash) => Ok(Some(Head { sequence, hash })),
                None => Err(vec![Violation::new("hash", "must be hexadecimal digits")]),
            },
            (Some(_), None) => Err(vec![Violation::new("hash", "must come with `sequence`")]),
            (None, Some(_)) => Err(vec![Violation::new("sequence", "must come with `hash`")]),
        }
    }
}

impl From<EntryFilter> for Filter {
    fn from(filter: EntryFilter) -> Self {
        let EntryFilter {
            actor_id,
            action,
            resource,
            from,
            to,
        } = filter;
        Self {
            actor_id,
            action,
            resource,
            from,
            to,
        }
    }
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let content = entry.content;
        Self {
            id: content.id,
            actor_id: content.actor.id,
            action: content.action,
            resource: content.resource,
            resource_id: content.resource_id,
            ip_address: content.ip_address,
            user_agent: content.user_agent,
            request_id: content.request_id,
            // Nothing of ours writes what is no JSON; what somebody else wrote is shown as it is.
            metadata: serde_json::from_str(&content.metadata)
                .unwrap_or(Value::String(content.metadata)),
            timestamp: content.timestamp,
        }
    }
}

impl From<Verified> for VerificationView {
    fn from(verified: Verified) -> Self {
        let Verified { entries, outcome } = verified;
        let (head, broken) = match outcome {
            Ok(Head { sequence, hash }) => {
                let hash = to_hex(&hash);
                (Some(HeadView { sequence, hash }), None)
            }
            Err(broken) => {
                let view = BrokenView {
                    message: broken.to_string(),
                    sequence: broken.sequence,
                    kind: broken.kind.as_str(),
                    id: broken.id,
                };
                (None, Some(view))
            }
        };
        Self {
            valid: broken.is_none(),
            entries,
            head,
            broken,
        }
    }
}
