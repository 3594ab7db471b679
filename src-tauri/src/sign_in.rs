//! The sign-in that the page shows: its steps go to the page as events, and what it needs besides is opened. The sign-in
//! itself is in the core, where every front sees and answers it. Starting another one cancels it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Deserializer};
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tunekey_core::{
    AccountId, Input, Method, OfficialPage, PrivateAddress, Problem, ProblemCode, Secret, ServiceId,
    SignInId, SignInOption, SignInStatus, SignInStep, TuneKey, UserInput, hardening,
};

use crate::events::{self, DesktopEvent};
use crate::official_page::PageSession;
use crate::text_file;

/// What the window answers to a question of a sign-in.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum WindowInput {
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

impl From<WindowInput> for UserInput {
    fn from(input: WindowInput) -> Self {
        Self::Answer(match input {
            WindowInput::PhoneNumber { country, number } => Input::PhoneNumber { country, number },
            WindowInput::CaptchaDone => Input::CaptchaDone,
            WindowInput::TextCode { code } => Input::TextCode(code),
            WindowInput::Resend => Input::Resend,
            WindowInput::ChangeNumber => Input::ChangeNumber,
            WindowInput::Go => Input::Go,
            // A place that is not there chooses nothing.
            WindowInput::Account { place } => Input::Account(usize::try_from(place).unwrap_or(usize::MAX)),
            WindowInput::Keep => return Self::Keep,
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

/// The text that was pasted, kept while it may be taken to the other service without pasting it again.
#[derive(Debug, Clone, Default)]
struct PastedText(Arc<Mutex<PasteState>>);

#[derive(Debug, Default)]
struct PasteState {
    text: Option<Secret>,
    /// The service that the text is for, when it is not the one of the sign-in.
    other: Option<ServiceId>,
}

impl PastedText {
    /// Enters a step of the sign-in. Drops the text, unless the step says that it is the other service's, or is
    /// `Preparing`: a text that was given before it was asked for is still to be read.
    fn enter(&self, step: &SignInStep) {
        let mut state = self.lock();
        state.other = match step {
            SignInStep::Preparing => return,
            SignInStep::AskPaste { unusable: Some(unusable), .. } => unusable.other,
            _ => None,
        };
        if state.other.is_none() {
            state.text = None;
        }
    }

    fn keep(&self, text: Secret) {
        self.lock().text = Some(text);
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

/// Whether the sign-in waits for a text or is about to, or has one that another may replace.
fn takes_text(method: Method, step: &SignInStep) -> bool {
    match step {
        SignInStep::Preparing => method == Method::Paste,
        SignInStep::AskPaste { .. } | SignInStep::AskWhichAccount { .. } | SignInStep::AskToGoOn { .. } => {
            true
        }
        _ => false,
    }
}

impl ShownSignIn {
    /// Starts a sign-in and forwards its steps to the page. Must be called on a runtime.
    pub(crate) fn start(
        &self,
        app: &AppHandle,
        service: ServiceId,
        method: Method,
        wanted: Option<AccountId>,
    ) -> SignInId {
        let core = app.state::<TuneKey>().inner().clone();
        let mut sign_in = core.start_sign_in(service, method, wanted);
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
                        let done = move |input| {
                            core.answer_sign_in(id, UserInput::Answer(input));
                        };
                        let failed = page_not_shown(&app, id, SignInOption { service, method });
                        open.keep(PageSession::open(&app, service, page, done, failed));
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
        let other = self.start(app, service, Method::Paste, None);
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

/// The service's own page, while the sign-in is at the step that asks for it.
#[derive(Debug, Clone, Default)]
struct OpenPage(Arc<Mutex<Option<PageSession>>>);

impl OpenPage {
    /// Enters a step of the sign-in. Closes what the step before had open, and returns the page that this one asks for.
    fn enter(&self, step: &SignInStep) -> Option<OfficialPage> {
        self.close();
        match step {
            SignInStep::AskPage { page } => Some((**page).clone()),
            _ => None,
        }
    }

    /// Keeps a page open until the next step.
    fn keep(&self, page: PageSession) {
        *self.lock() = Some(page);
    }

    fn show(&self) {
        if let Some(page) = &*self.lock() {
            page.show();
        }
    }

    fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<PageSession>> {
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
    // What the browser downloads is not for us to close to others.
    hardening::with_inherited_umask(|| open::that_detached(address.as_str())).map_err(|error| {
        // Not the error's own words: they may hold the address.
        let what = format!("starting the system’s browser: {}", error.kind());
        Problem::new(ProblemCode::Unexpected).with_detail(what)
    })
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
    use serde_json::{Value, json};
    use tunekey_core::{Unusable, UnusableReason};

    use super::*;

    fn answered(answer: Value) -> UserInput {
        serde_json::from_value::<WindowInput>(answer).expect("the window says it so").into()
    }

    #[test]
    fn what_the_window_answers_reaches_the_core() {
        let number = answered(json!({"kind": "phone_number", "country": "86", "number": "13800000001"}));
        assert!(
            matches!(number, UserInput::Answer(Input::PhoneNumber { country, number })
                if country == "86" && number == "13800000001".into()),
            "the number within its country"
        );
        let code = answered(json!({"kind": "text_code", "code": "012345"}));
        assert!(
            matches!(code, UserInput::Answer(Input::TextCode(code)) if code == "012345".into()),
            "with its zero"
        );
        assert!(matches!(answered(json!({"kind": "captcha_done"})), UserInput::Answer(Input::CaptchaDone)));
        assert!(matches!(answered(json!({"kind": "resend"})), UserInput::Answer(Input::Resend)));
        assert!(matches!(answered(json!({"kind": "change_number"})), UserInput::Answer(Input::ChangeNumber)));
        assert!(matches!(answered(json!({"kind": "go"})), UserInput::Answer(Input::Go)));
        assert!(matches!(
            answered(json!({"kind": "account", "place": 1})),
            UserInput::Answer(Input::Account(1))
        ));
        assert!(matches!(answered(json!({"kind": "keep"})), UserInput::Keep));
    }

    #[test]
    fn the_window_cannot_say_what_only_the_page_or_the_clipboard_gives() {
        for kind in ["page_address", "page_cookies", "page_closed", "text", "again", ""] {
            let answer = json!({"kind": kind, "text": "x", "address": "x"});
            assert!(
                serde_json::from_value::<WindowInput>(answer).is_err(),
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
            let refused = serde_json::from_value::<WindowInput>(answer).expect_err("it is too long");
            assert!(!refused.to_string().contains("111"), "{refused} repeats what was typed");
        }
    }

    #[test]
    fn numbers_and_codes_do_not_print_themselves() {
        for answer in [
            json!({"kind": "phone_number", "country": "86", "number": "13800000001"}),
            json!({"kind": "text_code", "code": "13800000001"}),
        ] {
            let answer: WindowInput = serde_json::from_value(answer).expect("the window says it so");
            assert!(!format!("{answer:?}").contains("138"), "{answer:?}");
            let answer = UserInput::from(answer);
            assert!(!format!("{answer:?}").contains("138"), "{answer:?}");
        }
    }

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

    fn ask_paste(other: Option<ServiceId>) -> SignInStep {
        let reason = UnusableReason::OtherService;
        SignInStep::AskPaste { problem: None, unusable: Some(Unusable { reason, parts: Vec::new(), other }) }
    }

    #[test]
    fn what_was_pasted_is_kept_only_while_the_other_service_is_offered() {
        let pasted = PastedText::default();
        pasted.enter(&ask_paste(None));
        pasted.keep("a cookie".into());
        pasted.enter(&ask_paste(Some(ServiceId::Netease)));
        assert_eq!(pasted.take(), Some((ServiceId::Netease, "a cookie".into())));
        assert_eq!(pasted.take(), None, "once");
        pasted.keep("a cookie".into());
        pasted.enter(&SignInStep::Exchanging);
        assert!(pasted.lock().text.is_none(), "it is dropped as soon as nothing offers it");
    }

    #[test]
    fn a_text_that_comes_before_it_is_asked_for_can_still_go_to_the_other_service() {
        let pasted = PastedText::default();
        pasted.keep("a cookie".into());
        pasted.enter(&SignInStep::Preparing);
        pasted.enter(&ask_paste(Some(ServiceId::Netease)));
        assert_eq!(pasted.take(), Some((ServiceId::Netease, "a cookie".into())));
    }

    #[test]
    fn a_text_is_taken_while_it_is_asked_for_or_on_its_way_to_be() {
        assert!(takes_text(Method::Paste, &SignInStep::Preparing), "a file may be dropped at once");
        assert!(takes_text(Method::Paste, &ask_paste(None)), "a text may come");
        assert!(!takes_text(Method::Paste, &SignInStep::Exchanging), "nothing goes into a running check");
        assert!(!takes_text(Method::QqScan, &SignInStep::Preparing), "a code takes no text");
    }
}
