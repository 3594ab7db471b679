//! A service's own sign-in page: where it begins, where it may go, and what it is opened for. For whoever shows it.

use url::Url;

use crate::http::CookieMap;
use crate::private_address::PrivateAddress;
use crate::secret::Secret;

/// A page of the service to show in a window that can do nothing but that: no calls into the app, a browser
/// profile that is thrown away, and no other hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficialPage {
    /// Where it begins.
    pub start: PrivateAddress,
    /// Hosts that it may go to; one with a leading dot stands for itself and everything below it.
    pub hosts: &'static [&'static str],
    /// What it is opened for.
    pub goal: PageGoal,
    /// A request for an authorisation that other pages make with a state of theirs, if there is one.
    pub request: Option<PageRequest>,
}

/// A request for an authorisation that a page makes for another app. Its state is what tells the answer to this visit
/// from any other, so that only one with ours may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The exact host.
    pub host: &'static str,
    /// The exact path.
    pub path: &'static str,
    /// The state of this visit.
    pub state: String,
}

/// What an official page is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageGoal {
    /// That the page sends the browser to this `https` address, with a code in its query. It is never loaded.
    Address {
        /// The exact host.
        host: &'static str,
        /// The exact path.
        path: &'static str,
    },
    /// That the page sets this cookie, `HttpOnly` or not.
    Cookie {
        /// The address whose cookies to read.
        site: &'static str,
        /// The cookie.
        name: &'static str,
    },
}

/// What to do with an address that a page, or a frame in it, wants to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Navigation {
    /// Load it.
    Allow,
    /// Take it as the answer: it is the goal.
    Finish,
    /// Load this one instead: the same request, with the state of this visit rather than somebody else's.
    Redirect(Url),
    /// Do not load it.
    Deny,
}

