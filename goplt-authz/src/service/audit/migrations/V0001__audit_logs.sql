-- The log. Metadata is text, not JSONB: a hash is over bytes, and JSONB does not keep them.
CREATE TABLE audit_logs (
    tenant_id     TEXT        NOT NULL,
    sequence      BIGINT      NOT NULL,
    id            UUID        NOT NULL,
    actor_kind    TEXT        NOT NULL,
    actor_id      TEXT,
    action        TEXT        NOT NULL,
    resource      TEXT        NOT NULL,
    resource_id   TEXT,
    ip_address    TEXT,
    user_agent    TEXT,
    request_id    TEXT        NOT NULL,
    metadata      TEXT        NOT NULL,
    timestamp     TIMESTAMPTZ NOT NULL,
    previous_hash BYTEA       NOT NULL,
    hash          BYTEA       NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);

CREATE UNIQUE INDEX audit_logs_by_id ON audit_logs (tenant_id, id);
CREATE INDEX audit_logs_by_time ON audit_logs (tenant_id, timestamp, sequence);
CREATE INDEX audit_logs_by_actor ON audit_logs (tenant_id, actor_id, timestamp, sequence);
CREATE INDEX audit_logs_by_action ON audit_logs (tenant_id, action, timestamp, sequence);
CREATE INDEX audit_logs_by_resource ON audit_logs (tenant_id, resource, timestamp, sequence);

-- Where each tenant's log ends. Appending locks the row, so that entries follow one another.
CREATE TABLE audit_heads (
    tenant_id TEXT   NOT NULL PRIMARY KEY,
    sequence  BIGINT NOT NULL,
    hash      BYTEA  NOT NULL
);
