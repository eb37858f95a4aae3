use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Where [`load`](super::load) looks: a working directory, files, environment variables, flags.
///
/// Nothing is read before `load`, and nothing but what is given here: tests give their own
/// environment.
///
/// # Examples
///
/// ```
/// use goplt_core::config::{Environment, Sources, load};
///
/// let sources = Sources::new("/nowhere")
///     .with_environment("production")
///     .with_flag("--data-dir", "data_dir", "/var/lib/shop");
/// let config = load(&sources, &[])?;
/// assert!(config.environment().is_production());
/// assert_eq!(config.data_dir(), std::path::Path::new("/var/lib/shop"));
/// # Ok::<_, goplt_core::config::ConfigErrors>(())
/// ```
#[derive(Clone)]
pub struct Sources {
    pub(super) working_dir: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) env: Vec<(String, String)>,
    /// Names of variables of ours whose value is not UTF-8.
    pub(super) broken_env: Vec<String>,
    pub(super) flags: Vec<Flag>,
    pub(super) environment: Option<String>,
}

#[derive(Clone)]
pub(super) enum Flag {
    /// The argument of `--set`, as it was given.
    Set(String),
    /// A flag that stands for a key.
    Named {
        flag: String,
        key: String,
        value: String,
    },
}

impl Sources {
    /// Looks for `config/…` in this directory, for other relative paths too; knows no variables.
    #[must_use]
    pub fn new(working_dir: impl Into<PathBuf>) -> Self {
        Self {
            working_dir: working_dir.into(),
            files: Vec::new(),
            env: Vec::new(),
            broken_env: Vec::new(),
            flags: Vec::new(),
            environment: None,
        }
    }

    /// The current directory and the variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let mut sources = Self::new(".");
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => sources.env.push((name, value)),
                Err(_) => sources.broken_env.push(name),
            }
        }
        sources
    }

    /// Adds files of `--config`: they must exist, and the last wins.
    #[must_use]
    pub fn with_files(mut self, files: impl IntoIterator<Item = PathBuf>) -> Self {
        self.files.extend(files);
        self
    }

    /// Adds environment variables. Those that are not ours may be referred to by secrets.
    #[must_use]
    pub fn with_env(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env.extend(variables);
        self
    }

    /// Adds arguments of `--set`, each `key=value`; the last wins.
    #[must_use]
    pub fn with_set(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.flags.extend(arguments.into_iter().map(Flag::Set));
        self
    }

    /// Adds a flag of its own name that stands for a key, such as `--data-dir` for `data_dir`.
    #[must_use]
    pub fn with_flag(
        mut self,
        flag: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        let (flag, key, value) = (flag.into(), key.into(), value.into());
        self.flags.push(Flag::Named { flag, key, value });
        self
    }

    /// The argument of `--env`: wins over every other place that names the environment.
    #[must_use]
    pub fn with_environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// The directory that relative paths begin at.
    #[must_use]
    pub fn working_dir(&self) -> &Path {
        &self.working_dir
    }
}

/// Without values: they may be secrets.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("working_dir", &self.working_dir)
            .field("files", &self.files)
            .field("environment", &self.environment)
            .field("variables", &self.env.len())
            .field("flags", &self.flags.len())
            .finish_non_exhaustive()
    }
}
