//! The state machine against a service that plays a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tunekey_services::{
    CookieMap, CookiePairs, Credential, Detection, Device, ExportFacts, Fields, Http, HttpError, HttpOptions,
    Inspection, Limits, NeteaseProfile, OfficialPage, PageGoal, Proxy, QrCode, Renewability, Renewal, Secret,
    SystemClock, registry,
};

use super::*;
use crate::account::{Health, KeyLifetime};
use crate::export::Format;

/// A service whose every attempt plays the next script.
#[derive(Debug, Default)]
struct Scripted {
    scripts: Mutex<VecDeque<Vec<Line>>>,
}

#[derive(Debug, Clone, Copy)]
enum Line {
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
    fn detect(&self, fields: &CookieMap) -> Detection {
        registry::by_id(self.id()).detect(fields)
    }
    async fn adopt(&self, _: &Context, _: &CookieMap) -> Result<Grant, ServiceError> {
        Ok(grant())
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
    fn key_field(&self) -> &'static str {
        "musickey"
    }
    fn renewability(&self, _: &Credential) -> Renewability {
        unreachable!("a sign-in does not renew")
    }
    fn renew_at(&self, _: &Credential) -> Option<Timestamp> {
        None
    }
    fn cookie(&self, _: &Credential) -> CookiePairs {
        Vec::new()
    }
    fn export(&self) -> ExportFacts {
        ExportFacts { env_name: "X", cookie_domain: ".example.invalid", playing: &[], renews: false }
    }
    fn probe_url(&self) -> &'static str {
        "https://example.invalid/"
    }
}

