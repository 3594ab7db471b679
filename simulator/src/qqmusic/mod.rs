//! QQ Music, and the sign-ins with QQ and WeChat that it uses (protocol: QQ). Only `simulator.rs` knows of it.

mod accounts;
mod app_scan;
mod authorize;
mod check_sig;
mod credential;
mod device;
mod envelope;
mod exchange;
mod gateway;
mod hash;
mod membership;
mod mqtt;
mod official_page;
mod phone_code;
mod push;
mod qq_scan;
mod renewal;
mod session;
mod user_info;
mod wechat_scan;

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

/// QQ Music, for the list of services.
pub(crate) const SERVICE: SimulatedService = SimulatedService {
    hosts: &[
        PTLOGIN,
        PTLOGIN_GRAPH,
        GRAPH,
        PORTAL,
        WECHAT,
        WECHAT_POLL,
        PUSH,
        GATEWAYS[0],
        GATEWAYS[1],
        PROFILE_CGI,
        DEVICE_SERVICE,
        PICTURES[0],
        PICTURES[1],
        PICTURES[2],
    ],
    request_names: &[
        "qq.ptqrshow",
        "qq.ptqrlogin",
        "qq.check_sig",
        "qq.authorize",
        "qq.exchange",
        "qq.wx_page",
        "qq.wx_picture",
        "qq.wx_poll",
        "qq.wx_exchange",
        "qq.create_qrcode",
        "qq.push",
        "qq.app_exchange",
        "qq.phone_send",
        "qq.phone_login",
        "qq.page",
        "qq.userinfo",
        "qq.profile",
        "qq.homepage",
        "qq.profile_web",
        "qq.vip",
        "qq.vip_fallback",
        "qq.renew",
        "qq.renew_b",
        "qq.logout",
        "qq.session",
        "qq.device",
        "qq.unknown",
    ],
    accounts: accounts::accounts,
    start: |simulator| Box::new(QqMusic::new(simulator)),
};

/// Handles the requests to QQ Music's hosts.
#[derive(Debug)]
struct QqMusic {
    state: ServiceState<Memory>,
}

/// What QQ Music remembers from one step of a sign-in to the next. Each list is oldest first.
#[derive(Debug, Default)]
struct Memory {
    /// What confirmed codes of QQ gave, for `check_sig`.
    tickets: Vec<qq_scan::Ticket>,
    /// What `check_sig` gave, for `authorize`.
    logins: Vec<check_sig::Login>,
    /// What `authorize` and the official page gave, for the exchange.
    oauth_codes: Vec<authorize::OauthCode>,
    /// What WeChat's poll gave, for the exchange.
    wechat_codes: Vec<wechat_scan::WechatCode>,
    /// The ids of the WeChat codes whose client knows that they were scanned.
    known_scanned: Vec<u64>,
    /// What was pushed for confirmed codes of the app, for the exchange.
    app_tokens: Vec<app_scan::AppToken>,
    /// The servers that clients of pushed events were sent to.
    push_servers: Vec<push::Server>,
    /// Which device asked for the newest message to a number.
    message_requests: Vec<phone_code::MessageRequest>,
}

/// What QQ Music's handlers are given.
type Context<'a> = RequestContext<'a, Memory>;

/// The ids that every step has to name (protocol: QQ §0).
const APP_ID: &str = "716027609";
const DAID: &str = "383";
const CLIENT_ID: &str = "100497308";
const LOGIN_JUMP: &str = "https://graph.qq.com/oauth2.0/login_jump";
const LOGIN_PAGE: &str = "https://xui.ptlogin2.qq.com/";

const PTLOGIN: &str = "ssl.ptlogin2.qq.com";
const PTLOGIN_GRAPH: &str = "ssl.ptlogin2.graph.qq.com";
const GRAPH: &str = "graph.qq.com";
const PORTAL: &str = "y.qq.com";
const WECHAT: &str = "open.weixin.qq.com";
const WECHAT_POLL: &str = "lp.open.weixin.qq.com";
const PUSH: &str = "mu.y.qq.com";
const GATEWAYS: [&str; 2] = ["u.y.qq.com", "u6.y.qq.com"];
const PROFILE_CGI: &str = "c6.y.qq.com";
const DEVICE_SERVICE: &str = "api.tencentmusic.com";
const PICTURES: [&str; 3] = ["thirdqq.qlogo.cn", "q.qlogo.cn", "y.gtimg.cn"];

