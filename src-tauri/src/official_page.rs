//! The service's own sign-in page, in a window of its own that can do nothing but show it. Only `sign_in` opens one.
//!
//! No capability names this window, so that no call from it is answered; on Linux it does not even have the means
//! to call. Its browser profile is thrown away with it. It goes where [`OfficialPage`] says and nowhere else, opens
//! no other windows, downloads nothing and is granted nothing.
//!
//! Its goal counts only where the page itself goes there, not a frame in it, which anybody can put on a page and lead
//! anywhere. On Linux a navigation does not say whose it is, so that the goal counts once the view itself has begun to
//! load the address, which is then stopped. On Windows only the page's own navigations are reported. On macOS both are
//! reported alike, so that there a frame can end the session; what it brings is then still refused without the state
//! of this session, and a new account is shown before it is saved. An address that cannot be parsed is refused on
//! Linux when its response comes, or the page itself goes there; elsewhere the shell lets it through, and it brings
//! nothing.
//!
//! Limits elsewhere: an extra certificate authority holds here on Linux only; Windows and macOS decide by their own
//! stores, where whoever inspects the traffic has put it already. macOS always uses the system's proxy, so that
//! with another proxy setting the page is not shown at all there, nor is it on Windows with an `https` proxy. A page
//! that cannot be loaded is replaced by our own error page on Linux; elsewhere the engine's is seen.
//!
//! Where the web view cannot be made, or has crashed, a browser that is installed shows the page instead, by the same
//! rules.

#[cfg(target_os = "linux")]
mod error_page;
#[cfg(target_os = "linux")]
mod webkit;

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tauri::async_runtime::JoinHandle;
use tauri::webview::{Cookie, NewWindowResponse, PageLoadEvent, PermissionResponse};
use tauri::{
    AppHandle, Manager as _, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent, Wry,
};
use tunekey_browser::InstalledBrowser;
use tunekey_core::{
    Input, Navigation, OfficialPage, PageCookie, PageGoal, Problem, ProblemCode, ServiceId, TuneKey,
};

use crate::preferences::PreferenceFile;
#[cfg(target_os = "linux")]
use crate::response_policy;
use crate::text;

/// Whether this platform's web view can serve. All three can: WebKitGTK, WebView2 and WKWebView give their host
/// the cookies that scripts cannot see, too.
pub(crate) const CAN_BE_SHOWN: bool = cfg!(any(target_os = "linux", windows, target_os = "macos"));

/// How often to look for the cookie: pages set it in responses that no event tells of.
const COOKIE_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// What every such window's label begins with. `capabilities/main.json` must not match it.
const LABEL_PREFIX: &str = "official-page";

/// The number of the last such window, so that none has the label of one that is still closing.
static LAST_NUMBER: AtomicU32 = AtomicU32::new(0);

/// One use of the page, until it has reached its goal or is closed. Dropping it closes the window.
#[derive(Debug)]
pub(crate) struct PageSession {
    window: PageWindow,
}

impl PageSession {
    /// Opens the page. Calls `done` once, with what the page has brought, or that the person has closed it, or why it
    /// cannot be shown. Returns at once.
    pub(crate) fn open(
        app: &AppHandle,
        service: ServiceId,
        page: OfficialPage,
        done: impl FnOnce(Result<Input, Problem>) + Send + 'static,
    ) -> Self {
        let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
        let window = PageWindow {
            app: app.clone(),
            label: format!("{LABEL_PREFIX}-{number}"),
            outcome: Outcome::new(done),
            session: BrowserSession::default(),
        };
        let opening = window.clone();
        // Not here: making a window inside an event handler hangs on Windows.
        tauri::async_runtime::spawn_blocking(move || {
            if let Err(problem) = opening.build(service, &page)
                && !opening.outcome.is_closed()
            {
                tracing::error!(detail = problem.detail, "the page is not shown");
                opening.show_elsewhere(&page, problem);
            }
        });
        Self { window }
    }

    /// Brings the window to the front.
    pub(crate) fn show(&self) {
        let Some(window) = self.window.webview() else { return };
        let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the page was not brought to the front");
        }
    }
}

impl Drop for PageSession {
    fn drop(&mut self) {
        self.window.outcome.close();
        self.window.session.end();
        self.window.close();
    }
}

/// Who hears of the one thing that a session brings, until it has or is over.
#[derive(Clone)]
struct Outcome(Arc<Mutex<Option<Done>>>);

type Done = Box<dyn FnOnce(Result<Input, Problem>) + Send>;

