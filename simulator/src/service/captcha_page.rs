//! The page on which a person solves a captcha. For the services on whose hosts it is.

use hyper::Method;

use crate::http::reply::Reply;
use crate::service::outcome::Outcome;
use crate::service::request_context::RequestContext;

/// The page at the captcha's own address: a button that solves it. Any fault is a captcha that failed.
pub(crate) fn respond<M>(context: &RequestContext<'_, M>) -> Outcome {
    let request = context.request;
    let check = request.query("check").unwrap_or_default();
    let address = format!("https://{}{}?check={check}", request.host, request.path);
    context.state.change(|state, _| {
        let Some(captcha) = state.captchas.by_address(&address) else {
            return Outcome::broken_rule(
                "there is no such check",
                page(404, "没有这个验证 · No such check", ""),
            );
        };
        if context.fault.is_some() {
            return Outcome::declined(page(200, "验证失败，请稍后再试 · The check failed", ""));
        }
        if request.method == Method::POST {
            captcha.solved = true;
        }
        if captcha.solved {
            return page(200, "验证成功，请回到应用 · Done, go back to the app", "").into();
        }
        let button =
            "<form method=\"post\"><button id=\"solve\">我不是机器人 · I am a person</button></form>";
        page(200, "安全验证 · Security check", button).into()
    })
}

fn page(status: u16, said: &str, more: &str) -> Reply {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>安全验证</title>\
         <link rel=\"icon\" href=\"data:,\"><style>body{{font:\
         16px system-ui,sans-serif;display:grid;place-items:center;min-height:90vh}}button{{font:inherit;padding:12px \
         20px}}</style></head><body><main><h1 id=\"said\">{said}</h1>{more}</main></body></html>"
    );
    Reply::new(status, "text/html; charset=utf-8", html)
}