/// A keychain that refuses so many times before it takes what it is given.
#[derive(Default)]
struct Desk {
    refusals: Mutex<u32>,
    locked_at_first: Mutex<bool>,
    saved: Arc<Mutex<u32>>,
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
impl SignInHost for Desk {
    async fn context(&self) -> Result<Context, Problem> {
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
                avatar: None,
                method,
                health: Health::Healthy,
                busy: None,
                life: KeyLifetime { issued_at: Timestamp::UNIX_EPOCH, renew_at: None, expires_at: None },
                membership: None,
                checked_at: None,
                renewals: Vec::new(),
                format: Format::Header,
                last_error: None,
            },
            false,
        ))
    }
    fn sign_ins_left(&self, _: ServiceId) -> usize {
        self.admits.lock().unwrap().map_or(30, |left| left as usize)
    }
    fn park(&self, way: SignInOption, code: ParkedCode) {
        self.parked.lock().unwrap().put(way, code);
    }
    fn take_parked(&self, way: SignInOption) -> Option<ParkedCode> {
        self.parked.lock().unwrap().take(way)
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
    fn blocked(&self, _: SignInOption) {}
    fn alternatives(&self, way: SignInOption) -> Alternatives {
        let next = [Method::Phone, Method::Paste].map(|method| SignInOption { method, ..way });
        Alternatives { next: next.to_vec(), blocked: vec![way.method] }
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

fn play(desk: Desk, scripts: &[&[Line]]) -> SignIn {
    play_for(None, desk, Method::AppScan, scripts)
}

fn play_for(wanted: Option<AccountId>, desk: Desk, method: Method, scripts: &[&[Line]]) -> SignIn {
    let scripts = scripts.iter().map(|script| script.to_vec()).collect();
    let service = Box::leak(Box::new(Scripted { scripts: Mutex::new(scripts) }));
    start(&TaskTracker::new(), service, method, wanted, desk)
}

/// The first step of that kind.
async fn until(sign_in: &mut SignIn, wanted: impl Fn(&SignInStep) -> bool) -> SignInStep {
    loop {
        let step = sign_in.next().await.expect("the sign-in goes on");
        if wanted(&step) {
            return step;
        }
    }
}

fn somebody_else() -> Option<AccountId> {
    Some(AccountId::new(ServiceId::Netease, "90001"))
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

use Line::{
    AskCheck, AskCode, AskNumber, AskPage, Authorised, Broken, Code, Expired, Granted, Never, Offline,
    Refused, Risk, Scanned, UsedUp, Waiting,
};

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
async fn a_code_that_ends_after_it_was_scanned_is_not_replaced_by_itself_and_says_so() {
    // The second script is one that the service forgets to end.
    for over in [&[Code, Scanned, Expired][..], &[Code, Scanned, Waiting, Never]] {
        let mut sign_in = play(Desk::default(), &[over, &[Code, Authorised, Granted]]);
        let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
        assert_eq!(step, SignInStep::Expired { scanned: true }, "{over:?}");
        sign_in.answer(Answer::Again);
        assert_eq!(names(sign_in).await, ["preparing", "show_code", "exchanging", "saving", "done"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_that_nobody_has_scanned_says_that_it_expired_and_no_more() {
    // The scan of the first code says nothing of the second.
    let mut sign_in = play(Desk::default(), &[&[Code, Scanned, Expired], &[Code, Expired], &[Code, Expired]]);
    until(&mut sign_in, SignInStep::waits_for_answer).await;
    sign_in.answer(Answer::Again);
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert_eq!(step, SignInStep::Expired { scanned: false });
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
async fn a_code_outlives_a_network_that_goes_and_comes_back_and_says_so() {
    let script =
        [vec![Code], vec![Offline; 9], vec![Waiting, Scanned], vec![Offline; 3], vec![Authorised, Granted]];
    let script = script.concat();
    let mut sign_in = play(Desk::default(), &[&script]);
    let mut seen = Vec::new();
    while let Some(step) = sign_in.next().await {
        let problem = match &step {
            SignInStep::ShowCode { problem, .. } | SignInStep::Scanned { problem, .. } => {
                problem.as_ref().map(|problem| problem.code)
            }
            _ => None,
        };
        seen.push((serde_json::to_value(&step).expect("steps are data")["step"].clone(), problem));
    }
    let seen: Vec<_> =
        seen.iter().map(|(step, problem)| (step.as_str().expect("a name"), *problem)).collect();
    let offline = Some(ProblemCode::Offline);
    assert_eq!(
        seen,
        [
            ("preparing", None),
            ("show_code", None),
            ("show_code", offline),
            ("show_code", None),
            ("scanned", None),
            ("scanned", offline),
            ("exchanging", None),
            ("saving", None),
            ("done", None)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn two_lost_answers_are_forgiven_without_a_word() {
    let script = [Code, Offline, Offline, Scanned, Offline, Offline, Authorised, Granted];
    let names = names(play(Desk::default(), &[&script])).await;
    assert_eq!(names, ["preparing", "show_code", "scanned", "exchanging", "saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_cannot_be_fetched_is_told_after_three_tries() {
    let names = names(play(Desk::default(), &[&[Offline; 3], &[Code, Authorised, Granted]])).await;
    assert_eq!(names[..3], ["preparing", "failed", "preparing"]);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_stays_away_ends_a_code_only_when_its_time_is_over() {
    let mut script = vec![Code];
    script.resize(60, Offline);
    let scripts: [&[Line]; 3] = [&script, &script, &[Code, Authorised, Granted]];
    let names = names(play(Desk::default(), &scripts)).await;
    assert_eq!(names[..4], ["preparing", "show_code", "show_code", "preparing"], "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_to_a_way_in_finds_the_same_code() {
    let parked = Arc::new(Mutex::new(ParkedCodes::default()));
    let counted = Arc::new(Mutex::new(0));
    let desk = || Desk { parked: parked.clone(), counted: counted.clone(), ..Desk::default() };
    let shown = |step: &SignInStep| matches!(step, SignInStep::ShowCode { .. });
    let mut first = play(desk(), &[&[Code, Never]]);
    let code = until(&mut first, shown).await;
    let saved = Arc::downgrade(&parked);
    drop(first);
    while saved.strong_count() > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // No script: a second code would be one too many.
    let mut second = play(desk(), &[]);
    assert_eq!(until(&mut second, shown).await, code, "the same code, with the same end");
    assert_eq!(*counted.lock().unwrap(), 0, "what nobody scanned is no sign-in");
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_nearly_over_is_not_shown_again() {
    let parked = Arc::new(Mutex::new(ParkedCodes::default()));
    let desk = || Desk { parked: parked.clone(), ..Desk::default() };
    let shown = |step: &SignInStep| matches!(step, SignInStep::ShowCode { .. });
    let mut first = play(desk(), &[&[Code, Never]]);
    let code = until(&mut first, shown).await;
    let handles = Arc::downgrade(&parked);
    drop(first);
    while handles.strong_count() > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(170)).await;
    let mut second = play(desk(), &[&[Code, Never]]);
    assert_ne!(until(&mut second, shown).await, code);
}

#[tokio::test(start_paused = true)]
async fn a_code_counts_as_a_sign_in_once_the_phone_has_read_it() {
    let counted = Arc::new(Mutex::new(0));
    let desk = Desk { counted: counted.clone(), ..Desk::default() };
    let scripts: [&[Line]; 3] = [&[Code, Never], &[Code, Never], &[Code, Scanned, Authorised, Granted]];
    let mut sign_in = play(desk, &scripts);
    for _ in 0..2 {
        until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
        sign_in.answer(Answer::Again);
    }
    assert_eq!(*counted.lock().unwrap(), 0, "codes that were only looked at");
    assert_eq!(names(sign_in).await.last().map(String::as_str), Some("done"));
    assert_eq!(*counted.lock().unwrap(), 1, "scanned and confirmed is one");
}

#[tokio::test(start_paused = true)]
async fn it_is_said_when_few_sign_ins_are_left_today() {
    for (admits, expected) in [(6, None), (5, Some(5)), (1, Some(1))] {
        let desk = Desk { admits: Mutex::new(Some(admits)), ..Desk::default() };
        let mut sign_in = play(desk, &[&[Code, Never]]);
        let step = until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
        let SignInStep::ShowCode { left_today, .. } = step else { unreachable!("it was looked for") };
        assert_eq!(left_today, expected);
    }
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
    let SignInStep::RiskControl { problem, alternatives } = step else {
        panic!("{step:?} is not risk control")
    };
    assert_eq!(problem.code, ProblemCode::RiskControl);
    assert_eq!(alternatives.next[0], SignInOption { service: ServiceId::Netease, method: Method::Phone });
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_its_answer_and_says_that_it_works_on_it() {
    let mut sign_in =
        play_for(None, Desk::default(), Method::Phone, &[&[AskNumber, AskCode, Authorised, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPhoneNumber { .. })).await;
    sign_in.answer(Answer::Keep);
    sign_in
        .answer(Answer::Give(Input::PhoneNumber { country: "86".to_owned(), number: "13800005678".into() }));
    assert_eq!(sign_in.next().await, Some(SignInStep::Sending));
    let step = sign_in.next().await.expect("the sign-in goes on");
    assert!(matches!(step, SignInStep::AskTextCode { .. }), "{step:?}");
    sign_in.answer(Answer::Give(Input::TextCode("123456".into())));
    assert_eq!(names(sign_in).await, ["exchanging", "exchanging", "saving", "done"]);
}

/// A sign-in with a cookie to the real service, which is asked nothing before the person says go.
fn paste(desk: Desk) -> SignIn {
    start(&TaskTracker::new(), registry::by_id(ServiceId::Netease), Method::Paste, None, desk)
}

fn cookie(session: char) -> Answer {
    let session = session.to_string().repeat(128);
    Answer::Give(Input::Text(format!("MUSIC_U={session}; __csrf=0123456789abcdef0123456789abcdef").into()))
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_given_before_it_is_asked_for_is_taken_when_it_is() {
    let mut sign_in = paste(Desk::default());
    sign_in.answer(cookie('a'));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::AskToGoOn { .. }), "{step:?}");
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_given_while_the_keychain_is_locked_is_taken_once_it_is_open() {
    let mut sign_in = paste(Desk { locked_at_first: Mutex::new(true), ..Desk::default() });
    sign_in.answer(cookie('a'));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::Failed { .. }), "{step:?}");
    sign_in.answer(Answer::Again);
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::AskToGoOn { .. }), "{step:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_of_several_texts_that_are_given_at_once_counts() {
    for first in ["nothing of the kind", "MUSIC_U=0123"] {
        let mut sign_in = paste(Desk::default());
        until(&mut sign_in, |step| matches!(step, SignInStep::AskPaste { .. })).await;
        sign_in.answer(Answer::Give(Input::Text(first.into())));
        sign_in.answer(cookie('a'));
        let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
        let SignInStep::AskToGoOn { detected } = &step else { panic!("{first}: {step:?}") };
        assert_eq!(detected.fields, 2, "{first}: it is the last one");
    }
}

#[tokio::test(start_paused = true)]
async fn what_answers_a_question_that_was_never_asked_is_no_answer_to_the_next() {
    let mut sign_in = paste(Desk::default());
    sign_in.answer(cookie('a'));
    // A second click must not go on with what nobody has looked at.
    sign_in.answer(Answer::Give(Input::Go));
    sign_in.answer(Answer::Give(Input::CaptchaDone));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::AskToGoOn { .. }), "{step:?}");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(sign_in.steps.try_recv().is_err(), "it waits for the person");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_closed_waits_to_be_opened_again() {
    let mut sign_in =
        play_for(None, Desk::default(), Method::OfficialPage, &[&[AskPage], &[AskPage, Authorised, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
    sign_in.answer(Answer::Give(Input::PageClosed));
    assert_eq!(sign_in.next().await, Some(SignInStep::PageClosed));
    sign_in.answer(Answer::Again);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
    sign_in.answer(Answer::Give(Input::PageCookies(CookieMap::default())));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskNewAccount { .. })).await;
    sign_in.answer(Answer::Keep);
    assert_eq!(names(sign_in).await.last().map(String::as_str), Some("done"));
}

/// A sign-in by a page that has brought a credential.
async fn brought_by_a_page(wanted: Option<AccountId>, desk: Desk) -> SignIn {
    let scripts: [&[Line]; 2] = [&[AskPage, Authorised, Granted], &[AskPage, Never]];
    let mut sign_in = play_for(wanted, desk, Method::OfficialPage, &scripts);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
    sign_in.answer(Answer::Give(Input::PageCookies(CookieMap::default())));
    sign_in
}

#[tokio::test(start_paused = true)]
async fn a_new_account_that_came_by_a_page_is_shown_before_it_is_saved() {
    let desk = Desk::default();
    let saved = desk.saved.clone();
    let mut sign_in = brought_by_a_page(None, desk).await;
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    let SignInStep::AskNewAccount { account, nickname, avatar } = &step else {
        panic!("{step:?} does not ask whose account it is")
    };
    assert_eq!((account.uid.as_str(), nickname.as_deref()), ("320000017", Some("小满")));
    assert!(avatar.as_ref().is_some_and(|avatar| avatar.starts_with("data:image/png")), "{avatar:?}");
    assert_eq!(*saved.lock().unwrap(), 0, "nothing is saved before the answer");
    // What answers another question is no word for this one.
    sign_in.answer(Answer::Give(Input::Go));
    sign_in.answer(Answer::Keep);
    assert_eq!(names(sign_in).await, ["saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_account_that_came_by_a_page_and_is_somebody_elses_is_ended_and_never_saved() {
    for goes_away in [false, true] {
        let desk = Desk::default();
        let (saved, discarded) = (desk.saved.clone(), desk.discarded.clone());
        let mut sign_in = brought_by_a_page(None, desk).await;
        until(&mut sign_in, SignInStep::waits_for_answer).await;
        if !goes_away {
            sign_in.answer(Answer::Again);
            until(&mut sign_in, |step| matches!(step, SignInStep::AskPage { .. })).await;
        }
        drop(sign_in);
        while Arc::strong_count(&saved) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 1), "goes away: {goes_away}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_known_or_meant_is_not_asked_about_when_it_comes_by_a_page() {
    let meant = Some(AccountId::new(ServiceId::Netease, "320000017"));
    for (wanted, knows) in [(meant, false), (None, true)] {
        let sign_in = brought_by_a_page(wanted, Desk { knows, ..Desk::default() }).await;
        let steps = names(sign_in).await;
        assert!(!steps.iter().any(|step| step == "ask_new_account"), "{steps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_account_than_the_wanted_one_is_kept_only_when_the_person_says_so() {
    let desk = Desk::default();
    let saved = desk.saved.clone();
    let mut sign_in = play_for(somebody_else(), desk, Method::AppScan, &[&[Code, Authorised, Granted]]);
    let step = until(&mut sign_in, |step| matches!(step, SignInStep::AskOtherAccount { .. })).await;
    assert!(step.waits_for_answer() && *saved.lock().unwrap() == 0, "nothing is saved before the answer");
    sign_in.answer(Answer::Keep);
    assert_eq!(names(sign_in).await, ["saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn another_account_that_is_not_wanted_is_ended_and_never_saved() {
    for goes_away in [false, true] {
        let desk = Desk::default();
        let (saved, discarded) = (desk.saved.clone(), desk.discarded.clone());
        let scripts: [&[Line]; 2] = [&[Code, Authorised, Granted], &[Code, Never]];
        let mut sign_in = play_for(somebody_else(), desk, Method::AppScan, &scripts);
        until(&mut sign_in, |step| matches!(step, SignInStep::AskOtherAccount { .. })).await;
        if goes_away {
            drop(sign_in);
        } else {
            sign_in.answer(Answer::Again);
            until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
            drop(sign_in);
        }
        while Arc::strong_count(&saved) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 1), "goes away: {goes_away}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_pasted_is_not_ended_when_it_is_not_wanted() {
    let desk = Desk::default();
    let (saved, discarded) = (desk.saved.clone(), desk.discarded.clone());
    let mut sign_in = play_for(somebody_else(), desk, Method::Paste, &[]);
    sign_in.answer(cookie('a'));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskToGoOn { .. })).await;
    sign_in.answer(Answer::Give(Input::Go));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskOtherAccount { .. })).await;
    drop(sign_in);
    while Arc::strong_count(&saved) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 0), "its owner still uses it");
}

#[tokio::test(start_paused = true)]
async fn the_wanted_account_is_saved_without_a_question() {
    let wanted = Some(AccountId::new(ServiceId::Netease, "320000017"));
    let sign_in = play_for(wanted, Desk::default(), Method::AppScan, &[&[Code, Authorised, Granted]]);
    assert_eq!(names(sign_in).await, ["preparing", "show_code", "exchanging", "saving", "done"]);
}

#[tokio::test(start_paused = true)]
async fn one_sign_in_too_many_today_asks_the_service_nothing_and_offers_what_is_no_sign_in() {
    let desk = Desk { admits: Mutex::new(Some(0)), ..Desk::default() };
    let mut sign_in = play(desk, &[]);
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    let SignInStep::Failed { problem, alternatives } = step else { panic!("{step:?} is no failure") };
    assert_eq!(problem.code, ProblemCode::DailyLimit);
    assert_eq!(alternatives.next, [SignInOption { service: ServiceId::Netease, method: Method::Paste }]);
}

#[tokio::test(start_paused = true)]
async fn a_form_counts_as_a_sign_in_only_when_it_is_sent() {
    let desk = Desk { admits: Mutex::new(Some(1)), ..Desk::default() };
    let scripts: [&[Line]; 2] = [&[AskNumber], &[AskNumber, AskNumber]];
    let mut sign_in = play_for(None, desk, Method::Phone, &scripts);
    let asks = |step: &SignInStep| matches!(step, SignInStep::AskPhoneNumber { .. });
    let number = || Input::PhoneNumber { country: "86".to_owned(), number: "13800005678".into() };
    until(&mut sign_in, asks).await;
    sign_in.answer(Answer::Again);
    until(&mut sign_in, asks).await;
    sign_in.answer(Answer::Give(number()));
    until(&mut sign_in, asks).await;
    sign_in.answer(Answer::Give(number()));
    let step = until(&mut sign_in, SignInStep::waits_for_answer).await;
    assert!(matches!(step, SignInStep::Failed { .. }), "{step:?}");
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
async fn dropping_a_sign_in_before_it_is_confirmed_saves_nothing() {
    let desk = Desk::default();
    let saved = desk.saved.clone();
    let mut sign_in = play(desk, &[&[Code, Never]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::ShowCode { .. })).await;
    drop(sign_in);
    over(&saved).await;
    assert_eq!(*saved.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_sign_in_after_it_was_confirmed_saves_it_all_the_same() {
    // It is left while the network is away; then the keychain says no, and nobody is there to be told.
    let desk = Desk { refusals: Mutex::new(1), ..Desk::default() };
    let saved = desk.saved.clone();
    let mut sign_in = play(desk, &[&[Code, Authorised, Offline, Offline, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::Exchanging)).await;
    drop(sign_in);
    over(&saved).await;
    assert_eq!(*saved.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn leaving_while_a_code_that_was_typed_is_checked_saves_what_comes_of_it() {
    let desk = Desk::default();
    let saved = desk.saved.clone();
    let mut sign_in = play_for(None, desk, Method::Phone, &[&[AskCode, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskTextCode { .. })).await;
    sign_in.answer(Answer::Give(Input::TextCode("123456".into())));
    until(&mut sign_in, |step| matches!(step, SignInStep::Exchanging)).await;
    drop(sign_in);
    over(&saved).await;
    assert_eq!(*saved.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_a_check_has_held_up_is_no_less_confirmed() {
    let mut sign_in = play_for(None, Desk::default(), Method::Phone, &[&[AskCode, AskCheck, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::AskTextCode { .. })).await;
    sign_in.answer(Answer::Give(Input::TextCode("123456".into())));
    until(&mut sign_in, |step| matches!(step, SignInStep::AskCaptcha { .. })).await;
    sign_in.answer(Answer::Give(Input::CaptchaDone));
    let step = sign_in.next().await;
    assert!(step.as_ref().is_some_and(SignInStep::cannot_be_cancelled), "{step:?}");
}

#[tokio::test(start_paused = true)]
async fn another_code_cannot_be_asked_for_once_this_one_is_confirmed() {
    let mut sign_in = play(Desk::default(), &[&[Code, Authorised, Offline, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::Exchanging)).await;
    sign_in.answer(Answer::Again);
    assert_eq!(names(sign_in).await, ["exchanging", "saving", "done"], "it says again where it stands");
}

#[tokio::test(start_paused = true)]
async fn what_was_confirmed_outlasts_the_network() {
    let offline = [Code, Authorised, Offline, Offline, Offline, Granted];
    let steps = names(play(Desk::default(), &[&offline])).await;
    assert_eq!(
        steps,
        ["preparing", "show_code", "exchanging", "failed", "exchanging", "saving", "done"],
        "no second scan"
    );
    for late in [UsedUp, Broken] {
        let too_late = [Code, Authorised, Offline, Offline, Offline, late];
        let steps = names(play(Desk::default(), &[&too_late, &[Code, Authorised, Granted]])).await;
        assert_eq!(
            steps[3..],
            ["failed", "exchanging", "preparing", "show_code", "exchanging", "saving", "done"],
            "a new code comes by itself when the old one is used up"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_finished_again_and_again_gives_way_to_a_new_code() {
    let mut dead = vec![Code, Authorised];
    dead.resize(2 + 3 * 4, Offline);
    let steps = names(play(Desk::default(), &[&dead, &[Code, Authorised, Granted]])).await;
    assert_eq!(steps.iter().filter(|step| *step == "failed").count(), 4);
    assert_eq!(steps.iter().filter(|step| *step == "show_code").count(), 2, "{steps:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_a_failure_behind_a_confirmation_does_not_take_it_along() {
    let offline = [Code, Authorised, Offline, Offline, Offline, Granted];
    for (script, refusals) in [(&offline[..], 0), (&[Code, Authorised, Granted], 1)] {
        let desk = Desk { refusals: Mutex::new(refusals), ..Desk::default() };
        let saved = desk.saved.clone();
        let mut sign_in = play(desk, &[script]);
        until(&mut sign_in, |step| matches!(step, SignInStep::Failed { .. })).await;
        drop(sign_in);
        over(&saved).await;
        assert_eq!(*saved.lock().unwrap(), 1, "{script:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_keychain_takes_is_ended_at_the_service_once_nobody_waits_for_it() {
    let desk = Desk { refusals: Mutex::new(u32::MAX), ..Desk::default() };
    let (saved, discarded) = (desk.saved.clone(), desk.discarded.clone());
    let mut sign_in = play(desk, &[&[Code, Authorised, Granted]]);
    until(&mut sign_in, |step| matches!(step, SignInStep::Failed { .. })).await;
    assert_eq!(*discarded.lock().unwrap(), 0, "somebody waits for it");
    drop(sign_in);
    over(&saved).await;
    assert_eq!((*saved.lock().unwrap(), *discarded.lock().unwrap()), (0, 1));
}

/// Waits until the machine is over: until then it owns a handle on what was saved.
async fn over(saved: &Arc<Mutex<u32>>) {
    while Arc::strong_count(saved) > 1 {
        // Not `yield_now`: time stands still as long as anything can run.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
