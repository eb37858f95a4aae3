//! [`Address`]: where a mail goes.

use std::{fmt, str::FromStr};

use crate::Code;

/// An email address of a plausible form; whether somebody reads what is sent there, only a mail tells.
///
/// # Examples
///
/// ```
/// use goplt_core::mail::Address;
///
/// let odd: Address = "a,b@example.org".parse()?;
/// assert_eq!(odd.as_str(), "a,b@example.org");
/// assert_eq!(odd.to_string(), r#""a,b"@example.org"#);
/// assert!("ada@example.org\r\nBcc: eve@example.org".parse::<Address>().is_err());
/// # Ok::<_, goplt_core::mail::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(String);

/// A text is no email address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an email address has the form `name@domain`, without spaces and at most {MAX_BYTES} bytes long"
)]
pub struct AddressError;

/// RFC 5321 §4.5.3.1.3, without the brackets.
const MAX_BYTES: usize = 254;

// === impl Address ===

impl Address {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        let parts = text.rsplit_once('@').filter(|(local, domain)| {
            !local.is_empty() && !local.contains('@') && is_domain(domain)
        });
        if clean && text.len() <= MAX_BYTES && parts.is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err(AddressError)
        }
    }
}

/// As it stands in a header: with quotes where the local part needs them (RFC 5322 §3.4.1).
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        if local.split('.').all(is_atom) {
            return write!(f, "{local}@{domain}");
        }
        let quoted = local.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "\"{quoted}\"@{domain}")
    }
}

// === impl AddressError ===

impl AddressError {
    /// [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::InvalidArgument
    }
}

fn is_domain(domain: &str) -> bool {
    let holds = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || !c.is_ascii();
    domain
        .split('.')
        .all(|label| !label.is_empty() && label.chars().all(holds))
}

/// RFC 5322 §3.2.3, and what RFC 6532 adds.
fn is_atom(text: &str) -> bool {
    let holds =
        |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    !text.is_empty() && text.chars().all(holds)
}
