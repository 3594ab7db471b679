//! The service's own sign-in page, in a window of its own that can do nothing but show it.
//!
//! No capability names this window, so that no call from it is answered; on Linux it does not even have the means
//! to call. Its browser profile is thrown away with it. It goes where [`OfficialPage`] says and nowhere else, opens
//! no other windows, downloads nothing and is granted nothing.
//!
//! What it is opened for counts only where the page itself goes there, not a frame in it, which anybody can put on a
//! page and lead anywhere: on Linux, where a navigation does not say whose it is, once the view itself has begun to load
//! the address, which is then stopped; on Windows, because only the page's own navigations are told of. On macOS the
//! shell tells of both alike, so that there a frame can end the visit. What it brings is then still refused without the
//! state of this visit, and a new account is shown before it is saved. An address that cannot be read is refused on
//! Linux when its answer comes, or the page itself goes there; elsewhere the shell lets it through, and it brings nothing.
//!
//! Limits elsewhere: an extra certificate authority holds here on Linux only; Windows and macOS decide by their own
//! stores, where whoever inspects the traffic has put it already. macOS always goes as the system says, so that
//! with another proxy setting the page is not shown at all there, nor is it on Windows with an `https` proxy. A page
//! that cannot be loaded is replaced by our own words on Linux; elsewhere the engine's error page is seen.

#[cfg(target_os = "linux")]
mod unreachable;
#[cfg(target_os = "linux")]
mod webkit;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tauri::webview::{Cookie, NewWindowResponse, PageLoadEvent, PermissionResponse};
use tauri::{
    AppHandle, Manager as _, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent, Wry,
};
use tokio::sync::mpsc::UnboundedSender;
use tunekey_core::{
    Answer, CookieMap, Input, OfficialPage, PageGoal, Problem, ProblemCode, ServiceId, TuneKey,
};

use crate::preferences::PreferenceFile;
#[cfg(target_os = "linux")]
use crate::response_policy;
use crate::words;

/// Whether this platform's web view can serve. All three can: WebKitGTK, WebView2 and WKWebView give their host
/// the cookies that scripts cannot see, too.
pub(crate) const CAN_BE_SHOWN: bool = cfg!(any(target_os = "linux", windows, target_os = "macos"));

/// How often to look whether the cookie is there: pages set it in answers that no event tells of.
const LOOK: Duration = Duration::from_millis(250);

/// What every such window's label begins with. `capabilities/main.json` must not match it.
const LABEL: &str = "official-page";

/// The number of the last such window, so that none has the label of one that is still closing.
static LAST: AtomicU32 = AtomicU32::new(0);

/// A page that is open. Dropping it closes the window.
#[derive(Debug)]
pub(crate) struct Visit {
    frame: Frame,
}

impl Visit {
    /// Opens the page. What it brings, or that it was closed, is given once as an answer.
    /// `failed` is called when it cannot be shown.
    pub(crate) fn open(
        app: &AppHandle,
        service: ServiceId,
        page: OfficialPage,
        answers: UnboundedSender<Answer>,
        failed: impl FnOnce(Problem) + Send + 'static,
    ) -> Self {
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let frame = Frame {
            app: app.clone(),
            label: format!("{LABEL}-{number}"),
            outcome: Outcome(Arc::new(Mutex::new(Some(answers)))),
        };
        let opening = frame.clone();
        // Not here: making a window inside an event handler hangs on Windows.
        tauri::async_runtime::spawn_blocking(move || {
            if let Err(problem) = opening.build(service, &page)
                && !opening.outcome.is_over()
            {
                tracing::error!(detail = problem.detail, "the page is not shown");
                opening.close();
                failed(problem);
            }
        });
        Self { frame }
    }

    /// Brings the window to the front.
    pub(crate) fn show(&self) {
        let Some(window) = self.frame.window() else { return };
        let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the page was not brought to the front");
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.frame.outcome.end();
        self.frame.close();
    }
}

/// Where the one thing goes that a page is opened for.
#[derive(Debug, Clone)]
struct Outcome(Arc<Mutex<Option<UnboundedSender<Answer>>>>);

