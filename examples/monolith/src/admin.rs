//! `monolith admin create`: a tenant and its first administrator, where nothing is seeded.

use std::io::{self, Write};

use goplt_core::{BoxError, config::ExposeSecret};
use goplt_module::{
    HostContext,
    assembly::{Args, Command, read_secret},
};

use crate::seed::{Directory, Login};

pub(crate) fn create() -> Command {
    Command::new("admin create")
        .about(
            "Makes a tenant and its first administrator; the password is read from standard input",
        )
        .option("tenant", "The id of the tenant, `[a-z0-9][a-z0-9-]{0,62}`")
        .option("email", "The administrator's email")
        .run(run)
}

async fn run(host: HostContext, args: Args) -> Result<(), BoxError> {
    let tenant = args.value("tenant");
    let cx = host.service_contexts().for_tenant(tenant.parse()?);
    let password = tokio::task::spawn_blocking(|| read_secret("Password")).await??;
    let login = Login {
        tenant: tenant.to_owned(),
        email: args.value("email").to_owned(),
        name: "Administrator".to_owned(),
        password: password.expose_secret().to_owned(),
        role: "admin".to_owned(),
    };
    let directory = Directory::of(&host)?;
    directory.make_tenant(&cx, tenant).await?;
    let made = directory.make_user(&cx, &login).await?;
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
