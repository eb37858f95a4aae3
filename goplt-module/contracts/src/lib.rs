//! The contracts of goplt's core services: auth, identity, authz, audit.
#![cfg_attr(docsrs, feature(doc_cfg))]