impl Outcome {
    /// Gives it, unless something has been given already. True if it was.
    fn give(&self, input: Input) -> bool {
        match self.lock().take() {
            // A sign-in that has just ended no longer listens.
            Some(answers) => answers.send(Answer::Give(input)).is_ok(),
            None => false,
        }
    }

    /// Nobody waits any more.
    fn end(&self) {
        *self.lock() = None;
    }

    fn is_over(&self) -> bool {
        self.lock().is_none()
    }

    fn lock(&self) -> MutexGuard<'_, Option<UnboundedSender<Answer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The window, whether it is there already, still, or not.
#[derive(Debug, Clone)]
struct Frame {
    app: AppHandle,
    label: String,
    outcome: Outcome,
}

impl Frame {
    fn window(&self) -> Option<WebviewWindow> {
        self.app.get_webview_window(&self.label)
    }

    fn build(&self, service: ServiceId, page: &OfficialPage) -> Result<(), Problem> {
        let settings = self.app.state::<TuneKey>().settings();
        let builder = through(self.builder(service, page), &settings.proxy)?;
        let window = builder.build().map_err(|error| not_shown(&error))?;
        window.on_window_event({
            let frame = self.clone();
            move |event| match event {
                WindowEvent::CloseRequested { api, .. } => {
                    api.prevent_close();
                    frame.outcome.give(Input::PageClosed);
                    frame.close();
                }
                WindowEvent::Destroyed => {
                    frame.outcome.give(Input::PageClosed);
                }
                _ => {}
            }
        });
        // It is loaded only now: until here its window is bare, and nothing of it has gone around the proxy.
        self.load(&window, service, page, settings).map_err(|error| not_shown(&error))?;
        if let PageGoal::Cookie { site, name } = page.goal {
            tauri::async_runtime::spawn(self.clone().watch(site, name));
        }
        if self.outcome.is_over() {
            self.close();
        }
        Ok(())
    }

    fn builder(&self, service: ServiceId, page: &OfficialPage) -> WebviewWindowBuilder<'_, Wry, AppHandle> {
        let preferences = self.app.state::<PreferenceFile>().current();
        let language = preferences.language();
        let title =
            move |address: &Url| words::page_title(service, address.host_str().unwrap_or_default(), language);
        let (frame, shown) = (self.clone(), page.clone());
        WebviewWindowBuilder::new(&self.app, &self.label, WebviewUrl::External(blank()))
            .title(title(&page.start))
            .inner_size(520.0, 700.0)
            .min_inner_size(360.0, 400.0)
            .center()
            .theme(preferences.theme())
            .incognito(true)
            .data_directory(self.folder())
            .devtools(false)
            .general_autofill_enabled(false)
            .zoom_hotkeys_enabled(true)
            .on_navigation(move |address| frame.may_go(&shown, address))
            .on_new_window(|_, _| NewWindowResponse::Deny)
            .on_download(|_, _| false)
            .on_permission_request(|_, _| PermissionResponse::Deny)
            .on_page_load(move |window, load| {
                if load.event() == PageLoadEvent::Started
                    && load.url().scheme() == "https"
                    && let Err(error) = window.set_title(&title(load.url()))
                {
                    // A title that names another host would lie about whose page this is.
                    tracing::error!(%error, "the page’s host cannot be shown");
                    let _ = window.close();
                }
            })
    }

    /// Whether the page may load an address. The one that it was opened for is taken instead.
    fn may_go(&self, page: &OfficialPage, address: &Url) -> bool {
        match Direction::of(page, address) {
            Direction::Stays => true,
            // Whether it is the page or a frame in it that goes there is seen in [`Frame::follow`].
            Direction::Arrives if cfg!(target_os = "linux") => true,
            Direction::Arrives => {
                self.arrives(address);
                false
            }
            Direction::Asks(own) => {
                tracing::debug!(host = own.host_str(), "a request is made with a state of our own");
                self.go(own);
                false
            }
            Direction::Leaves => {
                tracing::info!(host = address.host_str(), "the page wanted to go elsewhere");
                false
            }
        }
    }

