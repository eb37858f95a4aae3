//! Messages and enums, by prost-build; it also resolves the Rust names that the services use.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use prost_build::{Config, Module, Service, ServiceGenerator};
use prost_types::FileDescriptorProto;

use super::{BuildError, secret::Secrets};

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
    let generated = config
        .generate(requests)
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

/// Keeps the services that prost-build hands out, and writes nothing.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Service>>>);

impl Collector {
    fn take(&self) -> Vec<Service> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServiceGenerator for Collector {
    fn generate(&mut self, service: Service, _: &mut String) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(service);
    }
}
