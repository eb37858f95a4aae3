//! The grammar of a route's path.

use super::routes::is_snake_case;

/// What is wrong, and the mend.
type Refusal = (String, Option<String>);

/// Checks a path: `/`, or segments that are literal, `{name}`, or at the end `{*name}`.
pub(super) fn check(path: &str) -> Result<(), Refusal> {
    let shown = crate::error::shorten(path);
    let Some(rest) = path.strip_prefix('/') else {
        return refuse(
            format!("path `{shown}` does not begin with `/`"),
            format!("write \"/{path}\""),
        );
    };
    if rest.is_empty() {
        return Ok(());
    }
    if path.len() > MAX_LENGTH {
        return Err((
            format!("the path is longer than {MAX_LENGTH} characters"),
            None,
        ));
    }
    if path.contains("//") {
        let mut mended = path.to_owned();
        while mended.contains("//") {
            mended = mended.replace("//", "/");
        }
        return refuse(
            format!("path `{shown}` has an empty segment"),
            format!("write \"{mended}\""),
        );
    }
    if path.ends_with('/') {
        let mended = path.trim_end_matches('/');
        return refuse(
            format!("path `{shown}` ends with `/`"),
            format!("write \"{mended}\""),
        );
    }
    let mut names = Vec::new();
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        let Some(name) = parameter(&shown, segment, last)? else {
            continue;
        };
        if names.contains(&name) {
            let message = format!("path `{shown}` has two parameters called `{name}`");
            return refuse(message, "give them different names".to_owned());
        }
        names.push(name);
    }
    Ok(())
}

/// The path with its parameters' names removed: equal for paths that match the same requests.
pub(super) fn shape(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        if segment.starts_with("{*") {
            "{*}"
        } else if segment.starts_with('{') {
            "{}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

const MAX_LENGTH: usize = 1024;

/// The name of the segment's parameter, or nothing for a literal segment.
fn parameter<'p>(path: &str, segment: &'p str, last: bool) -> Result<Option<&'p str>, Refusal> {
    if let Some(name) = segment.strip_prefix(':').filter(|name| is_snake_case(name)) {
        let message = format!("path `{path}` writes a parameter as `:{name}`");
        return refuse(message, format!("write {{{name}}}"));
    }
    if let Some(name) = segment.strip_prefix('*') {
        let message = format!("path `{path}` writes a parameter as `*{name}`");
        return refuse(message, format!("write {{*{name}}}"));
    }
    let inner = segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let Some(inner) = inner else {
        return literal(path, segment).map(|()| None);
    };
    let rest = inner.strip_prefix('*');
    let name = rest.unwrap_or(inner);
    if !is_snake_case(name) {
        let name = crate::error::shorten(name);
        let message =
            format!("path `{path}` has a parameter `{name}` that is not `[a-z][a-z0-9_]*`");
        return Err((message, None));
    }
    if rest.is_some() && !last {
        let message =
            format!("path `{path}` goes on after `{{*{name}}}`, which takes the whole rest");
        return refuse(message, format!("write {{{name}}} for one segment"));
    }
    Ok(Some(name))
}

/// RFC 3986 §3.3 without percent escapes, which two spellings would make two paths of one.
fn literal(path: &str, segment: &str) -> Result<(), Refusal> {
    if segment.contains(['{', '}']) {
        let message =
            format!("path `{path}` has a parameter that is not a whole segment: `{segment}`");
        return refuse(message, "put a `/` on both sides of {…}".to_owned());
    }
    if segment == "." || segment == ".." {
        return Err((format!("path `{path}` has a segment `{segment}`"), None));
    }
    let stray = segment.chars().find(|character| {
        !character.is_ascii_alphanumeric() && !"-._~!$&'()+,;=:@".contains(*character)
    });
    match stray {
        None => Ok(()),
        Some('?') => {
            let message = format!("path `{path}` holds a query");
            refuse(
                message,
                "end the path before `?`: handlers read the query".to_owned(),
            )
        }
        Some(stray) => {
            let stray = stray.escape_debug();
            let message = format!("path `{path}` holds `{stray}`, which no path may");
            Err((message, None))
        }
    }
}

fn refuse<T>(message: String, help: String) -> Result<T, Refusal> {
    Err((message, Some(help)))
}
