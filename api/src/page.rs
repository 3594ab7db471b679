//! The description, and a page that draws it: files of our own, which load nothing from elsewhere.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};

/// The description in OpenAPI 3.2. A test writes it, and another says when it is not that of the handlers.
pub(crate) const DESCRIPTION: &str = include_str!("../openapi.json");

/// What the page may do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The description.
pub(crate) async fn description() -> Response {
    file("application/json", DESCRIPTION)
}

/// The page.
pub(crate) async fn page() -> Response {
    let mut page = file("text/html; charset=utf-8", include_str!("../page/index.html"));
    page.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    page
}

/// How it looks.
pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../page/page.css"))
}

/// How it is drawn.
pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("../page/page.js"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}
