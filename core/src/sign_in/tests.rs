//! The state machine against a service that plays a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::*;
use crate::account::{AccountId, Health, KeyLife};
use crate::clock::SystemClock;
use crate::credential::{Credential, Fields};
use crate::export::Format;
use crate::http::{Http, HttpError, HttpOptions, Limits};
use crate::secret::Secret;
use crate::service::{CookiePairs, Device, ExportFacts, Inspection, Renewal};
use crate::settings::{NeteaseProfile, Proxy};

/// A service whose every attempt plays the next script.
#[derive(Debug, Default)]
struct Scripted {
    scripts: Mutex<VecDeque<Vec<Line>>>,
}

#[derive(Debug, Clone)]
enum Line {
    Code,
    Scanned,
    Authorised,
    Refused,
    Expired,
    Granted,
    Offline,
    Risk,
    Never,
}

struct Script(VecDeque<Line>);

#[async_trait]
impl Attempt for Script {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        let doing = "playing a script";
        Ok(match self.0.pop_front().expect("the machine asked for more than the script has") {
            Line::Code => Progress::Code {
                code: QrCode::from_text("https://example.invalid/code").expect("it is short"),
                life: Duration::from_secs(180),
            },
            Line::Scanned => Progress::Scanned { nickname: Some("小满".to_owned()), avatar: None },
            Line::Authorised => Progress::Authorised,
            Line::Refused => Progress::Refused,
            Line::Expired => Progress::Expired,
            Line::Granted => Progress::Granted(Box::new(grant())),
            Line::Offline => return Err(ServiceError::Http { doing, source: HttpError::Interrupted }),
            Line::Risk => return Err(ServiceError::RiskControl { doing, code: 8821, said: None }),
            Line::Never => std::future::pending().await,
        })
    }
}

fn grant() -> Grant {
    Grant {
        credential: Credential {
            account: AccountId::new(ServiceId::Netease, "320000017"),
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            fields: Fields::default(),
        },
        inspection: Inspection::default(),
    }
}

#[async_trait]
impl Service for Scripted {
    fn id(&self) -> ServiceId {
        ServiceId::Netease
    }
    fn methods(&self) -> &'static [Method] {
        &[Method::AppScan]
    }
    fn begin(&self, _: Method, _: Context) -> Result<Box<dyn Attempt>, ServiceError> {
        let script = self.scripts.lock().unwrap().pop_front().expect("there is a script for each attempt");
        Ok(Box::new(Script(script.into())))
    }
    async fn inspect(&self, _: &Context, _: &Credential) -> Result<Inspection, ServiceError> {
        unreachable!("a sign-in asks nothing but its attempt")
    }
    async fn renew(&self, _: &Context, _: &Credential) -> Result<Renewal, ServiceError> {
        unreachable!("a sign-in does not renew")
    }
    async fn sign_out(&self, _: &Context, _: &Credential) -> Result<(), ServiceError> {
        unreachable!("a sign-in does not sign out")
    }
    fn renew_at(&self, _: &Credential) -> Option<Timestamp> {
        None
    }
    fn cookie(&self, _: &Credential) -> CookiePairs {
        Vec::new()
    }
    fn export(&self) -> ExportFacts {
        ExportFacts { env_name: "X", cookie_domain: ".example.invalid", http_only: &[] }
    }
    fn front_door(&self) -> &'static str {
        "https://example.invalid/"
    }
}

/// A keychain that refuses so many times before it takes what it is given.
#[derive(Default)]
struct Desk {
    refusals: Mutex<u32>,
    locked_at_first: Mutex<bool>,
    saved: Arc<Mutex<u32>>,
}

#[async_trait]
impl Surroundings for Desk {
    fn context(&self) -> Result<Context, Problem> {
        let options = HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() };
        Ok(Context {
            http: Http::new(&options).expect("a client can be made"),
            clock: Arc::new(SystemClock),
            device: Device { id: Secret::new("00") },
            netease_profile: NeteaseProfile::Web,
        })
    }
    async fn ready_to_save(&self) -> Result<(), Problem> {
        if std::mem::take(&mut *self.locked_at_first.lock().unwrap()) {
            return Err(Problem::new(ProblemCode::KeychainLocked));
        }
        Ok(())
    }
    async fn save(&self, grant: &Grant, method: Method) -> Result<(Account, bool), Problem> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(Problem::new(ProblemCode::KeychainLocked));
        }
        *self.saved.lock().unwrap() += 1;
        let id = grant.credential.account.clone();
        Ok((
            Account {
                service: id.service,
                uid: id.uid.clone(),
                nickname: id.uid.clone(),
                id,
                avatar: None,
                method,
                health: Health::Healthy,
                busy: None,
                life: KeyLife { issued_at: Timestamp::UNIX_EPOCH, renew_at: None, expires_at: None },
                membership: None,
                checked_at: None,
                renewals: Vec::new(),
                format: Format::Header,
                trouble: None,
            },
            false,
        ))
    }
}

