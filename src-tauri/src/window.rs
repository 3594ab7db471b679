//! The main window and its page: builds, shows, hides and frees the window, and opens views in it. What closing it does
//! is in `close_to_tray.rs`. Any file above `events.rs` may use this.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tauri::webview::{NewWindowResponse, PermissionResponse};
use tauri::window::Color;
use tauri::{AppHandle, Manager as _, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tunekey_core::Profile;

#[cfg(target_os = "linux")]
use crate::color_scheme;
use crate::events::{self, DesktopEvent};
use crate::preferences::{PreferenceFile, Preferences};
#[cfg(target_os = "linux")]
use crate::response_policy;

/// The window's label, by which `capabilities/main.json` names it.
pub(crate) const LABEL: &str = "main";

/// The colour of the window until the page has drawn itself, so that a dark window does not flash white.
const LIGHT_BACKGROUND: Color = Color(0xfa, 0xfa, 0xfb, 0xff);
const DARK_BACKGROUND: Color = Color(0x1c, 0x1d, 0x21, 0xff);

/// The state of the main window's page. The app manages one.
#[derive(Debug, Default)]
pub(crate) struct MainPage(Mutex<PageState>);

#[derive(Debug, Default)]
struct PageState {
    /// Whether the page listens for events.
    is_listening: bool,
    /// The view to open as soon as the page listens.
    pending_view: Option<DesktopEvent>,
    /// Set while the window is being built, so that two requests at once build one window.
    is_building: bool,
    /// How often the window has been hidden or brought back.
    turns: u64,
    /// Set from when the window is given up until the system says that it is gone.
    is_going: bool,
    /// Whether the window was asked for meanwhile.
    is_wanted: bool,
}

impl PageState {
    /// Returns the view if the page listens. Otherwise keeps it, in place of an earlier one.
    fn take_or_defer(&mut self, view: DesktopEvent) -> Option<DesktopEvent> {
        if self.is_listening {
            return Some(view);
        }
        self.pending_view = Some(view);
        None
    }

    /// Notes that the window is wanted. Returns whether it is going, and will be built again once it is gone.
    fn waits_to_be_built(&mut self) -> bool {
        self.turns += 1;
        self.is_wanted = self.is_going;
        self.is_going
    }

    /// Notes that the page listens. Returns the view that was kept.
    fn begin_listening(&mut self) -> Option<DesktopEvent> {
        self.is_listening = true;
        self.pending_view.take()
    }
}

/// Which time of hiding the window it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HiddenTurn(u64);

impl MainPage {
    fn lock(&self) -> std::sync::MutexGuard<'_, PageState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a window that is built appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appearance {
    /// In front of the others.
    Shown,
    /// Minimised: it can be found, and is in nobody's way.
    Minimised,
}

/// The theme that was chosen, or the desktop's; `None` where Tauri finds that out by itself.
pub(crate) fn theme(preferences: &Preferences) -> Option<Theme> {
    #[cfg(target_os = "linux")]
    let of_desktop = color_scheme::of_desktop;
    #[cfg(not(target_os = "linux"))]
    let of_desktop = || None;
    preferences.theme().or_else(of_desktop)
}

/// Builds the window and shows it.
///
/// # Errors
/// When the system gives us no window.
pub(crate) fn build(app: &AppHandle, appearance: Appearance) -> tauri::Result<()> {
    app.state::<MainPage>().lock().is_listening = false;
    let preferences = app.state::<PreferenceFile>().current();
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("TuneKey")
        .inner_size(960.0, 640.0)
        .min_inner_size(720.0, 480.0)
        // Phone numbers are typed here; no web view is to remember them.
        .general_autofill_enabled(false)
        .center()
        .visible(false)
        .theme(preferences.theme())
        .data_directory(data_directory(app))
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .build()?;
    #[cfg(target_os = "linux")]
    window.with_webview(|view| response_policy::show_only(&view.inner(), is_ours))?;
    window.set_background_color(Some(match theme(&preferences).map_or_else(|| window.theme(), Ok)? {
        Theme::Dark => DARK_BACKGROUND,
        _ => LIGHT_BACKGROUND,
    }))?;
    match appearance {
        Appearance::Shown => window.show().and_then(|()| window.set_focus()),
        Appearance::Minimised => show_as_minimised(&window),
    }
}

/// Brings the window to the front, whether it is hidden, minimised, behind others, or not built. Returns at once.
pub(crate) fn show(app: &AppHandle) {
    if app.state::<MainPage>().lock().waits_to_be_built() {
        return;
    }
    if let Some(window) = app.get_webview_window(LABEL) {
        let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window was not shown");
        }
        return;
    }
    build_later(app, Appearance::Shown);
}

