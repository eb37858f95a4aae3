//! goplt's own options, read from the descriptors.

use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor};

/// Who may call a method, as its option says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    Public,
    Authenticated,
    Permission(String),
    Internal,
}

/// `(goplt.method)` of one method.
#[derive(Debug, Default)]
pub(super) struct MethodOptions {
    pub(super) access: Option<Access>,
    /// An access that was written as `false`, which means nothing.
    pub(super) negated: Option<&'static str>,
    pub(super) timeout_ms: Option<u32>,
}

/// `(goplt.event)` of one message.
#[derive(Debug, Default)]
pub(super) struct EventOptions {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) version: Option<u32>,
}

/// The extensions of `goplt/options.proto`. Each is absent while no proto imports the file.
pub(super) struct Options {
    method: Option<ExtensionDescriptor>,
    service: Option<ExtensionDescriptor>,
    field: Option<ExtensionDescriptor>,
    event: Option<ExtensionDescriptor>,
}

impl Options {
    pub(super) fn of(pool: &DescriptorPool) -> Self {
        Self {
            method: pool.get_extension_by_name("goplt.method"),
            service: pool.get_extension_by_name("goplt.service"),
            field: pool.get_extension_by_name("goplt.field"),
            event: pool.get_extension_by_name("goplt.event"),
        }
    }

    pub(super) fn method(&self, options: &DynamicMessage) -> MethodOptions {
        let Some(method) = extension(options, self.method.as_ref()) else {
            return MethodOptions::default();
        };
        let mut read = MethodOptions {
            timeout_ms: present(&method, "timeout_ms", |value| value.as_u32()),
            ..Default::default()
        };
        if let Some(name) = present(&method, "permission", |value| {
            value.as_str().map(str::to_owned)
        }) {
            read.access = Some(Access::Permission(name));
        }
        let flags = [
            ("public", Access::Public),
            ("authenticated", Access::Authenticated),
            ("internal", Access::Internal),
        ];
        for (name, access) in flags {
            match present(&method, name, |value| value.as_bool()) {
                Some(true) => read.access = Some(access),
                Some(false) => read.negated = Some(name),
                None => {}
            }
        }
        read
    }

    pub(super) fn service_version(&self, options: &DynamicMessage) -> Option<String> {
        let service = extension(options, self.service.as_ref())?;
        present(&service, "version", |value| {
            value.as_str().map(str::to_owned)
        })
    }

    pub(super) fn event(&self, options: &DynamicMessage) -> Option<EventOptions> {
        let event = extension(options, self.event.as_ref())?;
        let text = |name| {
            let text = present(&event, name, |value| value.as_str().map(str::to_owned));
            text.unwrap_or_default()
        };
        Some(EventOptions {
            name: text("name"),
            key: text("key"),
            version: present(&event, "version", |value| value.as_u32()),
        })
    }

    pub(super) fn is_secret(&self, options: &DynamicMessage) -> bool {
        extension(options, self.field.as_ref())
            .and_then(|field| present(&field, "secret", |value| value.as_bool()))
            .unwrap_or(false)
    }
}

fn extension(
    options: &DynamicMessage,
    extension: Option<&ExtensionDescriptor>,
) -> Option<DynamicMessage> {
    let extension = extension?;
    if !options.has_extension(extension) {
        return None;
    }
    options.get_extension(extension).as_message().cloned()
}

fn present<T>(
    message: &DynamicMessage,
    name: &str,
    read: impl FnOnce(&prost_reflect::Value) -> Option<T>,
) -> Option<T> {
    if !message.has_field_by_name(name) {
        return None;
    }
    read(&*message.get_field_by_name(name)?)
}
