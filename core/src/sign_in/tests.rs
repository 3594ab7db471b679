//! The state machine against a service that plays a script.

mod codes;
mod consent;
mod questions;
mod recovery;
mod saving;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use Line::{
    AskCheck, AskCode, AskNumber, AskPage, Authorised, Broken, Code, Expired, Granted, Never, Offline,
    Refused, Risk, Scanned, UsedUp, Waiting,
};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;
use tunekey_services::netease::Netease;
use tunekey_services::{
    AccountId, Attempt, Context, CookieMap, Credential, Detection, Fields, Grant, HttpError, Input,
    Inspection, Method, OfficialPage, PageGoal, Progress, QrCode, Question, Service, ServiceError,
    ServiceFacts, ServiceId, netease,
};

use super::{ParkedCode, ParkedCodes, Scanner, SignInHost, SignInStep, UserInput};
use crate::account::{Account, Health, KeyLifetime};
use crate::alternatives::{Alternatives, SignInOption};
use crate::export::Format;
use crate::fake_service::{Answers, FakeService, context};
use crate::problem::{Problem, ProblemCode};
use crate::sign_ins::{SignIn, SignIns};

/// A service whose every attempt plays the next script.
#[derive(Debug, Default)]
struct Scripted {
    scripts: Mutex<VecDeque<Vec<Line>>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Line {
    Code,
    Scanned,
    Authorised,
    Refused,
    Expired,
    Granted,
    Offline,
    UsedUp,
    Broken,
    Risk,
    Never,
    Waiting,
    AskNumber,
    AskCode,
    AskCheck,
    AskPage,
}

struct Script(VecDeque<Line>);

#[async_trait]
impl Attempt for Script {
    fn survives_pause(&self) -> bool {
        true
    }
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        let doing = "playing a script";
        Ok(match self.0.pop_front().expect("the machine asked for more than the script has") {
            Line::Code => Progress::Code {
                code: QrCode::from_text("https://example.invalid/code").expect("it is short"),
                life: Duration::from_secs(180),
            },
            Line::Scanned => Progress::Scanned { nickname: Some("小满".to_owned()), avatar: None },
            Line::Authorised => Progress::Authorised,
            Line::Waiting => Progress::Waiting,
            Line::Refused => Progress::Refused,
            Line::Expired => Progress::Expired,
            Line::Granted => Progress::Granted(Box::new(grant())),
            Line::Offline => return Err(ServiceError::Http { doing, source: HttpError::Interrupted }),
            Line::Broken => return Err(ServiceError::ExchangeLost { doing }),
            Line::UsedUp => {
                return Err(ServiceError::Unexpected { doing, got: "used up".into(), service_message: None });
            }
            Line::Risk => return Err(ServiceError::RiskControl { doing, code: 8821, service_message: None }),
            Line::Never => std::future::pending().await,
            Line::AskNumber => Progress::Ask(Question::PhoneNumber { error: None, wait: None }),
            Line::AskCode => Progress::Ask(Question::TextCode {
                sent_to: "138••••5678".to_owned(),
                resend_after: Duration::from_secs(60),
                error: None,
            }),
            Line::AskCheck => Progress::Ask(Question::Captcha {
                address: url::Url::parse("https://example.invalid/").expect("a URL").into(),
            }),
            Line::AskPage => Progress::Ask(Question::Page(Box::new(OfficialPage {
                start: url::Url::parse("https://example.invalid/").expect("a URL").into(),
                hosts: &[],
                goal: PageGoal::Address { host: "example.invalid", path: "/" },
                request: None,
            }))),
        })
    }
}

fn grant() -> Grant {
    Grant {
        credential: Credential {
            account: AccountId::new(netease::ID, "320000017"),
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            fields: Fields::default(),
        },
        inspection: Inspection::default(),
    }
}

#[async_trait]
impl Answers for Scripted {
    fn facts(&self) -> &'static ServiceFacts {
        Netease.facts()
    }
    fn begin(&self, _: Method) -> Box<dyn Attempt> {
        let script = self.scripts.lock().unwrap().pop_front().expect("there is a script for each attempt");
        Box::new(Script(script.into()))
    }
    fn detect(&self, fields: &CookieMap) -> Detection {
        Netease.detect(fields)
    }
    async fn import(&self, _: &CookieMap) -> Result<Grant, ServiceError> {
        Ok(grant())
    }
}

/// A keychain that refuses so many times before it takes what it is given.
#[derive(Default)]
pub(crate) struct FakeHost {
    refusals: Mutex<u32>,
    locked_at_first: Mutex<bool>,
    pub(crate) saved: Arc<Mutex<u32>>,
    discarded: Arc<Mutex<u32>>,
    /// How many sign-ins are admitted; any number when `None`.
    admits: Mutex<Option<u32>>,
    /// How many were counted.
    counted: Arc<Mutex<u32>>,
    parked: Arc<Mutex<ParkedCodes>>,
    /// Whether every account is here already.
    knows: bool,
}

