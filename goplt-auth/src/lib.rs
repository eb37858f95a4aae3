//! Who is calling: AuthLayer, token verification, key sets, token issuing.
#![cfg_attr(docsrs, feature(doc_cfg))]