/// Where captchas are solved.
const CAPTCHA_PATH: &str = "/captcha";
const CAPTCHA_PAGE: &str = "https://y.qq.com/captcha";
/// Where the captchas of risk control are solved (protocol: QQ §5.4).
const RISK_CAPTCHA_PATH: &str = "/wk_v17/common_login.html";
const RISK_CAPTCHA_PAGE: &str = "https://y.qq.com/wk_v17/common_login.html";

impl QqMusic {
    fn new(simulator: Arc<SimulatorState>) -> Self {
        Self { state: ServiceState::new(simulator) }
    }
}

impl ServiceHandler for QqMusic {
    fn request_names(&self, request: &Request) -> Vec<&'static str> {
        match (request.host.as_str(), request.path.as_str()) {
            (PTLOGIN, "/ptqrshow") => vec!["qq.ptqrshow"],
            (PTLOGIN, "/ptqrlogin") => vec!["qq.ptqrlogin"],
            (PTLOGIN_GRAPH, "/check_sig") => vec!["qq.check_sig"],
            (GRAPH, "/oauth2.0/authorize") => vec!["qq.authorize"],
            (GRAPH, official_page::SHOW_PATH | official_page::STATE_PATH | official_page::FINISH_PATH) => {
                vec!["qq.page"]
            }
            (PORTAL, official_page::TARGET_PATH | CAPTCHA_PATH | RISK_CAPTCHA_PATH) => vec!["qq.page"],
            (WECHAT, wechat_scan::PAGE_PATH) => vec!["qq.wx_page"],
            (WECHAT, path) if path.starts_with(wechat_scan::PICTURE_PATH) => vec!["qq.wx_picture"],
            (WECHAT_POLL, wechat_scan::POLL_PATH) => vec!["qq.wx_poll"],
            (PUSH, _) => vec!["qq.push"],
            (host, "/cgi-bin/musicu.fcg" | "/cgi-bin/musics.fcg") if GATEWAYS.contains(&host) => {
                gateway::request_names(request)
            }
            (PROFILE_CGI, "/rsc/fcgi-bin/fcg_get_profile_homepage.fcg") => vec!["qq.profile_web"],
            (DEVICE_SERVICE, "/tme/trpc/proxy") => vec!["qq.device"],
            (host, _) if PICTURES.contains(&host) => vec![avatar::REQUEST],
            _ => vec!["qq.unknown"],
        }
    }

    fn respond<'a>(&'a self, request: &'a Request, struck: Option<&'a StruckFault>) -> OutcomeFuture<'a> {
        Box::pin(async move {
            let context = Context::new(&self.state, request, struck);
            match self.request_names(request).first().copied().unwrap_or_default() {
                "qq.ptqrshow" => qq_scan::show(&context),
                "qq.ptqrlogin" => qq_scan::poll(&context),
                "qq.check_sig" => check_sig::check(&context),
                "qq.authorize" => authorize::authorize(&context),
                "qq.wx_page" => wechat_scan::show(&context),
                "qq.wx_picture" => wechat_scan::picture(&context),
                "qq.wx_poll" => wechat_scan::poll(&context).await,
                "qq.push" => push::handshake(&context),
                "qq.page" if matches!(request.path.as_str(), CAPTCHA_PATH | RISK_CAPTCHA_PATH) => {
                    captcha_page::respond(&context)
                }
                "qq.page" => official_page::respond(&context),
                "qq.profile_web" => user_info::web(&context),
                "qq.device" => device::qimei(&context),
                avatar::REQUEST => avatar::respond(request, context.fault),
                _ if request.path.starts_with("/cgi-bin/music") => gateway::respond(&context),
                _ => Outcome::broken_rule(
                    "no such address",
                    Reply::new(404, "text/plain", "404 page not found"),
                ),
            }
        })
    }
}
