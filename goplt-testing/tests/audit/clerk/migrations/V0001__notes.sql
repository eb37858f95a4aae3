CREATE TABLE clerk_notes (
    tenant_id TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
