//! A server from the binaries of this machine, in a temporary folder, which ends by itself.

use std::{
    env, fs,
    io::{self, Read as _},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{SETTINGS, server::Address, shared::Shared, watch};
use crate::backend::Rung;

/// Starts the server, and the watch beside it.
const KEEPER: &str = include_str!("keeper.sh");

/// Waits until nobody uses the server, ends it and removes its folder: a process of its own, so
/// that it outlives whoever is killed.
const WATCH: &str = include_str!("watch.sh");

pub(super) fn start(shared: &mut Shared) -> Result<Address, String> {
    let bin = binaries().ok_or("no `initdb` in /usr/lib/postgresql/*/bin or on the PATH")?;
    let mut reason = String::new();
    // A free port may be taken by someone else before the server binds it.
    for _ in 0..3 {
        match attempt(&bin, shared) {
            Ok(address) => return Ok(address),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(format!("{}: {reason}", bin.display()))
}

fn attempt(bin: &Path, shared: &mut Shared) -> io::Result<Address> {
    let password = password()?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let mut folder = tempfile::Builder::new();
    let folder = folder.prefix("goplt-postgres-");
    let folder = match tempfile::tempdir()?.path().metadata()?.uid() {
        // A folder that the other user cannot reach would not do.
        0 => folder.tempdir_in("/tmp")?,
        _ => folder.tempdir()?,
    };
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    file("password", &password)?;
    file(
        "watch.sql",
        &format!("{}\\! \"$BIN/pg_ctl\" -D data -m immediate stop\n", watch()),
    )?;
    file("watch.sh", WATCH)?;
    file("log", "")?;
    let mut keeper = Command::new("sh");
    keeper
        .args(["-c", KEEPER, "goplt-testing-postgres"])
        .args(SETTINGS.iter().flat_map(|setting| ["-c", *setting]))
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("BIN", bin)
        .env("PORT", port.to_string())
        .env("FOLDER", folder.path())
        .current_dir(folder.path())
        // What ends the run from the keyboard does not end what cleans up after it.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if folder.path().metadata()?.uid() == 0 {
        let (uid, gid) = unprivileged().ok_or_else(|| {
            io::Error::other("the server refuses root, and there is no other user")
        })?;
        for name in ["", "password", "watch.sql", "watch.sh", "log"] {
            chown(folder.path().join(name), Some(uid), Some(gid))?;
        }
        keeper.uid(uid).gid(gid);
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
    shared.begin(folder.path())?;
    let mut keeper = keeper.spawn()?;
    // From here on the folder is the keeper's.
    let _ = folder.keep();
    let mut said = String::new();
    if let Some(stdout) = &mut keeper.stdout {
        stdout.read_to_string(&mut said)?;
    }
    if said.trim_end() != "ready" {
        keeper.wait()?;
        return Err(io::Error::other(said.trim_end().to_owned()));
    }
    Ok(Address::local(Rung::Local, "127.0.0.1", port, &password))
}

/// The binaries of the newest version, or those on the path.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            complete(&bin).then_some((version, bin))
        })
        .max();
    if let Some((_, bin)) = newest {
        return Some(bin);
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find(|bin| complete(bin))
}

fn complete(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres", "psql"]
        .iter()
        .all(|name| bin.join(name).exists())
}

/// The ids of a user whom the server does not refuse.
fn unprivileged() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|wanted| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, uid, gid, ..] = *fields else {
                return None;
            };
            (name == *wanted).then_some((uid.parse().ok()?, gid.parse().ok()?))
        })
    })
}

/// A password for one server.
pub(super) fn password() -> io::Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
