//! Taking files as they are for what was applied: for a database that is right although a file was changed.

use goplt_manifest::ModuleName;

use super::{MigrationError, diff::diff, drift, ledger::checksum, run::Run};
use crate::{
    audit::{AuditEntry, record_by},
    data::{DbError, catalogue::Catalogue, guard::KERNEL_SCHEMA, kernel::Seams},
    event::Actor,
    id::PlacementName,
};

/// A file that differs from what was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedMigration {
    /// Whose it is.
    pub module: ModuleName,
    /// The file name.
    pub file: String,
    /// What differs, as lines: `-` was applied, `+` is in the file.
    pub diff: String,
    /// The placement whose database it is about; `None` for the home.
    pub placement: Option<PlacementName>,
    /// The checksum of what was applied.
    pub applied: String,
    /// That of the file.
    pub checksum: String,
}

/// Who takes files for what was applied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepting<'a> {
    pub(super) by: &'a str,
    pub(super) seams: &'a Seams,
}

/// The action of the entry of a file that was accepted.
const ACCEPTED: &str = "core.migration.accepted";

impl Run<'_, '_> {
    /// Files that differ from what was applied; with `accept`, they count as what was applied from now on.
    pub(super) async fn changed(
        &mut self,
        accept: Option<Accepting<'_>>,
    ) -> Result<Vec<ChangedMigration>, MigrationError> {
        if accept.is_some() {
            super::lock::take(&mut *self.admin).await?;
            self.admin.begin_exclusive().await?;
        }
        let catalogue = self.admin.catalogue().await?;
        let mut changed = Vec::new();
        for module in self.modules {
            let mut ledger = self.ledger(module, &catalogue).await?;
            let entries = ledger.read(&mut *self.admin).await?;
            for file in self.files(module) {
                let Some(entry) = entries.iter().find(|entry| drift::is_changed(file, entry))
                else {
                    continue;
                };
                let text = ledger.text(&mut *self.admin, entry.version).await?;
                changed.push(ChangedMigration {
                    module: module.module.clone(),
                    file: file.file_name(),
                    diff: diff(&text.unwrap_or_default(), &file.sql),
                    placement: None,
                    applied: entry.checksum.clone(),
                    checksum: checksum(&file.sql),
                });
                if accept.is_some() {
                    let phase = file.header().map_or(entry.phase, |header| header.phase);
                    ledger.prepare(&mut *self.admin).await?;
                    ledger.accept(&mut *self.admin, file, phase).await?;
                }
            }
        }
        if let Some(accepting) = accept {
            self.tell(&changed, accepting, &catalogue).await?;
            self.admin.commit().await?;
        }
        Ok(changed)
    }

    /// In the log of the platform, with the same transaction.
    async fn tell(
        &mut self,
        accepted: &[ChangedMigration],
        Accepting { by, seams }: Accepting<'_>,
        catalogue: &Catalogue,
    ) -> Result<(), DbError> {
        // A database that was migrated without the kernel's tables has no log.
        if !catalogue
            .tables
            .iter()
            .any(|table| table.name == "goplt_outbox")
        {
            return Ok(());
        }
        self.admin.enter(KERNEL_SCHEMA).await?;
        for ChangedMigration {
            module,
            file,
            applied,
            checksum,
            ..
        } in accepted
        {
            let entry = AuditEntry::new(ACCEPTED, "core.migration")
                .with_resource_id(format!("{module}/{file}"))
                .with_actor(Actor::Service(by.to_owned()))
                .with_detail("applied", applied)
                .with_detail("accepted", checksum);
            record_by(&mut *self.admin, seams, entry).await?;
        }
        Ok(())
    }
}
