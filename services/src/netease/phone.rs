//! A sign-in by a code that is sent to a phone number (protocol: NetEase §5.5).

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::client_identity::ClientIdentity;
use super::codes;
use super::gateway::{Call, GatewayResponse};
use super::grant::{self, Issued};
use crate::contract::{Attempt, Context, Progress};
use crate::error::{InputError, ServiceError};
use crate::http::CookieMap;
use crate::phone_number::{PhoneNumber, text_code};
use crate::question::{Input, Question};
use crate::response::{text, words};
use crate::secret::Secret;

/// Before another code is sent, and how long to wait when the service says that it was too often.
const PAUSE: Duration = Duration::from_secs(60);

/// A sign-in from the number to the credential.
pub(super) struct Phone {
    context: Context,
    identity: ClientIdentity,
    cookies: CookieMap,
    /// What to send to, once there is a number that could be one.
    phone: Option<PhoneNumber>,
    /// When a code was last sent, or was refused because it was too often.
    sent: Option<Instant>,
    /// Whether the request under way was held up by a check already: a second check means that the first did
    /// not help.
    checked: bool,
    state: State,
}

enum State {
    AskNumber { error: Option<ServiceError>, wait: Option<Duration> },
    Send,
    AskCheck { address: Url, then: Box<State> },
    AskCode { error: Option<ServiceError> },
    SignIn { code: Secret },
    Granted(Issued),
}

impl Phone {
    pub(super) fn new(context: Context) -> Self {
        let identity = ClientIdentity::chosen(&context);
        let state = State::AskNumber { error: None, wait: None };
        Self {
            context,
            identity,
            cookies: CookieMap::default(),
            phone: None,
            sent: None,
            checked: false,
            state,
        }
    }
}

#[async_trait]
impl Attempt for Phone {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        match &self.state {
            State::Send => self.send().await?,
            State::SignIn { code } => {
                let code = code.clone();
                self.sign_in(&code).await?;
            }
            State::AskNumber { .. } | State::AskCheck { .. } | State::AskCode { .. } | State::Granted(_) => {}
        }
        if let State::Granted(issued) = &self.state {
            let grant = grant::confirm_new(&self.context, self.identity, &self.cookies, *issued).await?;
            return Ok(Progress::Granted(Box::new(grant)));
        }
        Ok(Progress::Ask(self.question()))
    }

    fn give(&mut self, input: Input) {
        match (&self.state, input) {
            (State::AskNumber { .. }, Input::PhoneNumber { country, number }) => {
                self.state = match PhoneNumber::parse(&country, &number) {
                    Ok(phone) => {
                        self.phone = Some(phone);
                        self.sent = None;
                        State::Send
                    }
                    Err(reason) => State::AskNumber { error: Some(invalid(reason)), wait: None },
                };
            }
            (State::AskCheck { .. }, Input::CaptchaDone) => {
                let asked = std::mem::replace(&mut self.state, State::Send);
                if let State::AskCheck { then, .. } = asked {
                    self.state = *then;
                }
            }
            (State::AskCode { .. }, Input::TextCode(code)) => {
                self.state = match text_code(&code) {
                    Some(code) => State::SignIn { code },
                    None => State::AskCode { error: Some(invalid(InputError::NoTextCode)) },
                };
            }
            (State::AskCode { .. }, Input::Resend) if self.pause_left().is_zero() => self.state = State::Send,
            (State::AskCode { .. } | State::AskCheck { .. }, Input::ChangeNumber) => {
                self.checked = false;
                self.state = State::AskNumber { error: None, wait: None };
            }
            // Whatever else came does not belong to the question, which is asked again.
            _ => {}
        }
    }
}

impl Phone {
    fn question(&self) -> Question {
        match &self.state {
            State::AskNumber { error, wait } => Question::PhoneNumber { error: error.clone(), wait: *wait },
            State::AskCheck { address, .. } => Question::Captcha { address: address.clone().into() },
            State::AskCode { error } => Question::TextCode {
                sent_to: self.phone.as_ref().map(PhoneNumber::masked).unwrap_or_default(),
                resend_after: self.pause_left(),
                error: error.clone(),
            },
            State::Send | State::SignIn { .. } | State::Granted(_) => {
                Question::PhoneNumber { error: None, wait: None }
            }
        }
    }

    /// How long until another code may be sent.
    fn pause_left(&self) -> Duration {
        let since = |at: Instant| self.context.clock.monotonic().saturating_duration_since(at);
        self.sent.map(|at| PAUSE.saturating_sub(since(at))).unwrap_or_default()
    }

