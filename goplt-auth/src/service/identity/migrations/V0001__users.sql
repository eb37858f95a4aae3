CREATE TABLE identity_tenants (
    id         TEXT        NOT NULL PRIMARY KEY,
    name       TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE identity_users (
    tenant_id           TEXT        NOT NULL,
    id                  UUID        NOT NULL,
    email               TEXT        NOT NULL,
    name                TEXT,
    password_hash       TEXT        NOT NULL,
    password_changed_at TIMESTAMPTZ NOT NULL,
    verified            BOOLEAN     NOT NULL,
    created_at          TIMESTAMPTZ NOT NULL,
    updated_at          TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Emails are kept in lower case.
CREATE UNIQUE INDEX identity_users_by_email ON identity_users (tenant_id, email);
