//! From text to a parsed statement, within limits.

mod limits;
mod message;
mod tokens;

use sqlparser::{
    ast,
    parser::Parser,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

pub use self::limits::{MAX_BYTES, MAX_DEPTH, MAX_PARAMS, MAX_WORDS};
pub(crate) use self::tokens::Tokens;
use crate::{SqlError, dialect::Common, source::Source};

/// A statement, and what its tokens tell beside it.
pub(crate) struct Parsed {
    pub(crate) statement: ast::Statement,
    pub(crate) tokens: Tokens,
}

pub(crate) fn parse(sql: &str, source: &Source<'_>) -> Result<Parsed, SqlError> {
    limits::check_length(sql)?;
    let tokens = Tokenizer::new(&Common, sql)
        .tokenize_with_location()
        .map_err(|error| message::of_tokenizer(&error, source))?;
    limits::check_tokens(&tokens, source)?;
    check_verb(&tokens, source)?;
    let known = Tokens::read(&tokens, source)?;

    let mut parser = Parser::new(&Common)
        .with_recursion_limit(limits::RECURSION)
        .with_tokens_with_locations(tokens);
    let statement = parser
        .parse_statement()
        .map_err(|error| message::of_parser(&error, &known, source))?;
    let _ = parser.consume_token(&Token::SemiColon);
    let rest = parser.peek_token_ref();
    if rest.token != Token::EOF {
        return Err(trailing(rest, source));
    }
    Ok(Parsed {
        statement,
        tokens: known,
    })
}

/// Only statements that start like the four we know are parsed at all: the parser knows hundreds.
fn check_verb(tokens: &[TokenWithSpan], source: &Source<'_>) -> Result<(), SqlError> {
    let Some(first) = tokens.iter().find(|token| !limits::is_blank(&token.token)) else {
        return Err(SqlError::new(
            "the statement is empty",
            "write one SELECT, INSERT, UPDATE or DELETE",
        ));
    };
    let verb = match &first.token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        other => other.to_string(),
    };
    let help = match verb.as_str() {
        "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH" => return Ok(()),
        "REPLACE" => {
            "it may delete another row; write INSERT … ON CONFLICT (tenant_id, …) DO UPDATE"
        }
        "(" => "start with SELECT; parentheses around the whole statement are not needed",
        "VALUES" => "write SELECT, with (VALUES …) AS v in FROM",
        "MERGE" => "write INSERT … ON CONFLICT (tenant_id, …) DO UPDATE",
        "CREATE" | "ALTER" | "DROP" | "TRUNCATE" => "change the schema in a migration",
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => {
            "the transaction is begun and ended by the code around the statement"
        }
        _ => "write one SELECT, INSERT, UPDATE or DELETE",
    };
    Err(
        SqlError::new(format!("`{verb}` is not a statement that may be run"), help)
            .at(source.range(first.span)),
    )
}

fn trailing(token: &TokenWithSpan, source: &Source<'_>) -> SqlError {
    let error = match &token.token {
        Token::SemiColon => SqlError::new("a second `;`", "end the statement with one `;` or none"),
        Token::Word(word)
            if word.value.eq_ignore_ascii_case("limit")
                || word.value.eq_ignore_ascii_case("order") =>
        {
            SqlError::new(
                format!("`{word}` cannot stand here"),
                "SQLite and PostgreSQL know ORDER BY and LIMIT in SELECT only; select the keys in a subquery",
            )
        }
        other => SqlError::new(
            format!("unexpected `{other}` after the end of the statement"),
            "write one statement, in the syntax that SQLite and PostgreSQL share",
        ),
    };
    error.at(source.range(token.span))
}
