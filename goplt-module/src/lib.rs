//! Modules of goplt: IModule, wiring, lifecycle and the host that runs one or many.
#![cfg_attr(docsrs, feature(doc_cfg))]
