//! A sign-in by a code that is sent to a phone (protocol: QQ §4).
//!
//! A request that may have sent a message is never repeated by itself: whatever may pass goes back to the
//! form, and only the person sends another.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::exchange::{MOST_CHECKS, granted, is_hollow, issued};
use super::gateway::{Call, Caller, GATEWAY, GatewayResponse};
use crate::contract::{Attempt, Context, Progress};
use crate::credential::Credential;
use crate::error::{InputError, ServiceError};
use crate::phone_number::{PhoneNumber, text_code};
use crate::question::{Input, Question};
use crate::response::{unexpected, words};
use crate::secret::Secret;

/// Between two messages, and after the service said that there were too many.
const RESEND: Duration = Duration::from_secs(60);

/// A sign-in from the number to its credential.
pub(super) struct Phone {
    context: Context,
    state: State,
    /// How many checks were wanted since something was typed.
    checks: u8,
}

/// What comes next: a question, or what to do with its answer.
enum State {
    AskNumber {
        error: Option<ServiceError>,
        wait: Option<Duration>,
    },
    Send {
        number: PhoneNumber,
        sent: Option<Instant>,
    },
    AskCaptcha {
        number: PhoneNumber,
        sent: Option<Instant>,
        address: Url,
    },
    AskCode {
        number: PhoneNumber,
        resend_from: Instant,
        error: Option<ServiceError>,
    },
    SignIn {
        number: PhoneNumber,
        resend_from: Instant,
        code: Secret,
    },
    /// The check comes between the code and what it brings.
    AskCheck {
        number: PhoneNumber,
        resend_from: Instant,
        code: Secret,
        address: Url,
    },
    Over,
}

impl Phone {
    pub(super) fn new(context: Context) -> Self {
        Self { context, state: State::AskNumber { error: None, wait: None }, checks: 0 }
    }
}

#[async_trait]
impl Attempt for Phone {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        let result = self.step().await;
        if matches!(result, Err(_) | Ok(Progress::Granted(_))) {
            self.state = State::Over;
        }
        result
    }

    fn give(&mut self, input: Input) {
        if !matches!(input, Input::CaptchaDone) {
            self.checks = 0;
        }
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = self.after(state, input);
    }
}

impl Phone {
    /// What an answer leads to. One that does not belong to the question leads back to it.
    fn after(&self, state: State, input: Input) -> State {
        let now = self.context.clock.monotonic();
        match (state, input) {
            (State::AskNumber { .. }, Input::PhoneNumber { country, number }) => {
                match PhoneNumber::parse(&country, &number) {
                    Ok(number) => State::Send { number, sent: None },
                    Err(reason) => State::AskNumber { error: Some(invalid(reason, None)), wait: None },
                }
            }
            (State::AskCaptcha { number, sent, .. }, Input::CaptchaDone) => State::Send { number, sent },
            (State::AskCode { number, resend_from, .. }, Input::Resend) if now >= resend_from => {
                State::Send { number, sent: Some(resend_from) }
            }
            (State::AskCheck { number, resend_from, code, .. }, Input::CaptchaDone) => {
                State::SignIn { number, resend_from, code }
            }
            (
                State::AskCode { .. } | State::AskCaptcha { .. } | State::AskCheck { .. },
                Input::ChangeNumber,
            ) => State::AskNumber { error: None, wait: None },
            (State::AskCode { number, resend_from, .. }, Input::TextCode(code)) => match text_code(&code) {
                Some(code) => State::SignIn { number, resend_from, code },
                None => {
                    let error = Some(invalid(InputError::NoTextCode, None));
                    State::AskCode { number, resend_from, error }
                }
            },
            (state, _) => state,
        }
    }