/// Builds the window on another thread, unless that is under way.
fn build_later(app: &AppHandle, appearance: Appearance) {
    if std::mem::replace(&mut app.state::<MainPage>().lock().is_building, true) {
        return;
    }
    let app = app.clone();
    // Not here: building a window inside an event handler hangs on Windows.
    tauri::async_runtime::spawn_blocking(move || {
        if let Err(error) = build(&app, appearance) {
            tracing::error!(%error, "the window was not built");
        }
        app.state::<MainPage>().lock().is_building = false;
    });
}

/// Brings the window to the front and opens a view in it, as soon as its page listens. `view` is a
/// [`DesktopEvent::Open`].
pub(crate) fn open(app: &AppHandle, view: DesktopEvent) {
    let now = app.state::<MainPage>().lock().take_or_defer(view);
    if let Some(view) = now {
        events::emit(app, &view);
    }
    show(app);
}

/// Notes that the page listens, and opens the view that waits for that.
pub(crate) fn on_page_listening(app: &AppHandle) {
    let pending = app.state::<MainPage>().lock().begin_listening();
    if let Some(view) = pending {
        events::emit(app, &view);
    }
}

/// Hides the window. Its page keeps running until [`free_hidden`] is called with what this returns.
pub(crate) fn hide(app: &AppHandle) -> HiddenTurn {
    let turn = {
        let page = app.state::<MainPage>();
        let mut page = page.lock();
        page.turns += 1;
        HiddenTurn(page.turns)
    };
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window was not hidden");
    }
    turn
}

/// Gives up a window that has been hidden since, with its page and the processes that draw it. It is built again when
/// it is wanted. Does nothing when it was brought back or hidden again meanwhile. Says whether it has.
pub(crate) fn free_hidden(app: &AppHandle, turn: HiddenTurn) -> bool {
    let page = app.state::<MainPage>();
    let mut page = page.lock();
    let Some(window) = app.get_webview_window(LABEL).filter(|_| page.turns == turn.0 && !page.is_going)
    else {
        return false;
    };
    if let Err(error) = window.destroy() {
        tracing::warn!(%error, "the window was not given up");
        return false;
    }
    page.is_going = true;
    page.is_listening = false;
    true
}

/// Notes that the window is gone, and builds it again if it was asked for meanwhile.
pub(crate) fn on_gone(app: &AppHandle) {
    let is_wanted = {
        let page = app.state::<MainPage>();
        let mut page = page.lock();
        page.is_going = false;
        std::mem::take(&mut page.is_wanted)
    };
    if is_wanted {
        build_later(app, Appearance::Shown);
    }
}

/// The directory that the window's web view keeps its files in.
pub(crate) fn data_directory(app: &AppHandle) -> PathBuf {
    without_prefix(&app.state::<Profile>().dir().join("webview"))
}

/// A path as web views take it: WebView2 does not know the `\\?\` that Windows puts before a path without links.
pub(crate) fn without_prefix(path: &Path) -> PathBuf {
    dunce::simplified(path).to_owned()
}