impl Outcome {
    fn new(done: impl FnOnce(Result<Input, Problem>) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(done)))))
    }

    /// Brings something, unless something has been brought already or the session is over. True if it was.
    fn send(&self, input: Input) -> bool {
        self.end(Ok(input))
    }

    /// Says why the page cannot be shown, under the same conditions.
    fn fail(&self, problem: Problem) -> bool {
        self.end(Err(problem))
    }

    fn end(&self, came: Result<Input, Problem>) -> bool {
        // Called without the lock: what follows may end this session.
        let done = self.lock().take();
        done.map(|done| done(came)).is_some()
    }

    /// Sends nothing from now on.
    fn close(&self) {
        *self.lock() = None;
    }

    fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Done>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome").field("is_closed", &self.is_closed()).finish()
    }
}

/// The window by its label, whether it exists already, still, or not.
#[derive(Debug, Clone)]
struct PageWindow {
    app: AppHandle,
    label: String,
    outcome: Outcome,
    session: BrowserSession,
}

/// The visit in a browser that is installed, once the page is shown there instead.
#[derive(Debug, Clone, Default)]
struct BrowserSession(Arc<Mutex<Option<JoinHandle<()>>>>);

impl BrowserSession {
    fn is_under_way(&self) -> bool {
        self.lock().is_some()
    }

    fn keep(&self, visit: JoinHandle<()>) {
        *self.lock() = Some(visit);
    }

