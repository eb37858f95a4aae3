//! What was applied against what this binary has: pure.

use goplt_manifest::{Migration, MigrationHeader, Phase};

use super::{
    MigrationProblem, ModuleMigrations,
    diff::diff,
    ledger::{Entry, checksum},
};
use crate::Timestamp;

/// How a module's files and its ledger fit.
#[derive(Debug)]
pub(super) struct Fit<'m> {
    /// Yet to apply, in order.
    pub(super) pending: Vec<PendingFile<'m>>,
    /// Applied by a newer binary, and no obstacle to this one.
    pub(super) newer: Vec<String>,
}

/// A migration yet to apply.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingFile<'m> {
    pub(super) file: &'m Migration,
    pub(super) header: MigrationHeader,
    /// When it was begun, if it was and did not end.
    pub(super) begun: Option<Timestamp>,
    /// Whether an earlier one of its module was applied.
    pub(super) has_predecessor: bool,
}

/// The migrations yet to apply, or everything that does not fit.
pub(super) fn fit<'m>(
    module: &ModuleMigrations<'m>,
    files: &[&'m Migration],
    ledger: &[Entry],
) -> Result<Fit<'m>, Vec<MigrationProblem>> {
    let done = ledger.iter().filter(|entry| entry.is_done);
    let newest = done.map(|entry| entry.version).max().unwrap_or(0);
    let newest_file = files.last().map_or(0, |file| file.version);
    let mut problems = doubled(module, files);
    let mut newer = Vec::new();
    for entry in ledger {
        match files.iter().find(|file| file.version == entry.version) {
            Some(file) if !entry.is_done || checksum(&file.sql) == entry.checksum => {}
            Some(file) => problems.push(changed(module, file, entry, newest.max(newest_file) + 1)),
            None if entry.version > newest_file => match entry.phase {
                Phase::Expand => newer.push(entry.file.clone()),
                Phase::Contract => problems.push(unknown(module, entry)),
            },
            None => problems.push(lost(module, entry)),
        }
    }
    let entry = |file: &Migration| ledger.iter().find(|entry| entry.version == file.version);
    let mut pending = Vec::new();
    for file in files {
        let entry = entry(file);
        if entry.is_some_and(|entry| entry.is_done) {
            continue;
        }
        if file.version < newest {
            problems.push(too_late(module, file, newest, newest_file));
        }
        match file.header() {
            Ok(header) => pending.push(PendingFile {
                file,
                header,
                begun: entry.map(|entry| entry.applied),
                has_predecessor: newest > 0,
            }),
            Err(errors) => problems.extend(errors.iter().map(|error| {
                problem(
                    module,
                    error.to_string(),
                    "see `MigrationHeader` for the flags",
                )
            })),
        }
    }
    if problems.is_empty() {
        Ok(Fit { pending, newer })
    } else {
        Err(problems)
    }
}

/// Whether a newer binary was here: what there is beside the declared is its own.
pub(super) fn is_ahead(files: &[&Migration], ledger: &[Entry]) -> bool {
    let newest_file = files.last().map_or(0, |file| file.version);
    ledger.iter().any(|entry| entry.version > newest_file)
}

/// Whether what was there before is yet to be taken away.
pub(super) fn is_contracting(
    module: &ModuleMigrations<'_>,
    files: &[&Migration],
    ledger: &[Entry],
) -> bool {
    let is_contract = |pending: &PendingFile<'_>| {
        pending.has_predecessor && pending.header.phase == Phase::Contract
    };
    fit(module, files, ledger).is_ok_and(|fit| fit.pending.iter().any(is_contract))
}

/// Whether a file's text is not what was applied.
pub(super) fn is_changed(file: &Migration, entry: &Entry) -> bool {
    entry.is_done && entry.version == file.version && checksum(&file.sql) != entry.checksum
}

fn doubled(module: &ModuleMigrations<'_>, files: &[&Migration]) -> Vec<MigrationProblem> {
    let same = files
        .windows(2)
        .filter(|pair| pair[0].version == pair[1].version);
    same.map(|pair| {
        let message = format!(
            "{} and {} have the same version",
            pair[0].file_name(),
            pair[1].file_name()
        );
        problem(module, message, "give one of them the next free version")
    })
    .collect()
}

fn changed(
    module: &ModuleMigrations<'_>,
    file: &Migration,
    entry: &Entry,
    next: u32,
) -> MigrationProblem {
    let name = file.file_name();
    let message = format!("{name} is not what was applied on {}", entry.applied);
    let help = format!(
        "restore the file as it was (its text is in the table `{}`) and put the change into V{next:04}; if the \
         database is right as it is, take the file for what was applied with `migrate repair --accept`",
        super::ledger::table(module)
    );
    let problem = problem(module, message, help);
    match &entry.text {
        Some(text) => problem.with_detail(diff(text, &file.sql)),
        None => problem,
    }
}

