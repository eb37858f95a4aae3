use std::ops::Range;

use sqlparser::tokenizer::{Location, Span};

/// The source SQL, with the way from the parser's lines and columns back to bytes.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            text,
            lines: lines.collect(),
        }
    }

    /// The bytes of a span; `None` for the empty span that the parser gives to what it made up.
    pub(crate) fn range(&self, span: Span) -> Option<Range<usize>> {
        let start = self.offset(span.start)?;
        let end = self.offset(span.end).unwrap_or(start);
        let one = self
            .text
            .get(start..)?
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        Some(start..end.max(start + one))
    }

    /// The place of a single character.
    pub(crate) fn range_at(&self, location: Location) -> Option<Range<usize>> {
        self.range(Span::new(location, location))
    }

    /// The place where the text ends.
    pub(crate) fn end(&self) -> Range<usize> {
        self.text.len()..self.text.len()
    }

    /// The parser counts lines and characters from 1; 0 stands for "nowhere".
    fn offset(&self, location: Location) -> Option<usize> {
        let line = usize::try_from(location.line.checked_sub(1)?).ok()?;
        let column = usize::try_from(location.column.checked_sub(1)?).ok()?;
        let start = *self.lines.get(line)?;
        let rest = self.text.get(start..)?;
        let within = rest
            .char_indices()
            .nth(column)
            .map_or(rest.len(), |(at, _)| at);
        Some(start + within)
    }
}
