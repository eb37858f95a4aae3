//! [`FileMailer`]: mail as files, for whoever develops.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use futures_core::future::BoxFuture;

use super::{Address, Mail, MailError, Mailer};
use crate::Clock;

/// Writes each mail to a file of its own, `{id}.eml`, that mail programs open. The same mail sent
/// again takes the place of the first.
#[derive(Debug, Clone)]
pub struct FileMailer {
    folder: PathBuf,
    from: Address,
    clock: Clock,
}

impl FileMailer {
    /// Into this folder, which is made when the first mail comes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, from: Address, clock: Clock) -> Self {
        Self {
            folder: folder.into(),
            from,
            clock,
        }
    }
}

impl Mailer for FileMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        let text = mail.to_rfc5322(&self.from, self.clock.now());
        let (folder, id) = (self.folder.clone(), mail.id().to_owned());
        Box::pin(async move {
            let writing = tokio::task::spawn_blocking(move || write(&folder, &id, &text));
            writing
                .await
                .map_err(MailError::new)?
                .map_err(MailError::new)
        })
    }
}

/// Under another name first: who looks sees whole mails.
fn write(folder: &Path, id: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{id}.part"));
    let mut file = create(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, folder.join(format!("{id}.eml")))
}

/// For the owner alone: mails hold tokens.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_is_a_file_and_the_same_mail_the_same_file() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mail");
        let from: Address = "goplt@localhost".parse().unwrap();
        let mailer = FileMailer::new(&folder, from.clone(), Clock::system());
        for text in ["first", "second"] {
            let mail = Mail::new("../7", from.clone(), "Hello", text);
            mailer.send(&mail).await.unwrap();
        }
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].file_name(), "---7.eml");
        let text = fs::read_to_string(files[0].path()).unwrap();
        assert!(text.ends_with("\r\n\r\nsecond\r\n"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = files[0].metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let from: Address = "goplt@localhost".parse().unwrap();
        let mailer = FileMailer::new(file.path().join("mail"), from.clone(), Clock::system());
        let sent = mailer.send(&Mail::new(1, from, "Hello", "text")).await;
        assert_eq!(sent.unwrap_err().to_string(), "the mail was not sent");
    }
}
