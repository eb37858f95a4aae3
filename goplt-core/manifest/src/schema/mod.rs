//! The JSON Schema of `module.yaml`, built from the keys that the reader knows.

mod json;

use self::json::Json;
use crate::{
    ConfigKind, Method,
    read::keys::{
        ACCESS, CONFIG_KEYS, EVENT_KEYS, HOST_KEYS, JOB_KEYS, KEYS, PERMISSION_KEYS, RESERVED,
        ROUTE_KEYS, TENANT,
    },
};

const ID: &str =
    "https://raw.githubusercontent.com/goplt/goplt/main/goplt-core/manifest/module.schema.json";
const MODULE: &str = "^[a-z][a-z0-9-]{0,62}$";
const PERMISSION: &str = r"^[a-z0-9-]+(\.[a-z0-9-]+){1,3}$";
const PATTERN: &str = r"^([a-z0-9-]+(\.[a-z0-9-]+){1,3}|[a-z0-9-]+(\.[a-z0-9-]+){0,2}\.\*|\*)$";
const SNAKE_CASE: &str = "^[a-z][a-z0-9_]{0,62}$";
const ROLE: &str = "^[a-z][a-z0-9_-]{0,62}$";
const EVENT: &str = r"^[a-z][a-z0-9-]*\.[a-z0-9_-]+\.[a-z0-9_-]+$";
const DEPENDENCY: &str = "^[a-z][a-z0-9-]{0,62}([^a-z0-9-].*)?$";
const VERSION: &str = r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$";

/// The JSON Schema (draft 2020-12) of `module.yaml`, so that editors complete and check while one types.
///
/// It is committed beside this crate as `module.schema.json`. It knows the shape of a manifest; what depends on other
/// parts of the file, such as an undeclared permission, only [`parse`](crate::parse) finds.
///
/// ```
/// let schema = goplt_manifest::json_schema();
/// assert!(schema.contains("https://json-schema.org/draft/2020-12/schema"));
/// ```
pub fn json_schema() -> String {
    let description = "What a module is called, needs and declares.";
    let schema = Json::from([
        (
            "$schema",
            "https://json-schema.org/draft/2020-12/schema".into(),
        ),
        ("$id", ID.into()),
        ("title", "goplt module manifest".into()),
    ]);
    let root = object(description, KEYS, &["name", "version"], root);
    format!("{}\n", schema.and(root))
}

fn root(key: &str) -> Json {
    match key {
        "name" => Json::from([
            (
                "description",
                "The module's name, unique in an assembly; its own things begin with it.".into(),
            ),
            ("type", "string".into()),
            ("pattern", MODULE.into()),
            ("not", Json::from([("enum", reserved())])),
        ]),
        "version" => text("The module's version (Semantic Versioning).", VERSION),
        "description" => plain("What the module is, in a sentence."),
        "dependencies" => list(
            "The modules that must be there; `core` is the platform.",
            text("A module and a range of versions: identity ^1", DEPENDENCY),
        ),
        "optional_dependencies" => list(
            "The modules that are used when they are there.",
            text(
                "A module and a range of versions: billing >= 1.1",
                DEPENDENCY,
            ),
        ),
        "permissions" => list("The permissions that the module checks.", permission_item()),
        "routes" => list("The routes that the module answers.", route()),
        "tables" => list(
            "The tables that hold tenants' rows; they begin with the module's name.",
            text("A table.", SNAKE_CASE),
        ),
        "events" => object(
            "The events that the module publishes and hears.",
            EVENT_KEYS,
            &[],
            events,
        ),
        "jobs" => list(
            "The jobs that the module runs.",
            object("A job.", JOB_KEYS, &["name"], job),
        ),
        "roles" => names(
            "The roles that each tenant is seeded with, and what they are granted here.",
            ROLE,
            list(
                "What the role is granted.",
                text("A permission, or a prefix and `.*`.", PATTERN),
            ),
        ),
        "config" => names(
            "The settings of the module.",
            SNAKE_CASE,
            object("A setting.", CONFIG_KEYS, &["type"], setting),
        ),
        "host" => object(
            "What the module does outside of any tenant.",
            HOST_KEYS,
            HOST_KEYS,
            host,
        ),
        other => no_schema(other),
    }
}

/// The reserved names as a module would write them.
fn reserved() -> Json {
    let names = RESERVED.iter().map(|name| name.replace('_', "-"));
    Json::List(names.map(Json::Text).collect())
}

fn permission_item() -> Json {
    let map = object(
        "A permission and what it allows.",
        PERMISSION_KEYS,
        &["name"],
        |key| match key {
            "name" => text("The permission.", PERMISSION),
            "description" => plain("What it allows."),
            other => no_schema(other),
        },
    );
    let name = text(
        "A permission; its first part is the module's name.",
        PERMISSION,
    );
    Json::from([("anyOf", Json::List(vec![name, map]))])
}

