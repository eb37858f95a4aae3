//! What a user may be called, and what a password must be: parsed, or a list of broken rules.

use std::fmt;

use goplt_core::{mail::Address, problem::Violation};
use secrecy::{ExposeSecret as _, SecretString};

/// An email address in lower case, of a plausible form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Email(String);

/// How a user wishes to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DisplayName(String);

/// A password that is long enough, to be hashed.
#[derive(Clone)]
pub(super) struct NewPassword(SecretString);

/// Everything that makes a user.
#[derive(Debug)]
pub(super) struct NewUser {
    pub(super) email: Email,
    pub(super) password: NewPassword,
    pub(super) name: Option<DisplayName>,
}

/// What changes of a user.
#[derive(Debug)]
pub(super) struct UserChange {
    pub(super) email: Option<Email>,
    pub(super) name: Option<DisplayName>,
}

const MAX_NAME_CHARS: usize = 200;
const MIN_PASSWORD_CHARS: usize = 12;
/// Argon2 takes more; nobody types it.
pub(super) const MAX_PASSWORD_BYTES: usize = 1024;

impl Email {
    /// Refuses what cannot be an address; whether one exists only a mail to it tells.
    pub(super) fn parse(field: &'static str, text: &str) -> Result<Self, Violation> {
        let email = Self::fold(text);
        match email.0.parse::<Address>() {
            Ok(_) => Ok(email),
            Err(_) => Err(Violation::new(field, "must be an email address")),
        }
    }

    /// As it is compared: for looking one up, whatever it is. No column holds NUL, so what has one
    /// is as good as nothing.
    pub(super) fn fold(text: &str) -> Self {
        let known = !text.contains('\0');
        Self(if known {
            text.to_lowercase()
        } else {
            String::new()
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl DisplayName {
    pub(super) fn parse(field: &'static str, text: &str) -> Result<Self, Violation> {
        let name = text.trim();
        if name.is_empty()
            || name.chars().count() > MAX_NAME_CHARS
            || name.chars().any(char::is_control)
        {
            let rule = format!(
                "must have 1 to {MAX_NAME_CHARS} characters, none of them control characters"
            );
            return Err(Violation::new(field, rule));
        }
        Ok(Self(name.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl NewPassword {
    pub(super) fn parse(field: &'static str, text: String) -> Result<Self, Violation> {
        if text.chars().count() < MIN_PASSWORD_CHARS {
            let rule = format!("must have at least {MIN_PASSWORD_CHARS} characters");
            return Err(Violation::new(field, rule));
        }
        if text.len() > MAX_PASSWORD_BYTES {
            let rule = format!("must have at most {MAX_PASSWORD_BYTES} bytes");
            return Err(Violation::new(field, rule));
        }
        Ok(Self(text.into()))
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword([redacted])")
    }
}

impl NewUser {
    /// Finds everything that is wrong at once.
    pub(super) fn parse(
        email: &str,
        password: String,
        name: Option<&str>,
    ) -> Result<Self, Vec<Violation>> {
        let email = Email::parse("email", email);
        let password = NewPassword::parse("password", password);
        let name = name
            .map(|name| DisplayName::parse("name", name))
            .transpose();
        match (email, password, name) {
            (Ok(email), Ok(password), Ok(name)) => Ok(Self {
                email,
                password,
                name,
            }),
            (email, password, name) => Err([email.err(), password.err(), name.err()]
                .into_iter()
                .flatten()
                .collect()),
        }
    }
}

impl UserChange {
    /// Finds everything that is wrong at once.
    pub(super) fn parse(email: Option<&str>, name: Option<&str>) -> Result<Self, Vec<Violation>> {
        let email = email.map(|email| Email::parse("email", email)).transpose();
        let name = name
            .map(|name| DisplayName::parse("name", name))
            .transpose();
        match (email, name) {
            (Ok(email), Ok(name)) => Ok(Self { email, name }),
            (email, name) => Err([email.err(), name.err()].into_iter().flatten().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn emails_are_kept_in_lower_case() {
        assert_eq!(
            Email::parse("email", "Ada@Example.ORG").unwrap().as_str(),
            "ada@example.org"
        );
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@c.d",
            "a@b@c",
            "a@b..c",
            "a@.b",
            "a\0@b",
            &long,
        ] {
            assert!(Email::parse("email", bad).is_err(), "{bad}");
        }
        for good in ["a@b", "ada.l+x@mail.example.org", "ädä@exämple.org"] {
            assert!(Email::parse("email", good).is_ok(), "{good}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = NewUser::parse("ada", "short".into(), Some("")).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(Violation::field).collect();
        assert_eq!(fields, ["email", "password", "name"]);
    }

    #[test]
    fn a_password_counts_characters_and_is_never_shown() {
        assert!(NewPassword::parse("password", "äöüäöüäöüäö".into()).is_err());
        let password = NewPassword::parse("password", "äöüäöüäöüäöü".into()).unwrap();
        assert!(!format!("{password:?}").contains('ä'));
        assert!(NewPassword::parse("password", "a".repeat(1025)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Email::parse("email", &text);
            let _ = DisplayName::parse("name", &text);
        }
    }
}
