//! What each service's implementation makes of the service's responses: the grant, the request that proves a key, the
//! renewal, and the facts that clients disagree about, in every form that they may have.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use tunekey_core::{Problem, ProblemCode, SignInOption};
use tunekey_services::{
    Attempt, ClientIdentities, Context, CookieMap, Credential, Device, Grant, Http, HttpOptions, Input,
    Limits, Method, Progress, Proxy, QrCode, Question, Renewability, Renewal, Service, ServiceError,
    SystemClock, UnchangedReason, netease, qqmusic, registry,
};
use tunekey_simulator::{
    AutoConfirm, Fault, FaultKind, GuestFlag, Options, Rotation, Running, Service as SimulatedService,
    Settings, Simulator,
};
use tunekey_tests::fixtures::simulator_service;
use tunekey_tests::harness::check_problem;

#[path = "../../services/examples/qr_sign_in.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main function is for a person with a phone")]
mod qr_sign_in;

const QQ_SCAN: SignInOption = SignInOption { service: qqmusic::ID, method: Method::QqScan };
const WECHAT_SCAN: SignInOption = SignInOption { service: qqmusic::ID, method: Method::WechatScan };
const QQ_APP: SignInOption = SignInOption { service: qqmusic::ID, method: Method::AppScan };
const QQ_PHONE: SignInOption = SignInOption { service: qqmusic::ID, method: Method::Phone };
const NETEASE: SignInOption = SignInOption { service: netease::ID, method: Method::AppScan };

/// The requests for details that are only shown.
const DETAIL_REQUESTS: [&str; 5] = ["qq.profile", "qq.vip", "qq.vip_fallback", "netease.vip", "avatar"];

/// A simulator, and the context with which services are called.
struct ServiceHarness {
    simulator: Running,
    context: Context,
    _folder: tempfile::TempDir,
}

impl ServiceHarness {
    /// With codes that are scanned and confirmed by themselves.
    async fn new(settings: Settings) -> Result<Self> {
        Self::with(Settings { auto: Some(AutoConfirm { scan_ms: 0, confirm_ms: 0 }), ..settings }).await
    }

