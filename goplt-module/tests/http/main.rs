//! What a client sees of the HTTP of a host: refusals, problems, the order of the layers, sockets.
#![cfg(test)]

mod app;
mod bad_input;
mod guarded;
mod lines;
mod reports;
mod server;
mod stack;

#[test]
fn what_users_hold_can_be_sent_and_shared() {
    use goplt_module::http::{EnterTenant, HttpSettings, RouteTable, Server, Serving};

    fn check<T: Send + Sync + std::fmt::Debug>() {}
    check::<(EnterTenant, HttpSettings)>();
    check::<RouteTable>();
    check::<(Server, Serving)>();
}
