//! The one window: made, shown, hidden, and told which view to open. What happens when it is closed is not its affair:
//! see `app.rs`.

use std::path::PathBuf;
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

/// The window's name in capabilities.
pub(crate) const LABEL: &str = "main";

/// What the page shows before it has drawn anything, so that a dark window does not flash white.
const LIGHT_BACKGROUND: Color = Color(0xfa, 0xfa, 0xfb, 0xff);
const DARK_BACKGROUND: Color = Color(0x1c, 0x1d, 0x21, 0xff);

/// How far the window's page has come, and what is to be opened in it as soon as it listens. The app manages one.
#[derive(Debug, Default)]
pub(crate) struct MainPage(Mutex<Page>);

#[derive(Debug, Default)]
struct Page {
    listening: bool,
    wanted: Option<DesktopEvent>,
    /// Held while the window is being made, so that two requests at once make one window.
    building: bool,
}

impl Page {
    /// The view, if the page can be told now. Otherwise it is kept, in place of an earlier one.
    fn now_or_later(&mut self, view: DesktopEvent) -> Option<DesktopEvent> {
        if self.listening {
            return Some(view);
        }
        self.wanted = Some(view);
        None
    }

    /// From now on the page can be told. Gives back what it has to be told first.
    fn listens(&mut self) -> Option<DesktopEvent> {
        self.listening = true;
        self.wanted.take()
    }
}

impl MainPage {
    fn lock(&self) -> std::sync::MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the window comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// To the front.
    Shown,
    /// Where windows wait that were put aside: it can be found, and is in nobody's way.
    Minimised,
}

/// The theme that was chosen, or that of the desktop; `None` where the toolkit finds that out by itself.
pub(crate) fn theme(preferences: &Preferences) -> Option<Theme> {
    #[cfg(target_os = "linux")]
    let of_desktop = color_scheme::of_desktop;
    #[cfg(not(target_os = "linux"))]
    let of_desktop = || None;
    preferences.theme().or_else(of_desktop)
}

/// Makes the window and shows it.
///
/// # Errors
/// When the system does not give us one.
pub(crate) fn build(app: &AppHandle, opened: Opened) -> tauri::Result<()> {
    app.state::<MainPage>().lock().listening = false;
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
    match opened {
        Opened::Shown => window.show().and_then(|()| window.set_focus()),
        Opened::Minimised => minimised(&window),
    }
}

/// Shows the window, wherever it is: hidden, minimised, behind others, or not made yet.
pub(crate) fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window was not shown");
        }
        return;
    }
    build_later(app, Opened::Shown);
}

fn build_later(app: &AppHandle, opened: Opened) {
    if std::mem::replace(&mut app.state::<MainPage>().lock().building, true) {
        return;
    }
    let app = app.clone();
    // Not here: making a window inside an event handler hangs on Windows.
    tauri::async_runtime::spawn_blocking(move || {
        if let Err(error) = build(&app, opened) {
            tracing::error!(%error, "the window was not made");
        }
        app.state::<MainPage>().lock().building = false;
    });
}

/// Shows the window and opens a view in it, as soon as its page listens.
pub(crate) fn open(app: &AppHandle, view: DesktopEvent) {
    let now = app.state::<MainPage>().lock().now_or_later(view);
    if let Some(view) = now {
        events::emit(app, &view);
    }
    show(app);
}

/// The page listens: what was to be opened is opened now.
pub(crate) fn page_listens(app: &AppHandle) {
    let wanted = app.state::<MainPage>().lock().listens();
    if let Some(view) = wanted {
        events::emit(app, &view);
    }
}

/// Takes the window off the screen. Its page goes on.
pub(crate) fn hide(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window was not hidden");
    }
}

/// Where the window's web view keeps its files.
pub(crate) fn data_directory(app: &AppHandle) -> PathBuf {
    app.state::<Profile>().dir().join("webview")
}

/// Whether the window is where the person could see it.
pub(crate) fn is_on_screen(app: &AppHandle) -> bool {
    // What cannot be known counts as yes: not every desktop says whether a window is minimised.
    app.get_webview_window(LABEL)
        .is_some_and(|window| window.is_visible().unwrap_or(true) && !window.is_minimized().unwrap_or(false))
}

/// Whether the person has the window before them.
pub(crate) fn is_looked_at(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| {
        // What cannot be known counts as no: being told twice is better than not at all.
        window.is_visible().unwrap_or(false)
            && !window.is_minimized().unwrap_or(true)
            && window.is_focused().unwrap_or(false)
    })
}

/// Puts the window where windows wait that were put aside.
pub(crate) fn minimise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.minimize()
    {
        tracing::warn!(%error, "the window was not minimised");
    }
}

/// Makes a window findable that is hidden or not made yet, without putting it in anybody's way.
pub(crate) fn show_minimised(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else {
        build_later(app, Opened::Minimised);
        return;
    };
    if !window.is_visible().unwrap_or(true)
        && let Err(error) = minimised(&window)
    {
        tracing::warn!(%error, "the window did not come back");
    }
}

fn minimised(window: &WebviewWindow) -> tauri::Result<()> {
    window.minimize().and_then(|()| window.show())
}

/// Whether an address is the app's own page. Nothing else is ever loaded: this window can call our commands.
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
        DesktopEvent::Open { view: name, account: None, service: None }
    }

    #[test]
    fn a_view_that_is_asked_for_before_the_page_listens_is_opened_once_it_does() {
        let mut page = Page::default();
        assert!(page.now_or_later(view(OpenView::Accounts)).is_none(), "nobody would hear it now");
        assert!(page.now_or_later(view(OpenView::Add)).is_none());
        let wanted = page.listens();
        assert!(
            matches!(wanted, Some(DesktopEvent::Open { view: OpenView::Add, .. })),
            "{wanted:?}: the last one that was asked for"
        );
        assert!(page.listens().is_none(), "and only once");
        assert!(page.now_or_later(view(OpenView::Add)).is_some(), "later ones are told at once");
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
