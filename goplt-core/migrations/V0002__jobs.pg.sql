-- Jobs: what is to be done, and when.

-- `tenant_id` is empty for work that belongs to no tenant. `state` is one of
--   scheduled  to be done from `run_at` on
--   ready      due
--   running    leased to `owner` until `leased_until`
--   done, failed
-- Its key does not begin with the tenant: ids are made by the kernel, and nobody who chooses values can ask for one.
CREATE TABLE goplt_job (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    module TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- Set while the job is unfinished: there is one of a kind then.
    unique_slot TEXT,
    -- Set for jobs of a schedule, which belong to no tenant: there is one for each time that it is due.
    due_at TIMESTAMPTZ,
    state TEXT NOT NULL,
    run_at TIMESTAMPTZ NOT NULL,
    attempts BIGINT NOT NULL,
    owner UUID,
    token BIGINT NOT NULL,
    leased_until TIMESTAMPTZ,
    error TEXT,
    trace TEXT,
    correlation_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    UNIQUE (tenant_id, module, name, unique_slot),
    UNIQUE (module, name, due_at),
    CHECK (due_at IS NULL OR tenant_id = '')
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX goplt_job_ready ON goplt_job (module, state, tenant_id, run_at, id);
CREATE INDEX goplt_job_by_time ON goplt_job (state, run_at);

-- Up to when each schedule has been looked at.
CREATE TABLE goplt_cron (
    module TEXT NOT NULL,
    name TEXT NOT NULL,
    seen_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (module, name)
);
