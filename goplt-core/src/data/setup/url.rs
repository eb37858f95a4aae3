//! A PostgreSQL URL in its parts, so that the same place can be named with other credentials.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::SetupError;

/// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`.
#[derive(Clone)]
pub(super) struct PostgresUrl {
    user: Option<String>,
    password: Option<SecretString>,
    /// With its port.
    host: String,
    pub(super) database: String,
    parameters: String,
}

/// Roles are named after the database, and `_owner` must fit into what PostgreSQL takes.
const LONGEST_NAME: usize = 57;

const DEFAULT_PORT: u16 = 5432;

impl PostgresUrl {
    /// The URL of a database of an application's.
    pub(super) fn parse(url: &SecretString) -> Result<Self, SetupError> {
        let parsed = Self::parse_any(url)?;
        let database = parsed.database.as_str();
        let refuse = |reason: &str| Err(SetupError::Url(reason.to_owned()));
        let is_plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if database.is_empty() || database.len() > LONGEST_NAME || !database.chars().all(is_plain) {
            return refuse(
                "the database's name is not of letters in lower case, digits, `_` and `-`, 57 at most: roles are \
                 named after it",
            );
        }
        if matches!(database, "postgres" | "template0" | "template1") {
            return refuse(
                "it names a database of the server's own; name one of the application's",
            );
        }
        Ok(parsed)
    }

    /// The URL of any database: also the server's own.
    pub(super) fn parse_any(url: &SecretString) -> Result<Self, SetupError> {
        let refuse = |reason: &str| Err(SetupError::Url(reason.to_owned()));
        let text = url.expose_secret();
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"));
        let Some(rest) = rest else {
            return refuse("it does not begin with `postgres://`");
        };
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let Some((authority, database)) = rest.split_once('/') else {
            return refuse("it names no database; write `postgres://HOST:PORT/DATABASE`");
        };
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (Some(credentials), host),
            None => (None, authority),
        };
        let (user, password) = match credentials.map(|text| text.split_once(':')) {
            None => (None, None),
            Some(None) => (credentials, None),
            Some(Some((user, password))) => (Some(user), Some(password)),
        };
        Ok(Self {
            user: user.map(str::to_owned),
            password: password.map(SecretString::from),
            host: with_port(host),
            database: database.to_owned(),
            parameters: parameters.to_owned(),
        })
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// `HOST:PORT/DATABASE`: which database, whoever asks.
    pub(super) fn place(&self) -> String {
        format!("{}/{}", self.host, self.database)
    }

    pub(super) fn role(&self, suffix: &str) -> String {
        format!("{}_{suffix}", self.database)
    }

    pub(super) fn with_user(&self, user: &str, password: &SecretString) -> Self {
        Self {
            user: Some(user.to_owned()),
            password: Some(password.clone()),
            ..self.clone()
        }
    }

    /// The same server and user with another database: also with one that no application may have.
    pub(super) fn with_database(&self, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            ..self.clone()
        }
    }

    pub(super) fn to_secret(&self) -> SecretString {
        let mut url = "postgres://".to_owned();
        if let Some(user) = &self.user {
            url.push_str(user);
            if let Some(password) = &self.password {
                url.push(':');
                url.push_str(password.expose_secret());
            }
            url.push('@');
        }
        url.push_str(&self.place());
        if !self.parameters.is_empty() {
            url.push('?');
            url.push_str(&self.parameters);
        }
        url.into()
    }
}

fn with_port(host: &str) -> String {
    let after_address = host.rsplit(']').next().unwrap_or(host);
    if after_address.contains(':') {
        return host.to_owned();
    }
    format!("{host}:{DEFAULT_PORT}")
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.place()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<PostgresUrl, String> {
        PostgresUrl::parse(&url.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn parts_go_together_again() {
        let text = "postgres://ada:s%40cret@db.example:5433/shop?sslmode=require";
        let url = parse(text).unwrap();
        assert_eq!(url.to_secret().expose_secret(), text);
        assert_eq!(
            (url.user(), url.place().as_str()),
            (Some("ada"), "db.example:5433/shop")
        );
        let app = url
            .with_user("shop_app", &"x".into())
            .with_database("postgres");
        assert_eq!(
            app.to_secret().expose_secret(),
            "postgres://shop_app:x@db.example:5433/postgres?sslmode=require"
        );
        assert!(!format!("{url:?}").contains("cret"));
    }

    #[test]
    fn a_place_has_its_port() {
        for (url, place) in [
            ("postgresql://localhost/shop", "localhost:5432/shop"),
            ("postgres://ada@[::1]/shop", "[::1]:5432/shop"),
            ("postgres://[::1]:1/shop", "[::1]:1/shop"),
        ] {
            assert_eq!(parse(url).unwrap().place(), place);
        }
    }

    #[test]
    fn a_database_that_roles_cannot_be_named_after_is_refused() {
        for url in [
            "mysql://localhost/shop",
            "postgres://localhost",
            "postgres://localhost/",
            "postgres://localhost/Shop%20A",
            "postgres://localhost/postgres",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}
