-- Which processes serve on this database, and up to which migration of each module they know. A row counts while
-- `alive_until` is to come; a process renews its rows, and takes them away when it stops.
CREATE TABLE goplt_instance (
    id UUID NOT NULL,
    module TEXT NOT NULL,
    version TEXT NOT NULL,
    migration BIGINT NOT NULL,
    name TEXT NOT NULL,
    alive_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id, module)
);
