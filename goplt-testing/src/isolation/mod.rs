//! Proof that a module keeps its tenants apart: [`isolation_suite!`](crate::isolation_suite).
//!
//! Two tenants, `acme` and `globex`, are given data whose texts are marked. Then everything that the
//! module declares (each route, RPC, event that it hears, and job) is called in acme's name with
//! globex's ids. Afterwards
//!
//! - no mark of globex is in any answer, error, event, log line, span or metric, nor in a row of anyone
//!   else: also of what waits there to be done or sent,
//! - nothing was published into globex, and no job enqueued,
//! - globex's rows, read past the module's own SQL, are what they were.
//!
//! So that a call that fails for another reason proves nothing, each one must first succeed with
//! acme's own data; and what is declared and not called fails the suite, which names it.
//!
//! The calls are fixtures of yours. Each gets the data of the caller and the data whose ids it is to
//! use: the same at first, globex's then. A mark that a call itself sends is no secret to its sender
//! from then on, and no longer looked for: put calls that send texts of the other tenant last.
//!
//! # Examples
//!
//! ```
//! use blog::BlogModule;
//! use goplt_testing::isolation::{Call, Isolation};
//! use serde_json::json;
//!
//! struct Ids {
//!     post: String,
//! }
//!
//! fn calls(suite: Isolation<Ids>) -> Isolation<Ids> {
//!     suite
//!         .seed(async |tenant| {
//!             let post = json!({ "title": tenant.mark("title"), "content": tenant.mark("content") });
//!             let answer = tenant.caller().post("/api/v1/blog/posts", post).await;
//!             Ids { post: answer.json()["id"].as_str().unwrap().to_owned() }
//!         })
//!         .route("list_posts", |_, _| Call::get("/api/v1/blog/posts"))
//!         .route("get_post", |_, ids| Call::get(format!("/api/v1/blog/posts/{}", ids.post)))
//!     // … and so on, for each route and RPC.
//! }
//! # let _ = calls;
//! # macro_rules! later { ($($t:tt)*) => {} }
//! # later! {
//! goplt_testing::isolation_suite!(BlogModule, calls);
//! # }
//! ```
//!
//! What it does not see: data that the fixtures do not make, code that they do not reach, marks in
//! encrypted or compressed form, fields that a message hides from `Debug`, what an RPC with globex's ids
//! writes into the rows of others (it may have been told so), and what has no text: a number of rows, an
//! order, the time that an answer takes.

mod call;
mod capture;
mod outcome;
mod rows;
mod run;
mod seeding;
mod suite;

pub use self::{
    call::Call,
    run::{on_sqlite, on_sqlite_placed},
    seeding::Seeding,
    suite::{Isolation, Job},
};

#[cfg(feature = "postgres")]
pub use self::run::{on_postgres, on_postgres_placed};

/// Writes tests that prove that a module keeps its tenants apart: see [`isolation`](crate::isolation).
///
/// It takes the module and a function that adds the fixtures. The tests are in a module named
/// `isolation`; with another name before the first argument they are in that one. One test runs on
/// SQLite, one on SQLite with a tenant in a database of its own, and, if `goplt-testing` has its
/// feature `postgres`, one on PostgreSQL.
#[macro_export]
macro_rules! isolation_suite {
    ($module:expr, $fixtures:expr $(,)?) => {
        $crate::isolation_suite!(isolation: $module, $fixtures);
    };
    ($name:ident: $module:expr, $fixtures:expr $(,)?) => {
        mod $name {
            #[expect(clippy::allow_attributes, reason = "used or not, by what the caller names")]
            #[allow(unused_imports, reason = "the caller's names, if it names any")]
            use super::*;

            #[test]
            fn nothing_of_another_tenant_is_seen_or_changed() {
                $crate::isolation::on_sqlite(|| {
                    ($fixtures)($crate::isolation::Isolation::of($module))
                });
            }

            #[test]
            fn nothing_changes_when_a_tenant_has_a_database_of_its_own() {
                $crate::isolation::on_sqlite_placed(|| {
                    ($fixtures)($crate::isolation::Isolation::of($module))
                });
            }

            $crate::__isolation_on_postgres!($module, $fixtures);
        }
    };
}

#[cfg(feature = "postgres")]
#[doc(hidden)]
#[macro_export]
macro_rules! __isolation_on_postgres {
    ($module:expr, $fixtures:expr) => {
        #[test]
        fn nothing_of_another_tenant_is_seen_or_changed_on_postgres() {
            $crate::isolation::on_postgres(|| {
                ($fixtures)($crate::isolation::Isolation::of($module))
            });
        }
    };
}

#[cfg(not(feature = "postgres"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __isolation_on_postgres {
    ($module:expr, $fixtures:expr) => {};
}
