//! A sign-in by a code that the NetEase app scans (protocol: NetEase §1).

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::client_identity::ClientIdentity;
use super::gateway::{Call, GatewayResponse, chain_id};
use super::grant::Issued;
use super::{codes, grant};
use crate::code_form::CodeForm;
use crate::contract::{Context, Progress};
use crate::error::ServiceError;
use crate::http::{CookieMap, Request};
use crate::paced::{Paced, Steps};
use crate::response::{name, text, unexpected};
use crate::secret::Secret;

/// What a code says.
const FORM: CodeForm = CodeForm {
    schemes: &["https"],
    host: "music.163.com",
    subdomains: false,
    paths: &["/login", "/st/platform/scanlogin"],
    key: Some("codekey"),
};

/// Between two polls before anybody has scanned; clients use one to three seconds.
const PACE: Duration = Duration::from_secs(2);

/// Between two polls once somebody has: they look at the screen and wait. Public clients ask every second
/// throughout (protocol: NetEase §1.6).
const PACE_ONCE_SCANNED: Duration = Duration::from_secs(1);

/// What a browser opens before it signs in, and how long to wait for it.
const FRONT_PAGE: &str = "https://music.163.com/";
const LONGEST_VISIT: Duration = Duration::from_secs(3);

/// At most between two tries after failures.
const SLOWEST: Duration = Duration::from_secs(8);

/// How long a code is shown at most. The service does not say how long it lives, only when it is over.
const CODE_LIFE: Duration = Duration::from_secs(300);

/// A sign-in from its code to its credential. As which client is settled at the beginning.
pub(super) struct AppScan {
    context: Context,
    identity: ClientIdentity,
    cookies: CookieMap,
    state: State,
}

enum State {
    Start,
    Shown {
        unikey: Secret,
        chain: String,
        since: Instant,
        scanned: bool,
    },
    /// The answer that carries the session comes once. From here on it is held until the service has said
    /// whose it is.
    Granted(Issued),
}

impl State {
    /// How long to wait before the next request, when none has failed.
    fn pace(&self) -> Duration {
        match self {
            State::Shown { scanned: false, .. } => PACE,
            State::Shown { scanned: true, .. } => PACE_ONCE_SCANNED,
            State::Start | State::Granted(_) => Duration::ZERO,
        }
    }
}

impl AppScan {
    pub(super) fn begin(context: Context) -> Paced<Self> {
        let identity = ClientIdentity::chosen(&context);
        Paced::new(
            Self { context, identity, cookies: CookieMap::default(), state: State::Start },
            PACE,
            SLOWEST,
        )
    }
}

#[async_trait]
impl Steps for AppScan {
    fn pace(&self) -> Duration {
        self.state.pace()
    }

    async fn step(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        match &self.state {
            State::Start => self.show(retried).await,
            State::Shown { .. } => self.poll(retried).await,
            State::Granted(issued) => {
                let grant = grant::confirm_new(&self.context, self.identity, &self.cookies, *issued).await;
                grant.map(|grant| Progress::Granted(Box::new(grant)))
            }
        }
    }

    /// The service keeps the code by itself, and is asked about it whenever we like.
    fn survives_pause(&self) -> bool {
        true
    }
}

impl AppScan {
    /// Visits the front page first, as whoever signs in on the web site does, and keeps what it sets (protocol:
    /// NetEase §12.4). It is no part of the sign-in: when it does not come, the sign-in goes on without.
    async fn visit(&mut self) {
        let request = Request::get_with(FRONT_PAGE, &[]).within(LONGEST_VISIT);
        match self.context.http.send(request).await {
            Ok(response) => self.cookies.absorb(&response.set_cookies(self.context.clock.now())),
            Err(error) => tracing::debug!(%error, "the front page did not come"),
        }
    }

    /// Fetches a key and draws the code, which NetEase's clients make themselves.
    async fn show(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        let doing = "asking for a code";
        if self.identity == ClientIdentity::Web && !retried {
            self.visit().await;
        }
        let payload = match self.identity {
            ClientIdentity::Web => json!({ "type": 1, "noCheckToken": true }),
            ClientIdentity::Pc => json!({ "type": 3 }),
        };
        let response = self.call("/login/qrcode/unikey", payload, Vec::new(), doing).await?;
        if response.code != 200 {
            return Err(codes::refusal(doing, response.code, &response.body));
        }
        let Some(unikey) = text(&response.body, "unikey").or_else(|| text(&response.body["data"], "unikey"))
        else {
            return Err(unexpected(doing, "no key for a code"));
        };
        let chain = chain_id(&self.context);
        let address = address(self.identity, unikey, &chain);
        let code = FORM.drawn(address.as_str(), doing)?;
        let (unikey, since) = (Secret::new(unikey), self.context.clock.monotonic());
        self.state = State::Shown { unikey, chain, since, scanned: false };
        Ok(Progress::Code { code, life: CODE_LIFE })
    }

