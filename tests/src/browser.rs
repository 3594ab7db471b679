//! A browser for the services' sign-in pages, with only what these pages need. For `user.rs`; the window's own browser
//! is tested in `sign_in_window.rs`.

use std::path::Path;

use anyhow::{Context as _, Result};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use tunekey_core::{CookieMap, Input, OfficialPage, PageGoal};
use tunekey_simulator::{Code, CodeState, Running};
use url::Url;

use crate::fixtures::PAGE_METHOD;

/// Opens the page as the owner of an account, or as somebody who declines.
///
/// # Errors
/// When a request fails, or the page is not one of the services'.
pub async fn visit(
    simulator: &Running,
    authority: &Path,
    page: &OfficialPage,
    account: Option<&str>,
) -> Result<Input> {
    let mut browser = Browser::new(simulator, authority)?;
    let html = browser.open(&page.start).await?.0;
    let Some((state, next)) = addresses(&html, &page.start) else { return Ok(Input::PageClosed) };
    // The page's script asks as soon as it runs.
    browser.open(&state).await?;
    let codes = simulator.codes();
    let open = |code: &&Code| code.method == PAGE_METHOD && code.state == CodeState::Shown;
    let Some(code) = codes.iter().rfind(open) else { return Ok(Input::PageClosed) };
    let Some(account) = account else {
        simulator.refuse(code.id)?;
        return Ok(Input::PageClosed);
    };
    simulator.confirm_as(code.id, Some(account))?;
    browser.open(&state).await?;
    let (_, location) = browser.open(&next).await?;
    Ok(match page.goal {
        PageGoal::Address { .. } => match location.filter(|address| page.is_reached(address)) {
            Some(address) => Input::PageAddress(address.as_str().into()),
            None => Input::PageClosed,
        },
        PageGoal::Cookie { name, .. } if browser.cookies.get(name).is_some() => {
            Input::PageCookies(browser.cookies)
        }
        PageGoal::Cookie { .. } => Input::PageClosed,
    })
}

struct Browser {
    http: reqwest::Client,
    cookies: CookieMap,
}

impl Browser {
    fn new(simulator: &Running, authority: &Path) -> Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15")
            .proxy(reqwest::Proxy::all(&simulator.proxy_url)?)
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(&std::fs::read(authority)?)?)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, cookies: CookieMap::default() })
    }

    /// What an address answers, and where it leads.
    async fn open(&mut self, address: &Url) -> Result<(String, Option<Url>)> {
        let mut request = self.http.get(address.clone());
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.context("the browser gets no answer")?;
        for line in response.headers().get_all(SET_COOKIE) {
            let pair = line.to_str()?.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.set(name, value);
            }
        }
        let location =
            response.headers().get(LOCATION).map(|to| address.join(to.to_str()?).context("an address"));
        let location = location.transpose()?;
        Ok((response.text().await.unwrap_or_default(), location))
    }
}

/// What the page asks again and again, and where it goes once that is confirmed.
fn addresses(html: &str, start: &Url) -> Option<(Url, Url)> {
    let variable = |name: &str| {
        let (_, rest) = html.split_once(&format!("var {name} = \""))?;
        start.join(rest.split_once('"')?.0).ok()
    };
    Some((variable("state")?, variable("next")?))
}