    /// Takes the address that the page was opened for.
    fn arrives(&self, address: &Url) {
        self.outcome.give(Input::PageAddress(address.as_str().into()));
        self.close();
    }

    /// Goes to another address than the page wanted. Returns at once: this is the middle of a navigation.
    fn go(&self, address: Url) {
        let frame = self.clone();
        tauri::async_runtime::spawn(async move {
            if let Some(window) = frame.window()
                && let Err(error) = window.navigate(address)
            {
                tracing::warn!(%error, "the page did not go on");
            }
        });
    }

    /// Looks at an address that the page itself has begun to load. `false` when it is to be stopped.
    #[cfg(target_os = "linux")]
    fn follow(&self, page: &OfficialPage, address: Option<&str>) -> bool {
        let Some(address) = address.and_then(|address| Url::parse(address).ok()) else {
            tracing::warn!("the page wanted to go to an address that cannot be read");
            return false;
        };
        if Direction::of(page, &address) != Direction::Arrives {
            return true;
        }
        self.arrives(&address);
        false
    }

    #[cfg(target_os = "linux")]
    fn load(
        &self,
        window: &WebviewWindow,
        service: ServiceId,
        page: &OfficialPage,
        settings: tunekey_core::Settings,
    ) -> tauri::Result<()> {
        let authorities = self.app.state::<TuneKey>().extra_ca_file();
        let authorities = authorities.unwrap_or_else(|problem| {
            tracing::warn!(code = ?problem.code, "the extra certificate authorities cannot be read");
            None
        });
        let (app, frame, page) = (self.app.clone(), self.clone(), page.clone());
        window.with_webview(move |view| {
            let view = view.inner();
            let (start, shown, followed) = (page.start.clone(), page.clone(), page.clone());
            response_policy::show_only(&view, move |address| {
                Direction::of(&shown, address) == Direction::Stays
            });
            webkit::follow(&view, move |address| frame.follow(&followed, address));
            webkit::load(&view, &start, &settings.proxy, authorities.as_deref());
            webkit::replace_failures(&view, move |why, failed| {
                let language = app.state::<PreferenceFile>().current().language();
                let retry = retried(&page, failed);
                unreachable::page(why, service, failed, retry, language)
            });
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn load(
        &self,
        window: &WebviewWindow,
        _: ServiceId,
        page: &OfficialPage,
        _: tunekey_core::Settings,
    ) -> tauri::Result<()> {
        window.navigate((*page.start).clone())
    }

    /// Looks for the cookie until it or somebody else ends the visit.
    async fn watch(self, site: &'static str, name: &'static str) {
        let Some(host) = site.parse::<Url>().ok().and_then(|url| url.host_str().map(str::to_owned)) else {
            return;
        };
        while !self.outcome.is_over() {
            let Some(window) = self.window() else { return };
            // All of them, because some are for paths that the page itself never asks for (protocol: NetEase §6).
            // On a thread where it may wait: on Windows it hangs in an event handler.
            let cookies = tauri::async_runtime::spawn_blocking(move || window.cookies()).await;
            match cookies {
                Ok(Ok(cookies)) => {
                    if let Some(cookies) = with(cookies, &host, name) {
                        self.outcome.give(Input::PageCookies(cookies));
                        self.close();
                        return;
                    }
                }
                Ok(Err(error)) => tracing::debug!(%error, "the page’s cookies cannot be read now"),
                Err(_) => return,
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Wipes what the page has kept, and closes the window. Returns at once: this may be called in the middle of
    /// one of the window's own events.
    fn close(&self) {
        let frame = self.clone();
        tauri::async_runtime::spawn_blocking(move || {
            if let Some(window) = frame.window() {
                if let Err(error) = window.clear_all_browsing_data() {
                    tracing::warn!(%error, "the page’s profile was not wiped before it was thrown away");
                }
                if let Err(error) = window.destroy() {
                    tracing::error!(%error, "the page was not closed");
                }
            }
            #[cfg(windows)]
            // It holds nothing of the page, but is of no use any more. In use for a moment still, it goes next time.
            let _ = std::fs::remove_dir_all(frame.folder());
        });
    }

    /// The folder that the web view's engine is run from; a throw-away profile keeps nothing in it.
    #[cfg(not(windows))]
    fn folder(&self) -> std::path::PathBuf {
        // The main window's: a folder that is served already gets no further handlers for our own schemes,
        // so that there is nothing of ours that this page could ask for.
        crate::window::data_directory(&self.app)
    }

    /// Here one of its own: one folder's windows must all have the same proxy.
    #[cfg(windows)]
    fn folder(&self) -> std::path::PathBuf {
        self.app.state::<tunekey_core::Profile>().dir().join(LABEL)
    }
}

/// Where another try leads when an address could not be loaded: there, if it is one of the page's own.
#[cfg(target_os = "linux")]
fn retried<'a>(page: &'a OfficialPage, failed: &'a Url) -> &'a Url {
    if page.may_visit(failed) { failed } else { &page.start }
}

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Direction {
    /// Somewhere the page may go.
    Stays,
    /// To what it was opened for.
    Arrives,
    /// To a request with somebody else's state; there it is with that of this visit.
    Asks(Url),
    /// Elsewhere.
    Leaves,
}

impl Direction {
    fn of(page: &OfficialPage, address: &Url) -> Self {
        if page.is_reached(address) {
            Self::Arrives
        } else if let Some(own) = page.with_own_state(address) {
            Self::Asks(own)
        } else if page.may_visit(address) || matches!(address.as_str(), "about:blank" | "about:srcdoc") {
            // Empty frames, which their page fills itself.
            Self::Stays
        } else {
            Self::Leaves
        }
    }
}

/// The host's cookies, if that one is among them.
fn with(cookies: Vec<Cookie<'_>>, host: &str, name: &str) -> Option<CookieMap> {
    let cookies: CookieMap = cookies
        .iter()
        .filter(|cookie| cookie.domain().is_some_and(|domain| covers(domain, host)))
        .map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
        .collect();
    cookies.get(name).is_some().then_some(cookies)
}

/// Whether cookies of this domain are sent to the host.
fn covers(domain: &str, host: &str) -> bool {
    let domain = domain.trim_start_matches('.');
    host.strip_suffix(domain).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// The proxy setting, for the web views that take it before they are made.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not every setting can be kept")]
fn through<'a>(
    builder: WebviewWindowBuilder<'a, Wry, AppHandle>,
    _: &tunekey_core::Proxy,
) -> Result<WebviewWindowBuilder<'a, Wry, AppHandle>, Problem> {
    Ok(builder)
}

/// The proxy setting. What cannot be kept is refused: the page must not go around it.
#[cfg(not(target_os = "linux"))]
fn through<'a>(
    builder: WebviewWindowBuilder<'a, Wry, AppHandle>,
    proxy: &tunekey_core::Proxy,
) -> Result<WebviewWindowBuilder<'a, Wry, AppHandle>, Problem> {
    use tunekey_core::Proxy;
    match proxy {
        Proxy::System => Ok(builder),
        Proxy::None if cfg!(windows) => Ok(builder.additional_browser_args("--no-proxy-server")),
        Proxy::Manual(address) if cfg!(windows) && !address.starts_with("https:") => {
            let address = address.replacen("socks5h:", "socks5:", 1);
            let address = address.parse().map_err(|_| no_proxy())?;
            Ok(builder.proxy_url(address))
        }
        Proxy::None | Proxy::Manual(_) => Err(no_proxy()),
    }
}

#[cfg(not(target_os = "linux"))]
fn no_proxy() -> Problem {
    Problem::new(ProblemCode::InvalidInput).with_detail(
        "this system’s web view can’t show a page with this proxy setting; choose another way in",
    )
}

fn not_shown(error: &tauri::Error) -> Problem {
    Problem::new(ProblemCode::Unexpected).with_detail(format!("opening the sign-in page: {error}"))
}

fn blank() -> Url {
    Url::parse("about:blank").expect("the address is a constant")
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    fn page() -> OfficialPage {
        OfficialPage {
            start: url("https://graph.qq.com/oauth2.0/show").into(),
            hosts: &[".qq.com"],
            goal: PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" },
            request: None,
        }
    }

    fn direction(address: &str) -> Direction {
        Direction::of(&page(), &url(address))
    }

    #[test]
    fn the_page_stays_with_its_service() {
        for address in [
            "https://graph.qq.com/oauth2.0/show",
            "https://xui.ptlogin2.qq.com/cgi-bin/xlogin",
            "about:blank",
            "about:srcdoc",
        ] {
            assert_eq!(direction(address), Direction::Stays, "{address}");
        }
    }

    #[test]
    fn the_page_goes_nowhere_else() {
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
            assert_eq!(direction(address), Direction::Leaves, "{address}");
        }
    }

    #[test]
    fn what_the_page_was_opened_for_is_taken_although_its_host_may_be_visited() {
        assert_eq!(direction("https://y.qq.com/portal/wx_redirect.html?code=A"), Direction::Arrives);
        assert_eq!(direction("https://y.qq.com/portal/other.html?code=A"), Direction::Stays);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_try_goes_where_the_page_was_and_nowhere_else() {
        let page = page();
        let later = url("https://xui.ptlogin2.qq.com/cgi-bin/xlogin?x=1");
        assert_eq!(retried(&page, &later), &later, "what has been done so far is not done again");
        assert_eq!(retried(&page, &url("https://evil.example/")).host_str(), Some("graph.qq.com"));
        assert_eq!(retried(&page, &url("about:blank")).host_str(), Some("graph.qq.com"));
    }

    #[test]
    fn a_page_gives_one_thing_and_no_second() {
        let (answers, mut given) = unbounded_channel();
        let outcome = Outcome(Arc::new(Mutex::new(Some(answers))));
        assert!(!outcome.is_over(), "nothing has been given");
        assert!(outcome.give(Input::PageAddress("https://y.qq.com/?code=A".into())));
        assert!(outcome.is_over());
        assert!(
            !outcome.give(Input::PageClosed),
            "its window closes because of that, not because of the person"
        );
        assert!(matches!(given.try_recv(), Ok(Answer::Give(Input::PageAddress(_)))));
        assert!(given.try_recv().is_err(), "only the address was given");
    }

    #[test]
    fn a_visit_that_was_ended_gives_nothing() {
        let (answers, mut given) = unbounded_channel();
        let outcome = Outcome(Arc::new(Mutex::new(Some(answers))));
        outcome.end();
        assert!(!outcome.give(Input::PageClosed));
        assert!(given.try_recv().is_err(), "the next visit's question must not get this one's answer");
    }

    #[test]
    fn cookies_are_taken_once_the_one_that_matters_is_there() {
        let cookie = |domain, name, value| Cookie::build((name, value)).domain(domain).path("/api").build();
        let taken = |cookies| with(cookies, "music.163.com", "MUSIC_U");
        let csrf = || cookie("music.163.com", "__csrf", "c0ffee");
        assert!(taken(vec![csrf()]).is_none(), "every visitor gets these");
        let empty = cookie(".music.163.com", "MUSIC_U", "");
        assert!(taken(vec![csrf(), empty]).is_none(), "an empty one is none");
        let elsewhere = cookie("example.com", "MUSIC_U", "00BB");
        assert!(taken(vec![elsewhere]).is_none(), "another site's is none either");
        let session = cookie(".music.163.com", "MUSIC_U", "00AA");
        let refresh = cookie(".163.com", "MUSIC_R_U", "00CC");
        let cookies = taken(vec![csrf(), session, refresh]).expect("it is there");
        assert_eq!(cookies.get("__csrf"), Some(&"c0ffee".into()), "with all the others");
        assert_eq!(cookies.get("MUSIC_R_U"), Some(&"00CC".into()), "whatever path they are for");
    }
}