    /// Asks once what has become of the code.
    #[expect(
        clippy::disallowed_methods,
        reason = "the request carries the code's key to the service that issued it"
    )]
    async fn poll(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        let doing = "waiting for a scan";
        let State::Shown { unikey, chain, since, scanned } = &self.state else {
            return Err(unexpected(doing, "no code to wait for"));
        };
        if self.context.clock.monotonic().duration_since(*since) >= CODE_LIFE {
            return Ok(Progress::Expired);
        }
        let already_scanned = *scanned;
        let (payload, headers) = match self.identity {
            ClientIdentity::Web => (
                // The page's own request has an empty device token in it (protocol: NetEase §12.4).
                json!({ "type": 1, "key": unikey.expose(), "noCheckToken": true, "ydDeviceToken": "" }),
                vec![("x-loginmethod", "QrCode".to_owned()), ("x-login-chain-id", chain.clone())],
            ),
            ClientIdentity::Pc => (json!({ "type": 3, "key": unikey.expose() }), Vec::new()),
        };
        let response = self.call("/login/qrcode/client/login", payload, headers, doing).await?;
        match response.code {
            801 => Ok(Progress::Waiting),
            802 if already_scanned => Ok(Progress::Waiting),
            802 => {
                if let State::Shown { scanned, .. } = &mut self.state {
                    *scanned = true;
                }
                let avatar = text(&response.body, "avatarUrl");
                Ok(Progress::Scanned {
                    nickname: name(&response.body, &["nickname"]),
                    avatar: avatar.and_then(|address| Url::parse(address).ok()),
                })
            }
            803 => {
                let now = self.context.clock.now();
                self.state = State::Granted(grant::accept(&response, &mut self.cookies, now, doing)?);
                Ok(Progress::Authorised)
            }
            // The answer to "confirmed" comes once: it may be what was lost a moment ago.
            800 | 860 if already_scanned && retried => Err(ServiceError::ExchangeLost { doing }),
            800 | 860 => Ok(Progress::Expired),
            code => Err(codes::refusal(doing, code, &response.body)),
        }
    }

    /// One request with the cookies of this sign-in, which it may add to.
    async fn call(
        &mut self,
        path: &'static str,
        payload: Value,
        headers: Vec<(&'static str, String)>,
        doing: &'static str,
    ) -> Result<GatewayResponse, ServiceError> {
        let cookies = &self.cookies;
        let call = Call { identity: self.identity, path, payload, cookies, headers, doing };
        let response = call.send(&self.context).await?;
        if response.code != 803 {
            self.cookies.absorb(&response.cookies);
        }
        Ok(response)
    }
}

/// What the code says (protocol: NetEase §1.2).
fn address(identity: ClientIdentity, unikey: &str, chain: &str) -> Url {
    let (page, query): (_, &[(&str, &str)]) = match identity {
        ClientIdentity::Web => (
            "https://music.163.com/st/platform/scanlogin",
            &[
                ("codekey", unikey),
                ("chainId", chain),
                ("hdw_device", "web"),
                ("hdw_appid", "web"),
                ("hitExp", "1"),
            ],
        ),
        ClientIdentity::Pc => ("https://music.163.com/login", &[("codekey", unikey)]),
    };
    Url::parse_with_params(page, query).expect("the address is written in this program")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    #[test]
    fn the_code_says_what_each_client_says() {
        let web = address(ClientIdentity::Web, "b588-02", "v1_AB_web_login_1790000000000");
        assert_eq!(
            web.as_str(),
            "https://music.163.com/st/platform/scanlogin?codekey=b588-02&chainId=v1_AB_web_login_1790000000000\
             &hdw_device=web&hdw_appid=web&hitExp=1"
        );
        let pc = address(ClientIdentity::Pc, "b588-02", "unused");
        assert_eq!(pc.as_str(), "https://music.163.com/login?codekey=b588-02");
    }

    #[test]
    fn polls_come_every_two_seconds_and_every_second_once_scanned() {
        let since = SystemClock.monotonic();
        let shown =
            |scanned| State::Shown { unikey: Secret::default(), chain: String::new(), since, scanned };
        assert_eq!(State::Start.pace(), Duration::ZERO, "the first code comes at once");
        assert_eq!([false, true].map(|scanned| shown(scanned).pace().as_secs()), [2, 1]);
    }
}
