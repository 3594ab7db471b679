//! A service's own sign-in page in a browser that is installed: Chromium, Chrome, Edge or Brave, with a profile that is
//! thrown away. For fronts without a web view, and for one whose web view cannot show it.
//!
//! The browser is led over two pipes that nobody else has an end of; it listens on no port. It goes where
//! [`OfficialPage::navigation`](tunekey_core::OfficialPage::navigation) says and nowhere else: every document is asked
//! about before it is fetched, in frames too, and other windows are closed. Nothing of it is hidden from the page:
//! `navigator.webdriver` is true.
//!
//! Limits: scripts and pictures go where the page likes, as in any browser. The browser decides by its own list of
//! authorities, so that an extra one has to be known to it. On Windows a browser takes no pipes in this way, and none
//! is offered.

#[cfg(unix)]
mod devtools;
mod installed;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod visit;

pub use installed::InstalledBrowser;
use tunekey_core::{Input, OfficialPage, Problem, Proxy};

impl InstalledBrowser {
    /// Shows the page until it has reached its goal or its window is closed, and gives what it has brought, or
    /// [`Input::PageClosed`]. The browser and its profile are gone then, and when this is dropped.
    ///
    /// # Errors
    /// `NotFound` when the browser cannot be started, `InvalidInput` when it cannot use the proxy, `Unexpected` when it
    /// does not do as it is told.
    #[cfg(unix)]
    pub async fn visit(&self, page: &OfficialPage, proxy: &Proxy) -> Result<Input, Problem> {
        let mut browser = process::Browser::start(self, proxy)?;
        let came = visit::visit(browser.devtools(), page).await;
        browser.close().await;
        came.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::BrokenPipe => self.ended(),
            _ => unexpected(&error),
        })
    }

    /// It has ended before it had shown anything.
    #[cfg(unix)]
    fn ended(&self) -> Problem {
        let program = self.program().display().to_string();
        let program = tunekey_core::display_text::escaped(&program);
        Problem::new(tunekey_core::ProblemCode::Unexpected).with_detail(format!("{program} has ended")).with_words(
            format!("The browser {program} ended before it showed the page. See whether it starts by hand, or name another: --browser FILE."),
            format!("浏览器 {program} 在显示页面之前就退出了。请确认它能手动启动，或用 --browser 指定其他浏览器。"),
        )
    }

    /// No browser can be led here.
    ///
    /// # Errors
    /// Always `NotFound`.
    #[cfg(not(unix))]
    #[expect(clippy::unused_async, reason = "as elsewhere")]
    pub async fn visit(&self, _: &OfficialPage, _: &Proxy) -> Result<Input, Problem> {
        Err(Problem::new(tunekey_core::ProblemCode::NotFound)
            .with_detail("no browser can be led on this system")
            .with_words(
                "Not on Windows yet: no installed browser can show the page here. TuneKey’s window shows it; or sign in in \
                 another way.",
                "Windows 上暂不支持用已安装的浏览器显示该页面。请在 TuneKey 窗口中打开，或改用其他登录方式。",
            ))
    }
}

#[cfg(unix)]
fn unexpected(error: &std::io::Error) -> Problem {
    Problem::new(tunekey_core::ProblemCode::Unexpected)
        .with_detail(format!("showing the page in a browser: {error}"))
}
