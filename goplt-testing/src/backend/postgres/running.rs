//! The one server of this process, found on the ladder.

use std::sync::OnceLock;

use super::{Server, container, local, server::Address, shared::Shared};
use crate::backend::{Rung, ladder::Refusals};

pub(in crate::backend) fn running() -> Option<Server> {
    static SERVER: OnceLock<Result<Server, Refusals>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let server = climb(std::env::var("GOPLT_POSTGRES_URL").ok());
        if let Err(refusals) = &server {
            refusals.skip(required());
        }
        server
    });
    // A panic above is not remembered, so that every test of the process fails by itself.
    server.as_ref().ok().cloned()
}

fn required() -> bool {
    std::env::var("GOPLT_REQUIRE_BACKENDS").is_ok_and(|value| !matches!(&*value, "" | "0"))
}

/// Starts a server.
type Start = fn(&mut Shared) -> Result<Address, String>;

fn climb(url: Option<String>) -> Result<Server, Refusals> {
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        let address = Address::parse(&url, Rung::Url)
            .unwrap_or_else(|| panic!("GOPLT_POSTGRES_URL is not of the form `postgres://user:password@host:port/database`: `{url}`"));
        return Ok(Server::connect(address)
            .unwrap_or_else(|error| panic!("GOPLT_POSTGRES_URL does not answer: {error}")));
    }
    let refused = |reasons| Refusals {
        server: "PostgreSQL",
        reasons,
    };
    // Held until a server is found or started: of many processes one starts it.
    let mut shared = Shared::open().map_err(|error| refused(vec![error.to_string()]))?;
    if let Some(server) = shared
        .server()
        .and_then(|known| Server::connect(known).ok())
    {
        return Ok(server);
    }
    shared.forget();
    let mut reasons = vec!["GOPLT_POSTGRES_URL is not set".to_owned()];
    let rungs: [(Rung, Start); 2] = [
        (Rung::Container, container::start),
        (Rung::Local, local::start),
    ];
    for (rung, start) in rungs {
        match start(&mut shared).and_then(|address| {
            shared
                .remember(&address)
                .map_err(|error| error.to_string())?;
            Server::connect(address).map_err(|error| error.to_string())
        }) {
            Ok(server) => return Ok(server),
            Err(reason) => reasons.push(format!("{rung}: {reason}")),
        }
    }
    Err(refused(reasons))
}
