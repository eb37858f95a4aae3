use sqlparser::{
    dialect::Dialect,
    parser::{Parser, ParserError},
    tokenizer::Token,
};

/// What both databases can read: the parser's basic grammar with the few extensions that SQLite and PostgreSQL share.
///
/// None of the parser's own dialects will do. Each accepts much that only one database knows, and a syntax that is never
/// parsed needs no refusal later.
#[derive(Debug)]
pub(crate) struct Common;

/// `||`, `->` and `->>`: one level, from the left, in both databases. It lies above arithmetic in SQLite and below it in
/// PostgreSQL; the writer refuses to mix the two without parentheses.
const CONCATENATION: u8 = 25;

impl Dialect for Common {
    fn is_identifier_start(&self, c: char) -> bool {
        // Letters beyond ASCII are read here so that the refusal can name the whole identifier.
        c.is_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_' || c == '$'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_insert_table_alias(&self) -> bool {
        true
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        match parser.peek_token_ref().token {
            Token::StringConcat | Token::Arrow | Token::LongArrow => Some(Ok(CONCATENATION)),
            _ => None,
        }
    }
}
