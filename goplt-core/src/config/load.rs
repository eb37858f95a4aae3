use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use goplt_manifest::yaml::Node;

use super::{
    Config, ConfigError, ConfigErrorKind, ConfigErrors, Environment, Origin, Section, Sources,
    convert::Typed,
    file::{self, File},
    kernel,
    layers::{Found, Layers},
    names::{self, Named},
    schema::{Schema, variable},
    secret,
    sources::Flag,
    values::Slot,
};

/// Reads all layers and checks them against the kernel's sections and those of the modules.
///
/// Reads files, so call it before the process serves anything.
///
/// # Errors
///
/// Every problem of every layer at once: see [`ConfigErrorKind`].
pub fn load(sources: &Sources, sections: &[Section]) -> Result<Config, ConfigErrors> {
    let kernel = kernel::sections();
    let known = Schema::new(kernel.iter().chain(sections));
    let mut layers = Layers::new(&known);
    let reserved = sections
        .iter()
        .filter(|section| kernel::is_reserved(&section.name));
    layers
        .errors
        .extend(reserved.map(|section| reserved_name(&section.name)));

    let default = layers.read(sources, Path::new("config/default.yaml"), false);
    let given: Vec<File> = sources
        .files
        .iter()
        .filter_map(|path| layers.read(sources, path, true))
        .collect();
    let (environment, chosen_by) = layers.environment(sources, default.as_ref(), &given);
    let own_path = PathBuf::from(format!("config/{environment}.yaml"));
    let own = layers.read(sources, &own_path, false);
    if let (None, Some(meant)) = (&own, environment.probably()) {
        layers.refuse_environment(&environment, &chosen_by, meant);
    }

    let files = default.iter().chain(&own).chain(&given);
    let names = names::find(&known, sources, &files);
    layers
        .errors
        .extend(names.iter().filter_map(Named::problem));
    let mut schema = Schema::new(kernel.iter().chain(sections));
    for Named { parent, name, .. } in &names {
        schema.add_name(parent, name);
    }
    let mut layers = layers.over(&schema);

    layers.defaults(environment.as_str());
    for file in files {
        layers.file(file);
    }
    layers.variables(sources);
    layers.flags(&sources.flags);
    if let Some(own) = &own {
        layers.check_own_file(own, &environment);
    }
    layers.resolve_secrets(sources);

    let Layers {
        mut found, errors, ..
    } = layers;
    let value = Typed::String(environment.as_str().to_owned());
    let named = Found {
        value,
        origin: chosen_by,
    };
    let slots: BTreeMap<String, Slot> = schema
        .entries
        .iter()
        .zip(&mut found)
        .map(|(entry, found)| {
            let found = if entry.key == ENVIRONMENT {
                Some(named.clone())
            } else {
                found.take()
            };
            (entry.key.clone(), Slot::new(found))
        })
        .collect();
    let config = Config::new(environment, sources.working_dir(), slots);
    let mut errors = errors;
    errors.extend(kernel::check(&config));
    ConfigErrors::check(errors)?;
    Ok(config)
}

const ENVIRONMENT: &str = "environment";
const ENVIRONMENT_VARIABLE: &str = "GOPLT_ENV";

impl Layers<'_> {
    fn read(&mut self, sources: &Sources, path: &Path, required: bool) -> Option<File> {
        file::read(
            &sources.working_dir,
            path,
            required,
            self.schema(),
            &mut self.errors,
        )
    }

    /// The name of the environment and who chose it: a file is chosen by it, so it comes first.
    fn environment(
        &mut self,
        sources: &Sources,
        default: Option<&File>,
        given: &[File],
    ) -> (Environment, Origin) {
        let flag = sources
            .environment
            .as_ref()
            .map(|name| (name.clone(), Origin::Flag("--env".into())));
        let choice = flag
            .or_else(|| sources.flags.iter().rev().find_map(from_flag))
            .or_else(|| from_variable(sources, ENVIRONMENT_VARIABLE))
            .or_else(|| from_variable(sources, &variable(ENVIRONMENT)))
            .or_else(|| given.iter().rev().chain(default).find_map(from_file));
        let Some((name, origin)) = choice else {
            return (Environment::default(), Origin::Default);
        };
        match name.parse() {
            Ok(environment) => (environment, origin),
            Err(error) => {
                let message = error.to_string();
                let kind = ConfigErrorKind::NotAllowed;
                self.errors
                    .push(ConfigError::of(kind, &origin, ENVIRONMENT, message));
                (Environment::default(), origin)
            }
        }
    }

    /// A name such as `prod`, which would quietly be an environment of its own.
    fn refuse_environment(&mut self, environment: &Environment, chosen_by: &Origin, meant: &str) {
        let message =
            format!("the environment `{environment}` has no file `config/{environment}.yaml`",);
        let error = ConfigError::of(ConfigErrorKind::NotAllowed, chosen_by, ENVIRONMENT, message);
        self.errors
            .push(error.with_help(format!("did you mean `{meant}`?")));
    }

    /// The file of an environment cannot choose another one.
    fn check_own_file(&mut self, own: &File, environment: &Environment) {
        let Some(node) = own.root.get(ENVIRONMENT) else {
            return;
        };
        if node.text() == Some(environment.as_str()) {
            return;
        }
        let origin = Origin::File {
            path: own.name.clone(),
            mark: node.mark,
        };
        let message =
            format!("this file is of the environment `{environment}` and cannot change it");
        let error = ConfigError::of(ConfigErrorKind::NotAllowed, &origin, ENVIRONMENT, message);
        self.errors
            .push(error.with_help("choose it with `--env` or `GOPLT_ENV`"));
    }

    fn resolve_secrets(&mut self, sources: &Sources) {
        let mut errors = Vec::new();
        for (key, found) in self.secrets() {
            let Typed::Secret(written) = &found.value else {
                continue;
            };
            match secret::resolve(written, sources) {
                Ok(secret) => found.value = Typed::Secret(secret),
                Err(message) => {
                    let message = format!("`{key}`: {message}");
                    let kind = ConfigErrorKind::Secret;
                    errors.push(ConfigError::of(kind, &found.origin, key, message));
                }
            }
        }
        self.errors.extend(errors);
    }
}

fn from_flag(flag: &Flag) -> Option<(String, Origin)> {
    let (name, key, value) = match flag {
        Flag::Named { flag, key, value } => (flag.clone(), key.as_str(), value.as_str()),
        Flag::Set(argument) => {
            let (key, value) = argument.split_once('=')?;
            (format!("--set {}", key.trim()), key.trim(), value)
        }
    };
    (key == ENVIRONMENT).then(|| (value.to_owned(), Origin::Flag(name.into())))
}

fn from_variable(sources: &Sources, name: &str) -> Option<(String, Origin)> {
    let (_, value) = sources.env.iter().rev().find(|(known, _)| known == name)?;
    Some((value.clone(), Origin::Env(name.into())))
}

fn from_file(file: &File) -> Option<(String, Origin)> {
    let node = file.root.get(ENVIRONMENT)?;
    let name = Node::text(node)?.to_owned();
    Some((
        name,
        Origin::File {
            path: file.name.clone(),
            mark: node.mark,
        },
    ))
}

fn reserved_name(name: &str) -> ConfigError {
    let message = format!("the name `{name}` belongs to the kernel's configuration");
    ConfigError::new(
        ConfigErrorKind::Reserved,
        format!("section `{name}`"),
        message,
    )
    .with_help("give the module another name")
}
