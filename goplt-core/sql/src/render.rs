use std::{fmt::Write as _, ops::Range};

use crate::SqlError;

pub(crate) fn render(error: &SqlError, sql: &str) -> String {
    let mut text = format!("error: {}", error.message());
    let margin = match error.span().and_then(|span| place(sql, &span)) {
        Some(place) => draw(&mut text, &place),
        None => 1,
    };
    // Writing to a String cannot fail.
    let _ = write!(text, "\n{:margin$} = help: {}", "", error.help());
    text
}

/// The line of the span, cut into what is before it, in it and after it.
struct Place<'a> {
    number: usize,
    before: &'a str,
    marked: &'a str,
    after: &'a str,
}

fn place<'a>(sql: &'a str, span: &Range<usize>) -> Option<Place<'a>> {
    let (head, tail) = (sql.get(..span.start)?, sql.get(span.start..)?);
    let marked = sql.get(span.start..span.end)?;
    let start = head.rfind('\n').map_or(0, |at| at + 1);
    let end = span.start + tail.find('\n').unwrap_or(tail.len());
    let marked_end = span.start + marked.find('\n').unwrap_or(marked.len());
    Some(Place {
        number: head.matches('\n').count() + 1,
        before: sql.get(start..span.start)?,
        marked: sql.get(span.start..marked_end)?,
        after: sql.get(marked_end..end)?,
    })
}

/// Draws three lines and returns the width of the line number.
fn draw(text: &mut String, place: &Place<'_>) -> usize {
    let number = place.number.to_string();
    let margin = number.len();
    let [before, marked, after] = [place.before, place.marked, place.after].map(shown);
    let before = last_chars(&before, CONTEXT);
    let marked = first_chars(&marked, 2 * CONTEXT);
    let after = first_chars(&after, CONTEXT);
    let carets = "^".repeat(width(&marked).max(1));
    let pad = " ".repeat(width(&before));
    let line = format!("{before}{marked}{after}");
    let _ = write!(
        text,
        "\n{:margin$} |\n{number} | {}\n{:margin$} | {pad}{carets}",
        "",
        line.trim_end(),
        "",
    );
    margin
}

/// How many characters are shown on either side of the place.
const CONTEXT: usize = 60;

fn first_chars(text: &str, count: usize) -> String {
    match text.char_indices().nth(count) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn last_chars(text: &str, count: usize) -> String {
    match text.char_indices().nth_back(count) {
        Some((at, c)) => format!("…{}", &text[at + c.len_utf8()..]),
        None => text.to_owned(),
    }
}

/// Tabs as four spaces, other control characters as the replacement character: a terminal shows what we counted.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push_str("    "),
            '\r' => {}
            c if c.is_control() => shown.push(char::REPLACEMENT_CHARACTER),
            c => shown.push(c),
        }
    }
    shown
}

fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Columns in a terminal: the wide blocks of East Asian scripts and emoji take two, combining marks none.
fn columns(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}
