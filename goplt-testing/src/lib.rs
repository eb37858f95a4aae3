#![doc = include_str!("guide.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub mod backend;
mod caller;
pub mod conformance;
mod events;
mod host;
pub mod isolation;
mod tenant;
mod token;

pub use self::{
    answer::Answer,
    caller::Caller,
    events::Events,
    host::{Reached, TestHost, TestHostBuilder},
    tenant::Tenant,
    token::TokenMint,
};
