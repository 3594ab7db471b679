//! The one table of the routes: where each is, what a token must allow for it, and what answers.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::ALLOW;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post};
use tunekey_core::ApiScope::{self, Cookie, Renew, SignIn, Status};

use crate::callers::Caller;
use crate::failure::{Failure, Refusal};
use crate::state::Api;
use crate::v1::{accounts, deliveries, events, services, sign_ins};
use crate::{page, vkeys};

/// A route.
pub(crate) struct Route {
    /// The path, as the description writes it.
    pub(crate) path: &'static str,
    /// What a token must allow; nothing for what any token may.
    pub(crate) needs: &'static [ApiScope],
    handlers: MethodRouter<Api>,
}

fn route(path: &'static str, needs: &'static [ApiScope], handlers: MethodRouter<Api>) -> Route {
    Route { path, needs, handlers }
}

/// The routes.
pub(crate) fn all() -> Vec<Route> {
    vec![
        route("/", &[], get(page::page)),
        route("/page.css", &[], get(page::style)),
        route("/page.js", &[], get(page::script)),
        route("/openapi.json", &[], get(page::description)),
        route("/v1/services", &[], get(services::list)),
        route("/v1/accounts", &[Status], get(accounts::list)),
        route("/v1/accounts/{account}", &[Status], get(accounts::one)),
        route("/v1/accounts/{account}/cookie", &[Cookie], get(accounts::cookie)),
        route("/v1/accounts/{account}/renew", &[Renew], post(accounts::renew)),
        route("/v1/accounts/{account}/check", &[Renew], post(accounts::check)),
        route("/v1/accounts/{account}/rejected", &[Renew], post(accounts::rejected)),
        route("/v1/deliveries", &[Status], get(deliveries::list)),
        route("/v1/deliveries/{delivery}/send", &[Renew], post(deliveries::send)),
        route("/v1/events", &[Status], get(events::follow)),
        route("/v1/sign-ins", &[SignIn], get(sign_ins::list).post(sign_ins::start)),
        route("/v1/sign-ins/{id}", &[SignIn], delete(sign_ins::cancel).get(sign_ins::one)),
        route("/v1/sign-ins/{id}/events", &[SignIn], get(sign_ins::events)),
        route("/v1/sign-ins/{id}/ticket", &[SignIn], post(sign_ins::ticket)),
        route("/v1/sign-ins/{id}/answer", &[SignIn], post(sign_ins::answer)),
        route("/music/tencent/cookie/qrcode", &[SignIn], acting(get(vkeys::tencent_qrcode), "GET")),
        route("/music/tencent/cookie/fastlogin", &[SignIn], acting(get(vkeys::tencent_fastlogin), "GET")),
        route("/music/tencent/cookie/refresh", &[Renew], both(vkeys::tencent_refresh)),
        route("/v2/music/tencent/cookie", &[Renew], both(vkeys::tencent_refresh)),
        route("/music/netease/cookie/qrcode", &[SignIn], acting(get(vkeys::netease_qrcode), "GET")),
        route("/music/netease/cookie/refresh", &[Renew], both(vkeys::netease_refresh)),
    ]
}

/// Answers GET and POST alike.
fn both<H, T>(handler: H) -> MethodRouter<Api>
where
    H: axum::handler::Handler<T, Api> + Clone,
    T: 'static,
{
    acting(get(handler.clone()).post(handler), "GET, POST")
}

/// Refuses HEAD where GET does something, as the public API has it: otherwise whoever only looks would start it.
fn acting(handlers: MethodRouter<Api>, allowed: &'static str) -> MethodRouter<Api> {
    handlers.head(async move || (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, allowed)]))
}

/// The router. Every route lets through only whom its scopes let, and remembers who asked.
pub(crate) fn router(api: Api) -> Router {
    let mut router = Router::new();
    for Route { path, needs, handlers } in all() {
        // Also in front of the wrong method: whoever may do nothing here learns nothing.
        let permitted = from_fn_with_state((api.clone(), needs), permit);
        router = router.route(path, handlers.layer(permitted));
    }
    router.fallback(async || Failure::from(Refusal::Route)).with_state(api)
}

type Needs = (Api, &'static [ApiScope]);

async fn permit(State((api, needs)): State<Needs>, request: Request, next: Next) -> Response {
    // Whoever comes here has been let in.
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return Failure::from(Refusal::Token).into_response();
    };
    let what = format!("{} {}", request.method(), request.uri().path());
    let response = match caller.lacks(needs) {
        None => next.run(request).await,
        Some(scope) => Failure::from(Refusal::Scope(scope)).into_response(),
    };
    api.callers.note(&caller, &what, response.status().as_u16());
    response
}
