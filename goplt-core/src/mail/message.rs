//! [`Mail`]: a message, and its text by RFC 5322.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::fmt::rfc2822::DateTimePrinter;

use super::Address;
use crate::Timestamp;

/// A plain text to one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    id: String,
    to: Address,
    subject: String,
    text: String,
}

/// RFC 5322 §2.1.1.
const MAX_LINE: usize = 998;
/// So many bytes of a subject make an encoded word of at most 75 characters (RFC 2047 §2).
const WORD: usize = 42;

impl Mail {
    /// A mail. `id` is the same whenever the same mail is sent again, such as that of the job that sends it; it
    /// becomes part of the `Message-ID`. Control characters of the subject become spaces.
    #[must_use]
    pub fn new(
        id: impl fmt::Display,
        to: Address,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        Self {
            id: id.to_string().replace(|c| !allowed(c), "-"),
            to,
            subject: subject.into().replace(char::is_control, " "),
            text: text.into(),
        }
    }

    /// Of `[A-Za-z0-9-]`: a name for a file, too.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who gets it.
    #[must_use]
    pub const fn to(&self) -> &Address {
        &self.to
    }

    /// What it is about, in one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole message with its headers, as RFC 5322 has it.
    #[must_use]
    pub fn to_rfc5322(&self, from: &Address, date: Timestamp) -> String {
        let domain = from.as_str().rsplit_once('@').map_or("", |(_, at)| at);
        let (encoding, body) = body(&self.text);
        format!(
            "Date: {}\r\nFrom: {from}\r\nTo: {}\r\nMessage-ID: <{}@{domain}>\r\nSubject: {}\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: {encoding}\r\nAuto-Submitted: auto-generated\r\n\r\n{body}",
            written(date),
            self.to,
            self.id,
            subject(&self.subject),
        )
    }
}

/// Without the text: it may hold a token.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("id", &self.id)
            .field("to", &self.to)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

fn written(date: Timestamp) -> String {
    let date = jiff::Timestamp::from_microsecond(date.as_micros()).unwrap_or_default();
    DateTimePrinter::new()
        .timestamp_to_string(&date)
        .unwrap_or_default()
}

/// As it is where that can be, else in encoded words, one a line.
fn subject(text: &str) -> String {
    let plain = |c: char| c == ' ' || c.is_ascii_graphic();
    if text.chars().all(plain) && text.len() <= 60 && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        if words
            .last()
            .is_some_and(|word| word.len() + c.len_utf8() > WORD)
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word)))
        .collect();
    words.join("\r\n ")
}

/// The name of the encoding, and the encoded text with the line ends of mail.
fn body(text: &str) -> (&'static str, String) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let plain = |c: char| matches!(c, '\n' | '\t' | ' ') || c.is_ascii_graphic();
    if text.chars().all(plain) && text.lines().all(|line| line.len() <= MAX_LINE) {
        let lines = text.lines().map(|line| format!("{line}\r\n"));
        return ("7bit", lines.collect());
    }
    let encoded = BASE64_STANDARD.encode(text.replace('\n', "\r\n"));
    let lines = encoded.as_bytes().chunks(76).map(|line| {
        // INVARIANT: base64 is ASCII.
        format!("{}\r\n", String::from_utf8_lossy(line))
    });
    ("base64", lines.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mail(subject: &str, text: &str) -> String {
        let to = "ada@example.org".parse().unwrap();
        let date = "2026-03-01T12:00:00Z".parse().unwrap();
        Mail::new("job/1", to, subject, text).to_rfc5322(&"goplt@localhost".parse().unwrap(), date)
    }

    #[test]
    fn a_plain_mail_reads_as_it_was_written() {
        assert_eq!(
            mail("Welcome", "Hello,\nada.\n"),
            "Date: Sun, 1 Mar 2026 12:00:00 -0000\r\nFrom: goplt@localhost\r\nTo: ada@example.org\r\n\
             Message-ID: <job-1@localhost>\r\nSubject: Welcome\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\
             Auto-Submitted: auto-generated\r\n\r\nHello,\r\nada.\r\n"
        );
    }

    #[test]
    fn what_is_not_ascii_is_encoded() {
        let text = mail("Grüße", "Schöne Grüße");
        assert!(
            text.contains("Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"),
            "{text}"
        );
        assert!(text.ends_with("\r\n\r\nU2Now7ZuZSBHcsO8w59l\r\n"), "{text}");
        let long = mail(&"ü".repeat(100), "x");
        assert!(
            long.lines()
                .all(|line| line.len() <= 78 + "Subject: ".len()),
            "{long}"
        );
    }

    #[test]
    fn no_text_reaches_a_log() {
        let mail = Mail::new(1, "ada@example.org".parse().unwrap(), "s", "secret");
        assert!(!format!("{mail:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn nothing_from_outside_makes_a_header_or_a_body(subject in any::<String>(), text in any::<String>()) {
            let written = mail(&subject, &text);
            let (headers, body) = written.split_once("\r\n\r\n").unwrap();
            let names: Vec<_> = headers
                .split("\r\n")
                .filter(|line| !line.starts_with(' '))
                .map(|line| line.split_once(':').unwrap().0)
                .collect();
            prop_assert_eq!(
                names,
                ["Date", "From", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type",
                 "Content-Transfer-Encoding", "Auto-Submitted"]
            );
            prop_assert!(written.is_ascii());
            let bare = body.replace("\r\n", "");
            prop_assert!(!bare.contains('\r') && !bare.contains('\n'));
        }

        #[test]
        fn an_address_is_one_address(local in any::<String>()) {
            if let Ok(address) = format!("{local}@example.org").parse::<Address>() {
                let written = address.to_string();
                prop_assert!(!written.chars().any(|c| c.is_whitespace() || c.is_control()));
                let unquoted = written.strip_suffix("@example.org").unwrap();
                prop_assert!(!unquoted.contains(',') || unquoted.starts_with('"'));
            }
        }
    }
}