    async fn step(&mut self) -> Result<Progress, ServiceError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Send { number, sent } => {
                let result = send(&self.context, &number, self.checks < MOST_CHECKS).await;
                self.checks = self.checks.saturating_add(u8::from(matches!(result, Ok(Sent::Check(_)))));
                self.state = self.after_sending(number, sent, result)?;
            }
            State::SignIn { number, resend_from, code } => {
                match sign_in(&self.context, &number, &code, self.checks < MOST_CHECKS).await {
                    Ok(SignedIn::With(credential)) => return Ok(granted(credential, None)),
                    Ok(SignedIn::After(address)) => {
                        self.checks += 1;
                        self.state = State::AskCheck { number, resend_from, code, address };
                    }
                    Err(error) if stays_on_the_form(&error) => {
                        self.state = State::AskCode { number, resend_from, error: Some(error) };
                    }
                    Err(error) => return Err(error),
                }
            }
            state => self.state = state,
        }
        self.question()
    }

    /// Where sending a message leads.
    fn after_sending(
        &self,
        number: PhoneNumber,
        sent: Option<Instant>,
        result: Result<Sent, ServiceError>,
    ) -> Result<State, ServiceError> {
        let later = self.context.clock.monotonic() + RESEND;
        match result {
            Ok(Sent::Message) => Ok(State::AskCode { number, resend_from: later, error: None }),
            Ok(Sent::Check(address)) => Ok(State::AskCaptcha { number, sent, address }),
            Ok(Sent::NotAccepted { code, service_message }) => {
                let error = Some(invalid(InputError::Refused { code: Some(code) }, service_message));
                Ok(match sent {
                    Some(resend_from) => State::AskCode { number, resend_from, error },
                    None => State::AskNumber { error, wait: None },
                })
            }
            Err(ServiceError::Unexpected { service_message, .. })
                if sent.is_none() && service_message.is_some() =>
            {
                let error = Some(invalid(InputError::Refused { code: None }, service_message));
                Ok(State::AskNumber { error, wait: None })
            }
            Err(error) if stays_on_the_form(&error) => {
                let too_many = matches!(error, ServiceError::RateLimited { .. });
                let error = Some(error);
                Ok(match sent {
                    // A message has come before: its code may still be typed.
                    Some(resend_from) => {
                        let resend_from = if too_many { later } else { resend_from };
                        State::AskCode { number, resend_from, error }
                    }
                    None => State::AskNumber { error, wait: too_many.then_some(RESEND) },
                })
            }
            Err(error) => Err(error),
        }
    }

    fn question(&self) -> Result<Progress, ServiceError> {
        let question = match &self.state {
            State::AskNumber { error, wait } => Question::PhoneNumber { error: error.clone(), wait: *wait },
            State::AskCaptcha { address, .. } | State::AskCheck { address, .. } => {
                Question::Captcha { address: address.clone().into() }
            }
            State::AskCode { number, resend_from, error } => Question::TextCode {
                sent_to: number.masked(),
                resend_after: resend_from.saturating_duration_since(self.context.clock.monotonic()),
                error: error.clone(),
            },
            State::Send { .. } | State::SignIn { .. } | State::Over => {
                return Err(unexpected("signing in with a phone number", "a sign-in that is over"));
            }
        };
        Ok(Progress::Ask(question))
    }
}

/// Whether the person can do something about it on the form: wait, try again, or type another code.
fn stays_on_the_form(error: &ServiceError) -> bool {
    let waits = matches!(error, ServiceError::RateLimited { .. } | ServiceError::WrongCode { .. });
    // What nobody knows proves nothing about the message that has come.
    waits || error.may_pass() || matches!(error, ServiceError::Unexpected { .. })
}

/// What was typed cannot be sent, or the service does not take it.
fn invalid(reason: InputError, service_message: Option<String>) -> ServiceError {
    ServiceError::InvalidInput { doing: "signing in with a phone number", reason, service_message }
}

/// What came of sending.
pub(super) enum Sent {
    /// A message is on its way.
    Message,
    /// Only after a check on this page.
    Check(Url),
    /// The service does not accept the number, or what it was asked with (protocol: QQ §13.5).
    NotAccepted {
        /// Its code.
        code: i64,
        /// Its words, which say why.
        service_message: Option<String>,
    },
}

/// What came of giving the code.
#[derive(Debug)]
enum SignedIn {
    With(Credential),
    /// Only after a check on this page.
    After(Url),
}

/// Has a message sent (protocol: QQ §4.1).
#[expect(clippy::disallowed_methods, reason = "the number goes to the service that the person gave it for")]
async fn send(context: &Context, number: &PhoneNumber, may_be_held: bool) -> Result<Sent, ServiceError> {
    let param =
        json!({ "tmeAppid": "qqmusic", "phoneNo": number.number.expose(), "areaCode": number.country });
    sent(&call(context, "SendPhoneAuthCode", param, "sending a code").send(context).await?, may_be_held)
}

