//! The description in OpenAPI 3.2, made of the handlers and of the table of the routes. Only tests contain it: a program
//! carries the file that one of them writes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::failure::ProblemBody;
use crate::page::DESCRIPTION;
use crate::streams::EventSchema;
use crate::v1::sign_ins::StepShape;
use crate::{routes, v1, vkeys};

/// What the handlers say of themselves.
#[derive(OpenApi)]
#[openapi(
    version = "3.2.0",
    info(
        title = "TuneKey",
        version = "1",
        description = "The local API of TuneKey. Every request needs a token of the person's own computer.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        v1::services::list,
        v1::accounts::list,
        v1::accounts::one,
        v1::accounts::cookie,
        v1::accounts::renew,
        v1::accounts::check,
        v1::accounts::rejected,
        v1::deliveries::list,
        v1::deliveries::send,
        v1::events::follow,
        v1::sign_ins::list,
        v1::sign_ins::start,
        v1::sign_ins::one,
        v1::sign_ins::cancel,
        v1::sign_ins::events,
        v1::sign_ins::ticket,
        v1::sign_ins::answer,
        vkeys::tencent_qrcode,
        vkeys::tencent_fastlogin,
        vkeys::tencent_refresh,
        vkeys::netease_qrcode,
        vkeys::netease_refresh,
        again::tencent_refresh_by_post,
        again::tencent_second_version,
        again::tencent_second_version_by_post,
        again::netease_refresh_by_post,
    ),
    components(schemas(EventSchema, ProblemBody, StepShape))
)]
struct Handlers;

/// What one handler answers in several ways: these are never called.
#[expect(dead_code, clippy::unused_async, reason = "only their descriptions are used")]
mod again {
    /// The same, with what is given in a form or a JSON object.
    #[utoipa::path(post, path = "/music/tencent/cookie/refresh", tag = "vkeys",
        request_body(content = crate::vkeys::refresh::TencentQuery, content_type = "application/x-www-form-urlencoded"),
        responses((status = 200, body = crate::vkeys::envelope::TencentEnvelope)))]
    pub(super) async fn tencent_refresh_by_post() {}

    /// The same in the second version of that API.
    #[utoipa::path(get, path = "/v2/music/tencent/cookie", tag = "vkeys",
        params(crate::vkeys::refresh::TencentQuery),
        responses((status = 200, body = crate::vkeys::envelope::TencentEnvelope)))]
    pub(super) async fn tencent_second_version() {}

    /// The same in the second version of that API.
    #[utoipa::path(post, path = "/v2/music/tencent/cookie", tag = "vkeys",
        request_body(content = crate::vkeys::refresh::TencentQuery, content_type = "application/x-www-form-urlencoded"),
        responses((status = 200, body = crate::vkeys::envelope::TencentEnvelope)))]
    pub(super) async fn tencent_second_version_by_post() {}

    /// The same, with what is given in a form or a JSON object.
    #[utoipa::path(post, path = "/music/netease/cookie/refresh", tag = "vkeys",
        request_body(content = crate::vkeys::refresh::NeteaseQuery, content_type = "application/x-www-form-urlencoded"),
        responses((status = 200, body = crate::vkeys::envelope::NeteaseEnvelope)))]
    pub(super) async fn netease_refresh_by_post() {}
}

/// The routes that are no part of what a program asks.
const FILES: [&str; 4] = ["/", "/page.css", "/page.js", "/openapi.json"];

/// What every route may say when it does not do what was asked.
const REFUSALS: [(&str, &str); 14] = [
    ("400", "The request cannot be understood, or something in it cannot be used."),
    ("401", "There is no token that is known."),
    ("403", "The token does not allow it, or a page of another origin asks."),
    ("404", "There is no such thing."),
    ("405", "Not with this method."),
    ("409", "The service, or the account, does not allow it."),
    ("413", "The body is too large."),
    ("415", "The body is of another kind."),
    ("422", "The body has other members."),
    ("429", "Too often."),
    ("500", "Something on this computer did not work."),
    ("502", "The service cannot be reached."),
    ("503", "The store cannot be used, or too many are served already."),
    ("504", "The service does not answer."),
];

