//! The contract of the blog module.
