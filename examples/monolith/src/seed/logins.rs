//! The logins of a development environment, and the file that keeps them.

use std::{fmt::Write as _, io, path::Path};

use goplt_core::{BoxError, Random};
use tokio::{fs, io::AsyncWriteExt};

/// The tenants of a development environment.
pub(crate) const TENANTS: [&str; 2] = ["acme", "globex"];

const ROLES: [&str; 3] = ["admin", "editor", "reader"];
const FILE: &str = "dev-logins.txt";

/// Who can log in, and how.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) tenant: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) role: String,
}

/// The logins of the file, or new ones with random passwords, written to the file.
pub(crate) async fn load_or_make(data_dir: &Path, random: &Random) -> Result<Vec<Login>, BoxError> {
    let path = data_dir.join(FILE);
    match fs::read_to_string(&path).await {
        Ok(text) => parse(&text).map_err(|line| {
            format!("{}:{line}: not `tenant, email, password, role` with tabs between; delete the file or mend the line", path.display()).into()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let logins = make(random);
            write(&path, &logins).await?;
            Ok(logins)
        }
        Err(error) => Err(error.into()),
    }
}

fn make(random: &Random) -> Vec<Login> {
    let pairs = TENANTS
        .into_iter()
        .flat_map(|tenant| ROLES.map(|role| (tenant, role)));
    pairs
        .map(|(tenant, role)| login(tenant, role, password(random)))
        .collect()
}

fn login(tenant: &str, role: &str, password: String) -> Login {
    Login {
        tenant: tenant.to_owned(),
        email: format!("{role}@{tenant}.example"),
        name: format!("{} of {tenant}", capitalised(role)),
        password,
        role: role.to_owned(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// 100 random bits, without letters that a shell or an eye could take for another.
fn password(random: &Random) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random
        .bytes::<20>()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .iter()
        .collect()
}

/// Whole or not at all: a name of its own first, then renamed.
async fn write(path: &Path, logins: &[Login]) -> io::Result<()> {
    let mut text = String::new();
    for Login {
        tenant,
        email,
        password,
        role,
        ..
    } in logins
    {
        let _ = writeln!(text, "{tenant}\t{email}\t{password}\t{role}");
    }
    let temporary = path.with_extension("txt.new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(&temporary).await?;
    file.write_all(text.as_bytes()).await?;
    file.sync_all().await?;
    fs::rename(&temporary, path).await
}

/// The logins of the file, or the number of a line that is not one.
fn parse(text: &str) -> Result<Vec<Login>, usize> {
    let lines = text.lines().enumerate();
    let logins = lines.map(
        |(number, line)| match line.split('\t').collect::<Vec<_>>()[..] {
            [tenant, email, secret, role] => {
                let mut login = login(tenant, role, secret.to_owned());
                email.clone_into(&mut login.email);
                Ok(login)
            }
            _ => Err(number + 1),
        },
    );
    logins.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_gives_back_what_was_written_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let made = load_or_make(dir.path(), &Random::seeded(1)).await.unwrap();
        let read = load_or_make(dir.path(), &Random::seeded(2)).await.unwrap();
        assert_eq!(made.len(), 6);
        let passwords = |logins: &[Login]| {
            logins
                .iter()
                .map(|l| l.password.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(passwords(&made), passwords(&read));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(dir.path().join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "a\tb\tc\td\nbroken\n").unwrap();
        let error = load_or_make(dir.path(), &Random::seeded(1))
            .await
            .err()
            .unwrap();
        assert!(error.to_string().contains("dev-logins.txt:2"), "{error}");
    }
}
