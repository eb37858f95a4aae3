CREATE TABLE auth_keys (
    generation BIGINT      NOT NULL PRIMARY KEY,
    kid        TEXT        NOT NULL UNIQUE,
    algorithm  TEXT        NOT NULL,
    nonce      BYTEA       NOT NULL,
    sealed     BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- A session is a login and all refresh tokens that came of it.
CREATE TABLE auth_sessions (
    tenant_id           TEXT        NOT NULL,
    id                  UUID        NOT NULL,
    user_id             UUID        NOT NULL,
    password_changed_at TIMESTAMPTZ NOT NULL,
    created_at          TIMESTAMPTZ NOT NULL,
    expires_at          TIMESTAMPTZ NOT NULL,
    revoked_at          TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX auth_sessions_by_user ON auth_sessions (tenant_id, user_id);

CREATE TABLE auth_refresh_tokens (
    tenant_id  TEXT        NOT NULL,
    hash       BYTEA       NOT NULL,
    session_id UUID        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, session_id) REFERENCES auth_sessions (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX auth_refresh_tokens_by_session ON auth_refresh_tokens (tenant_id, session_id);
