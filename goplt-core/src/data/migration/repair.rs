//! Taking files as they are for what was applied: for a database that is right although a file was changed.

use goplt_manifest::ModuleName;

use super::{MigrationError, diff::diff, drift, run::Run};
use crate::id::PlacementName;

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
}

impl Run<'_, '_> {
    /// Files that differ from what was applied; with `accept`, they count as what was applied from now on.
    pub(super) async fn changed(
        &mut self,
        accept: bool,
    ) -> Result<Vec<ChangedMigration>, MigrationError> {
        if accept {
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
                });
                if accept {
                    let phase = file.header().map_or(entry.phase, |header| header.phase);
                    ledger.prepare(&mut *self.admin).await?;
                    ledger.accept(&mut *self.admin, file, phase).await?;
                }
            }
        }
        if accept {
            self.admin.commit().await?;
        }
        Ok(changed)
    }
}
