//! Mail: what is sent, as one message, and who sends it.
//!
//! A [`Mailer`] takes a [`Mail`] and delivers it, or says why not. It is called by jobs, never by a
//! request: a job is enqueued in the transaction that wants the mail, so that a crash loses none and
//! no caller waits for a mail server. Delivery is at least once.
//!
//! | `mail.transport` | what becomes of a mail |
//! |---|---|
//! | `file` | a file in the folder `mail` of the data folder, to be read by the developer; the default in development |
//! | `log` | a line that names recipient and subject, and never the text; the default elsewhere |
//! | `none` | nothing |
//!
//! An assembly brings another, such as one that speaks SMTP, by implementing [`Mailer`].
//!
//! # Threats
//!
//! What comes from users cannot add a header or a recipient: an [`Address`] is parsed and written with
//! quotes where it must be, and a subject with anything but printable ASCII is encoded. Texts hold
//! tokens: files are readable by their owner alone, and nothing logs a text.
//!
//! # Examples
//!
//! ```
//! use goplt_core::{Timestamp, mail::{Address, Mail}};
//!
//! let to: Address = "ada@example.org".parse()?;
//! let mail = Mail::new("welcome-1", to, "Hello\r\nBcc: eve@example.org", "Good to have you.");
//! let text = mail.to_rfc5322(&"goplt@localhost".parse()?, Timestamp::from_micros(0));
//! assert!(text.contains("To: ada@example.org\r\n"));
//! assert!(!text.contains("\r\nBcc:"));
//! # Ok::<_, goplt_core::mail::AddressError>(())
//! ```

mod address;
mod configured;
mod file;
mod log;
mod message;

use std::{fmt, sync::Arc};

use futures_core::future::BoxFuture;

use crate::{BoxError, Code};

pub use self::{
    address::{Address, AddressError},
    configured::configured,
    file::FileMailer,
    log::{LogMailer, NoMailer},
    message::Mail,
};

/// Delivers mail.
///
/// Called at once from many tasks. A mail may come twice with the same id, when the process died
/// after it was sent.
pub trait Mailer: fmt::Debug + Send + Sync + 'static {
    /// Delivers one mail, or hands it over to somebody who answers for it.
    ///
    /// # Errors
    ///
    /// [`MailError`]: nothing was handed over, and may be tried again.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves it open whether the mail was sent.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>>;
}

const _: Option<&dyn Mailer> = None;

/// A mail was not handed over.
#[derive(Debug, thiserror::Error)]
#[error("the mail was not sent")]
pub struct MailError {
    #[source]
    source: BoxError,
}

// === impl MailError ===

impl MailError {
    /// For this reason.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
        }
    }

    /// [`Code::Unavailable`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::Unavailable
    }
}

impl<T: ?Sized + Mailer> Mailer for Arc<T> {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        (**self).send(mail)
    }
}
