//! A sign-in by a code that WeChat scans (protocol: QQ §2): page, code, long poll, exchange.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::application::WECHAT_APP;
use super::exchange::{Confirmation, Exchange};
use crate::code_form::CodeForm;
use crate::contract::{Context, Progress};
use crate::error::ServiceError;
use crate::http::{HttpError, Request};
use crate::paced::{Paced, Steps};
use crate::question::Input;
use crate::response::{ask, not_the_service, unexpected};
use crate::secret::Secret;

/// The page that shows the code.
const PAGE: &str = "https://open.weixin.qq.com/connect/qrconnect";

/// What a code says.
const FORM: CodeForm = CodeForm {
    schemes: &["https"],
    host: "open.weixin.qq.com",
    subdomains: false,
    paths: &["/connect/confirm"],
    key: Some("uuid"),
};

/// The longest number of a code; they have 16 characters.
const LONGEST_NUMBER: usize = 64;

/// How long a code is shown; the service may end it earlier.
const CODE_LIFE: Duration = Duration::from_secs(300);

/// How long a poll takes at least in which nothing has happened.
const SHORTEST_POLL: Duration = Duration::from_secs(1);

/// Before the next poll once scanned: from then on the service answers at once.
const PACE_ONCE_SCANNED: Duration = Duration::from_millis(500);

/// Between two tries after failures, at first and at most.
const PAUSE: Duration = Duration::from_millis(1500);
const LONGEST_PAUSE: Duration = Duration::from_millis(3000);

/// A sign-in from its code to its credential.
pub(super) struct WechatScan {
    context: Context,
    state: State,
}

/// What comes next. Each state holds what its request needs, so that a failed request can be repeated.
enum State {
    Start,
    Shown { uuid: Secret, since: Instant, scanned: bool },
    Exchange(Box<Exchange>),
}

impl State {
    /// How long to wait before the next request, when none has failed: a long poll is its own pace.
    fn pace(&self) -> Duration {
        match self {
            State::Shown { scanned: true, .. } => PACE_ONCE_SCANNED,
            State::Shown { scanned: false, .. } | State::Start | State::Exchange(_) => Duration::ZERO,
        }
    }
}

impl WechatScan {
    pub(super) fn begin(context: Context) -> Paced<Self> {
        Paced::new(Self { context, state: State::Start }, PAUSE, LONGEST_PAUSE)
    }
}

#[async_trait]
impl Steps for WechatScan {
    fn pace(&self) -> Duration {
        self.state.pace()
    }