    /// Closes the browser.
    fn end(&self) {
        if let Some(visit) = self.lock().take() {
            visit.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PageWindow {
    fn webview(&self) -> Option<WebviewWindow> {
        self.app.get_webview_window(&self.label)
    }

    fn build(&self, service: ServiceId, page: &OfficialPage) -> Result<(), Problem> {
        let settings = self.app.state::<TuneKey>().settings();
        let builder = with_proxy(self.builder(service, page), &settings.proxy)?;
        let window = builder.build().map_err(|error| not_shown(&error))?;
        window.on_window_event({
            let page_window = self.clone();
            move |event| match event {
                WindowEvent::CloseRequested { api, .. } => {
                    api.prevent_close();
                    page_window.outcome.send(Input::PageClosed);
                    page_window.close();
                }
                WindowEvent::Destroyed if !page_window.session.is_under_way() => {
                    page_window.outcome.send(Input::PageClosed);
                }
                _ => {}
            }
        });
        // It is loaded only now: until here its window is bare, and nothing of it has gone around the proxy.
        self.load(&window, service, page, settings).map_err(|error| not_shown(&error))?;
        if let PageGoal::Cookie { .. } = page.goal {
            tauri::async_runtime::spawn(self.clone().watch_cookies(page.goal));
        }
        if self.outcome.is_closed() {
            self.close();
        }
        Ok(())
    }

    fn builder(&self, service: ServiceId, page: &OfficialPage) -> WebviewWindowBuilder<'_, Wry, AppHandle> {
        let preferences = self.app.state::<PreferenceFile>().current();
        let language = preferences.language();
        let title =
            move |address: &Url| text::page_title(service, address.host_str().unwrap_or_default(), language);
        let (page_window, shown) = (self.clone(), page.clone());
        WebviewWindowBuilder::new(&self.app, &self.label, WebviewUrl::External(blank()))
            .title(title(&page.start))
            .inner_size(520.0, 700.0)
            .min_inner_size(360.0, 400.0)
            .center()
            .theme(preferences.theme())
            .incognito(true)
            .data_directory(self.data_directory())
            .devtools(false)
            .general_autofill_enabled(false)
            .zoom_hotkeys_enabled(true)
            .on_navigation(move |address| page_window.decide(&shown, address))
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

    /// Whether an address may be loaded. The goal is taken as the answer instead.
    fn decide(&self, page: &OfficialPage, address: &Url) -> bool {
        match page.navigation(address) {
            Navigation::Allow => true,
            // Whether it is the page or a frame in it that goes there is seen in [`PageWindow::may_load`].
            Navigation::Finish if cfg!(target_os = "linux") => true,
            Navigation::Finish => {
                self.finish(address);
                false
            }
            Navigation::Redirect(own) => {
                tracing::debug!(host = own.host_str(), "a request is made with the state of this session");
                self.redirect(own);
                false
            }
            Navigation::Deny => {
                tracing::info!(host = address.host_str(), "the page wanted to go elsewhere");
                false
            }
        }
    }

    /// Shows the page in a browser that is installed, until the session is over; where there is none it fails with that
    /// problem. Returns at once.
    fn show_elsewhere(&self, page: &OfficialPage, problem: Problem) {
        let Some(browser) = InstalledBrowser::find() else {
            self.close();
            self.outcome.fail(problem);
            return;
        };
        tracing::info!(browser = browser.name(), "the page is shown in a browser instead");
        let (outcome, page) = (self.outcome.clone(), page.clone());
        let proxy = self.app.state::<TuneKey>().settings().proxy;
        self.session.keep(tauri::async_runtime::spawn(async move {
            match browser.visit(&page, &proxy).await {
                Ok(came) => outcome.send(came),
                Err(problem) => outcome.fail(problem),
            };
        }));
        self.close();
        if self.outcome.is_closed() {
            self.session.end();
        }
    }

    /// Sends the address of the goal, and closes the window.
    fn finish(&self, address: &Url) {
        self.outcome.send(Input::PageAddress(address.as_str().into()));
        self.close();
    }

    /// Loads an address in place of the one that the page wanted. Returns at once: this is the middle of a navigation.
    fn redirect(&self, address: Url) {
        let page_window = self.clone();
        tauri::async_runtime::spawn(async move {
            if let Some(window) = page_window.webview()
                && let Err(error) = window.navigate(address)
            {
                tracing::warn!(%error, "the page did not go on");
            }
        });
    }

    /// Whether the page itself may go on loading an address that it has begun to load.
    #[cfg(target_os = "linux")]
    fn may_load(&self, page: &OfficialPage, address: Option<&str>) -> bool {
        let Some(address) = address.and_then(|address| Url::parse(address).ok()) else {
            tracing::warn!("the page wanted to go to an address that cannot be parsed");
            return false;
        };
        if page.navigation(&address) != Navigation::Finish {
            return true;
        }
        self.finish(&address);
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
        let (app, page_window, page) = (self.app.clone(), self.clone(), page.clone());
        window.with_webview(move |view| {
            let view = view.inner();
            let (start, shown, followed) = (page.start.clone(), page.clone(), page.clone());
            response_policy::show_only(&view, move |address| shown.navigation(address) == Navigation::Allow);
            webkit::follow_crash(&view, {
                let (page_window, page) = (page_window.clone(), page.clone());
                move || page_window.show_elsewhere(&page, crashed())
            });
            webkit::filter_main_frame(&view, move |address| page_window.may_load(&followed, address));
            webkit::load(&view, &start, &settings.proxy, authorities.as_deref());
            webkit::replace_error_page(&view, move |error, failed| {
                let language = app.state::<PreferenceFile>().current().language();
                let retry = retry_address(&page, failed);
                error_page::html(error, service, failed, retry, language)
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

    /// Polls for the cookie until it is there or the session is over.
    async fn watch_cookies(self, goal: PageGoal) {
        while !self.outcome.is_closed() {
            let Some(window) = self.webview() else { return };
            // All of them, because some are for paths that the page itself never asks for (protocol: NetEase §6).
            // On a thread where it may wait: on Windows it hangs in an event handler.
            let cookies = tauri::async_runtime::spawn_blocking(move || window.cookies()).await;
            match cookies {
                Ok(Ok(cookies)) => {
                    if let Some(cookies) = goal.cookies(cookies.iter().map(kept)) {
                        self.outcome.send(Input::PageCookies(cookies));
                        self.close();
                        return;
                    }
                }
                Ok(Err(error)) => tracing::debug!(%error, "the page’s cookies cannot be read now"),
                Err(_) => return,
            }
            tokio::time::sleep(COOKIE_POLL_INTERVAL).await;
        }
    }

    /// Wipes the browser profile, and closes the window. Returns at once: this may be called in the middle of
    /// one of the window's own events.
    fn close(&self) {
        let page_window = self.clone();
        tauri::async_runtime::spawn_blocking(move || {
            if let Some(window) = page_window.webview() {
                if let Err(error) = window.clear_all_browsing_data() {
                    tracing::warn!(%error, "the page’s profile was not wiped before it was thrown away");
                }
                if let Err(error) = window.destroy() {
                    tracing::error!(%error, "the page was not closed");
                }
            }
            #[cfg(windows)]
            // It holds nothing of the page, but is of no use any more. In use for a moment still, it goes next time.
            let _ = std::fs::remove_dir_all(page_window.data_directory());
        });
    }

    /// The folder that the web view's engine is run from; a throw-away profile keeps nothing in it.
    #[cfg(not(windows))]
    fn data_directory(&self) -> std::path::PathBuf {
        // The main window's: a folder that is served already gets no further handlers for our own schemes,
        // so that there is nothing of ours that this page could ask for.
        crate::window::data_directory(&self.app)
    }

    /// Here one of its own: one folder's windows must all have the same proxy.
    #[cfg(windows)]
    fn data_directory(&self) -> std::path::PathBuf {
        let profile = self.app.state::<tunekey_core::Profile>();
        crate::window::without_prefix(&profile.dir().join(LABEL_PREFIX))
    }
}

/// The address to try again when `failed` could not be loaded: the same, if it is one of the page's own.
#[cfg(target_os = "linux")]
fn retry_address<'a>(page: &'a OfficialPage, failed: &'a Url) -> &'a Url {
    if page.may_visit(failed) { failed } else { &page.start }
}

/// A cookie as the web view keeps it.
fn kept(cookie: &Cookie<'_>) -> PageCookie {
    PageCookie {
        domain: cookie.domain().unwrap_or_default().to_owned(),
        name: cookie.name().to_owned(),
        value: cookie.value().into(),
    }
}

/// Makes the proxy setting hold: not here, where WebKitGTK takes it later, in `webkit::load`.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not every setting is possible")]
fn with_proxy<'a>(
    builder: WebviewWindowBuilder<'a, Wry, AppHandle>,
    _: &tunekey_core::Proxy,
) -> Result<WebviewWindowBuilder<'a, Wry, AppHandle>, Problem> {
    Ok(builder)
}

/// Makes the proxy setting hold, in the web views that take it before they are made.
///
/// # Errors
/// `InvalidInput` when this system's web view cannot use that proxy: the page must not go around it.
#[cfg(not(target_os = "linux"))]
fn with_proxy<'a>(
    builder: WebviewWindowBuilder<'a, Wry, AppHandle>,
    proxy: &tunekey_core::Proxy,
) -> Result<WebviewWindowBuilder<'a, Wry, AppHandle>, Problem> {
    use tunekey_core::Proxy;
    match proxy {
        Proxy::System => Ok(builder),
        Proxy::None if cfg!(windows) => Ok(builder.additional_browser_args(NO_PROXY)),
        Proxy::Manual(address) if cfg!(windows) && !address.starts_with("https:") => {
            let address = address.replacen("socks5h:", "socks5:", 1);
            let address = address.parse().map_err(|_| unusable_proxy())?;
            Ok(builder.proxy_url(address))
        }
        Proxy::None | Proxy::Manual(_) => Err(unusable_proxy()),
    }
}

/// What WebView2 is started with to use no proxy. It stands in the place of the shell's own arguments, which come first
/// here: without them the addresses of the page would be sent to SmartScreen.
#[cfg(not(target_os = "linux"))]
const NO_PROXY: &str = "--disable-features=msWebOOUI,msPdfOOUI,msSmartScreenProtection --no-proxy-server";

#[cfg(not(target_os = "linux"))]
fn unusable_proxy() -> Problem {
    Problem::new(ProblemCode::InvalidInput).with_detail(
        "this system’s web view can’t show a page with this proxy setting; choose another way in",
    )
}

fn not_shown(error: &tauri::Error) -> Problem {
    Problem::new(ProblemCode::Unexpected).with_detail(format!("opening the sign-in page: {error}"))
}

#[cfg(target_os = "linux")]
fn crashed() -> Problem {
    Problem::new(ProblemCode::Unexpected)
        .with_detail("the web view of the sign-in page has crashed")
        .with_words(
            "The window of the sign-in page crashed. Try again, or choose another way in.",
            "登录页面的窗口崩溃了。请重试，或换一种登录方式。",
        )
}

fn blank() -> Url {
    Url::parse("about:blank").expect("the address is a constant")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn another_try_goes_where_the_page_was_and_nowhere_else() {
        let url = |text: &str| -> Url { text.parse().expect("a URL") };
        let page = OfficialPage {
            start: url("https://graph.qq.com/oauth2.0/show").into(),
            hosts: &[".qq.com"],
            goal: PageGoal::Address { host: "y.qq.com", path: "/portal/wx_redirect.html" },
            request: None,
        };
        let later = url("https://xui.ptlogin2.qq.com/cgi-bin/xlogin?x=1");
        assert_eq!(retry_address(&page, &later), &later, "what has been done so far is not done again");
        assert_eq!(retry_address(&page, &url("https://evil.example/")).host_str(), Some("graph.qq.com"));
        assert_eq!(retry_address(&page, &url("about:blank")).host_str(), Some("graph.qq.com"));
    }

    #[test]
    fn a_page_gives_one_thing_and_no_second() {
        let (brought, given) = mpsc::channel();
        let outcome = Outcome::new(move |input| brought.send(input).expect("it is heard"));
        assert!(!outcome.is_closed(), "nothing has been given");
        assert!(outcome.send(Input::PageAddress("https://y.qq.com/?code=A".into())));
        assert!(outcome.is_closed());
        assert!(
            !outcome.send(Input::PageClosed),
            "its window closes because of that, not because of the person"
        );
        assert!(matches!(given.try_recv(), Ok(Ok(Input::PageAddress(_)))));
        assert!(given.try_recv().is_err(), "only the address was given");
    }

    #[test]
    fn a_session_that_was_closed_sends_nothing() {
        let (brought, given) = mpsc::channel();
        let outcome = Outcome::new(move |input| brought.send(input).expect("it is heard"));
        outcome.close();
        assert!(!outcome.send(Input::PageClosed));
        assert!(given.try_recv().is_err(), "the next session's question must not get this one's answer");
    }
}
