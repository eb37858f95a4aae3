//! What the test processes of a user know of one another: a lock, and where the server is.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use super::server::Address;
use crate::backend::Rung;

/// The file that names the server, open and locked: whoever has it may start one.
#[derive(Debug)]
pub(super) struct Shared {
    file: File,
}

impl Shared {
    /// Waits until no other process is looking for a server or starting one.
    pub(super) fn open() -> io::Result<Self> {
        let uid = tempfile::tempfile()?.metadata()?.uid();
        let folder = std::env::temp_dir().join(format!("goplt-testing-{uid}"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        if fs::metadata(&folder)?.uid() != uid {
            let message = format!("{} belongs to someone else", folder.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("postgres"))?;
        file.lock()?;
        Ok(Self { file })
    }

    /// The server that some process has started; it may be gone.
    pub(super) fn server(&mut self) -> Option<Address> {
        let text = self.text()?;
        let mut lines = text.lines();
        let rung = Rung::parse(lines.next()?)?;
        Address::parse(lines.next()?, rung)
    }

    pub(super) fn remember(&mut self, address: &Address) -> io::Result<()> {
        let folder = self.folder().unwrap_or_default();
        self.write(&format!(
            "{}\n{}\n{}\n",
            address.rung(),
            address.url(),
            folder.display()
        ))
    }

    /// Notes the folder of a server before it is started in it.
    pub(super) fn begin(&mut self, folder: &std::path::Path) -> io::Result<()> {
        self.write(&format!("\n\n{}\n", folder.display()))
    }

    /// Removes what a server that is gone has left.
    pub(super) fn forget(&mut self) {
        if let Some(folder) = self.folder() {
            // What ended the server removes it too, and may have been first.
            let _ = fs::remove_dir_all(folder);
        }
        let _ = self.write("");
    }

    fn folder(&mut self) -> Option<PathBuf> {
        let text = self.text()?;
        let folder = text.lines().nth(2).filter(|folder| !folder.is_empty())?;
        Some(PathBuf::from(folder))
    }

    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        self.file.rewind().ok()?;
        self.file.read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(text.as_bytes())
    }
}
