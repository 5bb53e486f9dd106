//! Figures for operators, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use cloudcrew_ports::index::Which;
use cloudcrew_views::api::Lifecycle;

use super::projects::rows;
use super::refusals::OfCaller;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// Engagements by state, requests that wait, and replies by status.
#[utoipa::path(get, path = "/metrics",
    operation_id = "read_metrics", tag = "operations",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 403, body = Problem, content_type = "application/problem+json"), OfCaller))]
pub(crate) async fn metrics(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<impl IntoResponse, Problem> {
    if !caller.operates {
        return Err(Problem::new(Kind::Forbidden, "only the operator may read metrics"));
    }
    let mut states: BTreeMap<&'static str, u64> =
        Lifecycle::ALL.into_iter().map(|state| (state.name(), 0)).collect();
    let mut waiting = 0;
    for row in rows(&app, &caller, Which::All).await? {
        *states.entry(row.state.name()).or_default() += 1;
        waiting += row.waiting.len();
    }
    let mut text = String::from(
        "# HELP cloudcrew_engagements Engagements by state.\n# TYPE cloudcrew_engagements gauge\n",
    );
    for (state, count) in states {
        let _ = writeln!(text, "cloudcrew_engagements{{state=\"{state}\"}} {count}");
    }
    let _ = write!(
        text,
        "# HELP cloudcrew_requests_waiting Requests that wait for a person.\n\
         # TYPE cloudcrew_requests_waiting gauge\n\
         cloudcrew_requests_waiting {waiting}\n\
         # HELP cloudcrew_http_replies_total Replies by status.\n\
         # TYPE cloudcrew_http_replies_total counter\n"
    );
    for (status, count) in app.replies() {
        let _ = writeln!(text, "cloudcrew_http_replies_total{{status=\"{status}\"}} {count}");
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
