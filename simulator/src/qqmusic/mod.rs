//! QQ Music, and the QQ sign-in that it uses (protocol: QQ §1, §5–8).

mod authorize;
mod check_sig;
mod device;
mod gateway;
mod hash;
mod membership;
mod profile;
mod renewal;
mod scan;
mod sign_in;

use crate::exchange::{Answer, Reply, Request, Turn};
use crate::picture;
use crate::stage::{Answering, Played};

/// QQ Music.
#[derive(Debug)]
pub(crate) struct QqMusic;

/// What QQ Music remembers between the steps of a sign-in.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    tickets: Vec<scan::Ticket>,
    logins: Vec<check_sig::Login>,
    codes: Vec<authorize::OauthCode>,
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
                "qq.profile_web" => profile::web(&turn),
                "qq.device" => device::qimei(&turn),
                "avatar" => picture::serve(&turn),
                _ if turn.request.path.starts_with("/cgi-bin/music") => gateway::answer(&turn),
                _ => Answer::refuse("no such address", Reply::new(404, "text/plain", "404 page not found")),
            }
        })
    }
}
