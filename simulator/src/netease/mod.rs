//! NetEase Cloud Music: sign-in by app scan, by text message and on the official page, and the session (protocol:
//! NetEase §1–6).

mod api_reply;
mod app_scan;
mod cookies;
mod crypto;
mod guest;
mod membership;
mod official_page;
mod phone_code;
mod session;
mod transport;
mod user_info;

use crate::outcome::Outcome;
use crate::reply::Reply;
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::service_router::{OutcomeFuture, SimulatedService};
use crate::{avatar, captcha, captcha_page};

/// NetEase Cloud Music.
#[derive(Debug)]
pub(crate) struct NetEase;

/// What NetEase remembers about visitors.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Guest tokens (`MUSIC_A`).
    guests: Vec<String>,
    /// Which tracking id (`NMTID`) asked for which code, newest last.
    visitors: Vec<(String, u64)>,
    /// The front pages that were opened and whose scripts have not asked yet.
    pages: Vec<official_page::Opened>,
    /// Who asked for a text message to which number, newest last.
    phones: Vec<phone_code::Asked>,
}

const SITE: &str = "music.163.com";
/// Where the pages of checks are.
const CHECKS: &str = "st.music.163.com";
const INTERFACES: [&str; 3] =
    ["interface.music.163.com", "interfacepc.music.163.com", "interface3.music.163.com"];
const PICTURES: [&str; 4] = ["p1.music.126.net", "p2.music.126.net", "p3.music.126.net", "p4.music.126.net"];

impl SimulatedService for NetEase {
    fn hosts(&self) -> &'static [&'static str] {
        &[
            SITE,
            CHECKS,
            INTERFACES[0],
            INTERFACES[1],
            INTERFACES[2],
            PICTURES[0],
            PICTURES[1],
            PICTURES[2],
            PICTURES[3],
        ]
    }

    fn names(&self, request: &Request) -> Vec<&'static str> {
        if PICTURES.contains(&request.host.as_str()) {
            return vec![avatar::REQUEST];
        }
        match (request.host.as_str(), request.path.as_str()) {
            (SITE, official_page::START | official_page::STATE | official_page::FINISH)
            | (CHECKS, captcha::PATH) => return vec!["netease.page"],
            _ => {}
        }
        let path = ["/weapi", "/eapi", "/api"].iter().find_map(|prefix| request.path.strip_prefix(prefix));
        vec![match path.unwrap_or_default() {
            "/login/qrcode/unikey" => "netease.unikey",
            "/login/qrcode/client/login" => "netease.poll",
            "/sms/captcha/sent" => "netease.phone_send",
            "/w/login/cellphone" => "netease.phone_login",
            "/w/nuser/account/get" | "/nuser/account/get" => "netease.account",
            "/music-vip-membership/front/vip/info" | "/music-vip-membership/client/vip/info" => "netease.vip",
            "/login/token/refresh" => "netease.refresh",
            "/logout" => "netease.logout",
            "/register/anonimous" => "netease.guest",
            "/middle/device-info/web/get" => "netease.device",
            _ => "netease.unknown",
        }]
    }

    fn respond<'a>(&'a self, context: RequestContext<'a>) -> OutcomeFuture<'a> {
        Box::pin(async move {
            let name = self.names(context.request)[0];
            if name == avatar::REQUEST {
                return avatar::respond(context.request, context.fault);
            }
            if name == "netease.page" {
                let is_check = context.request.host == CHECKS;
                return if is_check {
                    captcha_page::respond(&context)
                } else {
                    official_page::serve(&context)
                };
            }
            if name == "netease.unknown" {
                // Among them qrcode/create and client/check, which exist only in wrappers (protocol: NetEase §1.2).
                return Outcome::broken_rule("no such address", Reply::json(&api_reply::code(404)));
            }
            let call = match transport::open(context.request) {
                Ok(call) => call,
                Err(answer) => return *answer,
            };
            let outcome = match context.fault.and_then(|fault| api_reply::faulted(name, fault)) {
                Some(outcome) => outcome,
                None => match name {
                    "netease.unikey" => app_scan::unikey(&context, &call),
                    "netease.poll" => app_scan::poll(&context, &call),
                    "netease.phone_send" => phone_code::send(&context, &call),
                    "netease.phone_login" => phone_code::login(&context, &call),
                    "netease.account" => user_info::get(&context),
                    "netease.vip" => membership::info(&context, &call),
                    "netease.refresh" => session::refresh(&context),
                    "netease.logout" => session::logout(&context),
                    "netease.guest" => guest::guest(&context, &call),
                    _ => guest::web(&context),
                },
            };
            transport::close(&context, &call, outcome)
        })
    }
}
