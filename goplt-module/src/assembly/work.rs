//! The commands that look after events and jobs: they may run beside a server, which then does the work.

use std::fmt::Write;

use goplt_core::{
    BoxError,
    event::{DeadLetterFilter, DeadLetterState, DeadLetters},
    job::{JobFilter, JobState, Jobs},
};

use super::{Args, Command, run};
use crate::HostContext;

/// What every assembly has.
pub(super) fn commands() -> Vec<Command> {
    vec![
        letters(
            "dead-letters list",
            "Lists events that were given up, the oldest first",
        )
        .optional("limit", "At most this many; 100 by default")
        .run(list_letters),
        letters("dead-letters replay", "Has given up events handled again").run(replay_letters),
        letters(
            "dead-letters purge",
            "Throws given up events away; their keys go on without them",
        )
        .run(purge_letters),
        jobs("jobs list", "Lists jobs, the newest first")
            .optional(
                "state",
                "Those in this state: scheduled, ready, running, done or failed",
            )
            .optional("limit", "At most this many; 100 by default")
            .run(list_jobs),
        jobs("jobs retry", "Has failed jobs run again").run(retry_jobs),
        jobs("jobs purge", "Throws failed jobs away").run(purge_jobs),
    ]
}

fn letters(path: &str, about: &str) -> Command {
    Command::new(path)
        .about(about)
        .optional("group", "Those of the module that did not handle them")
        .optional("tenant", "Those of this tenant")
        .optional("event", "Those of this name, such as `blog.post.created`")
        .optional("id", "That of the event with this id")
}

fn jobs(path: &str, about: &str) -> Command {
    Command::new(path)
        .about(about)
        .optional("module", "Those of this module")
        .optional("name", "Those of this name")
        .optional("tenant", "Those of this tenant")
        .optional("id", "The one with this id")
}

// === Dead letters ===

async fn list_letters(cx: HostContext, args: Args) -> Result<(), BoxError> {
    let letters = dead_letters(&cx).list(&letter_filter(&args)?).await?;
    let mut text = String::new();
    for letter in letters {
        let event = &letter.event;
        let state = match letter.state {
            DeadLetterState::Skipped => "skipped",
            _ => "parked",
        };
        writeln!(
            text,
            "{} {} {} group={} tenant={} key={} attempts={} {}\n    {}",
            event.id(),
            event.name(),
            state,
            letter.group,
            event.tenant(),
            event.key(),
            letter.attempts,
            letter.last_failed_at,
            letter.error
        )?;
    }
    print(text, "no dead letters")
}

async fn replay_letters(cx: HostContext, args: Args) -> Result<(), BoxError> {
    let replayed = dead_letters(&cx).replay(&letter_filter(&args)?).await?;
    print(format!("replayed {replayed}\n"), "")
}

async fn purge_letters(cx: HostContext, args: Args) -> Result<(), BoxError> {
    narrowed(&args, &["group", "tenant", "event", "id"])?;
    let purged = dead_letters(&cx).purge(&letter_filter(&args)?).await?;
    print(format!("purged {purged}\n"), "")
}

fn dead_letters(cx: &HostContext) -> DeadLetters {
    DeadLetters::new(cx.host.db.clone(), &cx.host.mint)
        .recorded_as(cx.service_contexts().without_tenant())
}

fn letter_filter(args: &Args) -> Result<DeadLetterFilter, BoxError> {
    let mut filter = DeadLetterFilter::new();
    if let Some(group) = args.get("group") {
        filter = filter.with_group(group);
    }
    if let Some(tenant) = args.get("tenant") {
        filter = filter.with_tenant(tenant);
    }
    if let Some(event) = args.get("event") {
        filter = filter.with_event(event);
    }
    if let Some(id) = args.get("id") {
        filter = filter.with_id(id.parse()?);
    }
    if let Some(limit) = args.get("limit") {
        filter = filter.with_limit(limit.parse()?);
    }
    Ok(filter)
}

// === Jobs ===

async fn list_jobs(cx: HostContext, args: Args) -> Result<(), BoxError> {
    let jobs = all_jobs(&cx).list(&job_filter(&args)?).await?;
    let mut text = String::new();
    for job in jobs {
        let tenant = if job.tenant.is_empty() {
            "-"
        } else {
            &job.tenant
        };
        writeln!(
            text,
            "{} {}/{} {} tenant={tenant} run_at={} attempts={}",
            job.id,
            job.module,
            job.name,
            job.state.as_str(),
            job.run_at,
            job.attempts
        )?;
        if let Some(error) = job.error {
            writeln!(text, "    {error}")?;
        }
    }
    print(text, "no jobs")
}

async fn retry_jobs(cx: HostContext, args: Args) -> Result<(), BoxError> {
    let retried = all_jobs(&cx).retry(&job_filter(&args)?).await?;
    print(format!("retried {retried}\n"), "")
}

async fn purge_jobs(cx: HostContext, args: Args) -> Result<(), BoxError> {
    narrowed(&args, &["module", "name", "tenant", "id"])?;
    let purged = all_jobs(&cx).purge(&job_filter(&args)?).await?;
    print(format!("purged {purged}\n"), "")
}

fn all_jobs(cx: &HostContext) -> Jobs {
    Jobs::new(cx.host.db.clone(), &cx.host.mint).recorded_as(cx.service_contexts().without_tenant())
}

fn job_filter(args: &Args) -> Result<JobFilter, BoxError> {
    let mut filter = JobFilter::new();
    if let Some(module) = args.get("module") {
        filter = filter.with_module(module);
    }
    if let Some(name) = args.get("name") {
        filter = filter.with_name(name);
    }
    if let Some(tenant) = args.get("tenant") {
        filter = filter.with_tenant(tenant);
    }
    if let Some(id) = args.get("id") {
        filter = filter.with_id(id.parse()?);
    }
    if let Some(limit) = args.get("limit") {
        filter = filter.with_limit(limit.parse()?);
    }
    if let Some(state) = args.get("state") {
        let Some(state) = JobState::parse(state) else {
            return Err(format!(
                "`{state}` is not a state: scheduled, ready, running, done or failed"
            )
            .into());
        };
        filter = filter.with_state(state);
    }
    Ok(filter)
}

/// What throws away says what it means.
fn narrowed(args: &Args, options: &[&str]) -> Result<(), BoxError> {
    if options.iter().any(|option| args.get(option).is_some()) {
        return Ok(());
    }
    let options: Vec<_> = options.iter().map(|option| format!("--{option}")).collect();
    Err(format!("say which ones, with {}", options.join(", ")).into())
}

fn print(text: String, or: &str) -> Result<(), BoxError> {
    let text = if text.is_empty() {
        format!("{or}\n")
    } else {
        text
    };
    run::print(&text).map_err(|failure| format!("{failure:?}").into())
}
