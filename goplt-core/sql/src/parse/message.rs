//! The parser's errors in our words, with a place.

use sqlparser::{
    parser::ParserError,
    tokenizer::{Location, TokenizerError},
};

use crate::{MAX_DEPTH, SqlError, source::Source};

const HELP: &str = "write it in the syntax that SQLite and PostgreSQL share";

pub(super) fn of_tokenizer(error: &TokenizerError, source: &Source<'_>) -> SqlError {
    SqlError::new(
        lower(&error.message),
        "close the string, the name or the comment",
    )
    .at(source.range_at(error.location))
}

pub(super) fn of_parser(error: &ParserError, source: &Source<'_>) -> SqlError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            return SqlError::new(
                format!("the statement is nested more than {MAX_DEPTH} levels deep"),
                "flatten it, for instance with WITH",
            );
        }
    };
    let (message, location) = split_place(text);
    SqlError::new(lower(message), HELP).at(location.and_then(|at| source.range_at(at)))
}

/// The parser tells the place only within its text: `… at Line: 1, Column: 5`.
fn split_place(text: &str) -> (&str, Option<Location>) {
    let Some((message, place)) = text.rsplit_once(" at Line: ") else {
        return (text, None);
    };
    let location = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some(Location::new(line.parse().ok()?, column.parse().ok()?)));
    (message, location)
}

/// `Expected: identifier, found: )` → `expected identifier, found )`.
fn lower(message: &str) -> String {
    let message = message
        .replace("Expected: ", "expected ")
        .replace("found: ", "found ");
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "the statement cannot be parsed".to_owned(),
    }
}
