//! From the command line to the exit code.

use std::{
    ffi::OsString,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use goplt_core::{
    error::chain,
    telemetry::{
        Service, Telemetry,
        logs::{self, LogSettings},
    },
};
use tokio::runtime::{self, Runtime};

use super::{Assembly, check, command::Run, database, flags, graph, serve, work};
use crate::{Host, HostBuilder, host::panic_text};

/// Runs the assembly that `compose` makes, as its command line says: see the [module docs](super).
///
/// A panic is reported like any other failure; the exit code is then 1.
///
/// # Examples
///
/// See the [module docs](super).
pub fn main(compose: impl FnOnce(Assembly) -> Assembly) -> ExitCode {
    let ran = catch_unwind(AssertUnwindSafe(|| run(compose, std::env::args_os())));
    let outcome =
        ran.unwrap_or_else(|panic| Err(Failure::new(format!("a bug: {}", panic_text(&*panic)))));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// What ends the process with an exit code other than 0.
#[derive(Debug)]
pub(super) enum Failure {
    /// What clap says, `--help` and `--version` among it.
    CommandLine(clap::Error),
    /// Anything else; the text is complete.
    Text(String),
}

impl Failure {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self::Text(error.to_string())
    }

    fn report(self) -> ExitCode {
        // What cannot be written has no reader; the exit code still tells.
        match self {
            Self::CommandLine(error) => {
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
            }
            Self::Text(text) => {
                let _ = writeln!(io::stderr(), "error: {text}");
                ExitCode::FAILURE
            }
        }
    }
}

fn run(
    compose: impl FnOnce(Assembly) -> Assembly,
    arguments: impl Iterator<Item = OsString>,
) -> Result<(), Failure> {
    let Assembly {
        name,
        version,
        about,
        host,
        mut commands,
    } = compose(Assembly::new());
    commands.extend(work::commands());
    let line = flags::command_line(&name, &version, &about, &commands);
    let matches = line
        .try_get_matches_from(arguments)
        .map_err(Failure::CommandLine)?;
    let host = host.sources(flags::sources(&matches));
    let (path, inner) = flags::called(&matches);
    match path.as_str() {
        "" => serve::serve(build(host)?, Service::new(name, version)),
        "check" => check::check(build(host)?),
        "graph" => {
            let format = inner
                .get_one::<String>("format")
                .map_or("text", String::as_str);
            print(&graph::render(build(host)?.modules(), format))
        }
        "migrate" if inner.get_flag("plan") => database::plan(build(host)?),
        "migrate" => database::migrate(build(host)?),
        "migrate repair" => database::repair(build(host)?, inner.get_flag("accept")),
        "doctor" => database::doctor(build(host)?),
        "db setup" => database::set_up(
            build(host)?,
            inner.get_one::<String>("admin-url"),
            inner.get_one::<String>("placement"),
            inner.get_flag("print"),
            inner.get_flag("reset-passwords"),
        ),
        "config" => print(&settings(&build(host)?)),
        _ => {
            let index = commands.iter().position(|command| command.path == path);
            let mut command =
                commands.swap_remove(index.ok_or_else(|| Failure::new("unknown command"))?);
            let args = flags::args(&command, inner);
            let run: Run = command
                .run
                .take()
                .ok_or_else(|| Failure::new("the command does nothing"))?;
            serve::command(build(host)?, path, |cx| run(cx, args))
        }
    }
}

fn build(host: HostBuilder) -> Result<Host, Failure> {
    host.build().map_err(Failure::of)
}

fn settings(host: &Host) -> String {
    let environment = host.config().environment();
    let lines = host.config().iter().map(|setting| format!("{setting}\n"));
    lines.fold(format!("# environment: {environment}\n"), |all, line| {
        all + &line
    })
}

/// Writes logs from here on, as the configuration says.
pub(super) fn start_logs(host: &Host) -> Result<(), Failure> {
    let settings: LogSettings = host.config().get();
    logs::init(&settings).map(drop).map_err(Failure::of)
}

/// Writes logs from here on, and exports what the configuration says.
pub(super) fn start_telemetry(host: &Host, service: Service) -> Result<Telemetry, Failure> {
    let config = host.config();
    let service = service.with_environment(config.environment().as_str());
    Telemetry::start(&config.get(), &config.get(), &service)
        .map_err(|error| Failure::new(chain(&error).to_string()))
}

/// To standard output, complete or not at all.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    match written {
        // `graph | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => {
            written.map_err(|error| Failure::new(format!("cannot print: {}", chain(&error))))
        }
    }
}

/// The runtime of a binary, for as long as `work` takes. Threads that still block then are left to the end of the
/// process.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime: Runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}
