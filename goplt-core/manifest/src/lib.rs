//! The module manifest of goplt: module.yaml, permissions, the JSON Schema.
#![cfg_attr(docsrs, feature(doc_cfg))]