    /// Has a code sent. Whatever comes of it is a question: a request that was repeated by itself would send a
    /// second message.
    #[expect(clippy::disallowed_methods, reason = "the service sends the message to the number")]
    async fn send(&mut self) -> Result<(), ServiceError> {
        let doing = "asking for a text message";
        let Some(phone) = &self.phone else {
            self.state = State::AskNumber { error: None, wait: None };
            return Ok(());
        };
        let payload = json!({
            "ctcode": phone.country,
            "secrete": "music_middleuser_pclogin",
            "cellphone": phone.number.expose(),
        });
        let error = match self.call("/sms/captcha/sent", payload, doing).await {
            Ok(response) if response.code == 200 && response.body["data"] != Value::Bool(false) => {
                self.checked = false;
                self.sent = Some(self.context.clock.monotonic());
                self.state = State::AskCode { error: None };
                return Ok(());
            }
            Ok(response) => match self.check_of(&response) {
                Some(address) => {
                    self.checked = true;
                    self.state = State::AskCheck { address, then: Box::new(State::Send) };
                    return Ok(());
                }
                None => refusal_to_send(doing, &response),
            },
            Err(error) => error,
        };
        let (error, wait) = shown(error)?;
        self.checked = false;
        if self.sent.is_some() {
            // The code that was sent before may still be on its way.
            if wait.is_some() {
                self.sent = Some(self.context.clock.monotonic());
            }
            self.state = State::AskCode { error: Some(error) };
        } else {
            self.state = State::AskNumber { error: Some(error), wait };
        }
        Ok(())
    }

    /// Gives the code. A request that failed is not repeated by itself either: the code may be used up.
    #[expect(
        clippy::disallowed_methods,
        reason = "the service takes the number and the code that it has sent"
    )]
    async fn sign_in(&mut self, code: &Secret) -> Result<(), ServiceError> {
        let doing = "signing in by text message";
        let Some(phone) = &self.phone else {
            self.state = State::AskNumber { error: None, wait: None };
            return Ok(());
        };
        let payload = json!({
            "type": "1",
            "https": "true",
            "phone": phone.number.expose(),
            "countrycode": phone.country,
            "captcha": code.expose(),
            "remember": "true",
        });
        let error = match self.call("/w/login/cellphone", payload, doing).await {
            Ok(response) if response.code == 200 => {
                let now = self.context.clock.now();
                self.state = State::Granted(grant::accept(&response, &mut self.cookies, now, doing)?);
                return Ok(());
            }
            Ok(response) => match self.check_of(&response) {
                Some(address) => {
                    self.checked = true;
                    let then = Box::new(State::SignIn { code: code.clone() });
                    self.state = State::AskCheck { address, then };
                    return Ok(());
                }
                None => refusal_of_code(doing, &response),
            },
            Err(error) => error,
        };
        let (error, wait) = shown(error)?;
        self.checked = false;
        if wait.is_some() {
            self.sent = Some(self.context.clock.monotonic());
        }
        self.state = State::AskCode { error: Some(error) };
        Ok(())
    }

    /// The page of the check that the answer wants, unless one was done for the same request already.
    fn check_of(&self, response: &GatewayResponse) -> Option<Url> {
        if self.checked { None } else { check_address(response) }
    }

    async fn call(
        &mut self,
        path: &'static str,
        payload: Value,
        doing: &'static str,
    ) -> Result<GatewayResponse, ServiceError> {
        let cookies = &self.cookies;
        let call = Call { identity: self.identity, path, payload, cookies, headers: Vec::new(), doing };
        let response = call.send(&self.context).await?;
        self.cookies.absorb(&response.cookies);
        Ok(response)
    }
}

/// What an error is at the form: shown there, with how long to wait. An error that bars the way stays
/// an error.
fn shown(error: ServiceError) -> Result<(ServiceError, Option<Duration>), ServiceError> {
    let wait = match &error {
        ServiceError::RateLimited { .. } => Some(PAUSE),
        ServiceError::Http { .. }
        | ServiceError::NotTheService { .. }
        | ServiceError::InvalidInput { .. }
        | ServiceError::WrongCode { .. }
        | ServiceError::Unexpected { .. } => None,
        ServiceError::RiskControl { .. }
        | ServiceError::DeviceLimit { .. }
        | ServiceError::Restricted { .. }
        | ServiceError::WrongMethod { .. }
        | ServiceError::ExchangeLost { .. }
        | ServiceError::ForeignCode { .. }
        | ServiceError::ClientTooOld { .. }
        | ServiceError::Rejected { .. }
        | ServiceError::OtherAccount { .. } => return Err(error),
    };
    Ok((error, wait))
}

