//! Jobs on demand: [`TestHost::run_job`].

use goplt_core::{
    TenantId,
    job::{JobFilter, JobState},
};
use serde_json::Value;

use super::{TestHost, parse};

impl TestHost {
    /// Runs a job as its schedule does, at once and once.
    ///
    /// # Errors
    ///
    /// How its attempt failed; a further one comes when the time has moved on.
    ///
    /// # Panics
    ///
    /// If the module has no such job.
    pub async fn run_job(&self, module: &str, name: &str) -> Result<(), String> {
        self.run(module, name, None, &Value::Null).await
    }

    /// Runs a job of a tenant, as if the module had enqueued it.
    ///
    /// # Errors
    ///
    /// How its attempt failed; a further one comes when the time has moved on.
    ///
    /// # Panics
    ///
    /// If the module has no such job, or `tenant` is no tenant id.
    pub async fn run_job_of(
        &self,
        tenant: &str,
        module: &str,
        name: &str,
        payload: Value,
    ) -> Result<(), String> {
        self.run(module, name, Some(&parse(tenant)), &payload).await
    }

    async fn run(
        &self,
        module: &str,
        name: &str,
        tenant: Option<&TenantId>,
        payload: &Value,
    ) -> Result<(), String> {
        let found = self.running.modules().get(module);
        let found = found.unwrap_or_else(|error| panic!("{error}"));
        assert!(
            found.manifest().jobs().iter().any(|job| job.name == name),
            "the module `{module}` has no job `{name}`"
        );
        let jobs = self.jobs();
        let mut commits = self.running.db().commits();
        let id = jobs
            .enqueue(found.manifest().name(), name, tenant, payload)
            .await
            .unwrap_or_else(|error| panic!("the job was not enqueued: {error}"));
        loop {
            let found = jobs.list(&JobFilter::new().with_id(id)).await;
            let found = found.unwrap_or_else(|error| panic!("the job cannot be read: {error}"));
            let [job] = found.as_slice() else {
                panic!("the job is gone");
            };
            match job.state {
                JobState::Done => return Ok(()),
                JobState::Failed | JobState::Scheduled => {
                    return Err(job.error.clone().unwrap_or_default());
                }
                _ => commits.next().await,
            }
        }
    }
}
