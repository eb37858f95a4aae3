//! Recognises the two mistakes that YAML's own messages explain worst.

use super::{Mark, YamlError};

/// Turns the scanner's complaint into ours, with the mend when the line shows a well-known trap.
pub(super) fn explain(text: &str, mark: Mark, info: &str) -> YamlError {
    let line = text
        .lines()
        .nth(mark.line.saturating_sub(1))
        .unwrap_or_default();
    if let Some((column, token)) = unquoted_braces(line) {
        let place = Mark {
            line: mark.line,
            column,
        };
        return YamlError::new(
            place,
            format!("`{token}` must be quoted: `{{` begins a map"),
        )
        .with_help(format!("write \"{token}\""));
    }
    if let Some((column, token)) = unquoted_star(line) {
        let place = Mark {
            line: mark.line,
            column,
        };
        return YamlError::new(
            place,
            format!("`{token}` must be quoted: `*` begins an alias"),
        )
        .with_help(format!("write \"{token}\""));
    }
    let error = YamlError::new(mark, format!("not valid YAML: {info}"));
    if line.trim_start().starts_with('\t') || line.starts_with('\t') {
        return error.with_help("indent with spaces, not tabs");
    }
    error
}

/// A path such as `/posts/{id}` outside quotes, in flow style: its column and text.
fn unquoted_braces(line: &str) -> Option<(usize, String)> {
    words(line)
        .find(|(_, word)| {
            let path = word.trim_end_matches(['}', ']']);
            path.starts_with('/') && path.contains('{')
        })
        .map(|(column, word)| (column, balanced(word).to_owned()))
}

/// A pattern such as `*` outside quotes, at the beginning of a word.
fn unquoted_star(line: &str) -> Option<(usize, String)> {
    words(line)
        .find(|(_, word)| word.starts_with('*'))
        .map(|(column, word)| (column, word.trim_end_matches(['}', ']']).to_owned()))
}

/// The unquoted words of a line with their columns; flow punctuation around words is cut off.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut quote = None;
    let mut start = None;
    let mut found = Vec::new();
    for (index, character) in line.char_indices().chain([(line.len(), ' ')]) {
        if let Some(open) = quote {
            if character == open {
                quote = None;
            }
            continue;
        }
        let inside = start.is_some();
        match character {
            '"' | '\'' if !inside => quote = Some(character),
            ' ' | '\t' | ',' => {
                if let Some(begin) = start.take() {
                    found.push((column(line, begin), &line[begin..index]));
                }
            }
            '[' | '{' if !inside => {}
            '#' if !inside => break,
            _ if !inside => start = Some(index),
            _ => {}
        }
    }
    found.into_iter()
}

fn column(line: &str, index: usize) -> usize {
    line[..index].chars().count() + 1
}

/// The word up to its last closing brace that has an opening one.
fn balanced(word: &str) -> &str {
    let mut depth = 0_usize;
    for (index, character) in word.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return &word[..index],
            '}' => depth -= 1,
            ']' if depth == 0 => return &word[..index],
            _ => {}
        }
    }
    word
}