/// What was typed cannot be sent.
fn invalid(reason: InputError) -> ServiceError {
    ServiceError::InvalidInput { doing: "signing in with a phone number", reason, service_message: None }
}

/// What the service says of a number or a code that cannot be one (protocol: NetEase §1.4).
const INVALID: i64 = 400;

/// What a code means to a request for a message.
fn refusal_to_send(doing: &'static str, response: &GatewayResponse) -> ServiceError {
    let (code, service_message) = (response.code, words(&response.body, &["message", "msg"]));
    match code {
        // Nothing that was typed can be wrong yet; it came too often (protocol: NetEase §1.4).
        405 | 503 => ServiceError::RateLimited { doing, code, service_message, retry_after: None },
        -12 => ServiceError::RiskControl { doing, code, service_message },
        INVALID => {
            let reason = InputError::Refused { code: Some(code) };
            ServiceError::InvalidInput { doing, reason, service_message }
        }
        _ => codes::refusal(doing, code, &response.body),
    }
}

/// What a code means to a code that was typed.
fn refusal_of_code(doing: &'static str, response: &GatewayResponse) -> ServiceError {
    let (code, service_message) = (response.code, words(&response.body, &["message", "msg"]));
    match code {
        503 => ServiceError::WrongCode { doing, code, service_message },
        _ => refusal_to_send(doing, response),
    }
}

