CREATE TABLE blog_posts (
    tenant_id  TEXT        NOT NULL,
    id         UUID        NOT NULL,
    author_id  TEXT        NOT NULL,
    title      TEXT        NOT NULL,
    content    TEXT        NOT NULL,
    version    BIGINT      NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX blog_posts_by_author ON blog_posts (tenant_id, author_id, id);
CREATE INDEX blog_posts_by_time ON blog_posts (tenant_id, created_at);

CREATE TABLE blog_comments (
    tenant_id  TEXT        NOT NULL,
    id         UUID        NOT NULL,
    post_id    UUID        NOT NULL,
    author_id  TEXT        NOT NULL,
    content    TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, post_id) REFERENCES blog_posts (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX blog_comments_by_post ON blog_comments (tenant_id, post_id, id);
