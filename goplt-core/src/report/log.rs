//! The sink that is always there: the log.

use tracing::field::display;

use super::{Incident, Occurrence};

/// One line for an incident. Where the error happened it has its own line, within its request's
/// span; this one says that it is new, or how often it came.
pub(super) fn write(incident: &Incident) {
    let report = &incident.report;
    let trace = report.trace();
    let trace = trace
        .is_valid()
        .then(|| display(format!("{:032x}", trace.trace_id())));
    macro_rules! line {
        ($level:expr, $message:literal $(, $field:ident = $value:expr)*) => {
            tracing::event!(
                target: "goplt::report",
                $level,
                $($field = $value,)*
                fingerprint = %incident.fingerprint,
                category = report.category().as_str(),
                module = report.module().map(display),
                place = report.place(),
                request_id = report.request_id().map(display),
                tenant_id = report.tenant().map(display),
                user_id = report.user(),
                trace_id = trace,
                error = %incident,
                $message
            )
        };
    }
    match incident.occurrence {
        Occurrence::First => line!(tracing::Level::ERROR, "an error that is new"),
        Occurrence::Repeated { count, within } => line!(
            tracing::Level::ERROR,
            "an error that repeats",
            count = count,
            seconds = within.as_secs()
        ),
    }
}
