CREATE TABLE parcel_parcels (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
