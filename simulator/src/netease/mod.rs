//! NetEase Cloud Music: sign-in by app scan, by text message and on the official page, and the session (protocol:
//! NetEase §1–6). Only `simulator.rs` knows of it.

mod accounts;
mod api_reply;
mod app_scan;
mod cookies;
mod crypto;
mod faults;
mod guest;
mod membership;
mod official_page;
mod phone_code;
mod session;
mod transport;
mod user_info;

use std::sync::Arc;

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::service::outcome::Outcome;
use crate::service::request_context::RequestContext;
use crate::service::service_state::ServiceState;
use crate::service::simulated_service::{OutcomeFuture, ServiceHandler, SimulatedService};
use crate::service::{avatar, captcha_page};
use crate::state::fault::StruckFault;
use crate::state::simulator_state::SimulatorState;

/// NetEase Cloud Music, for the list of services.
pub(crate) const SERVICE: SimulatedService = SimulatedService {
    hosts: &[
        SITE,
        CAPTCHA_HOST,
        INTERFACES[0],
        INTERFACES[1],
        INTERFACES[2],
        PICTURES[0],
        PICTURES[1],
        PICTURES[2],
        PICTURES[3],
    ],
    request_names: &[
        "netease.phone_send",
        "netease.phone_login",
        "netease.page",
        "netease.unikey",
        "netease.poll",
        "netease.account",
        "netease.vip",
        "netease.refresh",
        "netease.logout",
        "netease.guest",
        "netease.device",
    ],
    accounts: accounts::accounts,
    start: |simulator| Box::new(NetEase::new(simulator)),
};

/// Handles the requests to NetEase's hosts.
#[derive(Debug)]
struct NetEase {
    state: ServiceState<Memory>,
}

/// What NetEase remembers from one request to the next.
#[derive(Debug, Default)]
struct Memory {
    /// Guest tokens (`MUSIC_A`).
    guests: Vec<String>,
    /// Which tracking id (`NMTID`) asked for which code, newest last.
    code_requests: Vec<(String, u64)>,
    /// The front pages that were opened and whose scripts have not asked yet.
    opened_pages: Vec<official_page::OpenedPage>,
    /// Who asked for a text message to which number, newest last.
    message_requests: Vec<phone_code::MessageRequest>,
}

/// What NetEase's handlers are given.
type Context<'a> = RequestContext<'a, Memory>;

const SITE: &str = "music.163.com";
/// Where captchas are solved.
const CAPTCHA_HOST: &str = "st.music.163.com";
const CAPTCHA_PATH: &str = "/captcha";
const CAPTCHA_PAGE: &str = "https://st.music.163.com/captcha";
const INTERFACES: [&str; 3] =
    ["interface.music.163.com", "interfacepc.music.163.com", "interface3.music.163.com"];
const PICTURES: [&str; 4] = ["p1.music.126.net", "p2.music.126.net", "p3.music.126.net", "p4.music.126.net"];

impl NetEase {
    fn new(simulator: Arc<SimulatorState>) -> Self {
        Self { state: ServiceState::new(simulator) }
    }
}

impl ServiceHandler for NetEase {
    fn request_names(&self, request: &Request) -> Vec<&'static str> {
        if PICTURES.contains(&request.host.as_str()) {
            return vec![avatar::REQUEST];
        }
        match (request.host.as_str(), request.path.as_str()) {
            (SITE, official_page::START_PATH | official_page::STATE_PATH | official_page::FINISH_PATH)
            | (CAPTCHA_HOST, CAPTCHA_PATH) => return vec!["netease.page"],
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

    fn respond<'a>(&'a self, request: &'a Request, struck: Option<&'a StruckFault>) -> OutcomeFuture<'a> {
        Box::pin(async move {
            let context = Context::new(&self.state, request, struck);
            let name = self.request_names(request)[0];
            if name == avatar::REQUEST {
                return avatar::respond(request, context.fault);
            }
            if name == "netease.page" {
                let is_check = request.host == CAPTCHA_HOST;
                return if is_check {
                    captcha_page::respond(&context)
                } else {
                    official_page::respond(&context)
                };
            }
            if name == "netease.unknown" {
                // Among them qrcode/create and client/check, which exist only in wrappers (protocol: NetEase §1.2).
                return Outcome::broken_rule("no such address", Reply::json(&api_reply::code(404)));
            }
            let call = match transport::decrypt_request(request) {
                Ok(call) => call,
                Err(outcome) => return *outcome,
            };
            let reply = match context.fault.and_then(|fault| faults::reply(name, fault)) {
                Some(reply) => reply,
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
            transport::encode_reply(&context, &call, reply)
        })
    }
}
