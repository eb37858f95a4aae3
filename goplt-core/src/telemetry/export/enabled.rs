pub(super) use crate::telemetry::otlp::Export;
