//! Names: folded as both databases fold them, quoted only where they must be.

use std::fmt;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::{TENANT, Writer, reserved::is_reserved};
use crate::SqlError;

/// An identifier in lower case, of ASCII letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_tenant(&self) -> bool {
        self.0 == TENANT
    }
}

impl fmt::Display for Name {
    /// Quotes reserved words only: SQLite takes a quoted name that it cannot resolve for a string, and a misspelt column
    /// would pass.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_reserved(&self.0) {
            write!(f, "\"{}\"", self.0)
        } else {
            f.write_str(&self.0)
        }
    }
}

/// PostgreSQL cuts longer names short, and two of them may become one.
const LONGEST: usize = 63;

/// Columns that a table has without declaring them. The derived tables hide most, a target of UPDATE shows them.
const SYSTEM: [&str; 9] = [
    "rowid", "_rowid_", "oid", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid",
];

/// Prefixes of the databases' own tables, columns and functions.
const OWNED: [&str; 2] = ["pg_", "sqlite_"];

impl Writer<'_> {
    pub(super) fn ident(&self, ident: &Ident) -> Result<Name, SqlError> {
        self.check_ident(ident)
            .map_err(|error| error.at(self.range(ident.span)))
    }

    fn check_ident(&self, ident: &Ident) -> Result<Name, SqlError> {
        let Ident {
            value,
            quote_style,
            span: _,
        } = ident;
        let folded = value.to_ascii_lowercase();
        match quote_style {
            None if is_reserved(&folded) => {
                return Err(SqlError::new(
                    format!("`{value}` is a reserved word"),
                    reserved_help(&folded),
                ));
            }
            None => {}
            Some('"') if *value == folded => {}
            Some('"') => {
                return Err(SqlError::new(
                    format!("\"{value}\" means different names on SQLite and PostgreSQL"),
                    format!("write it in lower case: {folded}"),
                ));
            }
            Some('\'') => {
                return Err(SqlError::new(
                    format!("{ident} is a string where a name is expected"),
                    format!("write the name without quotes: {folded}"),
                ));
            }
            Some(_) => {
                return Err(SqlError::new(
                    format!("{ident} is quoted in a way that PostgreSQL does not know"),
                    format!("write it plainly, or in double quotes: \"{folded}\""),
                ));
            }
        }
        if !is_plain(&folded) {
            return Err(SqlError::new(
                format!("`{value}` is no name that both databases take"),
                "use letters a-z, digits and `_`",
            ));
        }
        if folded.len() > LONGEST {
            return Err(SqlError::new(
                format!("`{value}` is longer than {LONGEST} characters"),
                "PostgreSQL would cut it short; choose a shorter name",
            ));
        }
        if SYSTEM.contains(&folded.as_str())
            || OWNED.iter().any(|prefix| folded.starts_with(prefix))
        {
            return Err(SqlError::new(
                format!("`{value}` belongs to the database itself"),
                "only the module's own tables and their declared columns can be used",
            ));
        }
        Ok(Name(folded))
    }

    /// The only part of a name that may not be qualified.
    pub(super) fn single(&self, name: &ObjectName, what: &str) -> Result<Name, SqlError> {
        let ObjectName(parts) = name;
        match parts.as_slice() {
            [ObjectNamePart::Identifier(ident)] => self.ident(ident),
            _ => Err(self.refuse(
                format_args!("`{name}`, with a qualifier,"),
                format!("write the name of the {what} alone"),
                name,
            )),
        }
    }

    /// A name that the author makes up in the statement: an alias, a CTE, a window.
    pub(super) fn alias(&self, ident: &Ident) -> Result<Name, SqlError> {
        self.ident(ident)
    }
}

fn reserved_help(word: &str) -> String {
    match word {
        "default" => "leave the column out: it gets its default then".to_owned(),
        "current_date" | "current_time" | "current_timestamp" | "localtime" | "localtimestamp" => {
            "bind the time with `?`: tests can set the clock, and both databases keep it alike"
                .to_owned()
        }
        "current_user" | "session_user" | "system_user" | "current_role" | "current_schema"
        | "current_catalog" => "bind what you know of the caller with `?`".to_owned(),
        _ => format!("as a name, write it in quotes: \"{word}\""),
    }
}

fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
