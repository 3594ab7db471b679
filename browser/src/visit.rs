//! One visit to a page: the browser is told where to go, asked where it wants to go, and left once the goal is reached
//! (Chrome DevTools Protocol: Target, Fetch, Storage). For `lib.rs`.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;
use tunekey_core::{Input, Navigation, OfficialPage, PageCookie, PageGoal};
use url::Url;

use crate::devtools::{DevTools, Message};

/// How often to look for the cookie: pages set it in responses that no event tells of.
const COOKIE_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Shows the page until its goal is reached, its window is closed or the browser is gone.
///
/// # Errors
/// `UnexpectedEof` or `BrokenPipe` when the browser ends before it has shown anything, others when it does not do as it
/// is told.
pub(crate) async fn visit(devtools: &mut DevTools, page: &OfficialPage) -> io::Result<Input> {
    let mut visit = PageSession { devtools, page, window: None, asked: None };
    visit.tell(None, "Browser.setDownloadBehavior", json!({ "behavior": "deny" })).await?;
    visit.attach(None).await?;
    let mut polls = tokio::time::interval(COOKIE_POLL_INTERVAL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let polled = matches!(page.goal, PageGoal::Cookie { .. });
    loop {
        let message = tokio::select! {
            message = visit.devtools.next() => message?,
            _ = polls.tick(), if polled && visit.asked.is_none() => {
                visit.asked = Some(visit.tell(None, "Storage.getCookies", json!({})).await?);
                continue;
            }
        };
        let Some(message) = message else {
            let is_shown = visit.window.is_some();
            return if is_shown { Ok(Input::PageClosed) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        };
        if let Some(came) = visit.hear(message).await? {
            return Ok(came);
        }
    }
}

/// A visit under way.
struct PageSession<'a> {
    devtools: &'a mut DevTools,
    page: &'a OfficialPage,
    /// The window of the page, once there is one.
    window: Option<Window>,
    /// The number of the question for cookies that has not been answered yet.
    asked: Option<u64>,
}

/// The window that the page is in.
struct Window {
    /// Which target it is, and which frame the page itself.
    target: String,
    session: String,
}

impl PageSession<'_> {
    async fn tell(&mut self, session: Option<&str>, method: &str, params: Value) -> io::Result<u64> {
        self.devtools.send(session, method, params).await
    }

    /// Hears of all that is opened from now on: in a session, or by the browser. Nothing of it begins before it is let.
    async fn attach(&mut self, session: Option<&str>) -> io::Result<()> {
        let params = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        self.tell(session, "Target.setAutoAttach", params).await.map(drop)
    }

    /// What a message brings, if it ends the visit.
    async fn hear(&mut self, message: Message) -> io::Result<Option<Input>> {
        match message {
            Message::Reply { number, result } if self.asked == Some(number) => {
                self.asked = None;
                Ok(result.and_then(|kept| self.page.goal.cookies(cookies_of(&kept))).map(Input::PageCookies))
            }
            Message::Reply { .. } => Ok(None),
            Message::Event { session, method, params } => match (method.as_str(), session) {
                ("Target.attachedToTarget", _) => self.opened(&params).await.map(|()| None),
                ("Target.detachedFromTarget", _) => {
                    let is_ours = |window: &Window| params["sessionId"] == *window.session;
                    Ok(self.window.as_ref().is_some_and(is_ours).then_some(Input::PageClosed))
                }
                ("Fetch.requestPaused", Some(session)) => self.decide(&session, &params).await,
                _ => Ok(None),
            },
        }
    }

    /// Lets something that was opened begin, if it belongs to the page, and closes it if it is another window.
    async fn opened(&mut self, params: &Value) -> io::Result<()> {
        let about = &params["targetInfo"];
        let (Some(session), Some(target), Some(kind)) =
            (params["sessionId"].as_str(), about["targetId"].as_str(), about["type"].as_str())
        else {
            return Ok(());
        };
        match kind {
            "page" if self.window.is_some() => {
                tracing::info!("the page wanted another window");
                self.tell(None, "Target.closeTarget", json!({ "targetId": target })).await?;
            }
            "page" => {
                self.lead(session).await?;
                self.tell(Some(session), "Page.navigate", json!({ "url": self.page.start.as_str() })).await?;
                self.window = Some(Window { target: target.to_owned(), session: session.to_owned() });
            }
            "iframe" => self.lead(session).await?,
            // Workers fetch no documents.
            _ => drop(self.tell(Some(session), "Runtime.runIfWaitingForDebugger", json!({})).await?),
        }
        Ok(())
    }

    /// Is asked about every document of a session from now on, and lets it begin.
    async fn lead(&mut self, session: &str) -> io::Result<()> {
        let documents = json!({ "patterns": [{ "urlPattern": "*", "resourceType": "Document", "requestStage": "Request" }] });
        self.tell(Some(session), "Fetch.enable", documents).await?;
        self.attach(Some(session)).await?;
        self.tell(Some(session), "Runtime.runIfWaitingForDebugger", json!({})).await.map(drop)
    }

    /// Decides over a document that is about to be fetched. The goal ends the visit where the page itself goes there; a
    /// frame in it is led nowhere: anybody can put one on a page.
    async fn decide(&mut self, session: &str, params: &Value) -> io::Result<Option<Input>> {
        let request = params["requestId"].clone();
        let address = params["request"]["url"].as_str().and_then(|address| Url::parse(address).ok());
        let navigation = address.as_ref().map_or(Navigation::Deny, |address| self.page.navigation(address));
        let is_page = self.window.as_ref().is_some_and(|window| params["frameId"] == *window.target);
        match navigation {
            Navigation::Allow => {
                self.tell(Some(session), "Fetch.continueRequest", json!({ "requestId": request })).await?;
            }
            Navigation::Redirect(own) => {
                let location = json!([{ "name": "Location", "value": own.as_str() }]);
                let answer =
                    json!({ "requestId": request, "responseCode": 302, "responseHeaders": location });
                self.tell(Some(session), "Fetch.fulfillRequest", answer).await?;
            }
            Navigation::Finish if is_page => {
                return Ok(address.map(|address| Input::PageAddress(address.as_str().into())));
            }
            Navigation::Finish | Navigation::Deny => {
                tracing::info!(
                    host = address.as_ref().and_then(Url::host_str),
                    "the page wanted to go elsewhere"
                );
                let refused = json!({ "requestId": request, "errorReason": "Aborted" });
                self.tell(Some(session), "Fetch.failRequest", refused).await?;
            }
        }
        Ok(None)
    }
}

