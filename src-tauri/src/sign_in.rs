//! The sign-in that the page shows: its steps go to the page as events, and what it needs besides is opened. The sign-in
//! itself is in the core, where every front sees and answers it. Starting another one cancels it.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tokio::sync::broadcast::error::RecvError;
use tunekey_core::{
    AccountId, DeliveryId, Input, Method, PrivateAddress, Problem, ProblemCode, Secret, ServiceId, SignIn,
    SignInId, SignInOption, SignInStatus, SignInStep, TuneKey, UserInput,
};

use crate::events::{self, DesktopEvent};
use crate::official_page::PageSession;
use crate::{browser, text_file};

mod open_page;
mod pasted_text;
mod window_input;

use open_page::OpenPage;
use pasted_text::PastedText;
pub(crate) use window_input::WindowInput;

/// The sign-in that the page shows, if there is one. The app manages one of these.
#[derive(Debug, Default)]
pub(crate) struct ShownSignIn(Mutex<Option<Shown>>);

/// What the window has for a sign-in besides its steps.
#[derive(Debug)]
struct Shown {
    id: SignInId,
    /// Owns the core's handle on it: aborting this cancels the sign-in, unless it is already saving.
    forwarder: JoinHandle<()>,
    page: OpenPage,
    pasted: PastedText,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.forwarder.abort();
        self.page.close();
    }
}

/// Whether the sign-in waits for a text or is about to, or has one that another may replace.
fn takes_text(method: Method, step: &SignInStep) -> bool {
    match step {
        SignInStep::Preparing => method == Method::Paste,
        // What a browser renews comes by a CookieCloud alone.
        _ if method == Method::CookieCloud => false,
        SignInStep::AskPaste { .. } | SignInStep::AskWhichAccount { .. } | SignInStep::AskToGoOn { .. } => {
            true
        }
        _ => false,
    }
}

impl ShownSignIn {
    /// Starts a sign-in and forwards its steps to the page. Must be called on a runtime.
    ///
    /// # Errors
    /// `NotFound` when there is no such service.
    pub(crate) fn start(
        &self,
        app: &AppHandle,
        service: ServiceId,
        method: Method,
        wanted: Option<AccountId>,
    ) -> Result<SignInId, Problem> {
        let sign_in = app.state::<TuneKey>().start_sign_in(service, method, wanted)?;
        Ok(self.follow(app, sign_in, SignInOption { service, method }))
    }

    /// As [`start`](Self::start), for a delivery alone.
    ///
    /// # Errors
    /// As [`TuneKey::start_own_sign_in`].
    pub(crate) fn start_for(
        &self,
        app: &AppHandle,
        delivery: &DeliveryId,
        method: Method,
    ) -> Result<SignInId, Problem> {
        let core = app.state::<TuneKey>();
        let sign_in = core.start_own_sign_in(delivery, method)?;
        let status = status(&core, sign_in.id()).ok_or_else(|| gone("It is over.", "已结束。"))?;
        Ok(self.follow(app, sign_in, SignInOption { service: status.service, method }))
    }

    /// Forwards the steps of a sign-in to the page, in the place of the one before.
    fn follow(&self, app: &AppHandle, mut sign_in: SignIn, option: SignInOption) -> SignInId {
        let core = app.state::<TuneKey>().inner().clone();
        let id = sign_in.id();
        let (page, pasted) = (OpenPage::default(), PastedText::default());
        let forwarder = tauri::async_runtime::spawn({
            let (app, open, pasted) = (app.clone(), page.clone(), pasted.clone());
            async move {
                while let Some(step) = sign_in.next().await {
                    pasted.enter(&step);
                    let wanted = open.enter(&step);
                    events::emit(&app, &DesktopEvent::SignIn { id, step });
                    if let Some(page) = wanted {
                        let core = core.clone();
                        let failed = page_not_shown(&app, id, option);
                        let done = move |came| match came {
                            Ok(input) => drop(core.answer_sign_in(id, UserInput::Answer(input))),
                            Err(problem) => failed(problem),
                        };
                        open.keep(PageSession::open(&app, option.service, page, done));
                    }
                }
            }
        });
        *self.lock() = Some(Shown { id, forwarder, page, pasted });
        id
    }

    /// Gives a pasted text to the sign-in that is shown. Does nothing when it is another.
    pub(crate) fn paste(&self, core: &TuneKey, id: SignInId, text: Secret) {
        if let Some(shown) = self.lock().as_ref().filter(|shown| shown.id == id) {
            shown.pasted.keep(text.clone());
            core.answer_sign_in(id, UserInput::Answer(Input::Text(text)));
        }
    }

    /// Starts a sign-in to the other service with the text that was pasted for this one.
    ///
    /// # Errors
    /// `NotFound` when there is no such text any more.
    pub(crate) fn paste_elsewhere(&self, app: &AppHandle, id: SignInId) -> Result<SignInId, Problem> {
        let pasted =
            self.lock().as_ref().filter(|shown| shown.id == id).and_then(|shown| shown.pasted.take());
        let (service, text) = pasted.ok_or_else(|| {
            gone(
                "What was pasted is not kept any more. Paste it again.",
                "粘贴的内容已不再保留，请重新粘贴。",
            )
        })?;
        let method = status(&app.state::<TuneKey>(), id).map_or(Method::Paste, |status| status.method);
        let other = self.start(app, service, method, None)?;
        self.paste(&app.state::<TuneKey>(), other, text);
        Ok(other)
    }

