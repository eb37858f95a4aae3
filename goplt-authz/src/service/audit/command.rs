//! `audit verify` and `audit heads`: commands for assemblies that have the module.
//!
//! ```text
//! monolith audit heads > /somewhere/else/heads.txt
//! monolith audit verify --heads /somewhere/else/heads.txt
//! ```

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use goplt_contracts::audit::{AuditService, Head, ListHeadsRequest, VerifyRequest};
use goplt_core::{BoxError, TenantId};
use goplt_module::{
    HostContext,
    assembly::{Args, Command},
};

use super::domain::{from_hex, to_hex};

/// `audit verify`: compares the logs with their chains, and with heads that were kept elsewhere. Fails, naming the
/// first place of each log that does not hold.
pub fn verify() -> Command {
    Command::new("audit verify")
        .about("Checks that the audit log of each tenant is as it was written")
        .optional("tenant", "That of this tenant alone")
        .optional(
            "heads",
            "A file that `audit heads` wrote earlier, to compare with",
        )
        .run(run_verify)
}

/// `audit heads`: prints where the logs end, to be kept where nobody changes them.
pub fn heads() -> Command {
    Command::new("audit heads")
        .about("Prints where the audit log of each tenant ends, to be kept elsewhere")
        .run(run_heads)
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
        let call = cx
            .service_contexts()
            .for_tenant(tenant.parse::<TenantId>()?);
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