/// Whether the window is neither hidden nor minimised.
pub(crate) fn is_on_screen(app: &AppHandle) -> bool {
    // Unknown counts as yes: not every desktop says whether a window is minimised.
    app.get_webview_window(LABEL)
        .is_some_and(|window| window.is_visible().unwrap_or(true) && !window.is_minimized().unwrap_or(false))
}

/// Whether the window is on the screen and has the focus.
pub(crate) fn is_in_use(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| {
        // Unknown counts as no: a notification too many is better than none.
        window.is_visible().unwrap_or(false)
            && !window.is_minimized().unwrap_or(true)
            && window.is_focused().unwrap_or(false)
    })
}

/// Minimises the window.
pub(crate) fn minimise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.minimize()
    {
        tracing::warn!(%error, "the window was not minimised");
    }
}

/// Shows a window minimised that is hidden or not built yet: it can be found, and is in nobody's way.
pub(crate) fn show_minimised(app: &AppHandle) {
    if app.state::<MainPage>().lock().waits_to_be_built() {
        return;
    }
    let Some(window) = app.get_webview_window(LABEL) else {
        build_later(app, Appearance::Minimised);
        return;
    };
    if !window.is_visible().unwrap_or(true)
        && let Err(error) = show_as_minimised(&window)
    {
        tracing::warn!(%error, "the window did not come back");
    }
}

fn show_as_minimised(window: &WebviewWindow) -> tauri::Result<()> {
    window.minimize().and_then(|()| window.show())
}

/// Whether an address is of the app's own page. This window loads nothing else: it can call our commands.
fn is_ours(url: &Url) -> bool {
    let origin = (url.scheme(), url.host_str(), url.port());
    if cfg!(windows) {
        origin == ("http", Some("tauri.localhost"), None)
    } else {
        origin == ("tauri", Some("localhost"), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::OpenView;

    fn ours(url: &str) -> bool {
        is_ours(&url.parse().expect("a URL"))
    }

    fn view(name: OpenView) -> DesktopEvent {
        DesktopEvent::Open { view: name, account: None, service: None, delivery: None }
    }

    #[test]
    fn a_view_that_is_asked_for_before_the_page_listens_is_opened_once_it_does() {
        let mut page = PageState::default();
        assert!(page.take_or_defer(view(OpenView::Accounts)).is_none(), "nobody would hear it now");
        assert!(page.take_or_defer(view(OpenView::Add)).is_none());
        let wanted = page.begin_listening();
        assert!(
            matches!(wanted, Some(DesktopEvent::Open { view: OpenView::Add, .. })),
            "{wanted:?}: the last one that was asked for"
        );
        assert!(page.begin_listening().is_none(), "and only once");
        assert!(page.take_or_defer(view(OpenView::Add)).is_some(), "later ones are told at once");
    }

    #[test]
    fn a_window_that_is_wanted_while_it_goes_is_built_again_and_only_then() {
        let mut page = PageState::default();
        assert!(!page.waits_to_be_built(), "it is there");
        page.is_going = true;
        assert!(page.waits_to_be_built());
        assert!(page.is_wanted);
    }

    #[test]
    fn the_apps_own_page_may_be_loaded() {
        let home = if cfg!(windows) { "http://tauri.localhost/" } else { "tauri://localhost/" };
        assert!(ours(home));
        assert!(ours(&format!("{home}index.html#/settings/about")), "wherever in it");
    }

    #[test]
    fn nothing_else_may_be_loaded() {
        for url in [
            "https://y.qq.com/",
            "http://tauri.localhost.evil.com/",
            "http://evil.com/tauri.localhost",
            "tauri://evil.com/",
            "tauri://localhost:8080/",
            "http://tauri.localhost:8080/",
            "file:///etc/passwd",
            "data:text/html,hello",
            "javascript:alert(1)",
            "about:blank",
            "ipc://localhost/quit",
        ] {
            assert!(!ours(url), "{url} is not the app");
        }
    }
}
