//! Analyses SQL and rewrites it so that it sees one tenant only.
#![cfg_attr(docsrs, feature(doc_cfg))]
