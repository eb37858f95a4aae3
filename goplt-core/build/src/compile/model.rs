//! The services as goplt sees them: names, shapes and the policy of each method, all checked.

use std::{collections::HashMap, time::Duration};

use goplt_manifest::{Permission, Version};
use prost_reflect::{MethodDescriptor, ServiceDescriptor};
use prost_types::method_options::IdempotencyLevel;
use syn::{Attribute, Ident};

use super::{
    BuildError, Problem, docs,
    options::{Access, MethodOptions, Options},
    source::{OPTIONS_FILE, Sources},
};

/// One service, ready to be written.
pub(super) struct Service {
    pub(super) ident: Ident,
    /// As in `blog.v1.BlogService`.
    pub(super) full_name: String,
    pub(super) version: String,
    pub(super) docs: Vec<Attribute>,
    pub(super) methods: Vec<Method>,
}

/// One method, ready to be written.
pub(super) struct Method {
    pub(super) ident: Ident,
    /// As in `GetPost`.
    pub(super) name: String,
    pub(super) docs: Vec<Attribute>,
    pub(super) input: syn::Type,
    pub(super) output: syn::Type,
    pub(super) streaming: bool,
    pub(super) idempotency: IdempotencyLevel,
    pub(super) access: Access,
    pub(super) timeout: Option<Duration>,
}

/// Checks the options of every service. What is refused is reported, and left out of the result.
pub(super) struct Checker<'a> {
    pub(super) sources: &'a Sources,
    pub(super) options: &'a Options,
    pub(super) problems: Vec<Problem>,
}

impl Checker<'_> {
    pub(super) fn service(
        &mut self,
        service: &prost_build::Service,
    ) -> Result<Option<Service>, BuildError> {
        let full_name = match service.package.as_str() {
            "" => service.proto_name.clone(),
            package => format!("{package}.{}", service.proto_name),
        };
        let Some(descriptor) = self.sources.pool.get_service_by_name(&full_name) else {
            return Ok(None);
        };
        let version = self.version(&descriptor);
        let mut methods = Vec::new();
        let mut seen: HashMap<String, String> = HashMap::new();
        for (method, descriptor) in service.methods.iter().zip(descriptor.methods()) {
            if let Some(first) = seen.insert(method.name.clone(), method.proto_name.clone()) {
                self.refuse_method(
                    &descriptor,
                    format!(
                        "`{}` and `{first}` are both `{}` in Rust: rename one",
                        method.proto_name, method.name
                    ),
                );
            }
            methods.extend(self.method(method, &descriptor)?);
        }
        let Some(version) = version else {
            return Ok(None);
        };
        let mut docs = docs::of_comments(&service.comments)?;
        if docs.is_empty() {
            docs.push(docs::line(&format!("The contract `{full_name}`.")));
        }
        Ok(Some(Service {
            ident: parse(&service.name)?,
            full_name,
            version,
            docs,
            methods,
        }))
    }

    fn method(
        &mut self,
        method: &prost_build::Method,
        descriptor: &MethodDescriptor,
    ) -> Result<Option<Method>, BuildError> {
        if method.client_streaming {
            self.refuse_method(
                descriptor,
                format!(
                    "`{}` takes a stream of requests, which contracts do not have: take a message with a `repeated` \
                     field, or call once for each",
                    method.proto_name
                ),
            );
        }
        let options = self.options.method(&descriptor.options());
        let Some(access) = self.access(descriptor, &options) else {
            return Ok(None);
        };
        if options.timeout_ms == Some(0) {
            self.refuse_method(
                descriptor,
                format!(
                    "`{}` has a timeout of 0 ms: leave it out for no timeout of its own",
                    method.proto_name
                ),
            );
        }
        Ok(Some(Method {
            ident: parse(&method.name)?,
            name: method.proto_name.clone(),
            docs: docs::of_comments(&method.comments)?,
            input: parse(&method.input_type)?,
            output: parse(&method.output_type)?,
            streaming: method.server_streaming,
            idempotency: method.options.idempotency_level(),
            access,
            timeout: options
                .timeout_ms
                .map(|ms| Duration::from_millis(ms.into())),
        }))
    }

    fn version(&mut self, service: &ServiceDescriptor) -> Option<String> {
        let name = service.name();
        let message = match self.options.service_version(&service.options()) {
            None => format!(
                "`{name}` has no version: import \"{OPTIONS_FILE}\" and say `option (goplt.service).version = \"1.0.0\";`"
            ),
            Some(version) => match Version::parse(&version) {
                Ok(_) => return Some(version),
                Err(error) => format!("the version of `{name}`: {error}"),
            },
        };
        let file = service.parent_file();
        self.problems.push(self.sources.problem(
            file.file_descriptor_proto(),
            service.path(),
            message,
        ));
        None
    }

    /// Deny by default: a method that does not say who may call it is refused.
    fn access(&mut self, method: &MethodDescriptor, options: &MethodOptions) -> Option<Access> {
        let name = method.name();
        let message = match (options.negated, &options.access) {
            (Some(flag), _) => format!(
                "`{name}` says `{flag}: false`, which allows nobody: choose one access and set it to true"
            ),
            (None, None) => format!(
                "`{name}` does not say who may call it: import \"{OPTIONS_FILE}\" and say \
                 `option (goplt.method) = {{ permission: \"module.resource.action\" }};`, or `authenticated`, `public` or \
                 `internal: true`"
            ),
            (None, Some(Access::Permission(permission))) => match Permission::parse(permission) {
                Ok(_) => return options.access.clone(),
                Err(error) => format!("the permission of `{name}`: {error}"),
            },
            (None, Some(access)) => return Some(access.clone()),
        };
        self.refuse_method(method, message);
        None
    }

    fn refuse_method(&mut self, method: &MethodDescriptor, message: String) {
        let file = method.parent_file();
        self.problems.push(self.sources.problem(
            file.file_descriptor_proto(),
            method.path(),
            message,
        ));
    }
}

fn parse<T: syn::parse::Parse>(text: &str) -> Result<T, BuildError> {
    syn::parse_str(text).map_err(|error| BuildError::Generator(Box::new(error)))
}
