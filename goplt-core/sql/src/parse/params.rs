use std::collections::HashMap;

use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::limits::MAX_PARAMS;
use crate::{SqlError, source::Source};

/// The binds of a statement, numbered in the order of the source.
///
/// The number comes from the place in the text, not from the order in which clauses are written: the two may differ.
#[derive(Debug)]
pub(crate) struct Params(HashMap<Location, usize>);

impl Params {
    pub(super) fn number(tokens: &[TokenWithSpan], source: &Source<'_>) -> Result<Self, SqlError> {
        let mut numbers = HashMap::new();
        for TokenWithSpan { token, span } in tokens {
            match token {
                Token::Placeholder(text) if text == "?" => {
                    let next = numbers.len() + 1;
                    numbers.insert(span.start, next);
                }
                Token::Placeholder(text) => {
                    return Err(other_placeholder(text).at(source.range(*span)));
                }
                Token::Colon | Token::AtSign | Token::Sharp => {
                    return Err(other_placeholder(&token.to_string()).at(source.range(*span)));
                }
                _ => {}
            }
        }
        if numbers.len() > MAX_PARAMS {
            return Err(SqlError::new(
                format!(
                    "the statement has {} binds, {MAX_PARAMS} are allowed",
                    numbers.len()
                ),
                "split it into several statements",
            ));
        }
        Ok(Self(numbers))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn number_at(&self, location: Location) -> Option<usize> {
        self.0.get(&location).copied()
    }
}

fn other_placeholder(text: &str) -> SqlError {
    SqlError::new(
        format!("`{text}` is no placeholder here"),
        "write `?` for each bind, in the order of the values; it is numbered for the database",
    )
}
