//! The blog module.
