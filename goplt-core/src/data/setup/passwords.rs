//! The file in the data folder that holds the passwords of roles, made once.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::{ROLES, SetupError, url::PostgresUrl};

/// Passwords of the three roles of some databases.
#[derive(Debug)]
pub(super) struct Passwords {
    path: PathBuf,
    known: Vec<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    place: String,
    role: String,
    password: SecretString,
}

/// Its name in the data folder.
pub(super) const FILE: &str = "database-roles";

const HEADER: &str =
    "# Passwords of database roles, made by goplt: place, role, password. Keep them secret.\n";

impl Passwords {
    /// What is there; nothing if the file is not.
    pub(super) fn read(data_dir: &Path) -> Result<Self, SetupError> {
        let path = data_dir.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(SetupError::File { path, source }),
        };
        keep_from_others(&path);
        let known = text.lines().filter_map(|line| {
            let mut parts = line.split('\t');
            Some(Known {
                place: parts.next()?.to_owned(),
                role: parts.next()?.to_owned(),
                password: parts.next()?.into(),
            })
        });
        Ok(Self {
            known: known.collect(),
            path,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn of(&self, url: &PostgresUrl, suffix: &str) -> Option<&SecretString> {
        let (place, role) = (url.place(), url.role(suffix));
        let mut known = self.known.iter();
        let found = known.find(|known| known.place == place && known.role == role);
        found.map(|known| &known.password)
    }

    /// Whether it holds those of all three roles.
    pub(super) fn are_complete(&self, url: &PostgresUrl) -> bool {
        ROLES.iter().all(|suffix| self.of(url, suffix).is_some())
    }

    /// Makes a password for each role that has none, and keeps them before anyone is told of them. One process at a
    /// time: whoever comes second takes those of the first.
    pub(super) fn complete(&mut self, url: &PostgresUrl) -> Result<(), SetupError> {
        if self.are_complete(url) {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new(".")).to_owned();
        let _alone = alone(&folder).map_err(|source| SetupError::File {
            path: folder.clone(),
            source,
        })?;
        *self = Self::read(&folder)?;
        if self.are_complete(url) {
            return Ok(());
        }
        for suffix in ROLES {
            if self.of(url, suffix).is_none() {
                self.known.push(Known {
                    place: url.place(),
                    role: url.role(suffix),
                    password: random()?,
                });
            }
        }
        self.write().map_err(|source| SetupError::File {
            path: self.path.clone(),
            source,
        })
    }

    /// Whole or not at all, and readable by nobody else at any moment.
    fn write(&self) -> io::Result<()> {
        let mut text = HEADER.to_owned();
        for Known {
            place,
            role,
            password,
        } in &self.known
        {
            let password = password.expose_secret();
            text.push_str(&format!("{place}\t{role}\t{password}\n"));
        }
        let next = self
            .path
            .with_extension(format!("{}.tmp", std::process::id()));
        // One that a killed process left behind.
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private().open(&next)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(next, &self.path)
    }
}

/// Makes the folder, and keeps other processes out of this until it is dropped.
fn alone(folder: &Path) -> io::Result<Option<fs::File>> {
    fs::create_dir_all(folder)?;
    if cfg!(not(unix)) {
        return Ok(None);
    }
    let folder = fs::File::open(folder)?;
    folder.lock()?;
    Ok(Some(folder))
}

/// Somebody may have copied it here with the rights of any file.
#[cfg(unix)]
fn keep_from_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(found) = fs::metadata(path) else {
        return;
    };
    if found.permissions().mode() & 0o077 == 0 {
        return;
    }
    let file = path.display();
    match fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
        Ok(()) => {
            tracing::warn!(%file, "others could read the passwords of the database's roles; now they cannot")
        }
        Err(error) => {
            tracing::warn!(%file, %error, "others can read the passwords of the database's roles: take their rights away");
        }
    }
}

#[cfg(not(unix))]
const fn keep_from_others(_: &Path) {}

#[cfg(unix)]
fn private() -> fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    options
}

/// What makes equal passwords look unlike.
pub(super) fn salt() -> Result<[u8; 16], SetupError> {
    bytes()
}

fn bytes<const N: usize>() -> Result<[u8; N], SetupError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| SetupError::Randomness(error.to_string()))?;
    Ok(bytes)
}

/// 192 bits as hexadecimal digits, which no URL and no SQL has to escape.
fn random() -> Result<SecretString, SetupError> {
    let bytes: [u8; 24] = bytes()?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(digits.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let url = PostgresUrl::parse(&"postgres://localhost/shop".into()).unwrap();
        let other = PostgresUrl::parse(&"postgres://elsewhere/shop".into()).unwrap();
        let mut passwords = Passwords::read(folder.path()).unwrap();
        passwords.complete(&url).unwrap();
        passwords.complete(&other).unwrap();
        let again = Passwords::read(folder.path()).unwrap();
        let shown = |passwords: &Passwords, url| {
            let password = passwords.of(url, "app").unwrap();
            password.expose_secret().to_owned()
        };
        assert_eq!(shown(&again, &url), shown(&passwords, &url));
        assert_ne!(shown(&again, &url), shown(&again, &other));
        assert_eq!(shown(&again, &url).len(), 48);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(again.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "no temporary file stays");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_could_read_is_kept_from_them() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "localhost:5432/shop\tshop_app\ts3cret\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let url = PostgresUrl::parse(&"postgres://localhost/shop".into()).unwrap();
        let passwords = Passwords::read(folder.path()).unwrap();
        assert!(passwords.of(&url, "app").is_some());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn processes_that_start_at_once_have_the_same_passwords() {
        let url = PostgresUrl::parse(&"postgres://localhost/shop".into()).unwrap();
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            // Each has looked before any has written.
            let starting: Vec<_> = (0..4)
                .map(|_| Passwords::read(folder.path()).unwrap())
                .collect();
            let known: Vec<_> = std::thread::scope(|scope| {
                let complete = |mut passwords: Passwords| {
                    let url = &url;
                    scope.spawn(move || {
                        passwords.complete(url).unwrap();
                        let password = passwords.of(url, "app").unwrap();
                        password.expose_secret().to_owned()
                    })
                };
                let running: Vec<_> = starting.into_iter().map(complete).collect();
                running.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let kept = Passwords::read(folder.path()).unwrap();
            let kept = kept.of(&url, "app").unwrap().expose_secret();
            assert!(known.iter().all(|password| password == kept));
        }
    }
}
