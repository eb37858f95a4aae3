//! Recognises the two mistakes that YAML's own messages explain worst.

use super::{Mark, YamlError};

/// Turns the scanner's complaint into ours, with the mend when the line shows a well-known trap.
pub(super) fn explain(text: &str, mark: Mark, info: &str) -> YamlError {
    if info.contains("recursion limit") {
        return too_deep(mark);
    }
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
    let help = [
        ("tab", "indent with spaces, not tabs"),
        ("quoted scalar", "close the quotes"),
        (
            "flow sequence",
            "close the list that `[` opened, and quote a text that holds `{`, `[` or `: `",
        ),
        (
            "flow mapping",
            "close the map that `{` opened, and quote a text that holds `{`, `[` or `: `",
        ),
    ];
    match help.iter().find(|(word, _)| info.contains(word)) {
        Some((_, help)) => error.with_help(*help),
        None => error,
    }
}

/// Nesting beyond [`MAX_DEPTH`](super::MAX_DEPTH); the scanner, which runs ahead of the reader, has a limit of its own.
pub(super) fn too_deep(mark: Mark) -> YamlError {
    let most = super::MAX_DEPTH;
    YamlError::new(
        mark,
        format!("lists and maps are nested deeper than {most}"),
    )
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

/// A pattern such as `*` or a cron expression outside quotes, at the beginning of a word.
fn unquoted_star(line: &str) -> Option<(usize, String)> {
    let (column, word) = words(line).find(|(_, word)| word.starts_with('*'))?;
    let rest: String = line.chars().skip(column - 1).collect();
    // The fields of a cron expression are words of their own.
    let end = rest.find([',', '}', ']', '#']).unwrap_or(rest.len());
    let whole = match line.contains("cron") {
        true => rest[..end].trim_end(),
        false => word.trim_end_matches(['}', ']']),
    };
    Some((column, whole.to_owned()))
}

/// The unquoted words of a line with their columns; flow punctuation around words is cut off.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut quote = None;
    let mut start: Option<(usize, usize)> = None;
    let mut found = Vec::new();
    for (column, (index, character)) in line.char_indices().chain([(line.len(), ' ')]).enumerate() {
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
                if let Some((column, begin)) = start.take() {
                    found.push((column, &line[begin..index]));
                }
            }
            '[' | '{' if !inside => {}
            '#' if !inside => break,
            _ if !inside => start = Some((column + 1, index)),
            _ => {}
        }
    }
    found.into_iter()
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