/// The check that a new device has to pass is asked for until it is done; risk control's, only while it may help.
pub(super) fn sent(response: &GatewayResponse, may_be_held: bool) -> Result<Sent, ServiceError> {
    if (may_be_held || response.code != 2001)
        && let Some(address) = response.check_page()
    {
        return Ok(Sent::Check(address));
    }
    match response.code {
        0 => Ok(Sent::Message),
        // Elsewhere 104400 says that a credential is dead; none has been shown yet.
        code @ (20_261 | 104_400) => {
            Ok(Sent::NotAccepted { code, service_message: words(&response.data, &["errMsg", "errtip"]) })
        }
        1000 | 104_401 => Err(response.unexpected(&format!("code {}", response.code))),
        _ => Err(response.refusal()),
    }
}

/// Trades the code for a credential (protocol: QQ §4.2).
#[expect(clippy::disallowed_methods, reason = "number and code go to the service that asked for them")]
async fn sign_in(
    context: &Context,
    number: &PhoneNumber,
    code: &Secret,
    may_be_held: bool,
) -> Result<SignedIn, ServiceError> {
    let param = json!({ "code": code.expose(), "phoneNo": number.number.expose(), "loginMode": 1 });
    let response = call(context, "Login", param, "signing in with the code").send(context).await?;
    match response.check_page() {
        Some(address) if may_be_held => Ok(SignedIn::After(address)),
        _ => signed_in(&response, context).map(SignedIn::With),
    }
}

fn signed_in(response: &GatewayResponse, context: &Context) -> Result<Credential, ServiceError> {
    match response.code {
        // Some servers say so of a wrong code, with nothing in the answer (protocol: QQ §4.2).
        1000 if is_hollow(&response.data) => {
            let service_message = words(&response.data, &["errMsg", "errtip"]);
            Err(ServiceError::WrongCode { doing: "signing in with the code", code: 1000, service_message })
        }
        _ => issued(response, context),
    }
}