fn play(desk: Desk, scripts: &[&[Line]]) -> SignIn {
    let scripts = scripts.iter().map(|script| script.to_vec()).collect();
    let service = Box::leak(Box::new(Scripted { scripts: Mutex::new(scripts) }));
    let others = vec![WayIn { service: ServiceId::QqMusic, method: Method::QqScan }];
    start(service, Method::AppScan, others, desk)
}

/// The names of the steps, answering "again" wherever the sign-in waits.
async fn names(mut sign_in: SignIn) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(step) = sign_in.next().await {
        let object = serde_json::to_value(&step).expect("steps are data");
        names.push(object["step"].as_str().expect("steps have names").to_owned());
        if step.waits_for_answer() {
            sign_in.answer(Answer::Again);
        }
    }
    names
}

use Line::{Authorised, Code, Expired, Granted, Never, Offline, Refused, Risk, Scanned};

#[tokio::test(start_paused = true)]
async fn a_sign_in_goes_from_code_to_account() {
    let sign_in = play(Desk::default(), &[&[Code, Scanned, Authorised, Granted]]);
    assert_eq!(names(sign_in).await, ["preparing", "show_code", "scanned", "exchanging", "saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_expired_code_is_replaced_by_itself_and_the_second_only_when_asked() {
    let sign_in = play(Desk::default(), &[&[Code, Expired], &[Code, Expired], &[Code, Authorised, Granted]]);
    assert_eq!(
        names(sign_in).await,
        [
            "preparing",
            "show_code",
            "preparing",
            "show_code",
            "expired",
            "preparing",
            "show_code",
            "exchanging",
            "saving",
            "done"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_that_the_service_forgets_to_end_is_ended_here() {
    let sign_in = play(Desk::default(), &[&[Code, Never], &[Code, Never], &[Code, Authorised, Granted]]);
    let names = names(sign_in).await;
    assert_eq!(names[4], "expired", "the second one waits for the person: {names:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_waits_for_the_person() {
    let sign_in = play(Desk::default(), &[&[Code, Scanned, Refused], &[Code, Authorised, Granted]]);
    assert_eq!(names(sign_in).await[3], "refused");
}

#[tokio::test(start_paused = true)]
async fn two_lost_answers_are_forgiven_and_three_in_a_row_are_told() {
    let forgiven =
        play(Desk::default(), &[&[Code, Offline, Offline, Scanned, Offline, Offline, Authorised, Granted]]);
    assert!(!names(forgiven).await.contains(&"failed".to_owned()), "no three in a row");
    let told = play(Desk::default(), &[&[Code, Offline, Offline, Offline], &[Code, Authorised, Granted]]);
    assert_eq!(names(told).await[2], "failed");
}

#[tokio::test(start_paused = true)]
async fn risk_control_names_the_other_ways_in() {
    let mut sign_in = play(Desk::default(), &[&[Code, Risk]]);
    let step = loop {
        let step = sign_in.next().await.expect("the sign-in goes on");
        if step.waits_for_answer() {
            break step;
        }
    };
    let SignInStep::RiskControl { problem, next } = step else { panic!("{step:?} is not risk control") };
    assert_eq!(problem.code, ProblemCode::RiskControl);
    assert_eq!(next, [WayIn { service: ServiceId::QqMusic, method: Method::QqScan }]);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_the_keychain_refuses_is_not_lost_but_saved_on_the_next_try() {
    let desk = Desk { refusals: Mutex::new(1), ..Desk::default() };
    let saved = desk.saved.clone();
    let sign_in = play(desk, &[&[Code, Authorised, Granted]]);
    assert_eq!(
        names(sign_in).await,
        ["preparing", "show_code", "exchanging", "saving", "failed", "saving", "done"],
        "no second code is needed"
    );
    assert_eq!(*saved.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_code_is_shown_while_nothing_could_be_saved() {
    let desk = Desk { locked_at_first: Mutex::new(true), ..Desk::default() };
    let sign_in = play(desk, &[&[Code, Authorised, Granted]]);
    assert_eq!(names(sign_in).await[..3], ["preparing", "failed", "preparing"]);
}

#[tokio::test(start_paused = true)]
async fn another_code_can_be_asked_for_at_any_time() {
    let mut sign_in = play(Desk::default(), &[&[Code, Never], &[Code, Authorised, Granted]]);
    while !matches!(sign_in.next().await, Some(SignInStep::ShowCode { .. })) {}
    sign_in.answer(Answer::Again);
    assert_eq!(sign_in.next().await, Some(SignInStep::Preparing));
    assert_eq!(names(sign_in).await.last().map(String::as_str), Some("done"));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_sign_in_before_it_saves_saves_nothing() {
    let desk = Desk::default();
    let saved = desk.saved.clone();
    let mut sign_in = play(desk, &[&[Code, Never]]);
    while !matches!(sign_in.next().await, Some(SignInStep::ShowCode { .. })) {}
    drop(sign_in);
    // The machine owns a handle on `saved`; it is over when that one is gone.
    while Arc::strong_count(&saved) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*saved.lock().unwrap(), 0);
}
