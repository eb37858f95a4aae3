//! PostgreSQL for the scenarios: a database with its three roles for each.

use goplt_core::data::DatabaseSettings;

use super::{Engine, Ground};
use crate::backend::postgres::{Database, Server};

const PASSWORD: &str = "goplt";

impl Engine {
    /// The PostgreSQL of this run, if there is one: see [`postgres`](crate::backend::postgres()).
    #[must_use]
    pub fn postgres() -> Option<Self> {
        let server = crate::backend::postgres()?;
        Some(Self::new("postgresql", move || {
            let (database, settings) = prepared(&server);
            Ground::new(settings).holding(database)
        }))
    }
}

impl Engine {
    /// The same with the tenant `acme` in a database of its own: nothing else may change.
    #[must_use]
    pub fn postgres_placed() -> Option<Self> {
        let server = crate::backend::postgres()?;
        Some(Self::new("postgresql", move || {
            let ((home, settings), (other, placed)) = (prepared(&server), prepared(&server));
            Ground::new(super::engine::placed(settings, placed)).holding((home, other))
        }))
    }
}

/// An empty database with its three roles, and how to open it.
#[doc(hidden)]
pub fn prepared(server: &Server) -> (Database, DatabaseSettings) {
    let database = server.database();
    let name = database.name();
    let roles = format!(
        "CREATE ROLE {name}_owner LOGIN PASSWORD '{PASSWORD}';
         CREATE ROLE {name}_app LOGIN PASSWORD '{PASSWORD}';
         CREATE ROLE {name}_host LOGIN PASSWORD '{PASSWORD}';
         ALTER DATABASE {name} OWNER TO {name}_owner;
         REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {name} TO {name}_app, {name}_host"
    );
    database.execute(&roles).unwrap();
    let url = |role| url(&database, role);
    let settings = DatabaseSettings::new(url("app"))
        .with_host_url(url("host"))
        .with_owner_url(url("owner"))
        .with_search_path(["goplt", "shop"]);
    (database, settings)
}

fn url(database: &Database, role: &str) -> String {
    database.url_as(&format!("{}_{role}", database.name()), PASSWORD)
}