fn route() -> Json {
    let required = |key: &str| Json::from([("required", Json::texts(&[key]))]);
    let handler = Json::from([("const", "handler".into())]);
    let route = object(
        "A route.",
        ROUTE_KEYS,
        &["id", "method", "path"],
        |key| match key {
            "id" => text(
                "Its name in code: create_post becomes route::CREATE_POST.",
                SNAKE_CASE,
            ),
            "method" => one_of("The method.", &Method::ALL.map(Method::as_str)),
            "path" => text("The path, with parameters in braces; quote it.", "^/"),
            "permission" => text("Who may call it: callers with this permission.", PERMISSION),
            "access" => one_of("Who may call it, in place of a permission.", ACCESS),
            "reason" => reason("For `access: handler`: why the manifest cannot declare it."),
            "tenant" => one_of(
                "Where the tenant comes from: the request, or a credential in the body.",
                TENANT,
            ),
            "description" => plain("What the route does."),
            other => no_schema(other),
        },
    );
    route.and(Json::from([
        (
            "oneOf",
            Json::List(vec![required("permission"), required("access")]),
        ),
        (
            "if",
            Json::from([
                ("properties", Json::from([("access", handler)])),
                ("required", Json::texts(&["access"])),
            ]),
        ),
        ("then", required("reason")),
        ("else", Json::from([("not", required("reason"))])),
    ]))
}

fn events(key: &str) -> Json {
    match key {
        "publishes" => list(
            "What the module publishes.",
            text("module.entity.verb", EVENT),
        ),
        "subscribes" => list("What the module hears.", text("module.entity.verb", EVENT)),
        other => no_schema(other),
    }
}

fn job(key: &str) -> Json {
    match key {
        "name" => text(
            "Its name in code: purge_drafts becomes job::PURGE_DRAFTS.",
            SNAKE_CASE,
        ),
        "cron" => text(
            "When it is due: minute, hour, day of the month, month, day of the week; quote it.",
            r"^\s*\S+(\s+\S+){4}\s*$",
        ),
        "zone" => plain("The time zone of `cron`; UTC if it is absent."),
        "description" => plain("What the job does."),
        other => no_schema(other),
    }
}

fn setting(key: &str) -> Json {
    match key {
        "type" => one_of(
            "What the setting holds.",
            &ConfigKind::ALL.map(ConfigKind::as_str),
        ),
        "default" => any("Its value when none is configured."),
        "development" => any("Its value when none is configured in the environment `development`."),
        "values" => list("For strings: the values allowed.", plain("A value.")),
        "min" => number("For numbers: the least value allowed."),
        "max" => number("For numbers: the greatest value allowed."),
        "description" => plain("What the setting does."),
        other => no_schema(other),
    }
}

fn host(key: &str) -> Json {
    match key {
        "reason" => reason("Why it must, for whoever reviews it."),
        "tables" => list(
            "The tables that it may reach.",
            text("A table.", SNAKE_CASE),
        ),
        other => no_schema(other),
    }
}

/// A map with these keys and no others.
fn object(
    description: &str,
    keys: &[&str],
    required: &[&str],
    property: impl Fn(&str) -> Json,
) -> Json {
    let properties = keys
        .iter()
        .map(|key| ((*key).to_owned(), property(key)))
        .collect();
    Json::from([
        ("description", description.into()),
        ("type", "object".into()),
        ("properties", Json::Map(properties)),
        ("required", Json::texts(required)),
        ("additionalProperties", Json::Bool(false)),
    ])
}

/// A map from names of the user's choice.
fn names(description: &str, pattern: &str, value: Json) -> Json {
    Json::from([
        ("description", description.into()),
        ("type", "object".into()),
        ("propertyNames", Json::from([("pattern", pattern.into())])),
        ("additionalProperties", value),
    ])
}

fn list(description: &str, items: Json) -> Json {
    Json::from([
        ("description", description.into()),
        ("type", "array".into()),
        ("items", items),
    ])
}

fn text(description: &str, pattern: &str) -> Json {
    Json::from([
        ("description", description.into()),
        ("type", "string".into()),
        ("pattern", pattern.into()),
    ])
}

fn plain(description: &str) -> Json {
    Json::from([
        ("description", description.into()),
        ("type", "string".into()),
    ])
}

fn reason(description: &str) -> Json {
    text(description, r"\S")
}

fn one_of(description: &str, values: &[&str]) -> Json {
    Json::from([
        ("description", description.into()),
        ("enum", Json::texts(values)),
    ])
}

fn number(description: &str) -> Json {
    Json::from([
        ("description", description.into()),
        ("type", "number".into()),
    ])
}

fn any(description: &str) -> Json {
    Json::from([("description", description.into())])
}

/// The lists of keys are constants: a test builds the schema, so this is never met outside of development.
fn no_schema(key: &str) -> Json {
    unreachable!("the key `{key}` has no schema")
}