/// A cookie as a browser keeps it.
#[derive(Debug)]
pub struct PageCookie {
    /// The hosts that it is for: one, or with a dot before it all below that, too.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

impl PageGoal {
    /// All cookies of the site, if the one that the page was opened for is among them and not empty.
    pub fn cookies(self, kept: impl IntoIterator<Item = PageCookie>) -> Option<CookieMap> {
        let Self::Cookie { site, name } = self else { return None };
        let site: Url = site.parse().ok()?;
        let host = site.host_str()?;
        let cookies: CookieMap = kept
            .into_iter()
            .filter(|cookie| domain_matches(&cookie.domain, host))
            .map(|cookie| (cookie.name, cookie.value))
            .collect();
        cookies.get(name).is_some().then_some(cookies)
    }
}

/// Whether cookies of a domain are sent to a host (RFC 6265 §5.1.3).
fn domain_matches(domain: &str, host: &str) -> bool {
    let domain = domain.trim_start_matches('.');
    host.strip_suffix(domain).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

impl OfficialPage {
    /// Whether the window may go there.
    pub fn may_visit(&self, address: &Url) -> bool {
        let allowed = |host: &str| {
            self.hosts.iter().any(|known| match known.strip_prefix('.') {
                Some(domain) => {
                    host == domain || host.strip_suffix(domain).is_some_and(|below| below.ends_with('.'))
                }
                None => host == *known,
            })
        };
        address.scheme() == "https" && address.port().is_none() && address.host_str().is_some_and(allowed)
    }

    /// Where to go in place of a request whose state is not this visit's: the same, with ours. `None` for every other
    /// address.
    pub fn with_own_state(&self, address: &Url) -> Option<Url> {
        let PageRequest { host, path, state } = self.request.as_ref()?;
        if !self.may_visit(address) || address.host_str() != Some(host) || address.path() != *path {
            return None;
        }
        let mut others: Vec<_> =
            address.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let states: Vec<_> =
            others.iter().filter(|(name, _)| name == "state").map(|(_, state)| state).collect();
        if states == [state] {
            return None;
        }
        others.retain(|(name, _)| name != "state");
        let mut own = address.clone();
        own.query_pairs_mut().clear().extend_pairs(others).append_pair("state", state);
        Some(own)
    }

    /// Whether it is the address that the page was opened for.
    pub fn is_reached(&self, address: &Url) -> bool {
        match self.goal {
            PageGoal::Address { host, path } => {
                address.scheme() == "https"
                    && address.port().is_none()
                    && address.host_str() == Some(host)
                    && address.path() == path
            }
            PageGoal::Cookie { .. } => false,
        }
    }

    /// What to do with an address that the page, or a frame in it, wants to load.
    pub fn navigation(&self, address: &Url) -> Navigation {
        if self.is_reached(address) {
            Navigation::Finish
        } else if let Some(own) = self.with_own_state(address) {
            Navigation::Redirect(own)
        } else if self.may_visit(address) || matches!(address.as_str(), "about:blank" | "about:srcdoc") {
            // Empty frames, which their page fills itself.
            Navigation::Allow
        } else {
            Navigation::Deny
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(goal: PageGoal) -> OfficialPage {
        let start = url("https://graph.qq.com/oauth2.0/show").into();
        let request =
            PageRequest { host: "open.weixin.qq.com", path: "/connect/qrconnect", state: "r1".to_owned() };
        let hosts = &[".qq.com", "open.weixin.qq.com", "qq-web.example"];
        OfficialPage { start, hosts, goal, request: Some(request) }
    }

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn the_window_goes_to_the_services_hosts_and_nowhere_else() {
        let page = page(PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" });
        for good in
            ["https://qq.com/", "https://graph.qq.com/x", "https://a.b.qq.com/", "https://qq-web.example/"]
        {
            assert!(page.may_visit(&url(good)), "{good}");
        }
        for bad in [
            "http://graph.qq.com/",
            "https://graph.qq.com:444/",
            "https://evilqq.com/",
            "https://qq.com.evil.example/",
            "https://www.qq-web.example/",
            "https://graph.qq.com@evil.example/",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
            "tauri://localhost/",
        ] {
            assert!(!page.may_visit(&url(bad)), "{bad}");
        }
    }

    #[test]
    fn a_request_with_somebody_elses_state_is_made_with_that_of_the_visit() {
        let page = page(PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" });
        let own = |address: &str| page.with_own_state(&url(address)).map(String::from);
        let ours = "https://open.weixin.qq.com/connect/qrconnect?appid=wx4&state=r1";
        for theirs in
            ["appid=wx4&state=STATE", "state=STATE&appid=wx4", "appid=wx4", "appid=wx4&state=r1&state=x"]
        {
            let theirs = format!("https://open.weixin.qq.com/connect/qrconnect?{theirs}");
            assert_eq!(own(&theirs).as_deref(), Some(ours), "{theirs}");
        }
        for other in [
            ours,
            "https://open.weixin.qq.com/connect/confirm?state=STATE",
            "https://graph.qq.com/connect/qrconnect?state=STATE",
            "https://open.weixin.qq.com:444/connect/qrconnect?state=STATE",
            "http://open.weixin.qq.com/connect/qrconnect?state=STATE",
        ] {
            assert_eq!(own(other), None, "{other}");
        }
    }

    #[test]
    fn the_goal_is_one_exact_address() {
        let page = page(PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" });
        assert!(page.is_reached(&url("https://y.qq.com/portal/wx_redirect.html?login_type=1&code=A")));
        for bad in [
            "http://y.qq.com/portal/wx_redirect.html?code=A",
            "https://y.qq.com:8443/portal/wx_redirect.html?code=A",
            "https://c.y.qq.com/portal/wx_redirect.html?code=A",
            "https://y.qq.com/portal/wx_redirect.html/x?code=A",
            "https://y.qq.com/portal/other.html?code=A",
        ] {
            assert!(!page.is_reached(&url(bad)), "{bad}");
        }
    }

    #[test]
    fn the_page_and_its_frames_go_nowhere_else() {
        let page = page(PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" });
        for address in ["https://graph.qq.com/oauth2.0/show", "about:blank", "about:srcdoc"] {
            assert_eq!(page.navigation(&url(address)), Navigation::Allow, "{address}");
        }
        for address in [
            "https://evil.example/",
            "http://graph.qq.com/",
            "file:///etc/passwd",
            "data:text/html,hello",
            "tauri://localhost/",
            "http://tauri.localhost/",
            "ipc://localhost/snapshot",
            "blob:https://graph.qq.com/1",
            "weixin://dl/login",
            "about:config",
        ] {
            assert_eq!(page.navigation(&url(address)), Navigation::Deny, "{address}");
        }
    }

    #[test]
    fn what_the_page_was_opened_for_is_taken_although_its_host_may_be_visited() {
        let page = page(PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" });
        let navigation = |address| page.navigation(&url(address));
        assert_eq!(navigation("https://y.qq.com/portal/wx_redirect.html?code=A"), Navigation::Finish);
        assert_eq!(navigation("https://y.qq.com/portal/other.html?code=A"), Navigation::Allow);
        let theirs = "https://open.weixin.qq.com/connect/qrconnect?state=STATE";
        assert!(matches!(navigation(theirs), Navigation::Redirect(_)), "with the state of this visit");
    }

    #[test]
    fn cookies_are_taken_once_the_one_that_matters_is_there() {
        let goal = PageGoal::Cookie { site: "https://music.163.com/", name: "MUSIC_U" };
        let cookie = |domain: &str, name: &str, value: &str| PageCookie {
            domain: domain.to_owned(),
            name: name.to_owned(),
            value: value.into(),
        };
        let csrf = || cookie("music.163.com", "__csrf", "c0ffee");
        assert!(goal.cookies([csrf()]).is_none(), "every visitor gets these");
        let empty = cookie(".music.163.com", "MUSIC_U", "");
        assert!(goal.cookies([csrf(), empty]).is_none(), "an empty one is none");
        let elsewhere = cookie("example.com", "MUSIC_U", "00BB");
        assert!(goal.cookies([elsewhere]).is_none(), "another site's is none either");
        let session = cookie(".music.163.com", "MUSIC_U", "00AA");
        let refresh = cookie(".163.com", "MUSIC_R_U", "00CC");
        let cookies = goal.cookies([csrf(), session, refresh]).expect("it is there");
        assert_eq!(cookies.get("__csrf"), Some(&"c0ffee".into()), "with all the others");
        assert_eq!(cookies.get("MUSIC_R_U"), Some(&"00CC".into()), "whatever path they are for");
    }
}
