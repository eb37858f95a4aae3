//! `monolith admin create`: a tenant and its first administrator, where nothing is seeded.

use std::io::{self, Write};

use goplt_core::{BoxError, Code, config::ExposeSecret, contract::RpcError};
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
    // The user first, whose rules are looked at before the tenant: one without its administrator
    // would be half of what was asked for.
    let made = match directory.make_user(&cx, &login).await {
        Err(error) if is_not_found(&*error) => {
            directory.make_tenant(&cx, tenant).await?;
            directory.make_user(&cx, &login).await?
        }
        made => made?,
    };
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

fn is_not_found(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<RpcError>();
    error.is_some_and(|error| error.code() == Code::NotFound)
}
