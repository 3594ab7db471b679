//! The one sign-in that may be running, as the page sees it: its steps go to the page as events, the answers come by
//! the commands. Starting another sign-in cancels it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Deserializer};
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tokio::sync::mpsc::UnboundedSender;
use tunekey_core::{
    AccountId, Answer, Input, Method, OfficialPage, PrivateAddress, Problem, ProblemCode, Secret, ServiceId,
    SignInOption, SignInStep, TuneKey, hardening,
};

use crate::events::{self, DesktopEvent};
use crate::official_page::PageSession;
use crate::text_file;

/// What the window answers to a question of a sign-in.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum WindowAnswer {
    PhoneNumber {
        /// The country's code without plus or zeros, such as `86`.
        #[serde(deserialize_with = "short")]
        country: String,
        /// The number within the country.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        #[serde(deserialize_with = "secret")]
        number: Secret,
    },
    CaptchaDone,
    TextCode {
        /// The code.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        #[serde(deserialize_with = "secret")]
        code: Secret,
    },
    Resend,
    ChangeNumber,
    Go,
    /// One of the accounts in what was pasted.
    Account {
        /// Its place among those that were asked about, counted from 0.
        place: u32,
    },
    Keep,
}

impl From<WindowAnswer> for Answer {
    fn from(answer: WindowAnswer) -> Self {
        Self::Give(match answer {
            WindowAnswer::PhoneNumber { country, number } => Input::PhoneNumber { country, number },
            WindowAnswer::CaptchaDone => Input::CaptchaDone,
            WindowAnswer::TextCode { code } => Input::TextCode(code),
            WindowAnswer::Resend => Input::Resend,
            WindowAnswer::ChangeNumber => Input::ChangeNumber,
            WindowAnswer::Go => Input::Go,
            // A place that is not there chooses nothing.
            WindowAnswer::Account { place } => Input::Account(usize::try_from(place).unwrap_or(usize::MAX)),
            WindowAnswer::Keep => return Self::Keep,
        })
    }
}

/// A secret that is typed into the window. `Secret` itself has no `Deserialize`: secrets come from the page in these two
/// places only, and never go there.
fn secret<'de, D: Deserializer<'de>>(text: D) -> Result<Secret, D::Error> {
    short(text).map(Secret::from)
}

/// The longest number, country or code, in bytes.
const TYPED_LIMIT: usize = 64;

/// A text of at most [`TYPED_LIMIT`] bytes.
fn short<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    let text = String::deserialize(text)?;
    if text.len() <= TYPED_LIMIT {
        return Ok(text);
    }
    Err(serde::de::Error::custom("it is too long"))
}

/// The running sign-in, if there is one. The app manages one of these.
#[derive(Debug, Default)]
pub(crate) struct SignIns(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last_id: u32,
    running: Option<RunningSignIn>,
}

#[derive(Debug)]
struct RunningSignIn {
    id: u32,
    answers: UnboundedSender<Answer>,
    forwarder: JoinHandle<()>,
    surfaces: OpenSurfaces,
    pasted: PastedText,
}

/// The text that was pasted, kept while it may be taken to the other service without pasting it again.
#[derive(Debug, Clone)]
struct PastedText(Arc<Mutex<PasteState>>);

#[derive(Debug, Default)]
struct PasteState {
    text: Option<Secret>,
    /// The service that the text is for, when it is not the one of the sign-in.
    other: Option<ServiceId>,
    /// Whether the sign-in waits for a text or is about to, or has one that another may replace.
    is_wanted: bool,
    /// Whether the sign-in is by pasting.
    is_paste: bool,
}

impl PastedText {
    /// For a sign-in by `method` that has just begun.
    fn new(method: Method) -> Self {
        let is_paste = method == Method::Paste;
        Self(Arc::new(Mutex::new(PasteState { is_wanted: is_paste, is_paste, ..PasteState::default() })))
    }

    /// Enters a step of the sign-in. Drops the text, unless the step says that it is the other service's, or is
    /// `Preparing`: a text that was given before it was asked for is still to be read.
    fn enter(&self, step: &SignInStep) {
        let mut state = self.lock();
        if matches!(step, SignInStep::Preparing) {
            state.is_wanted = state.is_paste;
            return;
        }
        state.is_wanted = matches!(
            step,
            SignInStep::AskPaste { .. } | SignInStep::AskWhichAccount { .. } | SignInStep::AskToGoOn { .. }
        );
        state.other = match step {
            SignInStep::AskPaste { unusable: Some(unusable), .. } => unusable.other,
            _ => None,
        };
        if state.other.is_none() {
            state.text = None;
        }
    }

