//! Where the key encryption key comes from: the configuration, or in development a file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use goplt_core::{Random, config::Environment};
use secrecy::{ExposeSecret as _, SecretString};

/// There is no key to encrypt the signing keys with.
#[derive(Debug, thiserror::Error)]
pub(super) enum MasterKeyError {
    #[error(
        "`auth.key_encryption_key` is not set: outside of development the signing keys are \
         encrypted with a key of yours. Make one with `openssl rand -base64 32`, keep it where your \
         secrets are, and set it as `GOPLT__AUTH__KEY_ENCRYPTION_KEY` (environment: `{0}`)"
    )]
    Missing(String),
    #[error(
        "`auth.key_encryption_key` is not 32 bytes in base64: `openssl rand -base64 32` makes such a key"
    )]
    Malformed,
    #[error("the file `{}` does not hold a key: remove it, and with it all keys it has encrypted", .0.display())]
    MalformedFile(PathBuf),
    #[error("the file `{}` for the development key cannot be used", path.display())]
    File { path: PathBuf, source: io::Error },
}

const FILE_NAME: &str = "auth-dev.key";

/// The key of the configuration. In development, where none is set, that of a file in the data
/// folder, which is made if it is not there.
pub(super) fn master_key(
    configured: Option<&SecretString>,
    environment: &Environment,
    data_dir: &Path,
    random: &Random,
) -> Result<[u8; 32], MasterKeyError> {
    match configured {
        Some(key) => decode(key.expose_secret()).ok_or(MasterKeyError::Malformed),
        None if environment.is_development() => {
            let path = data_dir.join(FILE_NAME);
            let key = from_file(&path, random).map_err(|source| MasterKeyError::File {
                path: path.clone(),
                source,
            })?;
            key.ok_or(MasterKeyError::MalformedFile(path))
        }
        None => Err(MasterKeyError::Missing(environment.as_str().to_owned())),
    }
}

fn decode(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

fn from_file(path: &Path, random: &Random) -> io::Result<Option<[u8; 32]>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read.map(|text| decode(&text)),
    }
    make_file(path, random)?;
    // Another process may have been first: what is there counts.
    fs::read_to_string(path).map(|text| decode(&text))
}

/// Written under another name and then linked, so that nobody ever reads half of it, and only one
/// of two processes that begin at once wins.
fn make_file(path: &Path, random: &Random) -> io::Result<()> {
    let suffix: String = random
        .bytes::<8>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let draft = path.with_extension(format!("key.{suffix}"));
    let written = write_new(&draft, &STANDARD.encode(random.bytes::<32>()));
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => removed,
        Err(error) => Err(error),
        Ok(()) => removed,
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    only_for_the_owner(&mut options);
    let mut file: File = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(unix)]
fn only_for_the_owner(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn only_for_the_owner(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Environment {
        name.parse().unwrap()
    }

    fn random() -> Random {
        Random::system()
    }

    #[test]
    fn development_makes_a_file_for_its_owner_alone_and_finds_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let first =
            master_key(None, &environment("development"), folder.path(), &random()).unwrap();
        let again =
            master_key(None, &environment("development"), folder.path(), &random()).unwrap();
        assert_eq!(first, again);
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1, "the draft is gone");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join(FILE_NAME))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn many_that_begin_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let start =
                || master_key(None, &environment("development"), folder.path(), &random()).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn production_without_a_key_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error =
            master_key(None, &environment("production"), folder.path(), &random()).unwrap_err();
        assert!(
            error.to_string().contains("openssl rand -base64 32"),
            "{error}"
        );
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let short = SecretString::from("c2hvcnQ=");
        let error = master_key(
            Some(&short),
            &environment("production"),
            folder.path(),
            &random(),
        );
        assert!(matches!(error, Err(MasterKeyError::Malformed)));
        fs::write(folder.path().join(FILE_NAME), "half").unwrap();
        let error = master_key(None, &environment("development"), folder.path(), &random());
        assert!(matches!(error, Err(MasterKeyError::MalformedFile(_))));
    }
}
