//! QQ Music, and the sign-ins with QQ and WeChat that it uses (protocol: QQ).

mod app_scan;
mod authorize;
mod check_sig;
mod device;
mod gateway;
mod hash;
mod membership;
mod mqtt;
mod official_page;
mod phone;
mod profile;
pub(crate) mod push;
mod renewal;
mod scan;
mod sign_in;
mod wechat;

use crate::exchange::{Answer, Reply, Request, Turn};
use crate::stage::{Answering, Played};
use crate::{captcha, picture};

/// QQ Music.
#[derive(Debug)]
pub(crate) struct QqMusic;

/// What QQ Music remembers between the steps of a sign-in.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    tickets: Vec<scan::Ticket>,
    logins: Vec<check_sig::Login>,
    codes: Vec<authorize::OauthCode>,
    wechat_codes: Vec<wechat::WechatCode>,
    /// Codes whose client knows that they were scanned.
    told_scanned: Vec<u64>,
    app_tokens: Vec<app_scan::AppToken>,
    servers: Vec<push::Server>,
    phones: Vec<phone::Asked>,
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

impl Played for QqMusic {
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
            (WECHAT, wechat::PAGE) => vec!["qq.wx_page"],
            (WECHAT, path) if path.starts_with(wechat::PICTURE) => vec!["qq.wx_picture"],
            (WECHAT_POLL, wechat::POLL) => vec!["qq.wx_poll"],
            (PUSH, _) => vec!["qq.push"],
            (host, "/cgi-bin/musicu.fcg" | "/cgi-bin/musics.fcg") if GATEWAYS.contains(&host) => {
                gateway::names(request)
            }
            (PROFILE_CGI, "/rsc/fcgi-bin/fcg_get_profile_homepage.fcg") => vec!["qq.profile_web"],
            (DEVICE_SERVICE, "/tme/trpc/proxy") => vec!["qq.device"],
            (host, _) if PICTURES.contains(&host) => vec!["avatar"],
            _ => vec!["qq.unknown"],
        }
    }

    fn answer<'a>(&'a self, turn: Turn<'a>) -> Answering<'a> {
        Box::pin(async move {
            match self.names(turn.request).first().copied().unwrap_or_default() {
                "qq.ptqrshow" => scan::show(&turn),
                "qq.ptqrlogin" => scan::poll(&turn),
                "qq.check_sig" => check_sig::check(&turn),
                "qq.authorize" => authorize::authorize(&turn),
                "qq.wx_page" => wechat::qrconnect(&turn),
                "qq.wx_picture" => wechat::picture(&turn),
                "qq.wx_poll" => wechat::poll(&turn).await,
                "qq.push" => push::shake_hands(&turn),
                "qq.page" if matches!(turn.request.path.as_str(), captcha::PATH | captcha::RISK_PATH) => {
                    captcha::serve(&turn)
                }
                "qq.page" => official_page::serve(&turn),
                "qq.profile_web" => profile::web(&turn),
                "qq.device" => device::qimei(&turn),
                "avatar" => picture::serve(&turn),
                _ if turn.request.path.starts_with("/cgi-bin/music") => gateway::answer(&turn),
                _ => Answer::refuse("no such address", Reply::new(404, "text/plain", "404 page not found")),
            }
        })
    }
}
