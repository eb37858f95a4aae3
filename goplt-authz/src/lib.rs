//! What the caller may do and whose data it sees: decisions, RequireLayer, TenantLayer.
#![cfg_attr(docsrs, feature(doc_cfg))]
