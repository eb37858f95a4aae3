//! The folder of files that a host keeps, and the lock that makes it one server's.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// The folder, which exists as long as this does; a server holds its lock.
///
/// What was made for a start that fails is taken away again: see [`discard`](Self::discard).
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// The folders that did not exist, outermost first.
    made: Vec<PathBuf>,
    lock: Option<File>,
    is_scratch: bool,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// It cannot be made, or nothing can be written in it.
    #[error("cannot write to the data folder `{}`: {source}; choose another with `--data-dir`", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another server uses it.
    #[error("another server{} uses the data folder `{}`; stop it, or choose another with `--data-dir`", holder(pid.as_deref()), path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The other server's process, if it could be told.
        pid: Option<String>,
    },
}

fn holder(pid: Option<&str>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

const LOCK: &str = "server.lock";

impl DataDir {
    /// Makes the folder if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, DataDirError> {
        let made = missing(path);
        let dir = Self {
            path: path.to_owned(),
            made,
            lock: None,
            is_scratch: false,
        };
        let made = fs::create_dir_all(path).and_then(|()| probe(path));
        match made {
            Ok(()) => Ok(dir),
            Err(source) => {
                dir.discard();
                Err(DataDirError::Unwritable {
                    path: path.to_owned(),
                    source,
                })
            }
        }
    }

    /// An empty folder of its own among the system's temporary ones; gone, with all it holds, when this is dropped.
    pub(crate) fn scratch() -> Result<Self, DataDirError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("goplt-check-{}-{number}", std::process::id());
        let mut dir = Self::open(&std::env::temp_dir().join(name))?;
        dir.is_scratch = true;
        Ok(dir)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock, for as long as this process lives or until this is dropped.
    pub(crate) fn lock(mut self) -> Result<Self, DataDirError> {
        let path = self.path.join(LOCK);
        match take_lock(&path) {
            Ok(file) => {
                self.lock = Some(file);
                Ok(self)
            }
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&path).ok();
                let pid =
                    pid.filter(|pid| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()));
                Err(DataDirError::InUse {
                    path: self.path.clone(),
                    pid,
                })
            }
            Err(TryLockError::Error(source)) => {
                let path = self.path.clone();
                self.discard();
                Err(DataDirError::Unwritable { path, source })
            }
        }
    }

    /// After a start that failed before anything was kept: takes away the folder that was made for it, unless somebody
    /// has kept something there since: a server, or a command that went further.
    pub(crate) fn discard(mut self) {
        let Some(outermost) = self.made.first() else {
            return;
        };
        let lock = match self.lock.take() {
            Some(lock) => Ok(lock),
            None => take_lock(&self.path.join(LOCK)),
        };
        match lock {
            Err(TryLockError::WouldBlock) => return,
            Ok(_) if holds_tables(&self.path) => return,
            // Nobody else can take the lock while its file goes.
            Ok(_held) => remove_files(&self.path),
            // Where not even this file can be made, there is none.
            Err(TryLockError::Error(_)) => {}
        }
        for folder in self.made.iter().rev() {
            if fs::remove_dir(folder).is_err() || folder == outermost {
                return;
            }
        }
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if self.is_scratch {
            // What cannot be removed is the system's to clear.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn take_lock(path: &Path) -> Result<File, TryLockError> {
    let mut options = File::options();
    let options = options.create(true).truncate(false).read(true).write(true);
    let mut file = options.open(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    // For the message of whoever comes second; the lock itself is the kernel's.
    file.set_len(0)
        .and_then(|()| write!(file, "{}", std::process::id()))
        .map_err(TryLockError::Error)?;
    Ok(file)
}

/// Whether the folder's database, if there is one, has more than its first page, which holds no table's rows.
fn holds_tables(folder: &Path) -> bool {
    const PAGE: u64 = 4096;
    let longer = |name: &str, than| {
        fs::metadata(folder.join(name)).is_ok_and(|metadata| metadata.len() > than)
    };
    longer("goplt.db", PAGE) || longer("goplt.db-wal", 0)
}

/// Modules put files of their own there. Whatever cannot be removed stays, and so does the folder.
fn remove_files(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let _ = fs::remove_file(entry.path());
    }
}

/// The folders on the way that do not exist, outermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let mut missing: Vec<_> = path
        .ancestors()
        .take_while(is_missing)
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

/// Whether a file can be made there; what a database says about it is harder to read.
fn probe(path: &Path) -> io::Result<()> {
    let file = path.join(format!(".writable-{}", std::process::id()));
    File::create(&file)?;
    fs::remove_file(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refused_start_made_is_taken_away_again() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        let dir = DataDir::open(&path).unwrap().lock().unwrap();
        assert!(path.join(LOCK).exists());
        dir.discard();
        assert!(!root.path().join("a").exists());
    }

    #[test]
    fn what_modules_made_for_a_refused_start_goes_with_its_folder() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        let dir = DataDir::open(&path).unwrap();
        fs::write(path.join("module.key"), "of a start that failed").unwrap();
        fs::write(path.join("goplt.db"), [0; 4096]).unwrap();
        dir.discard();
        assert!(!path.exists());
    }

    #[test]
    fn a_refused_start_takes_nothing_from_a_server_or_command_that_came_meanwhile() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        let refused = DataDir::open(&path).unwrap();
        let server = DataDir::open(&path).unwrap().lock().unwrap();
        fs::write(path.join("goplt.db"), "").unwrap();
        refused.discard();
        assert!(path.join("goplt.db").exists());
        drop(server);
        fs::remove_dir_all(&path).unwrap();

        let refused = DataDir::open(&path).unwrap();
        fs::write(path.join("goplt.db"), [0; 8192]).unwrap();
        refused.discard();
        assert!(path.join("goplt.db").exists());
    }

    #[test]
    fn a_folder_that_was_there_stays() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("goplt.db"), "rows").unwrap();
        DataDir::open(root.path()).unwrap().discard();
        assert!(root.path().join("goplt.db").exists());
    }

    #[test]
    fn a_second_server_is_refused_and_told_of_the_first() {
        let root = tempfile::tempdir().unwrap();
        let first = DataDir::open(root.path()).unwrap().lock().unwrap();
        let second = DataDir::open(root.path()).unwrap().lock().unwrap_err();
        let pid = std::process::id();
        assert!(
            second.to_string().contains(&format!("process {pid}")),
            "{second}"
        );
        drop(first);
        assert!(DataDir::open(root.path()).unwrap().lock().is_ok());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let error = DataDir::open(&file.join("data")).unwrap_err();
        assert!(error.to_string().contains("file/data"), "{error}");
    }
}
