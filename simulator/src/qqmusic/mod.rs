//! QQ Music, and the sign-ins with QQ and WeChat that it uses (protocol: QQ).

mod app_scan;
mod authorize;
mod check_sig;
mod device;
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
mod user_info;
mod wechat_scan;

use crate::outcome::Outcome;
use crate::reply::Reply;
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::service_router::{OutcomeFuture, SimulatedService};
use crate::{avatar, captcha, captcha_page};

/// QQ Music.
#[derive(Debug)]
pub(crate) struct QqMusic;

/// What QQ Music remembers between the steps of a sign-in.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    tickets: Vec<qq_scan::Ticket>,
    logins: Vec<check_sig::Login>,
    codes: Vec<authorize::OauthCode>,
    wechat_codes: Vec<wechat_scan::WechatCode>,
    /// Codes whose client knows that they were scanned.
    told_scanned: Vec<u64>,
    app_tokens: Vec<app_scan::AppToken>,
    servers: Vec<push::Server>,
    phones: Vec<phone_code::Asked>,
}

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

impl SimulatedService for QqMusic {
    fn hosts(&self) -> &'static [&'static str] {
        &[
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
        ]
    }

    fn names(&self, request: &Request) -> Vec<&'static str> {
        match (request.host.as_str(), request.path.as_str()) {
            (PTLOGIN, "/ptqrshow") => vec!["qq.ptqrshow"],
            (PTLOGIN, "/ptqrlogin") => vec!["qq.ptqrlogin"],
            (PTLOGIN_GRAPH, "/check_sig") => vec!["qq.check_sig"],
            (GRAPH, "/oauth2.0/authorize") => vec!["qq.authorize"],
            (GRAPH, official_page::SHOW | official_page::STATE | official_page::GO_ON) => vec!["qq.page"],
            (PORTAL, official_page::REDIRECT | captcha::PATH | captcha::RISK_PATH) => vec!["qq.page"],
            (WECHAT, wechat_scan::PAGE) => vec!["qq.wx_page"],
            (WECHAT, path) if path.starts_with(wechat_scan::PICTURE) => vec!["qq.wx_picture"],
            (WECHAT_POLL, wechat_scan::POLL) => vec!["qq.wx_poll"],
            (PUSH, _) => vec!["qq.push"],
            (host, "/cgi-bin/musicu.fcg" | "/cgi-bin/musics.fcg") if GATEWAYS.contains(&host) => {
                gateway::names(request)
            }
            (PROFILE_CGI, "/rsc/fcgi-bin/fcg_get_profile_homepage.fcg") => vec!["qq.profile_web"],
            (DEVICE_SERVICE, "/tme/trpc/proxy") => vec!["qq.device"],
            (host, _) if PICTURES.contains(&host) => vec![avatar::REQUEST],
            _ => vec!["qq.unknown"],
        }
    }

    fn respond<'a>(&'a self, context: RequestContext<'a>) -> OutcomeFuture<'a> {
        Box::pin(async move {
            match self.names(context.request).first().copied().unwrap_or_default() {
                "qq.ptqrshow" => qq_scan::show(&context),
                "qq.ptqrlogin" => qq_scan::poll(&context),
                "qq.check_sig" => check_sig::check(&context),
                "qq.authorize" => authorize::authorize(&context),
                "qq.wx_page" => wechat_scan::qrconnect(&context),
                "qq.wx_picture" => wechat_scan::picture(&context),
                "qq.wx_poll" => wechat_scan::poll(&context).await,
                "qq.push" => push::handshake(&context),
                "qq.page" if matches!(context.request.path.as_str(), captcha::PATH | captcha::RISK_PATH) => {
                    captcha_page::respond(&context)
                }
                "qq.page" => official_page::serve(&context),
                "qq.profile_web" => user_info::web(&context),
                "qq.device" => device::qimei(&context),
                avatar::REQUEST => avatar::respond(context.request, context.fault),
                _ if context.request.path.starts_with("/cgi-bin/music") => gateway::respond(&context),
                _ => Outcome::broken_rule(
                    "no such address",
                    Reply::new(404, "text/plain", "404 page not found"),
                ),
            }
        })
    }
}
