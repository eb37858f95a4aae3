//! `jobs`.

use super::{Fields, Reader, Seen, cron, keys::JOB_KEYS, routes::is_snake_case};
use crate::{JobDecl, yaml::Node};

impl Reader<'_> {
    pub(super) fn jobs(&mut self, fields: &Fields<'_>) -> Vec<JobDecl> {
        let mut seen = Seen::default();
        fields
            .list(self.report, "jobs")
            .iter()
            .filter_map(|node| self.job(node, &mut seen))
            .collect()
    }

    fn job(&mut self, node: &Node, seen: &mut Seen) -> Option<JobDecl> {
        let fields = Fields::open(self.report, node, "a job", JOB_KEYS)?;
        let name = self.job_name(&fields, seen);
        let cron = fields.text(self.report, "cron");
        let zone = fields.text(self.report, "zone");
        let description = fields.description(self.report);
        let mut good = fields.get("cron").is_some() == cron.is_some();
        if let Some((text, mark)) = cron
            && let Err(message) = cron::check(text)
        {
            let help = "write five fields: minute, hour, day of the month, month, day of the week, as in \"0 3 * * *\"";
            self.report.mend(mark, message, help);
            good = false;
        }
        if let Some((text, mark)) = zone {
            if !is_zone(text) {
                let text = crate::error::shorten(text);
                let message = format!("`{text}` is not the name of a time zone");
                self.report.mend(
                    mark,
                    message,
                    "write a name such as `UTC` or `Europe/Berlin`",
                );
                good = false;
            } else if !fields.has("cron") {
                let message = "`zone` is the time zone of `cron`, which is missing";
                self.report
                    .mend(mark, message, "add `cron` or remove `zone`");
            }
        }
        let name = name?;
        good.then(|| JobDecl {
            name,
            cron: cron.map(|(text, _)| text.to_owned()),
            zone: zone.map(|(text, _)| text.to_owned()),
            description,
            mark: node.mark,
        })
    }

    fn job_name(&mut self, fields: &Fields<'_>, seen: &mut Seen) -> Option<String> {
        let help = "name the job, such as `name: purge_drafts`: it becomes `job::PURGE_DRAFTS`";
        let (name, mark) = fields.required(self.report, "name", help)?;
        if !is_snake_case(name) {
            let name = crate::error::shorten(name);
            self.report.error(
                mark,
                format!(
                    "`{name}` is not the name of a job: `[a-z][a-z0-9_]*`, at most 63 characters"
                ),
            );
            return None;
        }
        seen.first(self.report, "job", name, mark)
            .then(|| name.to_owned())
    }
}

/// The shape of a name of the IANA time zone database; whether the zone exists is known where the database is.
fn is_zone(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
    };
    text.len() <= 64 && text.split('/').all(part)
}
