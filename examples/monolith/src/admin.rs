//! `monolith admin create`: a tenant and its first administrator, where nothing is seeded.

use std::io::{self, Write};

use goplt_core::BoxError;
use goplt_module::{
    HostContext,
    assembly::{Arguments, Command},
};
use tokio::io::{AsyncReadExt, stdin};

use crate::seed::{Directory, Login};

/// Longer than any password that identity takes.
const MAX_INPUT: u64 = 4096;

pub(crate) fn create() -> Command {
    Command::new("admin create")
        .about(
            "Makes a tenant and its first administrator; the password is read from standard input",
        )
        .option("tenant", "The id of the tenant, `[a-z0-9][a-z0-9-]{0,62}`")
        .option("email", "The administrator's email")
        .run(run)
}

async fn run(host: HostContext, arguments: Arguments) -> Result<(), BoxError> {
    let tenant = arguments.required("tenant")?;
    let cx = host.service_contexts().for_tenant(tenant.parse()?);
    let login = Login {
        tenant: tenant.to_owned(),
        email: arguments.required("email")?.to_owned(),
        name: "Administrator".to_owned(),
        password: password().await?,
        role: "admin".to_owned(),
    };
    let directory = Directory::of(&host)?;
    let made = directory.make_user(&cx, &login).await?;
    directory.make_tenant(&cx, tenant).await?;
    let kept = if made {
        ""
    } else {
        " (the user was there, with the password it had)"
    };
    let _ = writeln!(
        io::stdout(),
        "{} is an administrator of {tenant}{kept}",
        login.email
    );
    Ok(())
}

/// The first line of standard input.
async fn password() -> Result<String, BoxError> {
    let mut input = String::new();
    stdin().take(MAX_INPUT).read_to_string(&mut input).await?;
    let password = input.lines().next().unwrap_or_default();
    if password.is_empty() {
        return Err("no password on standard input; try `… admin create … < password-file`".into());
    }
    Ok(password.to_owned())
}
