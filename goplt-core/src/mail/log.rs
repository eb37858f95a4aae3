//! [`LogMailer`] and [`NoMailer`]: where no mail leaves the process.

use futures_core::future::BoxFuture;

use super::{Mail, MailError, Mailer};

/// Writes a line for each mail, with recipient and subject: the text may hold a token.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct LogMailer;

/// Sends nothing and says nothing.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct NoMailer;

impl LogMailer {
    /// The mailer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl NoMailer {
    /// The mailer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Mailer for LogMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        tracing::warn!(
            mail = mail.id(),
            to = mail.to().as_str(),
            subject = mail.subject(),
            "a mail was not sent: `mail.transport` is `log`"
        );
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Mailer for NoMailer {
    fn send<'a>(&'a self, _: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
