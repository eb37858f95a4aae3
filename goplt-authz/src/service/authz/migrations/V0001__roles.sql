CREATE TABLE authz_roles (
    tenant_id   TEXT        NOT NULL,
    id          UUID        NOT NULL,
    name        TEXT        NOT NULL,
    description TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX authz_roles_by_name ON authz_roles (tenant_id, name);

-- One row for each permission or pattern (`blog.*`) that a role grants.
CREATE TABLE authz_grants (
    tenant_id TEXT NOT NULL,
    role_id   UUID NOT NULL,
    pattern   TEXT NOT NULL,
    PRIMARY KEY (tenant_id, role_id, pattern),
    FOREIGN KEY (tenant_id, role_id) REFERENCES authz_roles (tenant_id, id) ON DELETE CASCADE
);

-- Users belong to the module identity: their ids, and no foreign key.
CREATE TABLE authz_user_roles (
    tenant_id  TEXT        NOT NULL,
    user_id    TEXT        NOT NULL,
    role_id    UUID        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role_id),
    FOREIGN KEY (tenant_id, role_id) REFERENCES authz_roles (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX authz_user_roles_by_role ON authz_user_roles (tenant_id, role_id);
