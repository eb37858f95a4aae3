//! `check`: as far as a start goes without touching data.

use super::run::{Failure, block_on, print};
use crate::Host;

pub(super) fn check(host: Host) -> Result<(), Failure> {
    let summary = summary(&host);
    block_on(async move { host.check().await.map_err(Failure::of) })?;
    print(&summary)
}

fn summary(host: &Host) -> String {
    let modules = host.modules();
    let routes: usize = modules
        .all()
        .map(|module| module.manifest().routes().len())
        .sum();
    let permissions = host.catalogue().permissions().count();
    let names: Vec<_> = modules.all().map(|module| module.name().as_str()).collect();
    let mut summary = format!(
        "ok: {}, {}, {}\n",
        counted(modules.len(), "module"),
        counted(routes, "route"),
        counted(permissions, "permission"),
    );
    if !names.is_empty() {
        summary.push_str(&format!("order: {}\n", names.join(", ")));
    }
    summary
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
