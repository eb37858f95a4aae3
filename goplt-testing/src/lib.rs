//! Test harness for goplt modules: in-process host, token mint, fixtures, conformance suites.
#![cfg_attr(docsrs, feature(doc_cfg))]
