CREATE TABLE tasks_tasks (
    tenant_id TEXT NOT NULL,
    id        UUID NOT NULL,
    owner     TEXT NOT NULL,
    text      TEXT NOT NULL,
    done_at   TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX tasks_tasks_by_owner ON tasks_tasks (tenant_id, owner, id);
