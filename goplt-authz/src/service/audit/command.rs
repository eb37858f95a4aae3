//! `audit list`, `audit verify` and `audit heads`: commands for assemblies that have the module.
//!
//! ```text
//! monolith audit list --action core.host.written
//! monolith audit heads > /somewhere/else/heads.txt
//! monolith audit verify --heads /somewhere/else/heads.txt
//! ```

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use goplt_contracts::audit::{
    AuditEntry, AuditService, Head, ListHeadsRequest, QueryRequest, VerifyRequest,
};
use goplt_core::{BoxError, TenantId, Timestamp};
use goplt_module::{
    HostContext,
    assembly::{Args, Command},
};
use serde_json::{Value, json};

use super::domain::{from_hex, to_hex};

/// `audit verify`: compares the logs with their chains, and with heads that were kept elsewhere. Fails, naming the
/// first place of each log that does not hold.
pub fn verify() -> Command {
    Command::new("audit verify")
        .about("Checks that the audit logs of the tenants and of the platform are as they were written")
        .optional("tenant", "That of this tenant alone; `@platform` is the platform itself")
        .optional(
            "heads",
            "A file that `audit heads` wrote earlier, to compare with",
        )
        .run(run_verify)
}

/// `audit heads`: prints where the logs end, to be kept where nobody changes them.
pub fn heads() -> Command {
    Command::new("audit heads")
        .about("Prints where the audit logs of the tenants and of the platform end, to be kept elsewhere")
        .run(run_heads)
}

/// `audit list`: prints entries, newest first, each a line of JSON. Those of the platform itself, of work across
/// tenants, can be seen nowhere else.
pub fn list() -> Command {
    Command::new("audit list")
        .about("Prints entries of the audit log of the platform, or of a tenant, the newest first")
        .optional(
            "tenant",
            "Those of this tenant; by default those of the platform, of work across tenants",
        )
        .optional("actor", "Those of this user or service")
        .optional(
            "action",
            "Those of this action, such as `core.host.written`",
        )
        .optional(
            "from",
            "Those from this time on, such as `2026-03-01T12:00:00Z`",
        )
        .optional("to", "Those before this time")
        .optional("limit", "At most this many; 100 by default")
        .run(run_list)
}

async fn run_list(cx: HostContext, args: Args) -> Result<(), BoxError> {
    let audit = service(&cx)?;
    let tenant = match args.get("tenant") {
        Some(tenant) => TenantId::stored(tenant)?,
        None => TenantId::platform(),
    };
    let time = |name| {
        let time = args.get(name).map(str::parse::<Timestamp>).transpose()?;
        Ok::<_, BoxError>(time.map(Timestamp::as_micros))
    };
    let mut request = QueryRequest {
        actor_id: args.get("actor").map(str::to_owned),
        action: args.get("action").map(str::to_owned),
        from: time("from")?,
        to: time("to")?,
        ..QueryRequest::default()
    };
    let mut left = args.get("limit").map_or(Ok(100), str::parse::<u32>)?;
    let call = cx.service_contexts().for_tenant(tenant);
    while left > 0 {
        request.limit = Some(left.min(100));
        let page = audit.query(&call, request.clone()).await?;
        for entry in &page.entries {
            writeln!(io::stdout(), "{}", line(entry))?;
            left -= 1;
        }
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    Ok(())
}

/// As JSON: what came from outside is in it.
fn line(entry: &AuditEntry) -> Value {
    let metadata = serde_json::from_str::<Value>(&entry.metadata);
    json!({
        "sequence": entry.sequence,
        "timestamp": Timestamp::from_micros(entry.timestamp),
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "resource": entry.resource,
        "resource_id": entry.resource_id,
        "request_id": entry.request_id,
        // What is no JSON any more is shown as it is.
        "metadata": metadata.unwrap_or_else(|_| entry.metadata.clone().into()),
    })
}

async fn run_heads(cx: HostContext, _: Args) -> Result<(), BoxError> {
    let mut text = String::new();
    for head in all_heads(&cx, &*service(&cx)?).await? {
        let hash = to_hex(&head.hash);
        text += &format!("{}\t{}\t{hash}\n", head.tenant_id, head.sequence);
    }
    Ok(io::stdout().write_all(text.as_bytes())?)
}

async fn run_verify(cx: HostContext, args: Args) -> Result<(), BoxError> {
    let audit = service(&cx)?;
    let mut kept = match args.get("heads") {
        Some(file) => read_heads(&tokio::fs::read_to_string(file).await?)?,
        None => BTreeMap::new(),
    };
    let tenants: Vec<String> = match args.get("tenant") {
        Some(tenant) => vec![tenant.to_owned()],
        None => {
            let heads = all_heads(&cx, &*audit).await?.into_iter();
            // A log that was kept and is gone is looked at too.
            let mut tenants: Vec<_> = heads.map(|head| head.tenant_id).collect();
            tenants.extend(kept.keys().cloned());
            tenants.sort();
            tenants.dedup();
            tenants
        }
    };
    let mut broken = Vec::new();
    for tenant in tenants {
        let call = cx.service_contexts().for_tenant(TenantId::stored(&tenant)?);
        let request = VerifyRequest {
            kept: kept.remove(&tenant),
        };
        let verified = audit.verify(&call, request).await?;
        let line = match verified.broken {
            Some(found) => {
                let line = format!("{tenant}: {}", found.message);
                broken.push(line.clone());
                line
            }
            None => format!(
                "{tenant}: {} entries, as they were written",
                verified.entries
            ),
        };
        writeln!(io::stdout(), "{line}")?;
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!("the audit log does not hold: {}", broken.join("; ")).into())
}

fn service(cx: &HostContext) -> Result<Arc<dyn AuditService>, BoxError> {
    Ok(cx.get().ok_or("no module provides the contract of audit")?)
}

async fn all_heads(cx: &HostContext, audit: &dyn AuditService) -> Result<Vec<Head>, BoxError> {
    let call = cx.service_contexts().without_tenant();
    let mut heads = Vec::new();
    let mut cursor = None;
    loop {
        let request = ListHeadsRequest {
            limit: Some(100),
            cursor,
        };
        let page = audit.list_heads(&call, request).await?;
        heads.extend(page.heads);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(heads);
        }
    }
}

/// The lines of `audit heads`, by tenant.
fn read_heads(text: &str) -> Result<BTreeMap<String, Head>, BoxError> {
    let mut heads = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let read = || {
            let mut fields = line.split('\t');
            let head = Head {
                tenant_id: fields.next()?.to_owned(),
                sequence: fields.next()?.parse().ok()?,
                hash: from_hex(fields.next()?)?,
            };
            fields.next().is_none().then_some(head)
        };
        let Some(head) = read() else {
            let line = index + 1;
            return Err(
                format!("line {line} is not `tenant`, `sequence` and `hash`, with tabs").into(),
            );
        };
        heads.insert(head.tenant_id.clone(), head);
    }
    Ok(heads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_of_heads_is_named_by_its_line() {
        assert_eq!(read_heads("acme\t3\tab12\n").unwrap()["acme"].sequence, 3);
        let error = read_heads("acme\t3\tab12\nglobex 3").unwrap_err();
        assert!(error.to_string().starts_with("line 2 "), "{error}");
    }
}
