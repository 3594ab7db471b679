//! The services that bring messages to phones and have one host for everybody. Each knows one key, [`KEY`], and answers
//! every other as the real one does: most with 200 and the refusal in the body. Only `simulator.rs` knows of them.

use serde_json::{Value, json};

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::service::outcome::Outcome;
use crate::service::simulated_service::{OutcomeFuture, ServiceHandler, SimulatedService};
use crate::state::fault::StruckFault;

/// The one key that each of them knows.
pub const KEY: &str = "SCTpushed0123456789abcdef";

/// All of them, for the list of services.
pub(crate) const SERVICE: SimulatedService = SimulatedService {
    hosts: &[
        "ntfy.sh",
        "api.day.app",
        "sctapi.ftqq.com",
        "qyapi.weixin.qq.com",
        "oapi.dingtalk.com",
        "open.feishu.cn",
        "api.telegram.org",
        "www.pushplus.plus",
    ],
    request_names: &["push.message"],
    accounts: |_| Vec::new(),
    start: |_| Box::new(Push),
};

/// Handles the requests to all of them.
#[derive(Debug)]
struct Push;

impl ServiceHandler for Push {
    fn request_names(&self, _: &Request) -> Vec<&'static str> {
        vec!["push.message"]
    }

    fn respond<'a>(&'a self, request: &'a Request, _: Option<&'a StruckFault>) -> OutcomeFuture<'a> {
        Box::pin(async move {
            let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
                return Outcome::broken_rule("the body is no JSON", Reply::new(400, "text/plain", ""));
            };
            let Some((key, taken, refused)) = played(request, &body) else {
                return Outcome::broken_rule("nothing is sent there", Reply::new(404, "text/plain", ""));
            };
            if key != KEY {
                let (status, answer) = refused;
                return Outcome::declined(Reply::new(status, "application/json", answer.to_string()));
            }
            Reply::json(&taken).into()
        })
    }
}

/// The key of a request, what is answered to one that is known, and to one that is not.
fn played<'a>(request: &'a Request, body: &'a Value) -> Option<(&'a str, Value, (u16, Value))> {
    let path = request.path.as_str();
    let member = |name: &str| body[name].as_str().unwrap_or_default();
    Some(match request.host.as_str() {
        "ntfy.sh" if path == "/" => (
            member("topic"),
            json!({ "id": "xE73Iyuabi" }),
            (403, json!({ "code": 40_301, "error": "forbidden" })),
        ),
        "api.day.app" if path == "/push" => {
            (member("device_key"), json!({ "code": 200 }), (400, json!({ "code": 400 })))
        }
        "sctapi.ftqq.com" => {
            let key = path.strip_prefix('/')?.strip_suffix(".send")?;
            (key, json!({ "code": 0, "data": { "errno": 0 } }), (404, json!({ "code": 404 })))
        }
        "qyapi.weixin.qq.com" if path == "/cgi-bin/webhook/send" => {
            (request.query("key")?, json!({ "errcode": 0 }), (200, json!({ "errcode": 93_000 })))
        }
        "oapi.dingtalk.com" if path == "/robot/send" => {
            (request.query("access_token")?, json!({ "errcode": 0 }), (200, json!({ "errcode": 310_000 })))
        }
        "open.feishu.cn" => {
            let hook = path.strip_prefix("/open-apis/bot/v2/hook/")?;
            (hook, json!({ "code": 0 }), (200, json!({ "code": 19_021 })))
        }
        "api.telegram.org" => {
            let token = path.strip_prefix("/bot")?.strip_suffix("/sendMessage")?;
            (token, json!({ "ok": true }), (401, json!({ "ok": false, "error_code": 401 })))
        }
        "www.pushplus.plus" if path == "/send" => {
            (member("token"), json!({ "code": 200 }), (200, json!({ "code": 903 })))
        }
        _ => return None,
    })
}