/// The whole description.
fn description() -> Value {
    let mut description = serde_json::to_value(Handlers::openapi()).expect("it is JSON");
    description["components"]["securitySchemes"] = json!({ "token": { "type": "http", "scheme": "bearer", "description": "`tunekey token add` makes one." } });
    let scopes = |path: &str| {
        let route = routes::all().into_iter().find(|route| route.path == path);
        route.unwrap_or_else(|| panic!("{path} is described and not there")).needs
    };
    let problem = json!({ "$ref": "#/components/schemas/ProblemBody" });
    for (status, text) in REFUSALS {
        // The shape of an error of vkeys is the envelope.
        for (beginning, schema) in [("Problem", problem.clone()), ("Envelope", json!({ "type": "object" }))] {
            description["components"]["responses"][format!("{beginning}{status}")] =
                json!({ "description": text, "content": { "application/json": { "schema": schema } } });
        }
    }
    let paths = description["paths"].as_object_mut().expect("it has paths");
    for (path, item) in paths {
        let needs: Vec<_> = scopes(path).iter().map(|scope| scope.as_str()).collect();
        for operation in item.as_object_mut().expect("it has operations").values_mut() {
            operation["security"] = json!([{ "token": needs }]);
            let beginning = if path.contains("/music/") { "Envelope" } else { "Problem" };
            for (status, _) in REFUSALS {
                operation["responses"][status] =
                    json!({ "$ref": format!("#/components/responses/{beginning}{status}") });
            }
        }
    }
    name_unsigned(&mut description);
    description
}

/// Says of numbers without a sign that they have none, and how large they are: what makes the description calls them by
/// the next best name.
fn name_unsigned(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("minimum").and_then(Value::as_f64) == Some(0.0) {
                let is = match object.get("format").and_then(Value::as_str) {
                    Some("int32") => Some(("uint32", u64::from(u32::MAX))),
                    Some("int64") => Some(("uint64", u64::MAX)),
                    _ => None,
                };
                if let Some((format, maximum)) = is {
                    object.insert("format".to_owned(), format.into());
                    object.insert("maximum".to_owned(), maximum.into());
                }
            }
            object.values_mut().for_each(name_unsigned);
        }
        Value::Array(list) => list.iter_mut().for_each(name_unsigned),
        _ => {}
    }
}

fn written(description: &Value) -> String {
    let mut text = serde_json::to_string_pretty(description).expect("it is JSON");
    text.push('\n');
    text
}

#[test]
fn the_description_is_that_of_the_handlers() {
    let is_the_same = serde_json::from_str::<Value>(DESCRIPTION).is_ok_and(|known| known == description());
    assert!(
        is_the_same,
        "api/openapi.json is another: `cargo test -p tunekey-api --lib -- --ignored write_the_description` writes it"
    );
}

#[test]
#[ignore = "it writes api/openapi.json"]
#[expect(clippy::disallowed_methods, reason = "a file of the sources, not of a profile")]
fn write_the_description() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    std::fs::write(path, written(&sorted(description()))).expect("it can be written");
}

/// With all members in order of name: whether a map keeps another one depends on what else is built.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[test]
fn every_route_is_described_and_whatever_is_described_is_a_route() {
    let description = description();
    let described: BTreeSet<_> = description["paths"].as_object().expect("paths").keys().cloned().collect();
    let routes = routes::all().into_iter().map(|route| route.path.to_owned());
    let routes: BTreeSet<_> = routes.filter(|path| !FILES.contains(&path.as_str())).collect();
    assert_eq!(described, routes);
    assert_eq!(description["openapi"], "3.2.0");
}

#[test]
fn a_stream_is_described_by_its_events() {
    let description = description();
    for path in ["/v1/events", "/v1/sign-ins/{id}/events", "/music/tencent/cookie/qrcode"] {
        let stream = &description["paths"][path]["get"]["responses"]["200"]["content"]["text/event-stream"];
        assert!(stream["itemSchema"].is_object() && stream["schema"].is_null(), "{path}: {stream}");
    }
}
