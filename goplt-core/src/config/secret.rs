//! Secrets that are given by where they lie.

use std::io::Read;

use secrecy::{ExposeSecret, SecretString};

use super::Sources;

/// The secret that `file:…` or `env:…` refers to; anything else is the secret itself.
///
/// The error names the place, never the content.
pub(super) fn resolve(written: &SecretString, sources: &Sources) -> Result<SecretString, String> {
    let text = written.expose_secret();
    if let Some(path) = text.strip_prefix("file:") {
        return read(path, sources).map(SecretString::from);
    }
    if let Some(name) = text.strip_prefix("env:") {
        let variable = sources.env.iter().rev().find(|(known, _)| known == name);
        return match variable {
            Some((_, value)) => Ok(value.as_str().into()),
            None => Err(format!(
                "the variable `{}` is not set",
                super::error::shorten(name)
            )),
        };
    }
    Ok(written.clone())
}

fn read(path: &str, sources: &Sources) -> Result<String, String> {
    const MOST: u64 = 64 * 1024;
    let shown = super::error::shorten(path);
    let mut text = String::new();
    let read = std::fs::File::open(sources.working_dir.join(path))
        .and_then(|file| file.take(MOST + 1).read_to_string(&mut text));
    match read {
        Err(error) => return Err(format!("the file `{shown}` cannot be read: {error}")),
        Ok(size) if u64::try_from(size).unwrap_or(u64::MAX) > MOST => {
            return Err(format!("the file `{shown}` is larger than 64 KiB"));
        }
        Ok(_) => {}
    }
    let line_break = if text.ends_with("\r\n") {
        2
    } else {
        usize::from(text.ends_with('\n'))
    };
    text.truncate(text.len() - line_break);
    Ok(text)
}
