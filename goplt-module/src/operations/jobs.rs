//! REST of jobs.

use std::sync::Arc;

use goplt_core::{
    Code, Problem, RequestContext, Timestamp, Uuid,
    job::{JobFilter, JobInfo, JobState},
    problem::Violation,
};
use serde::{Deserialize, Serialize};

use super::{Operations, limit, tenant};
use crate::http::{Json, NoContent, Path, Query, State};

#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    module: Option<String>,
    name: Option<String>,
    state: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(super) struct JobList {
    items: Vec<Job>,
}

#[derive(Debug, Serialize)]
struct Job {
    id: Uuid,
    module: String,
    name: String,
    state: &'static str,
    attempts: u32,
    error: Option<String>,
    run_at: Timestamp,
    finished_at: Option<Timestamp>,
}

pub(super) async fn list(
    State(operations): State<Arc<Operations>>,
    cx: RequestContext,
    Query(asked): Query<Filter>,
) -> Result<Json<JobList>, Problem> {
    let mut filter = JobFilter::new()
        .with_tenant(tenant(&cx)?)
        .with_limit(limit(asked.limit)?);
    if let Some(module) = asked.module {
        filter = filter.with_module(module);
    }
    if let Some(name) = asked.name {
        filter = filter.with_name(name);
    }
    if let Some(state) = asked.state {
        let Some(state) = JobState::parse(&state) else {
            let rule = "must be `scheduled`, `ready`, `running`, `done` or `failed`";
            return Err(Problem::unprocessable(vec![Violation::new("state", rule)]));
        };
        filter = filter.with_state(state);
    }
    let found = operations.jobs(&cx).list(&filter).await?;
    let items = found.into_iter().map(Job::from).collect();
    Ok(Json(JobList { items }))
}

pub(super) async fn retry(
    State(operations): State<Arc<Operations>>,
    cx: RequestContext,
    Path(id): Path<Uuid>,
) -> Result<NoContent, Problem> {
    let one = JobFilter::new().with_tenant(tenant(&cx)?).with_id(id);
    found(operations.jobs(&cx).retry(&one).await?)
}

pub(super) async fn purge(
    State(operations): State<Arc<Operations>>,
    cx: RequestContext,
    Path(id): Path<Uuid>,
) -> Result<NoContent, Problem> {
    let one = JobFilter::new().with_tenant(tenant(&cx)?).with_id(id);
    found(operations.jobs(&cx).purge(&one).await?)
}

fn found(jobs: usize) -> Result<NoContent, Problem> {
    if jobs == 0 {
        return Err(Problem::new(Code::NotFound).with_detail("no failed job has this id"));
    }
    Ok(NoContent)
}

impl From<JobInfo> for Job {
    fn from(job: JobInfo) -> Self {
        Self {
            id: job.id,
            module: job.module,
            name: job.name,
            state: job.state.as_str(),
            attempts: job.attempts,
            error: job.error,
            run_at: job.run_at,
            finished_at: job.finished_at,
        }
    }
}
