//! The kernel of goplt: what every module and every binary stands on, without business logic.
//!
//! It holds the vocabulary that all of goplt speaks ([`RequestContext`], [`Principal`],
//! [`TenantId`], [`Code`], [`Problem`]), the two questions that the kernel itself must ask
//! ([`Verify`]: who is it; [`Authorizer`]: may they), and the parts that have nothing to do with
//! any product: contracts between modules, configuration, telemetry, health, shutdown and
//! tenant-scoped data. It is no web framework and no database library; those are behind features.
//!
//! # Examples
//!
//! The same context serves HTTP, calls between modules, events and jobs:
//!
//! ```
//! use goplt_core::{Principal, RequestContext, data::ScopeMint};
//!
//! let ada = Principal::user("ada").with_tenant("acme".parse()?);
//! let cx = RequestContext::new("req-1".parse()?).with_principal(ada);
//! let cx = ScopeMint::new().enter(cx, "acme".parse()?)?;
//! assert_eq!(cx.tenant().unwrap().as_str(), "acme");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `http` | [`Problem`] as an axum response, [`RequestContext`] as an axum extractor |
//! | `telemetry` | log output |
//! | `otel` | traces, metrics and logs exported by OTLP over gRPC |
//! | `data` | tenant-scoped SQL: transactions, values, rows, migrations |
//! | `sqlite` | the SQLite engine of `data` |
//! | `postgres` | the PostgreSQL engine of `data` |
//! | `postgres-tls` | encrypted connections to PostgreSQL |
//! | `mail` | mail: messages, and who sends them |
//! | `failpoints` | named places where crash tests end the process |
//! | `dynamic-sql` | SQL checked at run time; links the SQL parser |
//!
//! The minimum supported Rust version is 1.94.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "data")]
pub mod audit;
pub mod authorizer;
pub mod clock;
pub mod code;
pub mod config;
pub mod context;
pub mod contract;
pub mod data;
pub mod edge;
pub mod error;
pub mod event;
#[cfg(feature = "data")]
mod failpoint;
pub mod health;
pub mod id;
#[cfg(feature = "data")]
pub mod job;
#[cfg(feature = "mail")]
pub mod mail;
pub mod principal;
pub mod problem;
pub mod random;
pub mod refuse;
pub mod report;
pub mod shutdown;
pub mod telemetry;
pub mod verify;

pub use goplt_manifest as manifest;

#[doc(inline)]
pub use self::{
    authorizer::{Authorizer, Decision},
    clock::{Clock, Timestamp},
    code::Code,
    context::RequestContext,
    error::BoxError,
    id::{ModuleName, RequestId, ServiceName, TenantId, Uuid},
    principal::Principal,
    problem::Problem,
    random::Random,
    verify::{Credentials, Verify, VerifyError},
};
#[doc(inline)]
pub use goplt_manifest::Permission;
