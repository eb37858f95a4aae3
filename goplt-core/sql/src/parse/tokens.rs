use std::collections::HashMap;

use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use super::limits::MAX_PARAMS;
use crate::{SqlError, source::Source};

/// What is known from the tokens alone: the binds and the words.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// The binds, numbered in the order of the source. The number comes from the place in the text, not from the order in
    /// which clauses are written: the two may differ.
    params: HashMap<Location, usize>,
    /// The words in upper case, where they are.
    words: Vec<(String, Span)>,
    /// Every token, in order.
    spans: Vec<Span>,
}

impl Tokens {
    pub(super) fn read(tokens: &[TokenWithSpan], source: &Source<'_>) -> Result<Self, SqlError> {
        let mut params = HashMap::new();
        let mut words = Vec::new();
        for TokenWithSpan { token, span } in tokens {
            match token {
                Token::Placeholder(text) if text == "?" => {
                    let next = params.len() + 1;
                    params.insert(span.start, next);
                }
                Token::Placeholder(text) => {
                    return Err(other_placeholder(text).at(source.range(*span)));
                }
                Token::Colon | Token::AtSign | Token::Sharp => {
                    return Err(other_placeholder(&token.to_string()).at(source.range(*span)));
                }
                Token::Word(word) if word.quote_style.is_none() => {
                    words.push((word.value.to_ascii_uppercase(), *span));
                }
                _ => {}
            }
        }
        if params.len() > MAX_PARAMS {
            return Err(SqlError::new(
                format!(
                    "the statement has {} binds, {MAX_PARAMS} are allowed",
                    params.len()
                ),
                "split it into several statements",
            ));
        }
        let spans = tokens.iter().map(|token| token.span).collect();
        Ok(Self {
            params,
            words,
            spans,
        })
    }

    /// How many binds there are.
    pub(crate) fn params(&self) -> usize {
        self.params.len()
    }

    pub(crate) fn param_at(&self, location: Location) -> Option<usize> {
        self.params.get(&location).copied()
    }

    /// The token that begins at a place.
    pub(crate) fn span_at(&self, location: Location) -> Span {
        match self
            .spans
            .binary_search_by_key(&location, |span| span.start)
        {
            Ok(at) => self.spans[at],
            Err(_) => Span::new(location, location),
        }
    }

    /// The first place at or after `from` of the words in capitals that `what` begins with: of all in a row, or of the last.
    pub(crate) fn find(&self, what: &str, from: Location) -> Option<Span> {
        let wanted: Vec<_> = what
            .split(' ')
            .take_while(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase()))
            .collect();
        let last = wanted.len().checked_sub(1)?;
        let after = self.words.partition_point(|(_, span)| span.start < from);
        let words = &self.words[after..];
        let in_a_row = words
            .windows(wanted.len())
            .find(|window| {
                window
                    .iter()
                    .map(|(word, _)| word.as_str())
                    .eq(wanted.iter().copied())
            })
            .map(|window| Span::new(window[0].1.start, window[last].1.end));
        in_a_row.or_else(|| {
            let (_, span) = words.iter().find(|(word, _)| word == wanted[last])?;
            Some(*span)
        })
    }
}

fn other_placeholder(text: &str) -> SqlError {
    SqlError::new(
        format!("`{text}` is no placeholder here"),
        "write `?` for each bind, in the order of the values; it is numbered for the database",
    )
}
