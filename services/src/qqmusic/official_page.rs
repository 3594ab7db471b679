//! A sign-in on QQ's own page, in a window of its own (protocol: QQ §9). With QQ running on this computer the
//! page offers it by itself. TuneKey never talks to that QQ: it would hand out a key to far more than music.

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use super::application::CLIENT;
use super::authorisation::{Arrival, RECEIVER_HOST, RECEIVER_PATH, REDIRECT};
use super::exchange::{Confirmation, Exchange};
use crate::contract::{Context, Progress};
use crate::error::ServiceError;
use crate::official_page::{OfficialPage, PageGoal, PageRequest};
use crate::paced::{Paced, Steps};
use crate::question::{Input, Question};
use crate::response::unexpected;
use crate::secret::Secret;

/// Between two tries of the exchange, at first and at most.
const PAUSE: Duration = Duration::from_millis(1500);
const LONGEST_PAUSE: Duration = Duration::from_millis(3000);

/// A sign-in from the page to its credential.
pub(super) struct Page {
    context: Context,
    /// Tells the answer to this attempt from any other.
    request: String,
    state: State,
}

enum State {
    Ask,
    Arrived(Secret),
    Exchange(Box<Exchange>),
}

impl Page {
    pub(super) fn begin(context: Context) -> Paced<Self> {
        let request = uuid::Uuid::new_v4().simple().to_string();
        Paced::new(Self { context, request, state: State::Ask }, PAUSE, LONGEST_PAUSE)
    }
}

#[async_trait]
impl Steps for Page {
    async fn step(&mut self, _retried: bool) -> Result<Progress, ServiceError> {
        match &mut self.state {
            State::Ask => Ok(Progress::Ask(Question::Page(Box::new(page(&self.request))))),
            State::Arrived(address) => match confirmation(address, &self.request) {
                Some(confirmation) => {
                    self.state = State::Exchange(Exchange::new(confirmation, None));
                    Ok(Progress::Authorised)
                }
                None => Err(unexpected("signing in on the official page", "an address without a code")),
            },
            State::Exchange(exchange) => exchange.next(&self.context).await,
        }
    }

    fn give(&mut self, input: Input) {
        match (&mut self.state, input) {
            (State::Ask, Input::PageAddress(address)) => self.state = State::Arrived(address),
            (State::Exchange(exchange), input) => exchange.give(&input),
            (State::Ask | State::Arrived(_), _) => {}
        }
    }
}

/// The page that QQ Music's own site opens.
fn page(request: &str) -> OfficialPage {
    let query = [
        ("which", "Login"),
        ("display", "pc"),
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("state", request),
        ("scope", "get_user_info,get_app_friends"),
    ];
    let start = Url::parse_with_params("https://graph.qq.com/oauth2.0/show", query)
        .expect("the address is a constant");
    OfficialPage {
        start: start.into(),
        hosts: super::facts::FACTS.page_hosts,
        goal: PageGoal::Address { host: RECEIVER_HOST, path: RECEIVER_PATH },
        // Where a visitor changes over to WeChat, QQ Music's own pages ask with a state that is the same for everybody.
        request: Some(PageRequest {
            host: "open.weixin.qq.com",
            path: "/connect/qrconnect",
            state: request.to_owned(),
        }),
    }
}

/// What the address brings, if it answers our request.
#[expect(clippy::disallowed_methods, reason = "the code is taken out of the address that it came in")]
fn confirmation(address: &Secret, request: &str) -> Option<Confirmation> {
    let Arrival { login_type, state, code } = Arrival::read(address.expose())?;
    match login_type.as_deref()? {
        _ if state != request => None,
        "1" => Some(Confirmation::Qq { code }),
        "2" => Some(Confirmation::WeChat { code }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QQ: &str = "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https%3A%2F%2Fy.qq.com%2F&code=0A1B&state=r1";
    const WECHAT: &str = "https://y.qq.com/portal/wx_redirect.html?login_type=2&surl=https%3A%2F%2Fy.qq.com%2F&code=061A&state=r1";

    #[test]
    fn the_page_is_the_one_of_the_protocol_notes_with_a_state_of_our_own() {
        let page = page("r1");
        assert_eq!(
            page.start.as_str(),
            "https://graph.qq.com/oauth2.0/show?which=Login&display=pc&response_type=code&client_id=100497308\
             &redirect_uri=https%3A%2F%2Fy.qq.com%2Fportal%2Fwx_redirect.html%3Flogin_type%3D1%26surl%3Dhttps%3A%2F%2Fy.qq.com%2F\
             &state=r1&scope=get_user_info%2Cget_app_friends"
        );
        assert!(page.may_visit(&page.start), "it may go where it begins");
        assert!(page.is_reached(&QQ.parse().expect("a URL")), "it ends where the code comes");
        for (address, allowed) in [
            ("https://open.weixin.qq.com/connect/qrconnect", true),
            ("https://xui.ptlogin2.qq.com/", true),
            ("https://turing.captcha.gtimg.com/1/", true),
            ("https://y.gtimg.cn/", false),
            ("https://example.com/", false),
        ] {
            assert_eq!(page.may_visit(&address.parse().expect("a URL")), allowed, "{address}");
        }
    }

    #[test]
    fn the_code_of_qq_and_of_wechat_is_taken_from_the_answer_to_our_request() {
        let is_qq = |address: &str| matches!(confirmation(&address.into(), "r1"), Some(Confirmation::Qq { code }) if code == "0A1B".into());
        let is_wechat = |address: &str| matches!(confirmation(&address.into(), "r1"), Some(Confirmation::WeChat { code }) if code == "061A".into());
        assert!(is_qq(QQ) && is_wechat(WECHAT));
        for bad in [
            QQ.replace("https://y", "http://y"),
            QQ.replace("y.qq.com/portal", "c.y.qq.com/portal"),
            QQ.replace("y.qq.com/portal", "y.qq.com:444/portal"),
            QQ.replace("wx_redirect", "other"),
            QQ.replace("state=r1", "state=r2"),
            QQ.replace("state=r1", "state=STATE"),
            QQ.replace("&state=r1", ""),
            QQ.replace("code=0A1B", "code="),
            QQ.replace("&code=0A1B", ""),
            QQ.replace("login_type=1", "login_type=3"),
            QQ.replace("login_type=1&", ""),
            WECHAT.replace("state=r1", "state=r2"),
            WECHAT.replace("state=r1", "state=STATE"),
            WECHAT.replace("&state=r1", ""),
            "not an address".to_owned(),
        ] {
            assert!(confirmation(&bad.as_str().into(), "r1").is_none(), "{bad}");
        }
    }
}