/// The cookies in a reply to `Storage.getCookies`.
fn cookies_of(reply: &Value) -> Vec<PageCookie> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cookie = |cookie: &Value| PageCookie {
        domain: text(&cookie["domain"]),
        name: text(&cookie["name"]),
        value: text(&cookie["value"]).into(),
    };
    reply["cookies"].as_array().map(|cookies| cookies.iter().map(cookie).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Write as _};

    use super::*;

    /// The other end: what a browser is told, and what it says.
    struct Played {
        hears: BufReader<PipeReader>,
        says: PipeWriter,
    }

    impl Played {
        fn say(&mut self, message: &Value) {
            self.says.write_all(format!("{message}\0").as_bytes()).expect("it is heard");
        }

        /// The next message of that method.
        fn told(&mut self, method: &str) -> Value {
            loop {
                let mut message = Vec::new();
                self.hears.read_until(0, &mut message).expect("it is heard");
                assert!(message.pop() == Some(0), "nobody has said {method}");
                let message: Value = serde_json::from_slice(&message).expect("it is JSON");
                if message["method"] == method {
                    return message;
                }
            }
        }

        fn open(&mut self, session: &str, target: &str, kind: &str) {
            self.say(&json!({
                "method": "Target.attachedToTarget",
                "params": { "sessionId": session, "targetInfo": { "targetId": target, "type": kind, "url": "about:blank" } },
            }));
        }

        fn wants(&mut self, session: &str, frame: &str, request: &str, address: &str) {
            self.say(&json!({
                "method": "Fetch.requestPaused", "sessionId": session,
                "params": { "requestId": request, "frameId": frame, "request": { "url": address } },
            }));
        }
    }

    fn page(goal: PageGoal) -> OfficialPage {
        let request = tunekey_core::PageRequest {
            host: "open.weixin.qq.com",
            path: "/connect/qrconnect",
            state: "r1".to_owned(),
        };
        let start = Url::parse("https://graph.qq.com/oauth2.0/show").expect("an address");
        OfficialPage { start: start.into(), hosts: &[".qq.com"], goal, request: Some(request) }
    }

    const ADDRESS: PageGoal = PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" };
    const COOKIE: PageGoal = PageGoal::Cookie { site: "https://music.163.com/", name: "MUSIC_U" };

    /// Plays a browser for a visit, on a thread of its own, and gives what the visit has brought.
    async fn visited(goal: PageGoal, play: impl FnOnce(&mut Played) + Send + 'static) -> Input {
        let ((hears, told), (heard, says)) = (io::pipe().expect("a pipe"), io::pipe().expect("a pipe"));
        let mut devtools = DevTools::new(told.into(), heard.into()).expect("they are pipes");
        // A thread of tokio's would keep a paused clock from moving.
        let played = std::thread::spawn(move || {
            let mut played = Played { hears: BufReader::new(hears), says };
            play(&mut played);
        });
        let came = visit(&mut devtools, &page(goal)).await.expect("it goes by the protocol");
        drop(devtools);
        played.join().expect("it was told what it expects");
        came
    }

    #[tokio::test]
    async fn the_page_is_opened_once_every_document_is_asked_about() {
        let came = visited(ADDRESS, |browser| {
            browser.told("Target.setAutoAttach");
            browser.open("S", "T", "page");
            let asked = browser.told("Fetch.enable");
            assert_eq!(
                (&asked["sessionId"], &asked["params"]["patterns"][0]["urlPattern"]),
                (&json!("S"), &json!("*"))
            );
            let begun = browser.told("Page.navigate");
            assert_eq!(begun["params"]["url"], "https://graph.qq.com/oauth2.0/show");
            browser.wants("S", "T", "1", "https://graph.qq.com/oauth2.0/show");
            assert_eq!(browser.told("Fetch.continueRequest")["params"]["requestId"], "1");
            browser.wants("S", "T", "2", "https://evil.example/");
            assert_eq!(browser.told("Fetch.failRequest")["params"]["requestId"], "2");
            browser.wants("S", "T", "3", "https://[");
            assert_eq!(
                browser.told("Fetch.failRequest")["params"]["requestId"],
                "3",
                "what cannot be parsed is refused"
            );
            browser.wants("S", "T", "4", "https://y.qq.com/portal/wx_redirect.html?code=A&state=r1");
        })
        .await;
        assert!(
            matches!(came, Input::PageAddress(address) if address == "https://y.qq.com/portal/wx_redirect.html?code=A&state=r1".into())
        );
    }

    #[tokio::test]
    async fn a_frame_never_ends_the_visit_and_another_window_is_closed() {
        let came = visited(ADDRESS, |browser| {
            browser.open("S", "T", "page");
            browser.told("Page.navigate");
            browser.open("F", "T2", "iframe");
            assert_eq!(
                browser.told("Fetch.enable")["sessionId"],
                "F",
                "a frame of another site is asked about, too"
            );
            for (session, frame) in [("S", "T3"), ("F", "T2")] {
                browser.wants(
                    session,
                    frame,
                    frame,
                    "https://y.qq.com/portal/wx_redirect.html?code=EVIL&state=r1",
                );
                assert_eq!(browser.told("Fetch.failRequest")["params"]["requestId"], frame);
            }
            browser.open("P", "T4", "page");
            assert_eq!(browser.told("Target.closeTarget")["params"]["targetId"], "T4");
            browser.say(&json!({ "method": "Target.detachedFromTarget", "params": { "sessionId": "P" } }));
            browser.say(&json!({ "method": "Target.detachedFromTarget", "params": { "sessionId": "S" } }));
        })
        .await;
        assert!(matches!(came, Input::PageClosed), "only its own window ends it: {came:?}");
    }

    #[tokio::test]
    async fn a_request_with_somebody_elses_state_is_made_with_that_of_the_visit() {
        let came = visited(ADDRESS, |browser| {
            browser.open("S", "T", "page");
            browser.wants("S", "T", "1", "https://open.weixin.qq.com/connect/qrconnect?state=STATE");
            let answer = browser.told("Fetch.fulfillRequest");
            assert_eq!(answer["params"]["responseCode"], 302);
            let location = &answer["params"]["responseHeaders"][0]["value"];
            assert_eq!(location, "https://open.weixin.qq.com/connect/qrconnect?state=r1");
        })
        .await;
        assert!(matches!(came, Input::PageClosed), "the browser is gone: {came:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_cookie_is_looked_for_until_it_is_there() {
        let came = visited(COOKIE, |browser| {
            browser.open("S", "T", "page");
            let cookie = |name, value| json!({ "domain": ".music.163.com", "name": name, "value": value });
            let asked = browser.told("Storage.getCookies");
            browser.say(&json!({ "id": asked["id"], "result": { "cookies": [cookie("NMTID", "x")] } }));
            let asked = browser.told("Storage.getCookies");
            browser.say(&json!({ "id": asked["id"], "error": { "code": -32000 } }));
            let asked = browser.told("Storage.getCookies");
            let all = [cookie("NMTID", "x"), cookie("MUSIC_U", "00AA")];
            browser.say(&json!({ "id": asked["id"], "result": { "cookies": all } }));
        })
        .await;
        let Input::PageCookies(cookies) = came else { panic!("{came:?}") };
        assert_eq!(cookies.get("MUSIC_U"), Some(&"00AA".into()));
        assert_eq!(cookies.get("NMTID"), Some(&"x".into()), "with all the others");
    }
}