/// Where the check is that the answer wants, if it is a page of the service.
pub(super) fn check_address(response: &GatewayResponse) -> Option<Url> {
    let address = match response.code {
        -462 => text(&response.body["data"], "url"),
        8821 | -12 => text(&response.body, "redirectUrl"),
        _ => None,
    };
    let url = Url::parse(address?).ok()?;
    let ours = url.host_str().is_some_and(|host| host.ends_with(".163.com"));
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    (url.scheme() == "https" && ours && plain).then_some(url)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::client_identities::ClientIdentities;
    use crate::clock::SystemClock;
    use crate::contract::Device;
    use crate::error::ServiceErrorKind;
    use crate::http::{Http, HttpOptions, Limits, NotTheAnswer, Proxy};

    fn answer(code: i64, body: Value) -> GatewayResponse {
        GatewayResponse::of(code, body)
    }

    #[test]
    fn a_check_is_opened_only_on_a_page_of_the_service() {
        let at = |code, body| check_address(&answer(code, body)).map(String::from);
        let address = "https://st.music.163.com/encrypt-pages?verifyId=1";
        assert_eq!(at(-462, json!({ "data": { "url": address } })).as_deref(), Some(address));
        assert_eq!(at(8821, json!({ "redirectUrl": address })).as_deref(), Some(address));
        assert_eq!(at(-12, json!({ "redirectUrl": address })).as_deref(), Some(address));
        for bad in [
            "http://st.music.163.com/x",
            "https://evil.example/x",
            "https://st.music.163.com.evil.example/",
            "https://evil163.com/",
            "https://a@st.music.163.com/",
            "https://st.music.163.com:444/",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(at(-462, json!({ "data": { "url": bad } })), None, "{bad}");
        }
        assert_eq!(at(10_003, json!({ "redirectUrl": address })), None, "no check helps with these");
    }

    #[test]
    fn what_bars_the_way_is_an_error_and_the_rest_stays_on_the_form() {
        let kind = |refusal: fn(&'static str, &GatewayResponse) -> ServiceError, code| {
            shown(refusal("testing", &answer(code, json!({ "message": "提示" }))))
                .map(|(error, wait)| (error.kind(), wait.map(|wait| wait.as_secs())))
                .map_err(|error| error.kind())
        };
        for refusal in [refusal_to_send, refusal_of_code] {
            for code in [10_003, 10_004, -460, 8810, 8830, 8821, -462, -12] {
                assert_eq!(kind(refusal, code), Err(ServiceErrorKind::RiskControl), "{code}");
            }
            assert_eq!(kind(refusal, 400), Ok((ServiceErrorKind::InvalidInput, None)));
            assert_eq!(kind(refusal, 406), Ok((ServiceErrorKind::RateLimited, Some(60))));
            assert_eq!(kind(refusal, 77), Ok((ServiceErrorKind::Unexpected, None)));
        }
        assert_eq!(kind(refusal_of_code, 503), Ok((ServiceErrorKind::WrongCode, None)));
        assert_eq!(
            kind(refusal_to_send, 503),
            Ok((ServiceErrorKind::RateLimited, Some(60))),
            "no code was typed"
        );
        assert_eq!(
            kind(refusal_to_send, 405),
            Ok((ServiceErrorKind::RateLimited, Some(60))),
            "two came too quickly"
        );
    }

    #[test]
    fn the_services_own_words_are_kept_for_the_form() {
        let error = refusal_of_code("testing", &answer(503, json!({ "message": "验证码错误" })));
        let (error, _) = shown(error).expect("it stays on the form");
        assert_eq!(error.service_message(), Some("验证码错误"));
    }

    /// A phone sign-in that nothing was sent for.
    fn phone() -> Phone {
        let options = HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() };
        Phone::new(Context {
            http: Http::new(&options).expect("a client can be made"),
            clock: Arc::new(SystemClock),
            device: Device { id: "A".repeat(52).into() },
            client_identities: ClientIdentities::default(),
        })
    }

    fn number(number: &str) -> Input {
        Input::PhoneNumber { country: "86".to_owned(), number: number.into() }
    }

    #[tokio::test]
    async fn a_number_that_is_none_is_asked_for_again_and_nothing_is_sent() {
        let mut phone = phone();
        phone.give(number("1380013800"));
        let Ok(Progress::Ask(Question::PhoneNumber { error: Some(error), wait: None })) = phone.next().await
        else {
            panic!("the number is asked for again")
        };
        assert_eq!(error.kind(), ServiceErrorKind::InvalidInput);
        assert!(phone.sent.is_none(), "no message is under way");
    }

    #[test]
    fn answers_to_other_questions_change_nothing() {
        let mut phone = phone();
        for stray in [Input::CaptchaDone, Input::Resend, Input::TextCode("1234".into()), Input::Go] {
            phone.give(stray);
            assert!(matches!(phone.state, State::AskNumber { .. }), "the number is asked for first");
        }
        phone.give(number("13800138000"));
        assert!(matches!(phone.state, State::Send), "now there is something to send to");
    }

    #[test]
    fn another_message_is_sent_only_after_the_pause_and_to_another_number_at_once() {
        let mut phone = phone();
        phone.give(number("13800138000"));
        phone.sent = Some(phone.context.clock.monotonic());
        phone.state = State::AskCode { error: None };
        let Question::TextCode { sent_to, resend_after, .. } = phone.question() else {
            panic!("the code is asked for")
        };
        assert_eq!(sent_to, "138••••8000", "the number is shown with most of it hidden");
        assert!(resend_after > PAUSE / 2 && resend_after <= PAUSE, "{resend_after:?}");
        phone.give(Input::Resend);
        assert!(matches!(phone.state, State::AskCode { .. }), "too early");
        phone.give(Input::ChangeNumber);
        phone.give(number("13800138001"));
        assert!(matches!(phone.state, State::Send), "another number has had no message");
        phone.sent = None;
        phone.state = State::AskCode { error: None };
        phone.give(Input::Resend);
        assert!(matches!(phone.state, State::Send), "the pause is over");
    }

    #[test]
    fn a_code_that_is_none_is_asked_for_again() {
        let mut phone = phone();
        phone.state = State::AskCode { error: None };
        phone.give(Input::TextCode("12".into()));
        assert!(matches!(phone.state, State::AskCode { error: Some(_) }), "nothing is sent for it");
        phone.give(Input::TextCode(" 123 456".into()));
        let State::SignIn { code } = &phone.state else { panic!("it is a code") };
        assert_eq!(*code, Secret::from("123456"));
    }

    #[test]
    fn after_its_check_a_request_goes_on_and_a_second_check_bars_the_way() {
        let mut phone = phone();
        let address = Url::parse("https://st.music.163.com/encrypt-pages").expect("a URL");
        let wanted = answer(-462, json!({ "data": { "url": address.as_str() } }));
        assert_eq!(phone.check_of(&wanted), Some(address.clone()), "the first check is shown");
        phone.checked = true;
        let then = Box::new(State::SignIn { code: "1234".into() });
        phone.state = State::AskCheck { address, then };
        phone.give(Input::CaptchaDone);
        assert!(matches!(phone.state, State::SignIn { .. }), "the code that was typed is given again");
        assert_eq!(phone.check_of(&wanted), None, "the check did not help");
        assert!(shown(refusal_of_code("testing", &wanted)).is_err(), "then it is risk control");
    }

    #[test]
    fn nothing_that_stays_on_the_form_is_an_error_that_the_machine_would_repeat() {
        let portal = ServiceError::NotTheService { doing: "testing", got: NotTheAnswer::WebPage };
        assert!(shown(portal).is_ok(), "a repeated request would send a second message");
    }
}