fn call(context: &Context, method: &'static str, param: Value, doing: &'static str) -> Call {
    let caller = Caller::phone(&context.device);
    Call { gateway: GATEWAY, caller, module: "music.login.LoginServer", method, param, doing }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;

    use super::super::credential::tests::sample;
    use super::*;
    use crate::client_identities::ClientIdentities;
    use crate::clock::{Clock, SystemClock};
    use crate::contract::Device;
    use crate::error::ServiceErrorKind;
    use crate::http::{Http, HttpError, HttpOptions, Limits, Proxy};

    /// A clock that goes when it is told to.
    #[derive(Debug)]
    struct Hand(Mutex<Instant>);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn monotonic(&self) -> Instant {
            *self.0.lock().expect("nobody panicked")
        }

        fn boot(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }

    fn phone() -> (Phone, Arc<Hand>) {
        let clock = Arc::new(Hand(Mutex::new(SystemClock.monotonic())));
        let options = HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() };
        let context = Context {
            http: Http::new(&options).expect("the options can be used"),
            clock: clock.clone(),
            device: Device { id: "A".repeat(52).into() },
            client_identities: ClientIdentities::default(),
        };
        (Phone::new(context), clock)
    }

    fn number(country: &str, number: &str) -> Input {
        Input::PhoneNumber { country: country.to_owned(), number: number.into() }
    }

    fn mainland() -> PhoneNumber {
        PhoneNumber::parse("86", &"13812345678".into()).expect("a number")
    }

    /// What is asked.
    fn asked(phone: &Phone) -> Question {
        match phone.question() {
            Ok(Progress::Ask(question)) => question,
            other => panic!("a question was due: {other:?}"),
        }
    }

    /// After the message was sent.
    fn sent_once() -> (Phone, Arc<Hand>) {
        let (mut phone, clock) = phone();
        phone.state = phone.after_sending(mainland(), None, Ok(Sent::Message)).expect("it was sent");
        (phone, clock)
    }

    #[test]
    fn what_is_no_number_is_asked_for_again() {
        let (mut phone, _) = phone();
        assert!(matches!(asked(&phone), Question::PhoneNumber { error: None, wait: None }));
        phone.give(number("86", "12345"));
        let Question::PhoneNumber { error: Some(error), .. } = asked(&phone) else {
            panic!("it is no number")
        };
        assert_eq!(error.kind(), ServiceErrorKind::InvalidInput);
        phone.give(Input::Go);
        assert!(
            matches!(asked(&phone), Question::PhoneNumber { .. }),
            "an answer to something else changes nothing"
        );
        phone.give(number("86", "13812345678"));
        assert!(matches!(phone.state, State::Send { .. }));
    }

    #[test]
    fn another_message_is_sent_only_when_it_is_time() {
        let (mut phone, clock) = sent_once();
        phone.give(Input::Resend);
        let Question::TextCode { sent_to, resend_after, error: None } = asked(&phone) else {
            panic!("a second click sends nothing");
        };
        assert_eq!((sent_to.as_str(), resend_after), ("138••••5678", RESEND));
        *clock.0.lock().expect("nobody panicked") += RESEND;
        assert!(matches!(asked(&phone), Question::TextCode { resend_after: Duration::ZERO, .. }));
        phone.give(Input::Resend);
        assert!(matches!(phone.state, State::Send { sent: Some(_), .. }), "now it does");
    }

    #[test]
    fn the_number_can_be_changed_and_a_code_that_can_be_none_is_not_sent() {
        let (mut phone, _) = sent_once();
        for wrong in ["", "12a456", "123", "123456789"] {
            phone.give(Input::TextCode(wrong.into()));
            let Question::TextCode { error: Some(error), .. } = asked(&phone) else {
                panic!("{wrong} is no code")
            };
            assert_eq!(
                error.kind(),
                ServiceErrorKind::InvalidInput,
                "nothing was sent that could have been wrong"
            );
        }
        phone.give(Input::ChangeNumber);
        assert!(matches!(asked(&phone), Question::PhoneNumber { error: None, wait: None }));
        let (mut phone, _) = sent_once();
        phone.give(Input::TextCode(" 123 456 ".into()));
        assert!(
            matches!(&phone.state, State::SignIn { code, .. } if *code == "123456".into()),
            "spaces do not matter"
        );
    }

    #[test]
    fn a_check_leads_back_to_the_same_call() {
        let (mut phone, _) = phone();
        let check = json!({ "securityURL": "https://y.qq.com/m/check.html?a=b", "errMsg": "" });
        let result = sent(&GatewayResponse::of(20_276, check), true);
        phone.state = phone.after_sending(mainland(), None, result).expect("a check is a question");
        let Question::Captcha { address } = asked(&phone) else { panic!("a check was due") };
        assert_eq!(address.host_str(), Some("y.qq.com"));
        phone.give(Input::CaptchaDone);
        assert!(matches!(&phone.state, State::Send { number, .. } if number.masked() == mainland().masked()));
    }

    #[test]
    fn a_check_anywhere_else_is_not_opened() {
        for address in [
            "http://y.qq.com/x",
            "https://y.qq.com.evil.example/",
            "https://evilqq.com/",
            "https://y.qq.com:8443/",
            "https://me@y.qq.com/",
            "javascript:alert(1)",
            "",
        ] {
            let result = sent(&GatewayResponse::of(20_276, json!({ "securityURL": address })), true);
            assert!(
                matches!(result, Err(ServiceError::RiskControl { .. })),
                "{address:?} is no page of the service"
            );
        }
    }

    #[test]
    fn no_error_of_sending_makes_the_machine_send_again() {
        let (phone, _) = phone();
        let offline = || ServiceError::Http { doing: "sending a code", source: HttpError::Timeout };
        let state = phone.after_sending(mainland(), None, Err(offline())).expect("it goes back to the form");
        let State::AskNumber { error: Some(error), wait: None } = state else { panic!("the form, with why") };
        assert_eq!(error.kind(), ServiceErrorKind::Http);
        let earlier = Some(phone.context.clock.monotonic());
        let state =
            phone.after_sending(mainland(), earlier, Err(offline())).expect("it goes back to the form");
        assert!(
            matches!(state, State::AskCode { error: Some(_), .. }),
            "the first message's code may still be typed"
        );

        let limited = || sent(&GatewayResponse::of(100_001, json!({ "errMsg": "操作频繁" })), true);
        let state = phone.after_sending(mainland(), None, limited()).expect("it goes back to the form");
        let State::AskNumber { error: Some(error), wait } = state else { panic!("the form, with why") };
        assert_eq!(
            (error.kind(), error.service_message(), wait),
            (ServiceErrorKind::RateLimited, Some("操作频繁"), Some(RESEND))
        );
        let state = phone.after_sending(mainland(), earlier, limited()).expect("it goes back to the form");
        assert!(
            matches!(state, State::AskCode { resend_from, .. } if resend_from > phone.context.clock.monotonic())
        );
    }

    #[test]
    fn what_bars_the_way_ends_it_and_a_wrong_number_does_not() {
        let (phone, _) = phone();
        for code in [2001, 20_279, 20_277, 20_450, 20_274] {
            let result = sent(&GatewayResponse::of(code, json!({})), true);
            let error = phone.after_sending(mainland(), None, result).err().expect("the way is barred");
            assert!(!error.may_pass(), "{code} is not repeated");
        }
        let state = phone
            .after_sending(mainland(), None, sent(&GatewayResponse::of(20_261, json!({})), true))
            .expect("the form");
        let State::AskNumber { error: Some(error), .. } = state else { panic!("the form, with why") };
        assert_eq!(error.kind(), ServiceErrorKind::InvalidInput);
    }

    #[test]
    fn a_number_that_the_service_does_not_accept_stays_on_the_form_with_its_reason() {
        let (phone, _) = phone();
        let refused = |service_message: &str| {
            sent(&GatewayResponse::of(104_400, json!({ "errMsg": service_message })), true)
        };
        let state = phone.after_sending(mainland(), None, refused("该号码段暂不支持")).expect("the form");
        let State::AskNumber { error: Some(error), wait: None } = state else { panic!("the form, with why") };
        assert_eq!(
            (error.kind(), error.service_message()),
            (ServiceErrorKind::InvalidInput, Some("该号码段暂不支持"))
        );
        let earlier = Some(phone.context.clock.monotonic());
        let state = phone.after_sending(mainland(), earlier, refused("")).expect("the form");
        assert!(
            matches!(&state, State::AskCode { error: Some(error), .. } if error.kind() == ServiceErrorKind::InvalidInput),
            "the code of the message before may still be typed"
        );
    }

    #[test]
    fn a_check_by_risk_control_comes_before_the_message_or_the_credential_and_then_the_same_is_asked_again() {
        let (mut phone, _) = phone();
        let wanted = || {
            GatewayResponse::of(2001, json!({ "feedbackURL": "https://y.qq.com/wk_v17/common_login.html" }))
        };
        phone.state = phone.after_sending(mainland(), None, sent(&wanted(), true)).expect("a question");
        assert!(matches!(asked(&phone), Question::Captcha { .. }));
        phone.give(Input::CaptchaDone);
        assert!(matches!(phone.state, State::Send { .. }), "the message is asked for again");

        let address = wanted().check_page().expect("a page of the service");
        let resend_from = phone.context.clock.monotonic();
        phone.state = State::AskCheck { number: mainland(), resend_from, code: "123456".into(), address };
        assert!(matches!(asked(&phone), Question::Captcha { .. }));
        phone.give(Input::Resend);
        assert!(matches!(phone.state, State::AskCheck { .. }), "nothing but the check helps");
        phone.give(Input::CaptchaDone);
        assert!(
            matches!(&phone.state, State::SignIn { code, .. } if *code == "123456".into()),
            "what was typed is given again"
        );
    }

    #[test]
    fn every_code_of_the_login_means_what_the_list_says() {
        let (phone, _) = phone();
        let mut skeleton = sample();
        for value in skeleton.as_object_mut().expect("an object").values_mut() {
            *value = Value::Null;
        }
        let code = |code: i64| {
            let result = signed_in(&GatewayResponse::of(code, skeleton.clone()), &phone.context);
            result.expect_err("it is no success").kind()
        };
        assert_eq!(code(20_271), ServiceErrorKind::WrongCode);
        assert_eq!(code(1000), ServiceErrorKind::WrongCode, "with nothing in the answer");
        assert_eq!(code(20_274), ServiceErrorKind::WrongMethod);
        assert_eq!(code(20_272), ServiceErrorKind::WrongMethod);
        assert_eq!(code(20_279), ServiceErrorKind::DeviceLimit);
        assert_eq!(code(104_604), ServiceErrorKind::RateLimited);
        assert_eq!(code(20_254), ServiceErrorKind::RiskControl);
        assert_eq!(code(0), ServiceErrorKind::Unexpected, "success without a key proves nothing");
        assert!(signed_in(&GatewayResponse::of(0, sample()), &phone.context).is_ok());
    }
}
