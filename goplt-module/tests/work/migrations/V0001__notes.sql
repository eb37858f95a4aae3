CREATE TABLE work_notes (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