fn lost(module: &ModuleMigrations<'_>, entry: &Entry) -> MigrationProblem {
    let message = format!(
        "{} was applied on {} and is gone",
        entry.file, entry.applied
    );
    let help = format!(
        "restore the file; its text is in the table `{}`",
        super::ledger::table(module)
    );
    problem(module, message, help)
}

fn unknown(module: &ModuleMigrations<'_>, entry: &Entry) -> MigrationProblem {
    let message = format!(
        "{} was applied on {} by a newer version, and this one does not work without what it took away",
        entry.file, entry.applied
    );
    problem(
        module,
        message,
        "run the newer version, or restore the database from before it",
    )
}

fn too_late(
    module: &ModuleMigrations<'_>,
    file: &Migration,
    newest: u32,
    newest_file: u32,
) -> MigrationProblem {
    let message = format!(
        "{} comes before V{newest:04}, which was applied already",
        file.file_name()
    );
    let help = format!(
        "give it a later version: V{:04}",
        newest.max(newest_file) + 1
    );
    problem(module, message, help)
}

fn problem(
    module: &ModuleMigrations<'_>,
    message: String,
    help: impl Into<String>,
) -> MigrationProblem {
    MigrationProblem::new(module.module, message, help)
}

#[cfg(test)]
mod tests {
    use goplt_manifest::Dialect;

    use super::*;
    use crate::Timestamp;

    fn file(version: u32, sql: &'static str) -> Migration {
        Migration::from_static(version, "posts", Dialect::Any, sql)
    }

    fn entry(version: u32, sql: &str) -> Entry {
        Entry {
            version,
            file: format!("V{version:04}__posts.sql"),
            checksum: checksum(sql),
            applied: Timestamp::UNIX_EPOCH,
            is_done: true,
            phase: Phase::Contract,
            text: Some(sql.to_owned()),
        }
    }

    fn compare(files: &[Migration], ledger: &[Entry]) -> Result<Vec<u32>, Vec<String>> {
        let name = "blog".parse().unwrap();
        let module = ModuleMigrations::new(&name, files);
        let files: Vec<_> = files.iter().collect();
        fit(&module, &files, ledger)
            .map(|fit| fit.pending.iter().map(|file| file.file.version).collect())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_not_in_the_ledger_is_pending() {
        let files = [file(1, "a"), file(2, "b")];
        assert_eq!(compare(&files, &[]), Ok(vec![1, 2]));
        assert_eq!(compare(&files, &[entry(1, "a")]), Ok(vec![2]));
    }

    #[test]
    fn every_drift_is_told_at_once() {
        let files = [file(1, "a"), file(2, "b"), file(3, "c"), file(5, "e")];
        let ledger = [
            entry(1, "other"),
            entry(3, "c"),
            entry(4, "d"),
            entry(6, "f"),
        ];
        let problems = compare(&files, &ledger).unwrap_err();
        insta::assert_snapshot!(problems.join("\n"), @r"
        module `blog`: V0001__posts.sql is not what was applied on 1970-01-01T00:00:00Z; restore the file as it was (its text is in the table `blog_schema_history`) and put the change into V0007; if the database is right as it is, take the file for what was applied with `migrate repair --accept`
            - other
            + a
        module `blog`: V0004__posts.sql was applied on 1970-01-01T00:00:00Z and is gone; restore the file; its text is in the table `blog_schema_history`
        module `blog`: V0006__posts.sql was applied on 1970-01-01T00:00:00Z by a newer version, and this one does not work without what it took away; run the newer version, or restore the database from before it
        module `blog`: V0002__posts.sql comes before V0006, which was applied already; give it a later version: V0007
        module `blog`: V0005__posts.sql comes before V0006, which was applied already; give it a later version: V0007
        ");
    }

    #[test]
    fn a_newer_binary_that_only_added_is_no_obstacle() {
        let mut newer = entry(2, "b");
        newer.phase = Phase::Expand;
        assert_eq!(
            compare(&[file(1, "a")], &[entry(1, "a"), newer]),
            Ok(vec![])
        );
    }

    #[test]
    fn what_was_begun_and_did_not_end_is_pending_also_after_it_was_mended() {
        let mut begun = entry(2, "b");
        begun.is_done = false;
        let files = [file(1, "a"), file(2, "mended")];
        assert_eq!(compare(&files, &[entry(1, "a"), begun]), Ok(vec![2]));
    }
}
