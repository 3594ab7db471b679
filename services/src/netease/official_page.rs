//! A sign-in on NetEase's own page, of which only the cookies are taken.

use async_trait::async_trait;
use url::Url;

use super::client_identity::ClientIdentity;
use super::{codes, cookie, import};
use crate::contract::{Attempt, Context, Progress};
use crate::error::ServiceError;
use crate::http::CookieMap;
use crate::official_page::{OfficialPage, PageGoal};
use crate::question::{Input, Question};
use crate::response::unexpected;

const START: &str = "https://music.163.com/#/login";

/// A sign-in from the page to its credential.
pub(super) struct Page {
    context: Context,
    /// What the page has set, once it has.
    cookies: Option<CookieMap>,
}

impl Page {
    pub(super) fn new(context: Context) -> Self {
        Self { context, cookies: None }
    }
}

#[async_trait]
impl Attempt for Page {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        let Some(cookies) = &self.cookies else { return Ok(Progress::Ask(question())) };
        // A page is a browser's, whatever we present ourselves as otherwise.
        match import::import(&self.context, ClientIdentity::Web, cookies).await {
            Err(ServiceError::Rejected { doing, code }) if code != codes::GUEST => {
                Err(unexpected(doing, "a session that the service then did not confirm"))
            }
            result => result.map(|grant| Progress::Granted(Box::new(grant))),
        }
    }

    fn give(&mut self, input: Input) {
        if let Input::PageCookies(cookies) = input {
            self.cookies = Some(cookies).filter(|cookies| cookies.get(cookie::SESSION).is_some());
        }
    }
}

fn question() -> Question {
    Question::Page(Box::new(OfficialPage {
        start: Url::parse(START).expect("the address is a constant").into(),
        hosts: super::facts::FACTS.page_hosts,
        goal: PageGoal::Cookie { site: "https://music.163.com/", name: cookie::SESSION },
        request: None,
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::client_identities::ClientIdentities;
    use crate::clock::SystemClock;
    use crate::contract::Device;
    use crate::http::{Http, HttpOptions, Limits, Proxy};

    #[tokio::test]
    async fn cookies_without_a_session_leave_the_page_open() {
        let options = HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() };
        let mut page = Page::new(Context {
            http: Http::new(&options).expect("a client can be made"),
            clock: Arc::new(SystemClock),
            device: Device { id: "A".repeat(52).into() },
            client_identities: ClientIdentities::default(),
        });
        for input in [
            Input::PageCookies([("__csrf", "c"), ("MUSIC_A", "guest")].into_iter().collect()),
            Input::PageCookies([("MUSIC_U", "")].into_iter().collect()),
            Input::PageAddress("https://music.163.com/?MUSIC_U=u".into()),
        ] {
            page.give(input);
            let asked = page.next().await;
            assert!(matches!(asked, Ok(Progress::Ask(Question::Page(_)))), "{asked:?}");
        }
    }

    #[test]
    fn the_page_stays_with_netease() {
        let Question::Page(page) = question() else { panic!("it asks for a page") };
        let may_visit = |address: &str| page.may_visit(&address.parse().expect("a URL"));
        assert!(may_visit(page.start.as_str()), "it can begin");
        assert!(may_visit("https://reg.163.com/x"), "mail accounts sign in there");
        assert!(!may_visit("https://163.com.evil.example/"), "nobody else's page is shown");
    }
}
