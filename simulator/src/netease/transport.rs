//! How requests are encrypted, and replies encrypted and compressed (protocol: NetEase §3).

use std::io::Write as _;

use serde_json::{Map, Value};

use super::api_reply::{ApiReply, code};
use super::{Context, SITE, crypto};
use crate::clock::now_ms;
use crate::http::encoding::base64_decode;
use crate::http::reply::Reply;
use crate::http::request::{Request, value};
use crate::service::outcome::Outcome;
use crate::state::account::Service;

/// How a request is encrypted; its path begins with the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// `weapi`, as from a browser: the body cannot be read.
    Weapi,
    /// `eapi`, as from the desktop client.
    Eapi,
    /// `api`, in clear.
    Plain,
}

/// A request, decrypted.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) encryption: Encryption,
    /// The parameters; `None` where they cannot be read.
    pub(super) payload: Option<Map<String, Value>>,
    /// Whether the client asked for an encrypted reply.
    encrypts_reply: bool,
}

impl Call {
    /// A parameter as text; empty when it is missing or cannot be read.
    pub(super) fn text(&self, name: &str) -> String {
        match self.payload.as_ref().and_then(|payload| payload.get(name)) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }
}

/// Decrypts a request.
///
/// # Errors
/// The outcome of one that cannot be decrypted: code 400 when its form is wrong, an empty body when its cryptography is.
pub(super) fn decrypt_request(request: &Request) -> Result<Call, Box<Outcome>> {
    if request.path.starts_with("/weapi/") {
        return check_weapi(request).map_err(|rule| bad_request(&rule));
    }
    if let Some(path) = request.path.strip_prefix("/eapi/") {
        return decrypt_eapi(request, path);
    }
    let mut payload = Map::new();
    for (name, value) in request.query.iter().cloned().chain(request.form().unwrap_or_default()) {
        payload.insert(name, Value::String(value));
    }
    Ok(Call { encryption: Encryption::Plain, payload: Some(payload), encrypts_reply: false })
}

fn bad_request(rule: &str) -> Box<Outcome> {
    Box::new(Outcome::broken_rule(rule, Reply::json(&code(400))))
}

fn check_weapi(request: &Request) -> Result<Call, String> {
    if request.method != hyper::Method::POST {
        return Err("weapi is not asked by POST".to_owned());
    }
    if !request.header("referer").starts_with(&format!("https://{SITE}")) {
        return Err(format!("Referer is not https://{SITE}"));
    }
    let agent = request.header("user-agent");
    if !agent.starts_with("Mozilla/5.0") || agent.contains("NeteaseMusicDesktop") {
        return Err("User-Agent is not a browser's".to_owned());
    }
    let form = request.form().ok_or("the body is not a urlencoded form")?;
    let params = value(&form, "params").and_then(base64_decode).ok_or("params is not base64")?;
    // Encrypted twice, with base64 between: at least two blocks.
    if params.len() < 32 || !params.len().is_multiple_of(16) {
        return Err("params is not a multiple of 16 bytes".to_owned());
    }
    let key = value(&form, "encSecKey").unwrap_or_default();
    if key.len() != 256 || !key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err("encSecKey is not 256 lower-case hexadecimal digits".to_owned());
    }
    Ok(Call { encryption: Encryption::Weapi, payload: None, encrypts_reply: false })
}

fn decrypt_eapi(request: &Request, path: &str) -> Result<Call, Box<Outcome>> {
    if request.method != hyper::Method::POST {
        return Err(bad_request("eapi is not asked by POST"));
    }
    if request.header("user-agent").is_empty() {
        return Err(bad_request("User-Agent is missing"));
    }
    let params = request.form().and_then(|form| value(&form, "params").map(str::to_owned));
    let Some(params) = params else {
        return Err(bad_request("params is missing"));
    };
    let json = crypto::decrypt_params(&params, &format!("/api/{path}"))
        .map_err(|rule| Box::new(Outcome::broken_rule(rule, Reply::new(200, "application/json", ""))))?;
    let payload: Value = serde_json::from_str(&json).map_err(|_| bad_request("the payload is not JSON"))?;
    let Value::Object(payload) = payload else {
        return Err(bad_request("the payload is not an object"));
    };
    check_header(request, payload.get("header")).map_err(|rule| bad_request(&rule))?;
    let encrypts_reply = matches!(payload.get("e_r"), Some(Value::Bool(true)));
    Ok(Call { encryption: Encryption::Eapi, payload: Some(payload), encrypts_reply })
}

/// The client describes itself twice, in the payload and in its cookies, and has to say the same (protocol: §3.4).
fn check_header(request: &Request, header: Option<&Value>) -> Result<(), String> {
    let parsed;
    let header = match header {
        Some(Value::Object(header)) => header,
        Some(Value::String(text)) => {
            parsed = serde_json::from_str::<Map<String, Value>>(text).map_err(|_| "header is not JSON")?;
            &parsed
        }
        _ => return Err("header is missing from the payload".to_owned()),
    };
    for name in ["os", "appver", "osver", "deviceId", "requestId"] {
        let said = header.get(name).and_then(Value::as_str).unwrap_or_default();
        if said.is_empty() {
            return Err(format!("header.{name} is missing"));
        }
        let encoded: String = url::form_urlencoded::byte_serialize(said.as_bytes()).collect();
        let cookie = request.cookie(name).unwrap_or_default();
        if cookie != said && cookie != encoded && cookie != encoded.replace('+', "%20") {
            return Err(format!("the cookie {name} is not what header says"));
        }
    }
    Ok(())
}

/// Writes the reply: plain JSON, encrypted when the client asked for it, compressed when it can take it.
pub(super) fn encode_reply(context: &Context<'_>, call: &Call, api_reply: ApiReply) -> Outcome {
    let request = context.request;
    let mut reply = Reply::json(&api_reply.body);
    if call.encrypts_reply {
        let plain = if request.header("x-aeapi") == "true" { gzip(&reply.body) } else { reply.body.to_vec() };
        reply.body = crypto::encrypt(&plain).into();
    } else if context.state.settings().brotli
        && request.header("accept-encoding").split(',').any(|coding| coding.trim() == "br")
    {
        reply.body = compress(&reply.body).into();
        reply = reply.header("content-encoding", "br");
    }
    if let Some(session) = api_reply.session {
        reply = reply.header("x-refresh-token", session);
    }
    context.state.change(|state, _| {
        let session = request.cookie("MUSIC_U").unwrap_or_default();
        state.ledger.record_use(Service::NetEase, "MUSIC_U", &session, state.settings.rotation, now_ms());
    });
    Outcome { reply: reply.cookies(api_reply.cookies), refusal: api_reply.refusal, upgrade: None }
}

/// Compresses with gzip.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Compresses with brotli.
fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 4, 20);
    let _ = encoder.write_all(bytes);
    encoder.into_inner()
}
