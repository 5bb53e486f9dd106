//! The routes. Each is registered once, for the router and for the document.

mod artifacts;
mod audit;
mod decide;
mod events;
mod health;
mod history;
mod kinds;
mod learned;
mod ledger;
mod login;
mod members;
mod messages;
mod metrics;
mod operate;
mod projects;
mod refusals;
mod remarks;
mod requests;
mod session;
mod since;
pub(crate) mod socket;
mod statements;
mod survey;
mod uploads;
mod workflows;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::app::App;
use crate::body::MAX_BODY;
use crate::once::once;
use crate::pages::page;
use crate::problem::{Kind, Problem};
use crate::shield::shield;
pub use uploads::MAX_UPLOAD;

/// What the document says of the whole interface.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "CloudCrew",
        description = "Engagements of a crew of AI agents: start them, read them, answer what they \
                       ask, and follow them live.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    modifiers(&Token),
    security(("token" = [])),
    tags(
        (name = "engagements", description = "Start and read engagements"),
        (name = "requests", description = "What waits for a person, and how it is answered"),
        (name = "learned", description = "Notes, patterns and figures of many engagements"),
        (name = "operations", description = "Cancel, resume and retry; the service itself")
    )
)]
struct Described;

/// How callers identify themselves.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token that `cloudcrew serve` prints, or `CLOUDCREW_TOKEN`"))
            .build();
        if let Some(components) = document.components.as_mut() {
            components.add_security_scheme("token", SecurityScheme::Http(bearer));
        }
    }
}

fn all() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(projects::list, projects::start))
        .routes(routes!(projects::detail))
        .routes(routes!(projects::status))
        .routes(routes!(projects::cost))
        .routes(routes!(ledger::ledger))
        .routes(routes!(artifacts::list))
        .routes(routes!(artifacts::read))
        .routes(routes!(artifacts::deliverables))
        .routes(routes!(artifacts::board))
        .routes(routes!(history::history))
        .routes(routes!(history::diff))
        .routes(routes!(audit::audit))
        .routes(routes!(events::page))
        .routes(routes!(events::stream))
        .routes(routes!(socket::ticket))
        .routes(routes!(socket::connect))
        .routes(routes!(requests::inbox))
        .routes(routes!(requests::list))
        .routes(routes!(requests::one))
        .routes(routes!(since::changes))
        .routes(routes!(decide::approve))
        .routes(routes!(decide::revise))
        .routes(routes!(decide::respond))
        .routes(routes!(messages::send))
        .routes(routes!(messages::list))
        .routes(routes!(remarks::list, remarks::make))
        .routes(routes!(remarks::answer))
        .routes(routes!(survey::read, survey::answer))
        .routes(routes!(operate::cancel))
        .routes(routes!(operate::resume))
        .routes(routes!(operate::waive_push))
        .routes(routes!(operate::retry))
        .routes(routes!(members::list))
        .routes(routes!(members::set, members::remove))
        .routes(routes!(workflows::list))
        .routes(routes!(workflows::graph))
        .routes(routes!(statements::read))
        .routes(routes!(uploads::upload).layer(DefaultBodyLimit::max(MAX_UPLOAD)))
        .routes(routes!(session::begin))
        .routes(routes!(session::end))
        .routes(routes!(login::config))
        .routes(routes!(login::begin))
        .routes(routes!(login::callback))
        .routes(routes!(login::done))
        .routes(routes!(learned::notes))
        .routes(routes!(learned::of_project))
        .routes(routes!(learned::withdraw))
        .routes(routes!(learned::accept))
        .routes(routes!(learned::patterns))
        .routes(routes!(learned::by_month))
        .routes(routes!(learned::by_line))
        .routes(routes!(metrics::metrics))
        .routes(routes!(health::me))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(health::openapi))
}

/// The service as a router.
pub fn router(app: App) -> Router {
    let (routes, _) = all().split_for_parts();
    routes
        // Only where a route exists: anything else is refused as usual.
        .route_layer(from_fn_with_state(app.clone(), once))
        .fallback(page)
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::Method, "this resource has other methods; see /openapi.json")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(app.clone(), shield))
        .with_state(app)
}

/// The OpenAPI document, as pretty JSON with a final newline.
///
/// # Errors
/// When it cannot be serialized.
pub fn document() -> Result<String, serde_json::Error> {
    Ok(all().into_openapi().to_pretty_json()? + "\n")
}
