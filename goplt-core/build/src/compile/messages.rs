//! Messages and enums, by prost-build; it also resolves the Rust names that the services use.

use std::{
    any::Any,
    collections::BTreeMap,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use prost_build::{Config, Module, Service, ServiceGenerator};
use prost_types::FileDescriptorProto;

use super::{BuildError, Problem, secret::Secrets};

/// What prost-build makes of one proto package.
#[derive(Default)]
pub(super) struct Package {
    pub(super) items: Vec<syn::Item>,
    pub(super) services: Vec<Service>,
}

/// The packages by name, in the order of names.
pub(super) type Packages = BTreeMap<String, Package>;

pub(super) fn generate(
    files: &[FileDescriptorProto],
    externs: &[(String, String)],
    secrets: &Secrets,
) -> Result<Packages, BuildError> {
    let collector = Collector::default();
    let mut config = Config::new();
    config.service_generator(Box::new(collector.clone()));
    for (proto, rust) in externs {
        config.extern_path(format!(".{proto}"), rust);
    }
    secrets.mark(&mut config);

    let mut packages = Packages::new();
    let mut requests = Vec::new();
    for file in files {
        packages.entry(file.package().to_owned()).or_default();
        requests.push((
            Module::from_protobuf_package_name(file.package()),
            file.clone(),
        ));
    }
    // prost-build panics on some protos, such as one with two values of an enum that are one in Rust.
    let generated = catch_unwind(AssertUnwindSafe(|| config.generate(requests)))
        .map_err(|panic| refused(&*panic, files))?
        .map_err(|error| BuildError::Generator(Box::new(error)))?;
    for (name, package) in &mut packages {
        let text = generated
            .get(&Module::from_protobuf_package_name(name))
            .map_or("", String::as_str);
        package.items = syn::parse_file(text)
            .map_err(|error| BuildError::Generator(Box::new(error)))?
            .items;
    }
    for service in collector.take() {
        packages
            .entry(service.package.clone())
            .or_default()
            .services
            .push(service);
    }
    Ok(packages)
}

fn refused(panic: &(dyn Any + Send), files: &[FileDescriptorProto]) -> BuildError {
    let message = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "the messages have no form in Rust".to_owned());
    let names: Vec<&str> = files.iter().map(FileDescriptorProto::name).collect();
    BuildError::Protos(vec![Problem::new(names.join(", "), None, message)])
}

/// Keeps the services that prost-build hands out, and writes no code.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Service>>>);

impl Collector {
    fn take(&self) -> Vec<Service> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServiceGenerator for Collector {
    fn generate(&mut self, service: Service, code: &mut String) {
        // prost-build drops a package without code, and then misses it when it has services.
        code.push('\n');
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(service);
    }
}
