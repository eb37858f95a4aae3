//! Reads a manifest: every check, every problem at once.

mod access;
mod config;
mod constants;
mod cron;
mod events;
mod fields;
mod head;
mod jobs;
pub(crate) mod keys;
mod path;
mod report;
mod routes;
mod tables;

use std::sync::Arc;

use self::{
    fields::Fields,
    keys::KEYS,
    report::{Report, Seen},
};
use crate::{
    Manifest, ManifestError, ManifestErrors, ModuleName,
    yaml::{self, Mark, Value},
};

/// What could be read of a manifest, and every problem with the rest.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Parsed {
    /// The manifest with its good items. Without a usable name it is called `unnamed`, without a version `0.0.0`.
    pub manifest: Manifest,
    /// The problems, in the order of the file; empty if there are none.
    pub errors: Vec<ManifestError>,
}

/// Reads a manifest: its good items *and* every problem, so that one bad line does not bury the rest.
///
/// `source_name` is the path that messages begin with.
///
/// ```
/// let text = "name: blog\nversion: 1.2.0\npermisions: [blog.post.read]\n";
/// let parsed = goplt_manifest::parse("module.yaml", text);
/// assert_eq!(parsed.manifest.name(), &"blog");
/// assert_eq!(
///     parsed.errors[0].to_string(),
///     "module.yaml:3:1: unknown key `permisions`; did you mean `permissions`?",
/// );
/// ```
pub fn parse(source_name: &str, text: &str) -> Parsed {
    let source: Arc<str> = source_name.into();
    let partial = yaml::parse_all(text);
    let mut report = Report::new(Arc::clone(&source), partial.complete);
    for error in partial.errors {
        report.yaml(error);
    }
    let root = match partial.root.value {
        Value::Null => yaml::Node::new(Mark::START, Value::Map(Vec::new())),
        _ => partial.root,
    };
    let opened = Fields::open(&mut report, &root, "a manifest", KEYS);
    // A root of another shape was reported; that its keys are missing too says nothing more.
    let readable = opened.is_some();
    let fields = opened.unwrap_or_else(|| Fields::empty(Mark::START));
    let manifest = Reader {
        module: None,
        report: &mut report,
    }
    .manifest(source, &fields, readable);
    Parsed {
        manifest,
        errors: report.finish(),
    }
}

impl Manifest {
    /// Reads a manifest that must be without problems.
    ///
    /// ```
    /// use goplt_manifest::Manifest;
    ///
    /// let blog = Manifest::parse("module.yaml", "name: blog\nversion: 1.2.0\n")?;
    /// assert_eq!(blog.version().to_string(), "1.2.0");
    /// # Ok::<(), goplt_manifest::ManifestErrors>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns every problem at once, in the order of the file.
    pub fn parse(source_name: &str, text: &str) -> Result<Self, ManifestErrors> {
        let parsed = parse(source_name, text);
        match ManifestErrors::new(parsed.errors) {
            Some(errors) => Err(errors),
            None => Ok(parsed.manifest),
        }
    }
}

impl Parsed {
    /// The manifest if it is without problems.
    ///
    /// # Errors
    ///
    /// Returns every problem at once, in the order of the file.
    pub fn into_result(self) -> Result<Manifest, ManifestErrors> {
        match ManifestErrors::new(self.errors) {
            Some(errors) => Err(errors),
            None => Ok(self.manifest),
        }
    }
}

/// Walks the tree; each section has a file of its own.
struct Reader<'r> {
    /// The module's name, unless it is missing or malformed: what depends on it is then not checked.
    module: Option<ModuleName>,
    report: &'r mut Report,
}

impl Reader<'_> {
    fn manifest(&mut self, source: Arc<str>, fields: &Fields<'_>, readable: bool) -> Manifest {
        if readable {
            self.require_head(fields);
        }
        self.module = self.name(fields);
        let permissions = self.permissions(fields);
        let manifest = Manifest {
            source,
            name: self
                .module
                .clone()
                .unwrap_or(const { ModuleName::from_static("unnamed") }),
            version: self.version(fields),
            description: fields.description(self.report),
            dependencies: self.dependencies(fields, "dependencies"),
            optional_dependencies: self.dependencies(fields, "optional_dependencies"),
            routes: self.routes(fields, &permissions),
            roles: self.roles(fields, &permissions),
            permissions,
            tables: self.tables(fields, "table"),
            events: self.events(fields),
            jobs: self.jobs(fields),
            config: self.config(fields),
            host: self.host(fields),
            migrations: Vec::new(),
        };
        self.twice_needed(&manifest);
        if self.module.is_some() {
            self.constants(&manifest);
        }
        manifest
    }
}