    /// The other service and the text for it, once.
    fn take(&self) -> Option<(ServiceId, Secret)> {
        let mut state = self.lock();
        Some((state.other?, state.text.take()?))
    }

    fn lock(&self) -> MutexGuard<'_, PasteState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningSignIn {
    /// Dropping the forwarder drops the core's `SignIn`, which cancels it, unless it is already saving.
    fn drop(&mut self) {
        self.forwarder.abort();
        self.surfaces.close();
    }
}

impl SignIns {
    /// Starts a sign-in and forwards its steps to the page. Returns its number. Must be called on a runtime.
    ///
    /// # Errors
    /// `NotFound` when there is no such service.
    pub(crate) fn start(
        &self,
        app: &AppHandle,
        service: ServiceId,
        method: Method,
        wanted: Option<AccountId>,
    ) -> Result<u32, Problem> {
        let mut sign_in = app.state::<TuneKey>().sign_in(service, method, wanted)?;
        let answers = sign_in.answers();
        let (surfaces, pasted) = (OpenSurfaces::default(), PastedText::new(method));
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let forwarder = tauri::async_runtime::spawn({
            let (app, answers, surfaces) = (app.clone(), answers.clone(), surfaces.clone());
            let pasted = pasted.clone();
            async move {
                while let Some(step) = sign_in.next().await {
                    pasted.enter(&step);
                    let page = surfaces.enter(&step);
                    events::emit(&app, &DesktopEvent::SignIn { id, step });
                    if let Some(page) = page {
                        let failed = page_not_shown(&app, id, SignInOption { service, method });
                        surfaces.keep_open(PageSession::open(&app, service, page, answers.clone(), failed));
                    }
                }
            }
        });
        state.running = Some(RunningSignIn { id, answers, forwarder, surfaces, pasted });
        Ok(id)
    }

    /// Answers a sign-in. Does nothing when it is over.
    pub(crate) fn answer(&self, id: u32, answer: Answer) {
        if let Some(running) = self.lock().running(id) {
            // A sign-in that has just ended no longer listens.
            let _ = running.answers.send(answer);
        }
    }

    /// Gives a pasted text to a sign-in. Does nothing when it is over.
    pub(crate) fn paste(&self, id: u32, text: Secret) {
        if let Some(running) = self.lock().running(id) {
            running.pasted.lock().text = Some(text.clone());
            let _ = running.answers.send(Answer::Give(Input::Text(text)));
        }
    }

    /// The sign-in that a text can be given to now, if there is one.
    fn wants_text(&self) -> Option<u32> {
        let state = self.lock();
        state.running.as_ref().filter(|running| running.pasted.lock().is_wanted).map(|running| running.id)
    }

    /// Starts a sign-in to the other service with the text that was pasted for this one. Returns its number.
    ///
    /// # Errors
    /// `NotFound` when there is no such text any more.
    pub(crate) fn paste_elsewhere(&self, app: &AppHandle, id: u32) -> Result<u32, Problem> {
        let state = self.lock().running(id).and_then(|running| running.pasted.take());
        let (service, text) = state.ok_or_else(|| {
            gone(
                "What was pasted is not kept any more. Paste it again.",
                "粘贴的内容已不再保留，请重新粘贴。",
            )
        })?;
        let other = self.start(app, service, Method::Paste, None)?;
        self.paste(other, text);
        Ok(other)
    }

    /// Opens the captcha that the service asks for in the system's browser.
    ///
    /// # Errors
    /// `NotFound` when none is asked for, `Unexpected` when no browser can be started.
    pub(crate) fn open_captcha(&self, id: u32) -> Result<(), Problem> {
        let address = self.lock().running(id).and_then(|running| running.surfaces.captcha());
        let address = address.filter(|address| address.scheme() == "https");
        let address =
            address.ok_or_else(|| gone("No check is asked for any more.", "已不再需要安全验证。"))?;
        // What the browser downloads is not for us to close to others.
        hardening::with_inherited_umask(|| open::that_detached(address.as_str())).map_err(|error| {
            // Not the error's own words: they may hold the address.
            let what = format!("starting the system’s browser: {}", error.kind());
            Problem::new(ProblemCode::Unexpected).with_detail(what)
        })
    }

    /// Brings the service's own page to the front, if there is one.
    pub(crate) fn show_page(&self, id: u32) {
        if let Some(running) = self.lock().running(id) {
            running.surfaces.show_page();
        }
    }

