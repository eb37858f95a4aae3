//! Literals are written from their value, so that no quoting of the source reaches a database.

use sqlparser::ast::{Value, ValueWithSpan};

use super::{Writer, Written, refused};
use crate::SqlError;

impl Writer<'_> {
    pub(super) fn value(&mut self, value: &ValueWithSpan) -> Written {
        let ValueWithSpan { value, span } = value;
        let written = match value {
            Value::Placeholder(_) => match self.tokens.param_at(span.start) {
                Some(number) => {
                    self.params_written += 1;
                    self.out.param(number);
                    Ok(())
                }
                None => Err(refused("this placeholder", "write `?` for each bind")),
            },
            Value::Number(digits, long) => self.number(digits, *long),
            Value::SingleQuotedString(text) => self.string(text),
            Value::Boolean(true) => {
                self.text("TRUE");
                Ok(())
            }
            Value::Boolean(false) => {
                self.text("FALSE");
                Ok(())
            }
            Value::Null => {
                self.text("NULL");
                Ok(())
            }
            Value::HexStringLiteral(_) => {
                Err(refused("a literal of bytes", "bind the bytes with `?`"))
            }
            Value::DollarQuotedString(_)
            | Value::TripleSingleQuotedString(_)
            | Value::TripleDoubleQuotedString(_)
            | Value::EscapedStringLiteral(_)
            | Value::UnicodeStringLiteral(_)
            | Value::SingleQuotedByteStringLiteral(_)
            | Value::DoubleQuotedByteStringLiteral(_)
            | Value::TripleSingleQuotedByteStringLiteral(_)
            | Value::TripleDoubleQuotedByteStringLiteral(_)
            | Value::SingleQuotedRawStringLiteral(_)
            | Value::DoubleQuotedRawStringLiteral(_)
            | Value::TripleSingleQuotedRawStringLiteral(_)
            | Value::TripleDoubleQuotedRawStringLiteral(_)
            | Value::NationalStringLiteral(_)
            | Value::QuoteDelimitedStringLiteral(_)
            | Value::NationalQuoteDelimitedStringLiteral(_)
            | Value::DoubleQuotedString(_) => Err(refused(
                "this kind of string",
                "write it in single quotes: 'text'",
            )),
        };
        written.map_err(|error| error.at(self.range(*span)))
    }

    fn number(&mut self, digits: &str, long: bool) -> Written {
        let plain = digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
        if long || !plain || !digits.bytes().any(|b| b.is_ascii_digit()) {
            return Err(refused(
                format_args!("the number `{digits}`"),
                "write it in decimal digits",
            ));
        }
        self.text(digits);
        Ok(())
    }

    /// PostgreSQL reads a backslash in a plain string as an escape when an old setting is on; `E'…'` means the same always.
    pub(super) fn string(&mut self, text: &str) -> Result<(), SqlError> {
        if text.contains('\0') {
            return Err(refused(
                "a NUL character",
                "PostgreSQL's strings cannot hold it; bind bytes with `?`",
            ));
        }
        let quoted = text.replace('\'', "''");
        if text.contains('\\') {
            let escaped = quoted.replace('\\', "\\\\");
            self.out
                .split(&format!("'{quoted}'"), &format!("E'{escaped}'"));
        } else {
            self.text(&format!("'{quoted}'"));
        }
        Ok(())
    }
}
