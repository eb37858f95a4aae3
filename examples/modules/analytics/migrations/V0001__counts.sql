-- One row a tenant and kind of thing.
CREATE TABLE analytics_totals (
    tenant_id TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind)
);

-- Users belong to the module identity: their ids, and no foreign key.
CREATE TABLE analytics_authors (
    tenant_id     TEXT   NOT NULL,
    author_id     TEXT   NOT NULL,
    posts_created BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, author_id)
);

CREATE INDEX analytics_authors_by_posts ON analytics_authors (tenant_id, posts_created, author_id);
