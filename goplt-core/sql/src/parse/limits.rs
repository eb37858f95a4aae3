use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::{SqlError, source::Source};

/// The longest statement, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// The most words and operators in a statement; commas, parentheses, literals and binds are not counted.
///
/// A chain such as `a AND b AND …` is as deep a tree as it has operators, so this bounds the stack.
pub const MAX_WORDS: usize = 4_000;

/// The most binds in a statement: what SQLite allows, less one for the tenant.
pub const MAX_PARAMS: usize = 32_765;

/// The deepest nesting of parentheses and of `CASE`.
pub const MAX_DEPTH: usize = 24;

/// The parser's own counter runs several times per level; this is above what `MAX_DEPTH` levels can need.
pub(super) const RECURSION: usize = 100;

pub(super) fn check_length(sql: &str) -> Result<(), SqlError> {
    if sql.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(SqlError::new(
        format!(
            "the statement has {} bytes, {MAX_BYTES} are allowed",
            sql.len()
        ),
        "bind the values, or split the work into several statements",
    ))
}

pub(super) fn check_tokens(tokens: &[TokenWithSpan], source: &Source<'_>) -> Result<(), SqlError> {
    let (mut words, mut depth) = (0_usize, 0_usize);
    for TokenWithSpan { token, span } in tokens {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Word(word)
                if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("case") =>
            {
                depth += 1;
                words += 1;
            }
            Token::Word(word)
                if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("end") =>
            {
                depth = depth.saturating_sub(1);
                words += 1;
            }
            Token::Comma
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_) => {}
            blank if is_blank(blank) => {}
            _ => words += 1,
        }
        if depth > MAX_DEPTH {
            return Err(SqlError::new(
                format!("the statement is nested more than {MAX_DEPTH} levels deep"),
                "flatten it, for instance with WITH",
            )
            .at(source.range(*span)));
        }
        if words > MAX_WORDS {
            return Err(SqlError::new(
                format!("the statement has more than {MAX_WORDS} words and operators"),
                "split it into several statements",
            )
            .at(source.range(*span)));
        }
    }
    Ok(())
}

pub(super) fn is_blank(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_) | Token::EOF)
}
