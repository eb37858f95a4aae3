//! Names of built-in metrics and labels in the spelling of OpenTelemetry: Prometheus knows no dots
//! and puts the unit into the name.

const NAMES: [(&str, &str); 8] = [
    (
        "http_server_request_duration_seconds",
        "http.server.request.duration",
    ),
    (
        "rpc_server_call_duration_seconds",
        "rpc.server.call.duration",
    ),
    (
        "db_client_operation_duration_seconds",
        "db.client.operation.duration",
    ),
    (
        "messaging_process_duration_seconds",
        "messaging.process.duration",
    ),
    (
        "messaging_client_sent_messages_total",
        "messaging.client.sent.messages",
    ),
    ("http_request_method", "http.request.method"),
    ("http_route", "http.route"),
    ("http_response_status_code", "http.response.status_code"),
];

const LABELS: [(&str, &str); 10] = [
    ("rpc_service", "rpc.service"),
    ("rpc_method", "rpc.method"),
    ("rpc_response_status_code", "rpc.response.status_code"),
    ("db_system_name", "db.system.name"),
    ("db_operation_name", "db.operation.name"),
    ("error_type", "error.type"),
    ("messaging_destination_name", "messaging.destination.name"),
    (
        "messaging_consumer_group_name",
        "messaging.consumer.group.name",
    ),
    ("otel_metric_overflow", "otel.metric.overflow"),
    ("goplt_module", "goplt.module"),
];

/// As OpenTelemetry spells it; a module's own metric keeps its name.
pub(super) fn of(name: &str) -> &str {
    let all = NAMES.iter().chain(&LABELS);
    all.into_iter()
        .find(|(ours, _)| *ours == name)
        .map_or(name, |(_, theirs)| theirs)
}

/// The unit that the end of a name says.
pub(super) fn unit(name: &str) -> &'static str {
    if name.ends_with("_seconds") {
        "s"
    } else if name.ends_with("_bytes") {
        "By"
    } else {
        "1"
    }
}
