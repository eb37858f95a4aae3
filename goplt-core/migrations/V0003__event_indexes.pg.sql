-- Fewer and smaller indexes: each event passes through these tables once, and pays for every entry.

-- What is to be handled now, and what is not: a row enters the second only when something went wrong.
DROP INDEX goplt_delivery_by_state;
CREATE INDEX goplt_delivery_pending ON goplt_delivery (group_name, seq) WHERE state = 'pending';
CREATE INDEX goplt_delivery_by_state ON goplt_delivery (group_name, state, seq) WHERE state <> 'pending';

-- One key for both ways to ask: all deliveries of an event, and that of one group.
ALTER TABLE goplt_delivery DROP CONSTRAINT goplt_delivery_pkey, ADD PRIMARY KEY (seq, group_name);
DROP INDEX goplt_delivery_by_seq;

-- Not by the group first: with few groups that says nothing, and a planner without statistics believes it does.
DROP INDEX goplt_delivery_by_key;
CREATE INDEX goplt_delivery_by_key ON goplt_delivery (tenant_id, topic, event_key, group_name, state);

-- Rows come in the order of their time, and only the oldest are ever asked for by it.
DROP INDEX goplt_outbox_by_time;
CREATE INDEX goplt_outbox_by_time ON goplt_outbox USING brin (occurred_at) WITH (autosummarize = on);
DROP INDEX goplt_inbox_by_time;
CREATE INDEX goplt_inbox_by_time ON goplt_inbox USING brin (received_at) WITH (autosummarize = on);
