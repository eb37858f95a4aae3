-- Events: what was published, who wants it, and how far each group has come.
--
-- No key here begins with the tenant but that of the inbox and of blocked keys: `seq` is a number that the database
-- makes, and nobody who chooses values can ask for one that is taken. The tables are worked on across tenants, by the
-- role for that; row-level security keeps the role of requests to its tenant.

-- `batch` is NULL until the relay has made a delivery for each subscribing group.
-- `seq` orders events of one key; it is never used as a cursor.
CREATE TABLE goplt_outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    topic TEXT NOT NULL,
    event_key TEXT NOT NULL,
    lane BIGINT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    payload BYTEA NOT NULL,
    trace TEXT,
    causation_id UUID,
    correlation_id TEXT NOT NULL,
    actor_kind TEXT,
    actor TEXT,
    batch BIGINT
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1);
CREATE INDEX goplt_outbox_due ON goplt_outbox (seq) WHERE batch IS NULL;
CREATE INDEX goplt_outbox_by_batch ON goplt_outbox (batch);
CREATE INDEX goplt_outbox_by_time ON goplt_outbox (occurred_at);

-- One row: its counter numbers the batches. Whoever changes what fan-outs look at locks it first.
CREATE TABLE goplt_relay (
    id BIGINT NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL
);
INSERT INTO goplt_relay (id, batch) VALUES (1, 0);

CREATE TABLE goplt_subscription (
    group_name TEXT NOT NULL,
    name TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (group_name, name)
);

-- What a group has still to handle. `state` is one of
--   pending  to be handled now
--   retry    failed; to be handled again from `next_at` on
--   waiting  an earlier event of the key is in `retry` or `parked`
--   parked   a dead letter; later events of the key wait
--   skipped  a dead letter; the key goes on
-- A row that was handled is gone.
CREATE TABLE goplt_delivery (
    group_name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    tenant_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    event_key TEXT NOT NULL,
    lane BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at TIMESTAMPTZ,
    error TEXT,
    first_failed_at TIMESTAMPTZ,
    last_failed_at TIMESTAMPTZ,
    PRIMARY KEY (group_name, seq)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX goplt_delivery_by_state ON goplt_delivery (group_name, state, seq);
CREATE INDEX goplt_delivery_by_seq ON goplt_delivery (seq);
CREATE INDEX goplt_delivery_by_key ON goplt_delivery (group_name, tenant_id, topic, event_key, state);

-- The keys whose events are `waiting`.
CREATE TABLE goplt_blocked_key (
    group_name TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    event_key TEXT NOT NULL,
    PRIMARY KEY (tenant_id, group_name, topic, event_key)
);

-- Who may deliver. Every change of owner raises the token; a transaction with an old one does not commit: it holds its
-- lane's row (FOR KEY SHARE) to its end, and a new owner takes only rows that nobody holds.
CREATE TABLE goplt_lane (
    group_name TEXT NOT NULL,
    lane BIGINT NOT NULL,
    owner UUID,
    token BIGINT NOT NULL,
    leased_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (group_name, lane)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0);

-- Who shares the lanes of a group.
CREATE TABLE goplt_member (
    group_name TEXT NOT NULL,
    owner UUID NOT NULL,
    alive_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (group_name, owner)
);

-- What a group has handled: written in the handler's own transaction.
CREATE TABLE goplt_inbox (
    tenant_id TEXT NOT NULL,
    group_name TEXT NOT NULL,
    event_id UUID NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, group_name, event_id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);
CREATE INDEX goplt_inbox_by_time ON goplt_inbox (received_at);