    async fn with(settings: Settings) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let authority = folder.path().join("ca.pem");
        let mut options = Options::default().with_settings(settings);
        options.ca_out = Some(authority.clone());
        let simulator = Simulator::start(options).await?;
        let proxy = Proxy::Manual(simulator.proxy_url.clone());
        let http = Http::new(&HttpOptions {
            proxy,
            extra_ca: Some(std::fs::read(authority)?),
            limits: Limits::default(),
        })?;
        let device = Device { id: "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123".into() };
        let clock = Arc::new(SystemClock);
        let context = Context { http, clock, device, client_identities: ClientIdentities::default() };
        Ok(Self { simulator, context, _folder: folder })
    }

    fn begin(&self, option: SignInOption) -> Result<Box<dyn Attempt>> {
        let service = registry::by_id(option.service).context("there is no such service")?;
        Ok(service.begin(option.method, self.context.clone())?)
    }

    /// Signs in without the machine around it.
    async fn granted(&self, option: SignInOption) -> Result<Grant, ServiceError> {
        let mut attempt = self.begin(option).expect("the option is offered");
        loop {
            match attempt.next().await {
                Ok(Progress::Granted(grant)) => return Ok(*grant),
                Ok(Progress::Ask(question)) => {
                    let input = self.answer(&question);
                    attempt.give(input);
                }
                Ok(_) => {}
                Err(error) if error.may_pass() => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn answer(&self, question: &Question) -> Input {
        let owner =
            self.simulator.accounts().into_iter().find(|one| one.service == SimulatedService::QqMusic);
        let phone = owner.expect("there are accounts").phone;
        match question {
            Question::PhoneNumber { .. } => {
                Input::PhoneNumber { country: "86".to_owned(), number: phone.as_str().into() }
            }
            Question::TextCode { .. } => {
                let message = self.simulator.text_messages().pop().expect("a message was sent");
                Input::TextCode(message.code.as_str().into())
            }
            Question::Captcha { .. } => {
                for captcha in self.simulator.captchas() {
                    self.simulator.solve_captcha(captcha.id).expect("it is known");
                }
                Input::CaptchaDone
            }
            other => panic!("nobody can answer {other:?}"),
        }
    }

    async fn renewed(&self, credential: &Credential) -> Result<Credential> {
        match service_of(credential).renew(&self.context, credential).await? {
            Renewal::Renewed(credential) => Ok(credential),
            Renewal::Unchanged { reason } => bail!("there is no new key: {reason:?}"),
        }
    }

    async fn works(&self, credential: &Credential) -> bool {
        service_of(credential).inspect(&self.context, credential).await.is_ok()
    }

    fn ensure_no_broken_rules(&self) -> Result<()> {
        let broken = self.simulator.broken_rules();
        ensure!(broken.is_empty(), "it breaks rules: {broken:?}");
        Ok(())
    }

    fn requests(&self) -> Vec<String> {
        self.simulator.journal().into_iter().map(|entry| entry.name.clone()).collect()
    }
}

fn service_of(credential: &Credential) -> &'static dyn Service {
    registry::by_id(credential.service()).expect("it is a service of ours")
}

// ---- the grant ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_example_of_the_readme_signs_in() -> Result<()> {
    let harness = ServiceHarness::new(Settings::default()).await?;
    let shown = std::sync::atomic::AtomicU32::new(0);
    let show = |_: &QrCode| {
        shown.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    let credential = qr_sign_in::sign_in(&harness.context, show).await?;
    ensure!(shown.into_inner() == 1, "one code was enough");
    ensure!(harness.works(&credential).await, "what it gives works");
    Ok(())
}

#[test]
fn the_example_stands_in_the_readme() {
    let (readme, example) =
        (include_str!("../../services/README.md"), include_str!("../../services/examples/qr_sign_in.rs"));
    let code = &example[example.find("use std::error").expect("it begins so")..];
    assert!(readme.contains(code), "services/README.md shows another one");
}

#[tokio::test]
async fn a_grant_waits_for_nothing_that_is_only_for_show() -> Result<()> {
    for option in [QQ_SCAN, WECHAT_SCAN, QQ_APP, QQ_PHONE, NETEASE] {
        let harness = ServiceHarness::new(Settings::default()).await?;
        let grant = harness.granted(option).await.with_context(|| format!("{option:?}"))?;
        let requests = harness.requests();
        let asked = requests.iter().find(|name| DETAIL_REQUESTS.contains(&name.as_str()));
        ensure!(asked.is_none(), "{option:?} asked for {asked:?} first");
        ensure!(option.service == netease::ID || !requests.contains(&"qq.userinfo".to_owned()), "{option:?}");
        ensure!(harness.works(&grant.credential).await, "{option:?}: it does not work");
        harness.ensure_no_broken_rules()?;
    }
    Ok(())
}

#[tokio::test]
async fn a_code_of_netease_is_asked_for_with_what_its_front_page_has_set_or_without() -> Result<()> {
    for kind in [None, Some(FaultKind::Status500), Some(FaultKind::Reset)] {
        let harness = ServiceHarness::new(Settings::default()).await?;
        if let Some(kind) = kind {
            harness.simulator.arm(Fault::new("netease.page", kind))?;
        }
        let grant = harness.granted(NETEASE).await.with_context(|| format!("{kind:?}"))?;
        let requests = harness.requests();
        ensure!(requests[..2] == ["netease.page", "netease.unikey"], "{kind:?}: {requests:?}");
        ensure!(grant.credential.field("NMTID").is_some(), "{kind:?}: nothing was kept");
        harness.ensure_no_broken_rules()?;
    }
    Ok(())
}

#[tokio::test]
async fn an_inspection_is_decided_by_the_one_question_that_proves_the_key() -> Result<()> {
    for (option, proof) in [(QQ_SCAN, "qq.userinfo"), (NETEASE, "netease.account")] {
        let harness = ServiceHarness::new(Settings::default()).await?;
        let credential = harness.granted(option).await?.credential;
        let inspect = || service_of(&credential).inspect(&harness.context, &credential);
        let whole = inspect().await?;
        ensure!(whole.nickname.is_some() && whole.membership.is_some(), "{proof}: it shows nothing");
        for kind in [FaultKind::Status500, FaultKind::Expired, FaultKind::UnknownCode] {
            for at in DETAIL_REQUESTS {
                harness.simulator.arm(Fault::new(at, kind))?;
            }
            let bare = inspect().await.with_context(|| format!("{proof}: {kind:?} at what is for show"))?;
            ensure!(bare.membership.is_none(), "{proof}: {kind:?} is no membership");
            harness.simulator.clear_faults();
            harness.simulator.arm(Fault::new(proof, kind))?;
            let proven = inspect().await;
            let refused = matches!(proven, Err(ServiceError::Rejected { .. }));
            ensure!(refused == (kind == FaultKind::Expired), "{proof}: {kind:?} came to {proven:?}");
            ensure!(proven.is_err(), "{proof}: nothing proved the key");
            harness.simulator.clear_faults();
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_guest_is_refused_when_signing_in_when_looked_at_and_when_pasted() -> Result<()> {
    const GUEST: i64 = -10;
    for guests in [GuestFlag::Anonimous, GuestFlag::Anonymous] {
        let harness = ServiceHarness::new(Settings::default()).await?;
        let credential = harness.granted(NETEASE).await?.credential;
        let fields: CookieMap = service_of(&credential).cookie(&credential).into_iter().collect();
        harness.simulator.configure(|settings| settings.guests = guests);
        let is_guest = |error: &ServiceError| matches!(error, ServiceError::Rejected { code: GUEST, .. });
        let signed_in = harness.granted(NETEASE).await.err().context("a guest was signed in")?;
        ensure!(is_guest(&signed_in), "{guests:?}: signing in came to {signed_in:?}");
        let looked_at = service_of(&credential).inspect(&harness.context, &credential).await;
        let looked_at = looked_at.err().context("a guest is healthy")?;
        ensure!(is_guest(&looked_at), "{guests:?}: a look came to {looked_at:?}");
        let pasted = service_of(&credential).import(&harness.context, &fields).await;
        let pasted = pasted.err().context("a guest was pasted")?;
        ensure!(is_guest(&pasted), "{guests:?}: a paste came to {pasted:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_session_that_comes_in_a_header_is_taken_once_the_service_knows_whose_it_is() -> Result<()> {
    let harness = ServiceHarness::new(Settings { session_in_header: true, ..Settings::default() }).await?;
    let grant = harness.granted(NETEASE).await?;
    ensure!(grant.credential.account.uid == "90001", "it is {}", grant.credential.account);
    ensure!(harness.works(&grant.credential).await, "it does not work");
    ensure!(harness.requests().contains(&"netease.account".to_owned()), "nobody was asked");
    Ok(())
}

// ---- QQ Music's exchange -----------------------------------------------------------------------------------------

#[tokio::test]
async fn a_check_that_risk_control_wants_comes_before_the_exchange_with_every_method() -> Result<()> {
    for option in [QQ_SCAN, WECHAT_SCAN, QQ_APP] {
        let harness = ServiceHarness::new(Settings { exchange_check: true, ..Settings::default() }).await?;
        let grant = harness.granted(option).await.with_context(|| format!("{option:?}"))?;
        ensure!(harness.simulator.captchas().len() == 1, "{option:?}: one check was wanted");
        ensure!(harness.works(&grant.credential).await, "{option:?}: it does not work");
        harness.ensure_no_broken_rules()?;
    }
    Ok(())
}

#[tokio::test]
async fn a_check_that_does_not_help_is_risk_control() -> Result<()> {
    for at in ["qq.exchange", "qq.phone_send", "qq.phone_login"] {
        let harness = ServiceHarness::new(Settings::default()).await?;
        let option = if at == "qq.exchange" { QQ_SCAN } else { QQ_PHONE };
        // Whoever says too early that it is done is asked again.
        harness.simulator.arm(Fault::new(at, FaultKind::Risk).times(2))?;
        harness.granted(option).await.with_context(|| format!("{at} after two checks"))?;
        harness.simulator.clear_faults();
        harness.simulator.configure(|settings| settings.phone_resend_seconds = 0);
        harness.simulator.arm(Fault::new(at, FaultKind::Risk))?;
        let came = harness.granted(option).await;
        let refused = matches!(came, Err(ServiceError::RiskControl { code: 2001, .. }));
        ensure!(refused, "{at} came to {came:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_scan_with_the_app_is_exchanged_by_whoever_the_service_takes_it_from() -> Result<()> {
    for (mode, settings) in [
        ("as the code page", Settings::default()),
        ("as the web site", Settings { app_exchange_as_web_site: true, ..Settings::default() }),
        ("not at all: the push brought the key", Settings { pushed_key: true, ..Settings::default() }),
    ] {
        let harness = ServiceHarness::new(settings).await?;
        let grant = harness.granted(QQ_APP).await.context(mode)?;
        ensure!(grant.credential.account.uid == "10001", "{mode}: it is {}", grant.credential.account);
        ensure!(harness.works(&grant.credential).await, "{mode}: it does not work");
        let renewed = harness.renewed(&grant.credential).await.context(mode)?;
        ensure!(harness.works(&renewed).await, "{mode}: the renewed one does not work");
        harness.ensure_no_broken_rules().context(mode)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_token_that_may_be_used_up_is_not_exchanged_again_and_is_no_key_unless_it_works() -> Result<()> {
    for (kind, exchanges) in
        [(FaultKind::RenewalSkeleton, 1), (FaultKind::UnknownCode, 2), (FaultKind::Expired, 1)]
    {
        let harness = ServiceHarness::new(Settings::default()).await?;
        harness.simulator.arm(Fault::new("qq.app_exchange", kind))?;
        let error = harness.granted(QQ_APP).await.err().context("there is nothing to grant")?;
        ensure!(matches!(error, ServiceError::Unexpected { .. }), "{kind:?} came to {error:?}");
        let asked = harness.requests().iter().filter(|name| *name == "qq.app_exchange").count();
        ensure!(asked == exchanges, "{kind:?}: {asked} exchanges");
        harness.ensure_no_broken_rules()?;
    }
    Ok(())
}

#[tokio::test]
async fn a_last_step_whose_answer_was_lost_says_so() -> Result<()> {
    for (option, at) in [
        (QQ_SCAN, "qq.check_sig"),
        (QQ_SCAN, "qq.authorize"),
        (QQ_SCAN, "qq.exchange"),
        (WECHAT_SCAN, "qq.wx_exchange"),
        (QQ_APP, "qq.app_exchange"),
    ] {
        for kind in [FaultKind::Lost, FaultKind::Truncated] {
            let harness = ServiceHarness::new(Settings::default()).await?;
            harness.simulator.arm(Fault::new(at, kind).once())?;
            let error =
                harness.granted(option).await.err().with_context(|| format!("{at}: it is used up"))?;
            let problem = Problem::of_service(error, option.service);
            ensure!(problem.code == ProblemCode::ExchangeLost, "{kind:?} at {at}: {problem:?}");
            check_problem(&problem)?;
        }
        // Where nothing was lost there is nothing to say of it.
        let harness = ServiceHarness::new(Settings::default()).await?;
        harness.simulator.arm(Fault::new(at, FaultKind::RenewalSkeleton))?;
        if let Err(error) = harness.granted(option).await {
            ensure!(!matches!(error, ServiceError::ExchangeLost { .. }), "{at}: {error:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_confirmation_whose_answer_was_lost_is_no_expired_code() -> Result<()> {
    for (option, poll) in [(QQ_SCAN, "qq.ptqrlogin"), (WECHAT_SCAN, "qq.wx_poll"), (NETEASE, "netease.poll")]
    {
        let harness = ServiceHarness::with(Settings::default()).await?;
        let mut attempt = harness.begin(option)?;
        let mut code = 0;
        let error = loop {
            match attempt.next().await {
                Ok(Progress::Code { .. }) => {
                    code = harness.simulator.next_code(simulator_service(option.service), 0).await.id;
                    harness.simulator.scan(code, None)?;
                }
                Ok(Progress::Scanned { .. }) => {
                    harness.simulator.confirm(code)?;
                    harness.simulator.arm(Fault::new(poll, FaultKind::Lost).once())?;
                }
                Ok(Progress::Expired | Progress::Granted(_)) => bail!("{poll}: nobody says what was lost"),
                Ok(_) => {}
                Err(error) if error.may_pass() => {}
                Err(error) => break error,
            }
        };
        ensure!(matches!(error, ServiceError::ExchangeLost { .. }), "{poll}: {error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_person_who_declines_has_declined_whatever_the_code_for_it_is() -> Result<()> {
    for refusal_code in [68, 22_005] {
        let harness = ServiceHarness::with(Settings { refusal_code, ..Settings::default() }).await?;
        let mut attempt = harness.begin(QQ_SCAN)?;
        ensure!(matches!(attempt.next().await, Ok(Progress::Code { .. })), "no code came");
        let code = harness.simulator.next_code(SimulatedService::QqMusic, 0).await.id;
        harness.simulator.scan(code, None)?;
        harness.simulator.refuse(code)?;
        let came = attempt.next().await;
        ensure!(matches!(came, Ok(Progress::Refused)), "{refusal_code} came to {came:?}");
    }
    Ok(())
}

// ---- renewals ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_renewal_repeats_what_the_service_called_the_sign_in_whichever_opinion_holds() -> Result<()> {
    for raw_login_type in [true, false] {
        for option in [QQ_SCAN, WECHAT_SCAN, QQ_APP, QQ_PHONE] {
            let what = format!("{option:?}, raw kinds: {raw_login_type}");
            let harness = ServiceHarness::new(Settings { raw_login_type, ..Settings::default() }).await?;
            let mut credential = harness.granted(option).await?.credential;
            for _ in 0..2 {
                credential = harness.renewed(&credential).await.with_context(|| what.clone())?;
                ensure!(harness.works(&credential).await, "{what}: it does not work");
            }
            harness.ensure_no_broken_rules().context(what)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn whatever_becomes_of_the_old_key_the_new_one_works() -> Result<()> {
    for rotation in [
        Rotation::StaysValid,
        Rotation::DiesAtOnce,
        Rotation::DiesOnceTheNewIsUsed,
        Rotation::Grace { seconds: 1 },
    ] {
        for option in [QQ_SCAN, NETEASE] {
            let harness = ServiceHarness::new(Settings { rotation, ..Settings::default() }).await?;
            let mut credential = harness.granted(option).await?.credential;
            for _ in 0..3 {
                credential = harness.renewed(&credential).await.with_context(|| format!("{rotation:?}"))?;
                ensure!(harness.works(&credential).await, "{option:?}, {rotation:?}: it does not work");
            }
            harness.ensure_no_broken_rules()?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_placeholder_for_the_number_is_never_taken_for_the_account() -> Result<()> {
    let harness = ServiceHarness::new(Settings { placeholder_musicid: true, ..Settings::default() }).await?;
    let credential = harness.granted(WECHAT_SCAN).await?.credential;
    ensure!(credential.account.uid == "1152921504606847123", "it is {}", credential.account);
    let renewed = harness.renewed(&credential).await?;
    ensure!(renewed.account == credential.account, "it is {}", renewed.account);
    ensure!(harness.works(&renewed).await, "it does not work");
    harness.ensure_no_broken_rules()
}

#[tokio::test]
async fn number_and_key_alone_renew_while_the_key_works_and_are_refused_after() -> Result<()> {
    let harness = ServiceHarness::new(Settings::default()).await?;
    let whole = harness.granted(QQ_SCAN).await?.credential;
    ensure!(service_of(&whole).renewability(&whole) == Renewability::Renewable, "it has its refresh key");
    let cookie = service_of(&whole).cookie(&whole).into_iter();
    let bare: CookieMap = cookie.filter(|(name, _)| matches!(name.as_str(), "uin" | "qm_keyst")).collect();
    let qq = service_of(&whole);
    let pasted = qq.import(&harness.context, &bare).await?.credential;
    ensure!(qq.renewability(&pasted) == Renewability::WhileAlive, "number and key are enough for a while");
    ensure!(qq.renewal_window(&pasted).is_some(), "it is renewed in time");
    let renewed = harness.renewed(&pasted).await?;
    harness.ensure_no_broken_rules()?;
    harness.simulator.age("qqmusic:10001", std::time::Duration::from_secs(4 * 86_400))?;
    let dead = qq.renew(&harness.context, &pasted).await;
    ensure!(matches!(dead, Err(ServiceError::Rejected { .. })), "without a living key: {dead:?}");
    harness
        .renewed(&Credential { fields: whole.fields.clone(), ..whole })
        .await
        .context("with its refresh key")?;
    drop(renewed);
    harness.ensure_no_broken_rules()
}

#[tokio::test]
async fn a_session_that_is_not_renewed_says_why_and_goes_on() -> Result<()> {
    let harness = ServiceHarness::new(Settings::default()).await?;
    let whole = harness.granted(NETEASE).await?.credential;
    let netease = service_of(&whole);
    let bare: CookieMap = netease.cookie(&whole).into_iter().collect();
    let bare = netease.import(&harness.context, &bare).await?.credential;
    ensure!(netease.renewability(&whole) == Renewability::Renewable, "it has its refresh token");
    ensure!(netease.renewability(&bare) == Renewability::NotRenewable, "nothing renews it");
    ensure!(netease.renewal_window(&bare).is_none(), "then there is no next renewal");
    let reason = async |credential: &Credential| match netease.renew(&harness.context, credential).await? {
        Renewal::Unchanged { reason } => Ok(reason),
        Renewal::Renewed(_) => bail!("there is a new one"),
    };
    ensure!(
        reason(&bare).await? == UnchangedReason::RefreshTokenMissing,
        "nothing was sent to renew it with"
    );
    harness.simulator.arm(Fault::new("netease.refresh", FaultKind::RenewalSkeleton).once())?;
    ensure!(reason(&whole).await? == UnchangedReason::NotReissued, "the service gave none");
    harness.simulator.configure(|settings| settings.dead_refresh_tokens = true);
    ensure!(reason(&whole).await? == UnchangedReason::RefreshTokenDead, "what renews it has ended");
    ensure!(harness.works(&whole).await, "the session works");
    harness.ensure_no_broken_rules()
}
