//! A sign-in by a code that mobile QQ scans (protocol: QQ §1): code, poll, ticket, authorisation, exchange.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use rand::Rng;

use super::application::{APP, CLIENT, DOMAIN, LOGIN_JUMP, REFERER};
use super::authorisation::{authorise, hashed, redeem};
use super::exchange::{Confirmation, Exchange};
use super::hash33::TOKEN;
use super::ptui::PtuiCb;
use crate::code_form::CodeForm;
use crate::contract::{Context, Progress};
use crate::display_text;
use crate::error::ServiceError;
use crate::http::{CookieMap, Request};
use crate::paced::{Paced, Steps};
use crate::qr::{self, QrError};
use crate::question::Input;
use crate::response::{ask, not_the_service, unexpected};
use crate::secret::Secret;

/// What a code says. QQ has written `http` for years and may still: the app opens neither, it takes the key.
pub(super) const FORM: CodeForm = CodeForm {
    schemes: &["https", "http"],
    host: "txz.qq.com",
    subdomains: false,
    paths: &["/p"],
    key: Some("k"),
};

/// How long a code is shown; the service may end it earlier.
const CODE_LIFE: Duration = Duration::from_secs(180);

/// Between two polls: at first, once scanned (half of that, but never below the floor), and at most after
/// failures (protocol: QQ §1.2).
const PACE: Duration = Duration::from_millis(1500);
const FLOOR: Duration = Duration::from_millis(1000);
const SLOWEST: Duration = Duration::from_millis(3000);

/// A sign-in from its code to its credential.
pub(super) struct QqScan {
    context: Context,
    state: State,
}

/// What comes next. Each state holds what its request needs, so that a failed request can be repeated.
enum State {
    Start,
    Shown { cookies: CookieMap, token: u32, since: Instant, scanned: bool },
    Ticket { uin: String, sigx: Secret, nickname: Option<String> },
    Authorise { cookies: CookieMap, nickname: Option<String> },
    Exchange(Box<Exchange>),
}

impl State {
    /// How long to wait before the next request, when none has failed.
    fn pace(&self) -> Duration {
        match self {
            State::Shown { scanned: false, .. } => PACE,
            State::Shown { scanned: true, .. } => (PACE / 2).max(FLOOR),
            State::Start | State::Ticket { .. } | State::Authorise { .. } | State::Exchange(_) => {
                Duration::ZERO
            }
        }
    }
}

impl QqScan {
    pub(super) fn begin(context: Context) -> Paced<Self> {
        Paced::new(Self { context, state: State::Start }, PACE, SLOWEST)
    }
}

#[async_trait]
impl Steps for QqScan {
    fn pace(&self) -> Duration {
        self.state.pace()
    }

    async fn step(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        match &mut self.state {
            State::Start => self.show().await,
            State::Shown { .. } => self.poll(retried).await,
            State::Ticket { .. } => self.redeem(retried).await,
            State::Authorise { .. } => self.authorise(retried).await,
            State::Exchange(exchange) => exchange.next(&self.context).await,
        }
    }

    /// The service keeps the code by itself, and is asked about it whenever we like.
    fn survives_pause(&self) -> bool {
        true
    }

    fn give(&mut self, input: Input) {
        if let State::Exchange(exchange) = &mut self.state {
            exchange.give(&input);
        }
    }
}

impl QqScan {
    /// Fetches a code.
    #[expect(clippy::disallowed_methods, reason = "the code is drawn for the phone to scan")]
    async fn show(&mut self) -> Result<Progress, ServiceError> {
        let doing = "asking for a code";
        let random = rand::rng().random::<f64>().to_string();
        let request = Request::get_with(
            "https://ssl.ptlogin2.qq.com/ptqrshow",
            &[
                ("appid", APP),
                ("e", "2"),
                ("l", "M"),
                ("s", "3"),
                ("d", "72"),
                ("v", "4"),
                ("t", &random),
                ("daid", DOMAIN),
                ("pt_3rd_aid", CLIENT),
            ],
        );
        let response = ask(&self.context.http, request.header("referer", REFERER).picture(), doing).await?;
        response.answered().map_err(|what| not_the_service(doing, what))?;
        let code = match qr::read(response.body().to_vec()).await {
            Ok(text) => FORM.drawn(text.expose(), doing)?,
            Err(QrError::NotAPicture) => return Err(not_the_service(doing, response.shape())),
            Err(QrError::Unreadable | QrError::TooLong) => return Err(ServiceError::ForeignCode { doing }),
        };
        let mut cookies = CookieMap::default();
        cookies.absorb(&response.set_cookies(self.context.clock.now()));
        let Some(token) = cookies.get("qrsig").map(|qrsig| hashed(qrsig, TOKEN)) else {
            return Err(unexpected(doing, "a code without its signature"));
        };
        self.state = State::Shown { cookies, token, since: self.context.clock.monotonic(), scanned: false };
        Ok(Progress::Code { code, life: CODE_LIFE })
    }

