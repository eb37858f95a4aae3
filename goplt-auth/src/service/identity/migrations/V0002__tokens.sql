-- Tokens that were mailed: hashes of 256 random bits, each for one purpose and one email.
CREATE TABLE identity_tokens (
    tenant_id  TEXT        NOT NULL,
    hash       BYTEA       NOT NULL,
    purpose    TEXT        NOT NULL,
    user_id    UUID        NOT NULL,
    email      TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES identity_users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX identity_tokens_by_user ON identity_tokens (tenant_id, user_id, purpose);
