//! The mailer that the configuration names.

use std::{path::Path, sync::Arc};

use super::{AddressError, FileMailer, LogMailer, Mailer, NoMailer};
use crate::{
    Clock,
    config::kernel::{MailConfig, MailTransport},
};

/// The mailer that the section `mail` names; files go into the folder `mail` of `data_dir`.
///
/// # Errors
///
/// [`AddressError`] if `mail.from` is no address.
pub fn configured(
    config: &MailConfig,
    data_dir: &Path,
    clock: Clock,
) -> Result<Arc<dyn Mailer>, AddressError> {
    let from = config.from.parse()?;
    Ok(match config.transport {
        MailTransport::File => Arc::new(FileMailer::new(data_dir.join("mail"), from, clock)),
        MailTransport::Log => Arc::new(LogMailer::new()),
        MailTransport::None => Arc::new(NoMailer::new()),
    })
}
