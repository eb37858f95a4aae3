//! The parser's errors in our words, with a place.

use sqlparser::{
    parser::ParserError,
    tokenizer::{Location, TokenizerError},
};

use super::Tokens;
use crate::{MAX_DEPTH, SqlError, source::Source};

const HELP: &str = "write it in the syntax that SQLite and PostgreSQL share";

pub(super) fn of_tokenizer(error: &TokenizerError, source: &Source<'_>) -> SqlError {
    SqlError::new(
        lower(&error.message),
        "close the string, the name or the comment",
    )
    .at(source.range_at(error.location))
}

pub(super) fn of_parser(error: &ParserError, tokens: &Tokens, source: &Source<'_>) -> SqlError {
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
    let place = match location {
        Some(location) => source.range(tokens.span_at(location)),
        None if message.ends_with("found: EOF") => Some(source.end()),
        None => None,
    };
    SqlError::new(reworded(message), HELP).at(place)
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

/// `Expected: identifier, found: )` → ``expected identifier, found `)` ``.
fn reworded(message: &str) -> String {
    let rest = message
        .strip_prefix("Expected")
        .map(|rest| rest.trim_start_matches(':'));
    let Some((expected, found)) = rest.and_then(|rest| rest.split_once(", found: ")) else {
        return lower(message);
    };
    let expected = expected.trim();
    match found {
        "EOF" => format!("expected {expected}, found the end of the statement"),
        found => format!("expected {expected}, found `{found}`"),
    }
}

fn lower(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "the statement cannot be parsed".to_owned(),
    }
}
