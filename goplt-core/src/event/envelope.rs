//! [`Envelope`]: an event with all that is known of it, as CloudEvents 1.0.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use super::DecodeError;
use crate::{
    Principal, RequestId, TenantId, Timestamp, Uuid, error::BoxError, telemetry::TraceContext,
};

/// An event with all that is known of it.
///
/// Its JSON form is that of CloudEvents 1.0. The payload stands there as `data_base64`, since it
/// is protobuf: contracts are protobuf already, fields are added without breaking a reader, and
/// no message has to know JSON.
///
/// # Examples
///
/// ```
/// use goplt_core::event::Envelope;
///
/// let text = r#"{
///     "specversion": "1.0", "id": "01890a5d-ac96-774b-bcce-b302099a8057", "source": "/blog",
///     "type": "blog.post.created", "subject": "p1", "time": "2026-03-01T12:00:00Z",
///     "datacontenttype": "application/protobuf", "data_base64": "CgJwMQ==",
///     "schemaversion": "1", "tenantid": "acme", "correlationid": "req-1"
/// }"#;
/// let envelope = Envelope::from_json(text)?;
/// assert_eq!(envelope.name(), "blog.post.created");
/// assert_eq!(envelope.payload(), b"\x0a\x02p1");
/// # Ok::<_, goplt_core::event::DecodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) tenant: TenantId,
    pub(super) key: String,
    pub(super) time: Timestamp,
    pub(super) payload: Vec<u8>,
    pub(super) trace: TraceContext,
    pub(super) cause: Option<Uuid>,
    pub(super) request_id: RequestId,
    pub(super) actor: Option<Actor>,
}

/// Who acted when the event happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// A user, by the subject of its credentials.
    User(String),
    /// A part of the platform, such as a module that handled another event.
    Service(String),
}

const CONTENT_TYPE: &str = "application/protobuf";

// === impl Actor ===

impl Actor {
    pub(crate) fn of(principal: &Principal) -> Self {
        let subject = principal.subject().to_owned();
        if principal.is_user() {
            Self::User(subject)
        } else {
            Self::Service(subject)
        }
    }

    pub(super) fn parse(kind: &str, subject: String) -> Self {
        match kind {
            "user" => Self::User(subject),
            _ => Self::Service(subject),
        }
    }

    /// `user` or `service`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Service(_) => "service",
        }
    }

    /// The subject of the user, or the name of the service.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::User(subject) | Self::Service(subject) => subject,
        }
    }
}

// === impl Envelope ===

impl Envelope {
    /// The event's own id, the same at each delivery: an idempotency key for effects elsewhere.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// What happened, such as `blog.post.created`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The module that published it.
    #[must_use]
    pub fn module(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// What the event is about: its name without the verb, such as `blog.post`. Events of one
    /// topic, tenant and key come in order.
    #[must_use]
    pub fn topic(&self) -> &str {
        topic(&self.name)
    }

    /// The version of the payload.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Whose it is.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// What it happened to.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// When it was published.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// The payload, as protobuf.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The trace of the request that caused it.
    #[must_use]
    pub const fn trace(&self) -> TraceContext {
        self.trace
    }

    /// The event whose handler published this one.
    #[must_use]
    pub const fn cause(&self) -> Option<Uuid> {
        self.cause
    }

    /// The request at the beginning of it all.
    #[must_use]
    pub const fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// Who acted; `None` for an anonymous request.
    #[must_use]
    pub const fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// The event as CloudEvents JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut event = json!({
            "specversion": "1.0",
            "id": self.id,
            "source": format!("/{}", self.module()),
            "type": self.name,
            "subject": self.key,
            "time": self.time,
            "datacontenttype": CONTENT_TYPE,
            "schemaversion": self.version.to_string(),
            "tenantid": self.tenant,
            "correlationid": self.request_id,
            "data_base64": BASE64_STANDARD.encode(&self.payload),
        });
        if let Value::Object(event) = &mut event {
            if self.trace.is_valid() {
                event.insert("traceparent".to_owned(), self.trace.to_string().into());
            }
            if let Some(cause) = self.cause {
                event.insert("causationid".to_owned(), cause.to_string().into());
            }
            if let Some(actor) = &self.actor {
                event.insert("actorkind".to_owned(), actor.kind().into());
                event.insert("actor".to_owned(), actor.subject().into());
            }
        }
        event.to_string()
    }

    /// Reads CloudEvents JSON. Attributes that we do not know are passed over.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is none, or lacks an attribute.
    pub fn from_json(text: &str) -> Result<Self, DecodeError> {
        let refused = |source| DecodeError::new("CloudEvents 1.0 JSON", source);
        let event: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| refused(error.into()))?;
        Self::read(&event).map_err(refused)
    }

    fn read(event: &Map<String, Value>) -> Result<Self, BoxError> {
        let optional = |name: &str| event.get(name).and_then(Value::as_str);
        let text = |name: &str| {
            optional(name).ok_or_else(|| format!("the attribute `{name}` is missing or no string"))
        };
        if text("specversion")? != "1.0" {
            return Err("the attribute `specversion` is not `1.0`".into());
        }
        if text("datacontenttype")? != CONTENT_TYPE {
            return Err(format!("the attribute `datacontenttype` is not `{CONTENT_TYPE}`").into());
        }
        let actor = optional("actor").map(|actor| {
            let kind = optional("actorkind").unwrap_or_default();
            Actor::parse(kind, actor.to_owned())
        });
        Ok(Self {
            id: text("id")?.parse()?,
            name: text("type")?.to_owned(),
            version: text("schemaversion")?.parse()?,
            tenant: TenantId::stored(text("tenantid")?)?,
            key: text("subject")?.to_owned(),
            time: text("time")?.parse()?,
            payload: BASE64_STANDARD.decode(text("data_base64")?)?,
            // As W3C asks, a broken header is as good as none.
            trace: optional("traceparent")
                .and_then(|trace| trace.parse().ok())
                .unwrap_or_default(),
            cause: optional("causationid").map(str::parse).transpose()?,
            request_id: text("correlationid")?.parse()?,
            actor,
        })
    }
}

/// A name without its verb.
pub(super) fn topic(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(topic, _verb)| topic)
}