    async fn step(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        match &mut self.state {
            State::Start => self.show().await,
            State::Shown { .. } => self.poll(retried).await,
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

impl WechatScan {
    /// Fetches the page for the code's number, and draws the code that the page would show.
    async fn show(&mut self) -> Result<Progress, ServiceError> {
        let doing = "asking for a code";
        let request = Request::get_with(
            PAGE,
            &[
                ("appid", WECHAT_APP),
                (
                    "redirect_uri",
                    "https://y.qq.com/portal/wx_redirect.html?login_type=2&surl=https://y.qq.com/",
                ),
                ("response_type", "code"),
                ("scope", "snsapi_login"),
                ("state", "STATE"),
                ("href", "https://y.qq.com/mediastyle/music_v17/src/css/popup_wechat.css#wechat_redirect"),
            ],
        );
        let response = ask(&self.context.http, request, doing).await?;
        response.answered().map_err(|what| not_the_service(doing, what))?;
        let page = String::from_utf8_lossy(response.body());
        let Some(uuid) = uuid(&page) else {
            return Err(unexpected(doing, "a page without a code"));
        };
        let address = format!("https://open.weixin.qq.com/connect/confirm?uuid={uuid}");
        let code = FORM.drawn(&address, doing)?;
        let since = self.context.clock.monotonic();
        self.state = State::Shown { uuid: Secret::new(uuid), since, scanned: false };
        Ok(Progress::Code { code, life: CODE_LIFE })
    }

    /// Waits until something becomes of the code, or the service wants to be asked again.
    #[expect(
        clippy::disallowed_methods,
        reason = "the request carries the code's number to the service that issued it"
    )]
    async fn poll(&mut self, retried: bool) -> Result<Progress, ServiceError> {
        let doing = "waiting for a scan";
        let State::Shown { uuid, since, scanned } = &mut self.state else {
            return Err(unexpected(doing, "no code to wait for"));
        };
        let limits = self.context.http.limits();
        let asked = self.context.clock.monotonic();
        if asked.duration_since(*since) >= CODE_LIFE {
            return Ok(Progress::Expired);
        }
        let now = self.context.clock.now().as_millisecond().to_string();
        let mut query = vec![("uuid", uuid.expose()), ("_", now.as_str())];
        if *scanned {
            query.push(("last", "404"));
        }
        let request = Request::get_with("https://lp.open.weixin.qq.com/connect/l/qrconnect", &query)
            .header("referer", "https://open.weixin.qq.com/")
            .within(limits.long_poll);
        let response = match ask(&self.context.http, request, doing).await {
            // Once there is a connection, what takes so long is the service's holding the answer back.
            Err(ServiceError::Http { source: HttpError::Timeout, .. })
                if self.context.clock.monotonic().duration_since(asked) + limits.connect
                    >= limits.long_poll =>
            {
                return Ok(Progress::Waiting);
            }
            response => response?,
        };
        response.answered().map_err(|what| not_the_service(doing, what))?;
        let script = String::from_utf8_lossy(response.body());
        let Some(line) = Line::parse(&script) else { return Err(not_the_service(doing, response.shape())) };
        match line.code {
            408 => {
                // One that was not held at all would be asked for without a pause.
                let took = self.context.clock.monotonic().saturating_duration_since(asked);
                tokio::time::sleep(SHORTEST_POLL.saturating_sub(took)).await;
                Ok(Progress::Waiting)
            }
            404 if *scanned => Ok(Progress::Waiting),
            404 => {
                *scanned = true;
                Ok(Progress::Scanned { nickname: None, avatar: None })
            }
            405 if line.authorisation.is_empty() => Err(unexpected(doing, "a confirmation without a code")),
            405 => {
                let confirmation = Confirmation::WeChat { code: line.authorisation };
                self.state = State::Exchange(Exchange::new(confirmation, None));
                Ok(Progress::Authorised)
            }
            403 => Ok(Progress::Refused),
            // The answer to "confirmed" comes once: it may be what was lost a moment ago.
            402 if *scanned && retried => Err(ServiceError::ExchangeLost { doing }),
            402 => Ok(Progress::Expired),
            code => Err(unexpected(doing, format!("code {code}"))),
        }
    }
}

/// The code's number, from the page's script or from its picture's address.
pub(super) fn uuid(page: &str) -> Option<&str> {
    ["uuid=", "/connect/qrcode/"].iter().find_map(|before| {
        page.match_indices(before).find_map(|(at, _)| {
            let rest = &page[at + before.len()..];
            let end =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
            // It ends where a text of the page ends, or it is something else that merely begins like one.
            let quoted = rest[end..].starts_with(['"', '\'']);
            ((1..=LONGEST_NUMBER).contains(&end) && quoted).then(|| &rest[..end])
        })
    })
}

/// What a poll answers: `window.wx_errcode=405;window.wx_code='061A…';`.
pub(super) struct Line {
    code: i64,
    authorisation: Secret,
}

impl Line {
    pub(super) fn parse(script: &str) -> Option<Self> {
        let (_, rest) = script.split_once("wx_errcode=")?;
        let code = rest.split(';').next()?.trim().parse().ok()?;
        let quoted = script.split_once("wx_code=").map_or("", |(_, rest)| rest.trim_start());
        let authorisation = match quoted.chars().next() {
            Some(quote @ ('\'' | '"')) => quoted[1..].split(quote).next().unwrap_or_default(),
            Some(_) | None => "",
        };
        Some(Self { code, authorisation: Secret::new(authorisation) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    #[test]
    fn the_number_is_found_in_the_script_and_in_the_picture_s_address() {
        for page in [
            r#"<script>var fordevtool = "https://lp.open.weixin.qq.com/connect/l/qrconnect?uuid=081sXyZ_-3kAbC01";</script>"#,
            r#"<img class="qrcode" src="/connect/qrcode/081sXyZ_-3kAbC01">"#,
            r#"<a href="?uuid=">x</a><a href="?uuid=a%20b">y</a><img src='/connect/qrcode/081sXyZ_-3kAbC01'/>"#,
        ] {
            assert_eq!(uuid(page), Some("081sXyZ_-3kAbC01"), "{page}");
        }
        for page in ["", "<html></html>", "uuid=", "uuid=abc", "uuid=ab<c\"", "/connect/qrcode/\""] {
            assert_eq!(uuid(page), None, "{page} holds none");
        }
    }

    #[test]
    fn every_answer_of_the_poll_is_read() {
        for (script, code, authorisation) in [
            ("window.wx_errcode=408;window.wx_code='';", 408, ""),
            ("window.wx_errcode=404;window.wx_code='';", 404, ""),
            ("window.wx_errcode=405;window.wx_code='061AbC';", 405, "061AbC"),
            ("window.wx_errcode = 405", 0, ""),
            ("window.wx_errcode=403;", 403, ""),
            ("window.wx_errcode=405;window.wx_code=\"061AbC\"", 405, "061AbC"),
        ] {
            match Line::parse(script) {
                Some(line) => {
                    assert_eq!((line.code, line.authorisation), (code, authorisation.into()), "{script}")
                }
                None => assert_eq!(code, 0, "{script} is no answer"),
            }
        }
        assert!(Line::parse("<html>").is_none() && Line::parse("window.wx_errcode=;").is_none());
    }

    #[test]
    fn a_long_poll_is_its_own_pace_until_the_scan() {
        let shown = |scanned| State::Shown { uuid: "u".into(), since: SystemClock.monotonic(), scanned };
        assert_eq!(shown(false).pace(), Duration::ZERO);
        assert_eq!(shown(true).pace(), Duration::from_millis(500), "then the service answers at once");
    }

    proptest::proptest! {
        #[test]
        fn no_page_makes_it_panic(page in "(uuid=|/connect/qrcode/|wx_errcode=|wx_code=|[a-z0-9'\"é;=-]){0,12}") {
            if let Some(uuid) = uuid(&page) {
                proptest::prop_assert!(uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
            }
            let _ = Line::parse(&page);
        }
    }
}
