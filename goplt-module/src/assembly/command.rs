use std::{
    collections::BTreeMap,
    fmt,
    io::{self, BufRead, IsTerminal, Write},
};

use futures_util::future::{BoxFuture, FutureExt};
use goplt_core::{BoxError, config::SecretString};

use crate::HostContext;

/// A command of an assembly's own: it runs with every module started, and nothing served.
///
/// It may run beside a server on the same data folder.
///
/// # Examples
///
/// ```
/// use goplt_module::assembly::Command;
///
/// let command = Command::new("admin create")
///     .about("Creates a tenant and its first administrator; the password comes from standard input")
///     .option("tenant", "Id of the tenant")
///     .option("email", "Address of the administrator")
///     .run(|cx, args| async move {
///         let _contexts = cx.service_contexts();
///         let _tenant = args.value("tenant");
///         Ok(())
///     });
/// # let _ = command;
/// ```
#[must_use = "give it to `Assembly::command`"]
pub struct Command {
    pub(super) path: String,
    pub(super) about: String,
    pub(super) options: Vec<CommandOption>,
    pub(super) run: Option<Run>,
}

pub(super) type Run =
    Box<dyn FnOnce(HostContext, Args) -> BoxFuture<'static, Result<(), BoxError>> + Send>;

#[derive(Debug)]
pub(super) struct CommandOption {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) is_required: bool,
}

/// The values of a command's options.
#[derive(Debug, Clone, Default)]
pub struct Args {
    pub(super) values: BTreeMap<String, String>,
}

// === impl Command ===

impl Command {
    /// Called by these words: `admin create`.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            about: String::new(),
            options: Vec::new(),
            run: None,
        }
    }

    /// What `--help` says of it.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// An option `--name VALUE` that must be given.
    pub fn option(self, name: impl Into<String>, about: impl Into<String>) -> Self {
        self.with_option(name.into(), about.into(), true)
    }

    /// An option `--name VALUE` that may be given.
    pub fn optional(self, name: impl Into<String>, about: impl Into<String>) -> Self {
        self.with_option(name.into(), about.into(), false)
    }

    fn with_option(mut self, name: String, about: String, is_required: bool) -> Self {
        self.options.push(CommandOption {
            name,
            about,
            is_required,
        });
        self
    }

    /// What it does. An error is shown with its causes; the exit code is then 1.
    pub fn run<F>(mut self, run: impl FnOnce(HostContext, Args) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.run = Some(Box::new(move |cx, args| run(cx, args).boxed()));
        self
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Command").field(&self.path).finish()
    }
}

// === impl Args ===

impl Args {
    /// The value of an option, if it was given; one that must be given was.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value of an option, empty if it was not given.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

/// Reads a secret, such as a password: the first line of standard input, without its line break.
///
/// On a terminal it asks with `prompt` first, and what is typed can be seen. Blocks until the line is there.
///
/// # Errors
///
/// If standard input cannot be read, is not UTF-8, or its first line is empty.
pub fn read_secret(prompt: &str) -> io::Result<SecretString> {
    let input = io::stdin();
    if input.is_terminal() {
        let mut output = io::stderr();
        write!(output, "{prompt}: ")?;
        output.flush()?;
    }
    let mut line = String::new();
    input.lock().read_line(&mut line)?;
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "standard input holds no secret",
        ));
    }
    Ok(SecretString::from(secret))
}