    /// Ok while a sign-in is running.
    ///
    /// # Errors
    /// `NotFound` when it is over.
    pub(crate) fn ensure_running(&self, id: u32) -> Result<(), Problem> {
        match self.lock().running(id) {
            Some(_) => Ok(()),
            None => Err(gone("This sign-in is over. Start it again.", "这次登录已结束，请重新开始。")),
        }
    }

    /// Cancels a sign-in. Does nothing when it is over or another has been started since.
    pub(crate) fn cancel(&self, id: u32) {
        self.lock().running.take_if(|running| running.id == id);
    }

    /// Cancels whichever sign-in is running.
    pub(crate) fn cancel_any(&self) {
        self.lock().running = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn running(&self, id: u32) -> Option<&RunningSignIn> {
        self.running.as_ref().filter(|running| running.id == id)
    }
}

/// What a sign-in has open, or may open, outside the main window at its present step.
#[derive(Clone, Default)]
struct OpenSurfaces(Arc<Mutex<Surfaces>>);

#[derive(Debug, Default)]
struct Surfaces {
    /// The address of the captcha that is asked for.
    captcha: Option<PrivateAddress>,
    /// The service's own page, if it is open.
    page: Option<PageSession>,
}

impl OpenSurfaces {
    /// Enters a step of the sign-in. Closes what the step before had open, and returns the page that this one asks for.
    fn enter(&self, step: &SignInStep) -> Option<OfficialPage> {
        let mut surfaces = Surfaces::default();
        let mut wanted = None;
        if let SignInStep::AskCaptcha { address } = step {
            surfaces.captcha = Some(address.clone());
        } else if let SignInStep::AskPage { page } = step {
            wanted = Some((**page).clone());
        }
        *self.lock() = surfaces;
        wanted
    }

    /// Keeps a page open until the next step.
    fn keep_open(&self, page: PageSession) {
        self.lock().page = Some(page);
    }

    fn captcha(&self) -> Option<PrivateAddress> {
        self.lock().captcha.clone()
    }

    fn show_page(&self) {
        if let Some(page) = &self.lock().page {
            page.show();
        }
    }

    fn close(&self) {
        *self.lock() = Surfaces::default();
    }

    fn lock(&self) -> MutexGuard<'_, Surfaces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OpenSurfaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenSurfaces")
    }
}

/// Gives the text of a file that was dropped on the window to the sign-in that waits for one. Does nothing when none
/// does. Returns at once.
pub(crate) fn paste_dropped_file(app: &AppHandle, path: PathBuf) {
    let Some(id) = app.state::<SignIns>().wants_text() else { return };
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match text_file::read(path).await {
            Ok(text) => app.state::<SignIns>().paste(id, text),
            Err(problem) => {
                let step = SignInStep::AskPaste { problem: Some(problem), unusable: None };
                events::emit(&app, &DesktopEvent::SignIn { id, step });
            }
        }
    });
}

