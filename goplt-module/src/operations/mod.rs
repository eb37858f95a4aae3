//! The module `operations`: dead letters and jobs over REST, for the administrators of a tenant.
//!
//! It is a module like any other, and optional: an assembly that lists it has its routes. Each caller
//! sees and changes what belongs to their own tenant, and what they change is written into its audit
//! log in the same transaction. Over all tenants, and for jobs of schedules, which belong to none,
//! there are the subcommands `dead-letters` and `jobs`.
//!
//! Payloads are not shown: they may hold what the reader may not see.
//!
//! # Examples
//!
//! ```
//! use goplt_module::{Host, operations::OperationsModule};
//!
//! let host = Host::builder().module(OperationsModule::new()).build()?;
//! assert_eq!(host.modules().len(), 1);
//! # Ok::<_, goplt_module::StartupReport>(())
//! ```

mod dead_letters;
mod jobs;

use std::{fmt, sync::Arc};

use goplt_core::{
    BoxError, Problem, RequestContext,
    data::{ScopeMint, TenantDb},
    event::DeadLetters,
    job::Jobs,
    manifest::Manifest,
    problem::Violation,
};

use crate::{IModule, InitContext};

mod declared {
    crate::include_manifest!("src/operations/module.yaml");
}

/// The module.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct OperationsModule;

/// What its handlers share.
pub(crate) struct Operations {
    db: TenantDb,
    mint: ScopeMint,
}

/// The most that a list shows, and what it shows unless asked for less.
const MOST: u32 = 100;

impl OperationsModule {
    /// The module, not yet initialised.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl IModule for OperationsModule {
    type Needs = ();
    type Provides = ();

    fn manifest(&self) -> &Manifest {
        &declared::MANIFEST
    }

    async fn init(&self, _: (), cx: &mut InitContext<'_>) -> Result<(), BoxError> {
        let operations = Arc::new(Operations {
            db: cx.db(),
            mint: cx.mint().clone(),
        });
        cx.routes(&operations)
            .mount(declared::route::LIST_DEAD_LETTERS, dead_letters::list)
            .mount(declared::route::REPLAY_DEAD_LETTER, dead_letters::replay)
            .mount(declared::route::PURGE_DEAD_LETTER, dead_letters::purge)
            .mount(declared::route::LIST_JOBS, jobs::list)
            .mount(declared::route::RETRY_JOB, jobs::retry)
            .mount(declared::route::PURGE_JOB, jobs::purge);
        Ok(())
    }
}

impl Operations {
    fn dead_letters(&self, cx: &RequestContext) -> DeadLetters {
        DeadLetters::new(self.db.clone(), &self.mint).recorded_as(cx.clone())
    }

    fn jobs(&self, cx: &RequestContext) -> Jobs {
        Jobs::new(self.db.clone(), &self.mint).recorded_as(cx.clone())
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").finish_non_exhaustive()
    }
}

/// The tenant of the caller: every filter begins with it.
fn tenant(cx: &RequestContext) -> Result<String, Problem> {
    Ok(cx.scope()?.tenant().to_string())
}

fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(MOST);
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    let rule = Violation::new("limit", format!("must be from 1 to {MOST}"));
    Err(Problem::unprocessable(vec![rule]))
}
