//! From a URL to what the driver needs, and back to a name that may stand in a log.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::data::{DatabaseSettings, DbError};

/// Settings of each session. The server looks whether we are still there while it works, and
/// notices when our machine is gone.
const SESSION: [(&str, &str); 4] = [
    ("client_connection_check_interval", "1s"),
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

/// How many statements each connection keeps prepared.
const STATEMENTS: usize = 500;

/// Whether this binary can encrypt.
const TLS: bool = cfg!(feature = "postgres-tls");

/// Reads a URL, and adds what every session has.
pub(super) fn parse(
    url: &SecretString,
    settings: &DatabaseSettings,
) -> Result<PgConnectOptions, DbError> {
    let url = url.expose_secret();
    let options: PgConnectOptions = url.parse().map_err(refused)?;
    encryption(options.get_ssl_mode())?;
    if options.get_database().is_none() {
        let reason = "no database is named; write `postgres://USER:PASSWORD@HOST/DATABASE`";
        return Err(DbError::Url(reason.into()));
    }
    let mut options = options
        // Since version 12 a server writes numbers as exactly as they are.
        .extra_float_digits(None)
        .options(SESSION)
        .disable_statement_logging();
    // Whoever sits behind a pooler of transactions sets it to 0.
    if !url.contains("statement-cache-capacity=") {
        options = options.statement_cache_capacity(STATEMENTS);
    }
    if options.get_application_name().is_none() {
        options = options.application_name("goplt");
    }
    if !settings.search_path().is_empty() {
        options = options.options([("search_path", search_path(settings.search_path()))]);
    }
    Ok(options)
}

/// `host:port/database as user`: without the password.
pub(super) fn place(options: &PgConnectOptions) -> Box<str> {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    format!(
        "`{}` at {host}:{} (as `{}`)",
        options.get_database().unwrap_or_default(),
        options.get_port(),
        options.get_username()
    )
    .into()
}

/// The driver's reasons name a part of the URL at most, and never the password.
fn refused(error: sqlx::Error) -> DbError {
    let reason = match error {
        sqlx::Error::Configuration(reason) => reason.to_string(),
        other => other.to_string(),
    };
    DbError::Url(format!(
        "{reason}; write `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with `%40` for an `@` in the password"
    ))
}

fn encryption(mode: PgSslMode) -> Result<(), DbError> {
    match mode {
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull if !TLS => {
            Err(DbError::Url(
                "it asks for an encrypted connection (`sslmode`), and this binary was built without: \
                 enable the feature `postgres-tls` of `goplt-core`"
                    .into(),
            ))
        }
        _ => Ok(()),
    }
}

/// Temporary tables come last: unnamed they come first, and one of a session stands in for a tenant's.
fn search_path(schemas: &[String]) -> String {
    let quoted = schemas
        .iter()
        .map(|schema| format!("\"{}\"", schema.replace('"', "\"\"")));
    let all: Vec<_> = quoted.chain(["pg_temp".to_owned()]).collect();
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<PgConnectOptions, DbError> {
        let settings = DatabaseSettings::new(url).with_search_path(["goplt", "blog"]);
        parse(settings.url(), &settings)
    }

    #[test]
    fn what_is_said_of_a_database_holds_no_password() {
        let options = parsed("postgres://ada:s3cret@db.example:5433/shop").unwrap();
        assert_eq!(&*place(&options), "`shop` at db.example:5433 (as `ada`)");
    }

    #[test]
    fn each_session_gets_its_schemas() {
        let options = parsed("postgres://ada@localhost/shop").unwrap();
        let sent = options.get_options().unwrap();
        assert!(
            sent.contains("-c search_path=\"goplt\",\"blog\",pg_temp"),
            "{sent}"
        );
    }

    #[test]
    fn a_url_that_is_none_is_refused_without_its_password() {
        for url in [
            "postgres://ada:s3cret@db.example:x/shop",
            "postgres://ada:s3cret@db.example",
            "postgres://ada:s3cret@db.example/shop?sslmode=maybe",
        ] {
            let error = parsed(url).unwrap_err().to_string();
            assert!(
                error.contains("write") && !error.contains("s3cret"),
                "{error}"
            );
        }
    }

    #[test]
    fn encryption_that_cannot_be_had_is_refused_and_not_left_out() {
        let error = parsed("postgres://ada@localhost/shop?sslmode=verify-full");
        assert_eq!(error.is_ok(), TLS);
    }
}