    /// Brings the service's own page to the front, if there is one.
    pub(crate) fn show_page(&self, id: SignInId) {
        if let Some(shown) = self.lock().as_ref().filter(|shown| shown.id == id) {
            shown.page.show();
        }
    }

    /// Cancels a sign-in. Does nothing when it is over or another has been started since.
    pub(crate) fn cancel(&self, id: SignInId) {
        self.lock().take_if(|shown| shown.id == id);
    }

    /// Cancels whichever sign-in is shown.
    pub(crate) fn cancel_any(&self) {
        *self.lock() = None;
    }

    fn id(&self) -> Option<SignInId> {
        self.lock().as_ref().map(|shown| shown.id)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Shown>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ok while a sign-in is under way.
///
/// # Errors
/// `NotFound` when it is over.
pub(crate) fn ensure_under_way(core: &TuneKey, id: SignInId) -> Result<(), Problem> {
    match status(core, id) {
        Some(_) => Ok(()),
        None => Err(gone("This sign-in is over. Start it again.", "这次登录已结束，请重新开始。")),
    }
}

/// Opens the captcha that the service asks for in the system's browser.
///
/// # Errors
/// `NotFound` when none is asked for, `Unexpected` when no browser can be started.
pub(crate) fn open_captcha(core: &TuneKey, id: SignInId) -> Result<(), Problem> {
    let address = captcha(status(core, id).map(|status| status.step))?;
    browser::open(address.as_str())
}

/// The address of the captcha that a step asks for.
///
/// # Errors
/// `NotFound` when it asks for none, or there is no sign-in.
fn captcha(step: Option<SignInStep>) -> Result<PrivateAddress, Problem> {
    match step {
        Some(SignInStep::AskCaptcha { address }) if address.scheme() == "https" => Ok(address),
        _ => Err(gone("No check is asked for any more.", "已不再需要安全验证。")),
    }
}

/// How a sign-in stands; `None` when it is over.
fn status(core: &TuneKey, id: SignInId) -> Option<SignInStatus> {
    core.sign_ins().into_iter().find(|status| status.id == id)
}

/// Waits until the sign-in that the page shows is over, if there is one.
pub(crate) async fn wait_until_over(app: &AppHandle) {
    let (core, shown) = (app.state::<TuneKey>(), app.state::<ShownSignIn>());
    let mut events = core.events();
    while shown.id().and_then(|id| status(&core, id)).is_some() {
        // Which event it was does not matter.
        if matches!(events.recv().await, Err(RecvError::Closed)) {
            return;
        }
    }
}

/// Gives the text of a file that was dropped on the window to the sign-in that waits for one. Does nothing when none
/// does. Returns at once.
pub(crate) fn paste_dropped_file(app: &AppHandle, path: PathBuf) {
    let (core, shown) = (app.state::<TuneKey>(), app.state::<ShownSignIn>());
    let status = shown.id().and_then(|id| status(&core, id));
    let Some(SignInStatus { id, .. }) = status.filter(|status| takes_text(status.method, &status.step))
    else {
        return;
    };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match text_file::read(path).await {
            Ok(text) => app.state::<ShownSignIn>().paste(&app.state::<TuneKey>(), id, text),
            Err(problem) => {
                let step = SignInStep::AskPaste { problem: Some(problem), unusable: None };
                events::emit(&app, &DesktopEvent::SignIn { id, step });
            }
        }
    });
}

/// Tells the page that the service's page cannot be shown. The core still waits for it: another try opens it again.
fn page_not_shown(
    app: &AppHandle,
    id: SignInId,
    option: SignInOption,
) -> impl FnOnce(Problem) + Send + 'static {
    let app = app.clone();
    move |problem| {
        let alternatives = app.state::<TuneKey>().alternatives(option);
        let step = SignInStep::Failed { problem, alternatives };
        events::emit(&app, &DesktopEvent::SignIn { id, step });
    }
}

/// A sign-in, or something of it, is not there any more.
fn gone(english: &str, chinese: &str) -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail(english).with_words(english, chinese)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_can_be_opened_only_while_it_is_asked_for() {
        let address: tauri::Url = "https://y.qq.com/check?token=1".parse().expect("a URL");
        let asked = captcha(Some(SignInStep::AskCaptcha { address: address.clone().into() }));
        assert!(asked.is_ok_and(|asked| *asked == address), "exactly the address that was asked");
        for step in [SignInStep::Preparing, SignInStep::Sending] {
            let problem = captcha(Some(step)).expect_err("it is not asked for");
            assert_eq!(problem.code, ProblemCode::NotFound);
        }
    }

    #[test]
    fn a_check_of_no_sign_in_opens_nothing() {
        let problem = captcha(None).expect_err("there is no sign-in");
        assert_eq!(problem.code, ProblemCode::NotFound);
    }

    #[test]
    fn a_text_is_taken_while_it_is_asked_for_or_on_its_way_to_be() {
        assert!(takes_text(Method::Paste, &SignInStep::Preparing), "a file may be dropped at once");
        assert!(
            takes_text(Method::Paste, &SignInStep::AskPaste { problem: None, unusable: None }),
            "a text may come"
        );
        assert!(!takes_text(Method::Paste, &SignInStep::Exchanging), "nothing goes into a running check");
        assert!(!takes_text(Method::QqScan, &SignInStep::Preparing), "a code takes no text");
    }
}
