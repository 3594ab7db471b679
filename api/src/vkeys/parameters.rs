//! What a vkeys client gives: in the address, in a form, or in a JSON object. What is in the body counts before the
//! rest.

use std::collections::HashMap;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;
use url::form_urlencoded;

use super::wrong::{UNFIT, Wrong};

/// The largest body, in bytes. Larger ones do not come this far.
const MAX_BYTES: usize = 64 * 1024;

/// The parameters, by their names.
#[derive(Default)]
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Those of a request; `None` when its body is neither a form nor a JSON object.
    pub(super) async fn of(request: Request) -> Option<Self> {
        let query = request.uri().query().unwrap_or_default().as_bytes().to_vec();
        let mut all = Self::default();
        all.add_form(&query);
        let is_json = request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let body = to_bytes(request.into_body(), MAX_BYTES).await.ok()?;
        if body.is_empty() {
            return Some(all);
        }
        if is_json {
            let Value::Object(object) = serde_json::from_slice(&body).ok()? else { return None };
            for (name, value) in object {
                match value {
                    Value::String(text) => all.add(name, text),
                    Value::Number(number) => all.add(name, number.to_string()),
                    Value::Bool(flag) => all.add(name, flag.to_string()),
                    Value::Null => {}
                    Value::Array(_) | Value::Object(_) => return None,
                }
            }
        } else {
            all.add_form(&body);
        }
        Some(all)
    }

    fn add_form(&mut self, form: &[u8]) {
        for (name, value) in form_urlencoded::parse(form) {
            self.add(name.into_owned(), value.into_owned());
        }
    }

    fn add(&mut self, name: String, value: String) {
        self.0.insert(name, value);
    }

    /// The first of these that says something.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        let stated =
            |name: &&str| self.0.get(*name).map(|value| value.trim()).filter(|value| !value.is_empty());
        names.iter().find_map(stated)
    }

    /// The first of these that says something, as a part of a credential; `Err` when it cannot be one. A service is
    /// asked with it in a header, where other characters have a meaning of their own.
    pub(super) fn secret(&self, names: &[&str]) -> Result<Option<&str>, Wrong> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._~*+/=%@!:-".contains(&byte);
        match self.get(names) {
            Some(value) if !value.bytes().all(fits) => Err(UNFIT),
            value => Ok(value),
        }
    }

    /// A yes or no, no if left out; `None` when it is neither.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(&[name]) {
            None => Some(false),
            Some("true" | "1" | "yes" | "on") => Some(true),
            Some("false" | "0" | "no" | "off") => Some(false),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn of(uri: &str, kind: &str, body: &'static str) -> Option<Parameters> {
        let request = Request::builder().uri(uri).header(CONTENT_TYPE, kind).body(Body::from(body));
        Parameters::of(request.expect("a request")).await
    }

    #[tokio::test]
    async fn what_is_given_comes_in_the_address_in_a_form_or_in_json() {
        let form = "application/x-www-form-urlencoded";
        let found = of("/?uin=1&music_key=Q%5FH&save=true", form, "").await.expect("it is given");
        assert_eq!((found.get(&["uin"]), found.get(&["music_key", "musickey"])), (Some("1"), Some("Q_H")));
        assert_eq!(found.flag("save"), Some(true));
        let found = of("/?uin=1", form, "uin=2&musickey=a%2Bb+c").await.expect("it is given");
        assert_eq!((found.get(&["uin"]), found.get(&["musickey"])), (Some("2"), Some("a+b c")));
        let found = of("/", "application/json", r#"{"uin":1152921504600000042,"save":false,"x":null}"#).await;
        let found = found.expect("it is given");
        assert_eq!((found.get(&["uin"]), found.flag("save")), (Some("1152921504600000042"), Some(false)));
        assert_eq!(of("/?save=maybe", form, "").await.expect("it is given").flag("save"), None);
        for bad in ["{", "[]", r#"{"uin":{}}"#] {
            assert!(of("/", "application/json", bad).await.is_none(), "{bad}");
        }
    }
}