/// Tells the page that the service's page cannot be shown. The core still waits for it: another try opens it again.
fn page_not_shown(app: &AppHandle, id: u32, option: SignInOption) -> impl FnOnce(Problem) + Send + 'static {
    let app = app.clone();
    move |problem| {
        let alternatives = app.state::<TuneKey>().other_ways(option);
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
    use serde_json::{Value, json};
    use tunekey_core::{Unusable, UnusableReason};

    use super::*;

    fn answered(answer: Value) -> Answer {
        serde_json::from_value::<WindowAnswer>(answer).expect("the window says it so").into()
    }

    #[test]
    fn what_the_window_answers_reaches_the_core() {
        let number = answered(json!({"kind": "phone_number", "country": "86", "number": "13800000001"}));
        assert!(
            matches!(number, Answer::Give(Input::PhoneNumber { country, number })
                if country == "86" && number == "13800000001".into()),
            "the number within its country"
        );
        let code = answered(json!({"kind": "text_code", "code": "012345"}));
        assert!(
            matches!(code, Answer::Give(Input::TextCode(code)) if code == "012345".into()),
            "with its zero"
        );
        assert!(matches!(answered(json!({"kind": "captcha_done"})), Answer::Give(Input::CaptchaDone)));
        assert!(matches!(answered(json!({"kind": "resend"})), Answer::Give(Input::Resend)));
        assert!(matches!(answered(json!({"kind": "change_number"})), Answer::Give(Input::ChangeNumber)));
        assert!(matches!(answered(json!({"kind": "go"})), Answer::Give(Input::Go)));
        assert!(matches!(answered(json!({"kind": "account", "place": 1})), Answer::Give(Input::Account(1))));
        assert!(matches!(answered(json!({"kind": "keep"})), Answer::Keep));
    }

    #[test]
    fn the_window_cannot_say_what_only_the_page_or_the_clipboard_gives() {
        for kind in ["page_address", "page_cookies", "page_closed", "text", "again", ""] {
            let answer = json!({"kind": kind, "text": "x", "address": "x"});
            assert!(
                serde_json::from_value::<WindowAnswer>(answer).is_err(),
                "{kind} is not the window's to give"
            );
        }
    }

    #[test]
    fn what_is_longer_than_anything_that_is_typed_is_not_taken() {
        let long = "1".repeat(TYPED_LIMIT + 1);
        for answer in [
            json!({"kind": "phone_number", "country": long, "number": "13800000001"}),
            json!({"kind": "phone_number", "country": "86", "number": long}),
            json!({"kind": "text_code", "code": long}),
        ] {
            let refused = serde_json::from_value::<WindowAnswer>(answer).expect_err("it is too long");
            assert!(!refused.to_string().contains("111"), "{refused} repeats what was typed");
        }
    }

    #[test]
    fn numbers_and_codes_do_not_print_themselves() {
        for answer in [
            json!({"kind": "phone_number", "country": "86", "number": "13800000001"}),
            json!({"kind": "text_code", "code": "13800000001"}),
        ] {
            let answer: WindowAnswer = serde_json::from_value(answer).expect("the window says it so");
            assert!(!format!("{answer:?}").contains("138"), "{answer:?}");
            let answer = Answer::from(answer);
            assert!(!format!("{answer:?}").contains("138"), "{answer:?}");
        }
    }

    #[test]
    fn a_check_can_be_opened_only_while_it_is_asked_for() {
        let surfaces = OpenSurfaces::default();
        assert!(surfaces.captcha().is_none(), "nothing has been asked");
        let address: tauri::Url = "https://y.qq.com/check?token=1".parse().expect("a URL");
        surfaces.enter(&SignInStep::AskCaptcha { address: address.clone().into() });
        assert!(
            surfaces.captcha().is_some_and(|asked| *asked == address),
            "exactly the address that was asked"
        );
        surfaces.enter(&SignInStep::Sending);
        assert!(surfaces.captcha().is_none(), "it is done");
    }

    #[test]
    fn a_check_of_no_sign_in_opens_nothing() {
        let problem = SignIns::default().open_captcha(1).expect_err("there is no sign-in");
        assert_eq!(problem.code, ProblemCode::NotFound);
    }

    #[test]
    fn what_was_pasted_is_kept_only_while_the_other_service_is_offered() {
        let ask = |other| SignInStep::AskPaste {
            problem: None,
            unusable: Some(Unusable { reason: UnusableReason::OtherService, parts: Vec::new(), other }),
        };
        let pasted = PastedText::new(Method::Paste);
        pasted.enter(&ask(None));
        assert!(pasted.lock().is_wanted, "a text may come");
        pasted.lock().text = Some("a cookie".into());
        pasted.enter(&ask(Some(ServiceId::new("netease"))));
        assert_eq!(pasted.take(), Some((ServiceId::new("netease"), "a cookie".into())));
        assert_eq!(pasted.take(), None, "once");
        pasted.lock().text = Some("a cookie".into());
        pasted.enter(&SignInStep::Exchanging);
        assert!(pasted.lock().text.is_none(), "it is dropped as soon as nothing offers it");
        assert!(!pasted.lock().is_wanted, "nothing can be pasted into a running check");
    }

    #[test]
    fn a_text_that_comes_before_it_is_asked_for_is_taken_and_can_still_go_to_the_other_service() {
        let ask = |other| SignInStep::AskPaste {
            problem: None,
            unusable: Some(Unusable { reason: UnusableReason::OtherService, parts: Vec::new(), other }),
        };
        let pasted = PastedText::new(Method::Paste);
        assert!(pasted.lock().is_wanted, "a file may be dropped at once");
        pasted.lock().text = Some("a cookie".into());
        pasted.enter(&SignInStep::Preparing);
        assert!(pasted.lock().is_wanted, "so it may while the question is on its way");
        pasted.enter(&ask(Some(ServiceId::new("netease"))));
        assert_eq!(pasted.take(), Some((ServiceId::new("netease"), "a cookie".into())));

        let scan = PastedText::new(Method::QqScan);
        scan.enter(&SignInStep::Preparing);
        assert!(!scan.lock().is_wanted, "a code takes no text");
    }
}
