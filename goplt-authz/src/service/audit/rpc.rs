//! The module as a contract: [`AuditService`].

use async_trait::async_trait;
use goplt_contracts::audit::{
    AuditEntry, AuditService, Broken, ListHeadsRequest, ListHeadsResponse, QueryRequest,
    QueryResponse, RecordRequest, RecordResponse, Verification, VerifyRequest,
};
use goplt_core::{
    RequestContext, Timestamp, Uuid, contract::RpcError, event::Actor, problem::Violation,
};
use goplt_module::http::ListQuery;
use serde_json::{Map, Value};

use super::{
    chain,
    domain::{Entry, Filter, Head, NewEntry, Who},
    service::{Audit, Verified},
};

/// The most characters of a text.
const TEXT: usize = 255;

/// The most bytes of `metadata`.
const METADATA: usize = 16 * 1_024;

#[async_trait]
impl AuditService for Audit {
    async fn record(
        &self,
        cx: &RequestContext,
        req: RecordRequest,
    ) -> Result<RecordResponse, RpcError> {
        let entry = self.parse(cx, req).map_err(RpcError::invalid)?;
        let mut tx = self.db.begin(cx.scope()?).await?;
        let existed = Self::append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(RecordResponse { existed })
    }

    async fn query(
        &self,
        cx: &RequestContext,
        req: QueryRequest,
    ) -> Result<QueryResponse, RpcError> {
        let list = ListQuery::of_request(req.limit, req.cursor.as_deref())?;
        let filter = Filter {
            actor_id: req.actor_id,
            action: req.action,
            resource: req.resource,
            from: req.from.map(Timestamp::from_micros),
            to: req.to.map(Timestamp::from_micros),
        };
        let page = self
            .entries(cx, &list, &filter)
            .await?
            .map(AuditEntry::from);
        let next_cursor = page.next_cursor.map(|cursor| cursor.to_string());
        Ok(QueryResponse {
            entries: page.items,
            next_cursor,
        })
    }

    async fn verify(
        &self,
        cx: &RequestContext,
        req: VerifyRequest,
    ) -> Result<Verification, RpcError> {
        let kept = req.kept.map(|kept| Head {
            sequence: kept.sequence,
            hash: kept.hash,
        });
        let Verified { entries, outcome } = self.verify(cx, kept).await?;
        let tenant = cx.scope()?.tenant().to_string();
        let (head, broken) = match outcome {
            Ok(head) => (Some(head_of(tenant, head)), None),
            Err(broken) => (None, Some(broken.into())),
        };
        Ok(Verification {
            entries,
            head,
            broken,
        })
    }

    async fn list_heads(
        &self,
        cx: &RequestContext,
        req: ListHeadsRequest,
    ) -> Result<ListHeadsResponse, RpcError> {
        let list = ListQuery::of_request(req.limit, req.cursor.as_deref())?;
        let page = self.heads(cx, &list).await?;
        let next_cursor = page.next_cursor.as_ref().map(ToString::to_string);
        let heads = page.items.into_iter();
        Ok(ListHeadsResponse {
            heads: heads
                .map(|(tenant, head)| head_of(tenant.to_string(), head))
                .collect(),
            next_cursor,
        })
    }
}

impl Audit {
    fn parse(&self, cx: &RequestContext, req: RecordRequest) -> Result<NewEntry, Vec<Violation>> {
        let RecordRequest {
            id,
            action,
            resource,
            resource_id,
            user_id,
            metadata,
        } = req;
        let mut violations = Vec::new();
        let id = id.parse::<Uuid>();
        if id.is_err() {
            violations.push(Violation::new("id", "must be a UUID"));
        }
        let texts = [
            ("action", Some(&action)),
            ("resource", Some(&resource)),
            ("resource_id", resource_id.as_ref()),
            ("user_id", user_id.as_ref()),
        ];
        for (field, text) in texts {
            let rule = text.and_then(|text| text_rule(text));
            violations.extend(rule.map(|rule| Violation::new(field, rule)));
        }
        let metadata = metadata.unwrap_or_else(|| "{}".to_owned());
        if metadata.len() > METADATA
            || serde_json::from_str::<Map<String, Value>>(&metadata).is_err()
        {
            let rule = format!("must be a JSON object of at most {METADATA} bytes");
            violations.push(Violation::new("metadata", rule));
        }
        let (Ok(id), true) = (id, violations.is_empty()) else {
            return Err(violations);
        };
        let actor = match user_id {
            Some(user) => Some(Actor::User(user)),
            None => cx.principal().map(|caller| {
                let subject = caller.subject().to_owned();
                if caller.is_user() {
                    Actor::User(subject)
                } else {
                    Actor::Service(subject)
                }
            }),
        };
        let client = cx.client();
        Ok(NewEntry {
            id,
            actor: Who::of(actor.as_ref()),
            action,
            resource,
            resource_id,
            ip_address: client.ip.map(|ip| ip.to_string()),
            user_agent: client.user_agent.as_deref().map(str::to_owned),
            request_id: cx.request_id().to_string(),
            metadata,
            timestamp: self.clock.now(),
        })
    }
}

fn text_rule(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.chars().count() <= TEXT && !text.contains('\0');
    (!fits).then(|| format!("must have 1 to {TEXT} characters, none of them NUL"))
}

fn head_of(tenant_id: String, head: Head) -> goplt_contracts::audit::Head {
    let Head { sequence, hash } = head;
    goplt_contracts::audit::Head {
        tenant_id,
        sequence,
        hash,
    }
}

impl From<chain::Broken> for Broken {
    fn from(broken: chain::Broken) -> Self {
        Self {
            message: broken.to_string(),
            sequence: broken.sequence,
            kind: broken.kind.as_str().to_owned(),
            id: broken.id,
        }
    }
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        let content = entry.content;
        Self {
            id: content.id.to_string(),
            actor_kind: content.actor.kind,
            actor_id: content.actor.id,
            action: content.action,
            resource: content.resource,
            resource_id: content.resource_id,
            ip_address: content.ip_address,
            user_agent: content.user_agent,
            request_id: content.request_id,
            metadata: content.metadata,
            timestamp: content.timestamp.as_micros(),
            sequence: entry.sequence,
            previous_hash: entry.previous_hash,
            hash: entry.hash,
        }
    }
}