#[async_trait]
impl SignInHost for FakeHost {
    async fn context(&self) -> Result<Context, Problem> {
        Ok(context())
    }
    async fn ready_to_save(&self) -> Result<(), Problem> {
        if std::mem::take(&mut *self.locked_at_first.lock().unwrap()) {
            return Err(Problem::new(ProblemCode::KeychainLocked));
        }
        Ok(())
    }
    async fn accepts(&self, _: &Grant, _: Method) -> Result<(), Problem> {
        Ok(())
    }
    async fn save(&self, grant: &Grant, method: Method, _: &Scanner) -> Result<(Account, bool), Problem> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(Problem::new(ProblemCode::KeychainLocked));
        }
        *self.saved.lock().unwrap() += 1;
        let id = grant.credential.account.clone();
        Ok((
            Account {
                revision: 1,
                label: None,
                note: None,
                renewability: None,
                copied: None,
                service: id.service,
                uid: id.uid.clone(),
                nickname: id.uid.clone(),
                id,
                picture: None,
                method,
                health: Health::Healthy,
                busy: None,
                life: KeyLifetime { issued_at: Timestamp::UNIX_EPOCH, renew_at: None, expires_at: None },
                membership: None,
                checked_at: None,
                lights: Vec::new(),
                renewals: Vec::new(),
                format: Format::Header,
                handed_over_at: None,
                last_error: None,
            },
            false,
        ))
    }
    fn sign_ins_left(&self, _: ServiceId) -> usize {
        self.admits.lock().unwrap().map_or(30, |left| left as usize)
    }
    fn park(&self, option: SignInOption, code: ParkedCode) {
        self.parked.lock().unwrap().put(option, code);
    }
    fn take_parked(&self, option: SignInOption) -> Option<ParkedCode> {
        self.parked.lock().unwrap().take(option)
    }
    async fn take_sign_in(&self, service: ServiceId) -> Result<(), Problem> {
        *self.counted.lock().unwrap() += 1;
        match &mut *self.admits.lock().unwrap() {
            Some(0) => Err(Problem::new(ProblemCode::DailyLimit).with_service(service)),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
    fn note_blocked(&self, _: SignInOption) {}
    fn alternatives(&self, option: SignInOption) -> Alternatives {
        let next = [Method::Phone, Method::Paste].map(|method| SignInOption { method, ..option });
        Alternatives { next: next.to_vec(), blocked: vec![option.method] }
    }
    fn knows(&self, _: &AccountId) -> bool {
        self.knows
    }
    async fn owner(&self, _: &Grant) -> Scanner {
        Scanner { nickname: Some("小满".to_owned()), picture: Some(b"PNG".to_vec()) }
    }
    async fn discard(&self, _: &Grant) {
        *self.discarded.lock().unwrap() += 1;
    }
}

fn play(host: FakeHost, scripts: &[&[Line]]) -> SignIn {
    play_for(None, host, Method::AppScan, scripts)
}

fn play_for(wanted: Option<AccountId>, host: FakeHost, method: Method, scripts: &[&[Line]]) -> SignIn {
    play_among(&SignIns::new(broadcast::channel(16).0), wanted, host, method, scripts)
}

/// A sign-in among others, whose every attempt plays the next script.
pub(crate) fn play_among(
    sign_ins: &SignIns,
    wanted: Option<AccountId>,
    host: FakeHost,
    method: Method,
    scripts: &[&[Line]],
) -> SignIn {
    let scripts = scripts.iter().map(|script| script.to_vec()).collect();
    let service = Box::leak(Box::new(FakeService(Scripted { scripts: Mutex::new(scripts) })));
    sign_ins.start(&TaskTracker::new(), service, method, wanted, host)
}

/// A sign-in with a cookie to the real service, which is asked nothing before the person says go.
fn paste(host: FakeHost) -> SignIn {
    let sign_ins = SignIns::new(broadcast::channel(16).0);
    sign_ins.start(&TaskTracker::new(), &Netease, Method::Paste, None, host)
}

fn cookie(session: char) -> UserInput {
    let session = session.to_string().repeat(128);
    UserInput::Answer(Input::Text(
        format!("MUSIC_U={session}; __csrf=0123456789abcdef0123456789abcdef").into(),
    ))
}

/// The first step of that kind.
pub(crate) async fn until(sign_in: &mut SignIn, wanted: impl Fn(&SignInStep) -> bool) -> SignInStep {
    loop {
        let step = sign_in.next().await.expect("the sign-in goes on");
        if wanted(&step) {
            return step;
        }
    }
}

/// Whether no step is there to be taken.
fn is_quiet(sign_in: &mut SignIn) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    pin!(sign_in.next()).as_mut().poll(&mut context).is_pending()
}

fn somebody_else() -> Option<AccountId> {
    Some(AccountId::new(netease::ID, "90001"))
}

/// The names of the steps, answering "again" wherever the sign-in waits.
async fn names(mut sign_in: SignIn) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(step) = sign_in.next().await {
        let object = serde_json::to_value(&step).expect("steps are data");
        names.push(object["step"].as_str().expect("steps have names").to_owned());
        if step.waits_for_answer() {
            sign_in.answer(UserInput::Again);
        }
    }
    names
}

/// Waits until the machine is over: until then it owns a handle on what was saved.
pub(crate) async fn over(saved: &Arc<Mutex<u32>>) {
    while Arc::strong_count(saved) > 1 {
        // Not `yield_now`: time stands still as long as anything can run.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
