//! For layers that may answer in place of the service they wrap.
//!
//! A refusal is a response, never an error, so one layer serves axum, tonic and hyper alike.
//! [`ResponseFuture`] is either the inner service's future or a ready refusal, its body a
//! [`MaybeRefused`]; nothing is boxed.

mod body;
mod future;

pub use self::{body::MaybeRefused, future::ResponseFuture};