    /// Asks once what has become of the code.
    async fn poll(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        let doing = "waiting for a scan";
        let State::Shown { cookies, token, since, scanned } = &mut self.state else {
            return Err(unexpected(doing, "no code to wait for"));
        };
        if self.context.clock.monotonic().duration_since(*since) >= CODE_LIFE {
            return Ok(Progress::Expired);
        }
        let action = format!("0-0-{}", self.context.clock.now().as_millisecond());
        let request = Request::get_with(
            "https://ssl.ptlogin2.qq.com/ptqrlogin",
            &[
                ("u1", LOGIN_JUMP),
                ("ptqrtoken", &token.to_string()),
                ("ptredirect", "0"),
                ("h", "1"),
                ("t", "1"),
                ("g", "1"),
                ("from_ui", "1"),
                ("ptlang", "2052"),
                ("action", &action),
                ("js_ver", "20102616"),
                ("js_type", "1"),
                ("pt_uistyle", "40"),
                ("aid", APP),
                ("daid", DOMAIN),
                ("pt_3rd_aid", CLIENT),
                ("has_onekey", "1"),
            ],
        );
        let response =
            ask(&self.context.http, request.header("referer", REFERER).cookies(cookies), doing).await?;
        response.answered().map_err(|what| not_the_service(doing, what))?;
        if response.status() >= 400 {
            // The signature is not accepted: only a new code helps.
            return Err(unexpected(doing, format!("HTTP {}", response.status())));
        }
        let script = String::from_utf8_lossy(response.body());
        let line = PtuiCb::parse(&script).ok_or_else(|| not_the_service(doing, response.shape()))?;
        match line.code {
            66 => Ok(Progress::Waiting),
            67 if *scanned => Ok(Progress::Waiting),
            67 => {
                *scanned = true;
                Ok(Progress::Scanned { nickname: None, avatar: None })
            }
            // The answer to "confirmed" comes once: it may be what was lost a moment ago.
            65 if *scanned && retried => Err(ServiceError::ExchangeLost { doing }),
            65 => Ok(Progress::Expired),
            68 | 86 | 22_005 => Ok(Progress::Refused),
            0 => {
                let Some((uin, sigx)) = line.ticket() else {
                    return Err(unexpected(doing, "a confirmation without a ticket"));
                };
                self.state = State::Ticket { uin, sigx, nickname: display_text::name(&line.nickname) };
                Ok(Progress::Authorised)
            }
            code => Err(ServiceError::Unexpected {
                doing,
                got: format!("code {code}"),
                service_message: display_text::message(&line.message),
            }),
        }
    }

    /// Exchanges the ticket for the cookies of a session (protocol: QQ §1.3).
    async fn redeem(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        let State::Ticket { uin, sigx, nickname } = &self.state else {
            return Err(unexpected("redeeming the ticket", "no ticket"));
        };
        let cookies = redeem(&self.context, uin, sigx).await.map_err(|error| used_up(error, retried))?;
        self.state = State::Authorise { cookies, nickname: nickname.clone() };
        Ok(Progress::Waiting)
    }

    /// Authorises QQ Music with that session, which gives the code to exchange (protocol: QQ §1.4).
    async fn authorise(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        let State::Authorise { cookies, nickname } = &self.state else {
            return Err(unexpected("authorising", "no session to do it with"));
        };
        let code = authorise(&self.context, cookies).await.map_err(|error| used_up(error, retried))?;
        self.state = State::Exchange(Exchange::new(Confirmation::Qq { code }, nickname.clone()));
        Ok(Progress::Waiting)
    }
}

/// What a refusal means right after an answer that was lost: every step works once, and that answer used it up.
fn used_up(error: ServiceError, lost: bool) -> ServiceError {
    match error {
        ServiceError::Unexpected { doing, .. } if lost => ServiceError::ExchangeLost { doing },
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    #[test]
    fn polls_keep_the_pace_that_the_service_tolerates() {
        let shown = |scanned| State::Shown {
            cookies: CookieMap::default(),
            token: 0,
            since: SystemClock.monotonic(),
            scanned,
        };
        assert_eq!(State::Start.pace(), Duration::ZERO, "the first code comes at once");
        assert_eq!(shown(false).pace(), Duration::from_millis(1500));
        assert_eq!(
            shown(true).pace(),
            Duration::from_millis(1000),
            "faster once scanned, but not below the floor"
        );
    }
}
