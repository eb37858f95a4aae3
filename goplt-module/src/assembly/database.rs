//! The commands that look after the database: `migrate`, `doctor`, `db setup`.

use goplt_core::{config::SecretString, data::migration::ChangedMigration, error::chain};

use super::run::{Failure, block_on, print, start_logs};
use crate::Host;

pub(super) fn migrate(host: Host) -> Result<(), Failure> {
    start_logs(&host)?;
    let report = block_on(async move { host.migrate().await.map_err(Failure::of) })?;
    print(&format!("{report}\n"))
}

pub(super) fn plan(host: Host) -> Result<(), Failure> {
    start_logs(&host)?;
    let plan = block_on(async move { host.plan().await.map_err(Failure::of) })?;
    print(&plan.to_string())
}

/// Without `accept` it fails if there is something to accept, so that a script can tell.
pub(super) fn repair(host: Host, accept: bool) -> Result<(), Failure> {
    start_logs(&host)?;
    let changed = block_on(async move { host.repair(accept).await.map_err(Failure::of) })?;
    let list = listed(&changed);
    match (changed.len(), accept) {
        (0, _) => print("every migration is what was applied\n"),
        (_, true) => print(&format!("{list}accepted\n")),
        (count, false) => Err(Failure::new(format!(
            "{count} differ from what was applied (`-` was, `+` is); restore the files, or take them for what was \
             applied with `--accept`:\n{list}"
        ))),
    }
}

fn listed(changed: &[ChangedMigration]) -> String {
    let mut text = String::new();
    for ChangedMigration {
        module,
        file,
        diff,
        placement,
        ..
    } in changed
    {
        text.push_str(&format!("{module}/{file}"));
        if let Some(placement) = placement {
            text.push_str(&format!(" in the placement `{placement}`"));
        }
        text.push('\n');
        for line in diff.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

pub(super) fn doctor(host: Host) -> Result<(), Failure> {
    start_logs(&host)?;
    let diagnosis = block_on(async move { host.examine().await.map_err(Failure::of) })?;
    if diagnosis.is_healthy() {
        print(&format!("{diagnosis}\n"))
    } else {
        Err(Failure::of(diagnosis))
    }
}

/// Does it as the user of `admin_url`, or prints what is to be done.
pub(super) fn set_up(
    host: Host,
    admin_url: Option<&String>,
    placement: Option<&String>,
    is_printed: bool,
    reset: bool,
) -> Result<(), Failure> {
    let placement = placement.map(String::as_str);
    let admin_url = admin_url.map(|url| SecretString::from(url.as_str()));
    match admin_url.as_ref().filter(|_| !is_printed) {
        None => {
            let script = host.setup_script(admin_url.as_ref(), placement);
            print(&script.map_err(|error| Failure::of(chain(&error)))?)
        }
        Some(admin_url) => {
            start_logs(&host)?;
            let done = async move { host.set_up(admin_url, placement, reset).await };
            let done = block_on(async move { done.await.map_err(Failure::of) })?;
            print(&format!("{done}\n"))
        }
    }
}
