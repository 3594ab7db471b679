//! A sign-in with a credential that the person already has: recognised here, checked with the service, then
//! saved like any other.

use async_trait::async_trait;
use tunekey_services::{
    Attempt, Context, CookieMap, CredentialPart, Detected, DetectedPart, Detection, Input, PastedAccount,
    Progress, Question, Secret, Service, ServiceError, Unusable, UnusableReason, registry,
};

use super::{ImportError, Pasted, read_all, service_of};

/// From a pasted text to a credential that the service has confirmed.
pub(crate) struct PasteAttempt {
    service: &'static dyn Service,
    context: Context,
    state: State,
}

enum State {
    Asked {
        refusal: Option<Box<Refusal>>,
    },
    /// Several accounts of the service, of which one is to be chosen.
    Several {
        all: Vec<Pasted>,
    },
    Detected {
        fields: CookieMap,
        detected: Detected,
    },
    /// Kept until the service has answered: a request that failed can be repeated.
    Adopting {
        fields: CookieMap,
    },
}

/// Why a text did not do, for people who read and for fronts that have words of their own.
#[derive(Debug)]
struct Refusal {
    detail: String,
    unusable: Unusable,
}

impl PasteAttempt {
    pub(crate) fn new(service: &'static dyn Service, context: Context) -> Self {
        Self { service, context, state: State::Asked { refusal: None } }
    }

    fn detected(&self, pasted: Pasted) -> State {
        let Detection { parts, renewable, .. } = self.service.detect(&pasted.fields);
        let fields = u32::try_from(pasted.fields.iter().count()).unwrap_or(u32::MAX);
        let detected = Detected { format: pasted.format, fields, parts, renewable };
        State::Detected { fields: pasted.fields, detected }
    }
}

#[async_trait]
impl Attempt for PasteAttempt {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        match &self.state {
            State::Asked { refusal } => {
                let (unusable, detail) = match refusal {
                    Some(refusal) => (Some(refusal.unusable.clone()), Some(refusal.detail.clone())),
                    None => (None, None),
                };
                Ok(Progress::Ask(Question::Paste { unusable, detail }))
            }
            State::Several { all } => {
                let accounts = all.iter().map(|pasted| account(self.service, pasted)).collect();
                Ok(Progress::Ask(Question::WhichAccount { accounts }))
            }
            State::Detected { detected, .. } => Ok(Progress::Ask(Question::Detected(detected.clone()))),
            State::Adopting { fields } => {
                let grant = self.service.import(&self.context, fields).await?;
                Ok(Progress::Granted(Box::new(grant)))
            }
        }
    }

    fn give(&mut self, input: Input) {
        match input {
            // The text itself is wiped from memory here.
            Input::Text(text) => {
                self.state = match judge(self.service, &text) {
                    Ok(mut all) if all.len() == 1 => self.detected(all.swap_remove(0)),
                    Ok(all) => State::Several { all },
                    Err(refusal) => State::Asked { refusal: Some(Box::new(refusal)) },
                };
            }
            Input::Account(place) => {
                if let State::Several { all } = &mut self.state
                    && place < all.len()
                {
                    let chosen = all.swap_remove(place);
                    self.state = self.detected(chosen);
                }
            }
            Input::Go => {
                if let State::Detected { fields, .. } = &mut self.state {
                    self.state = State::Adopting { fields: std::mem::take(fields) };
                }
            }
            Input::PhoneNumber { .. }
            | Input::CaptchaDone
            | Input::TextCode(_)
            | Input::Resend
            | Input::ChangeNumber
            | Input::PageAddress(_)
            | Input::PageCookies(_)
            | Input::PageClosed => {}
        }
    }
}

fn account(service: &dyn Service, pasted: &Pasted) -> PastedAccount {
    PastedAccount {
        account: service.account_in(&pasted.fields).map(|number| number.to_string()),
        renewable: service.detect(&pasted.fields).renewable,
    }
}

/// The accounts of this service in a text, at least one, or what is wrong with it. It says what is missing, never
/// what is there.
fn judge(service: &'static dyn Service, text: &Secret) -> Result<Vec<Pasted>, Refusal> {
    let refusal = |reason, detail: String, parts, other| Refusal {
        detail,
        unusable: Unusable::new(reason, parts, other),
    };
    let all = read_all(text)
        .map_err(|error| refusal(UnusableReason::from(error), error.to_string(), Vec::new(), None))?;
    let (whole, rest): (Vec<Pasted>, Vec<Pasted>) =
        all.into_iter().partition(|pasted| service.detect(&pasted.fields).enough);
    if !whole.is_empty() {
        return Ok(whole);
    }
    let other = rest.iter().find_map(|pasted| whole_elsewhere(service, pasted));
    if let Some(other) = other {
        let detail = format!("it is for {}", other.facts().name.english);
        return Err(refusal(UnusableReason::OtherService, detail, Vec::new(), Some(other.id())));
    }
    // What comes nearest to a credential of this service.
    let parts = rest.iter().map(|pasted| service.detect(&pasted.fields).parts);
    let parts = parts.max_by_key(|parts| parts.iter().filter(|part| part.found).count()).unwrap_or_default();
    if parts.iter().any(|part| part.found) {
        return Err(refusal(UnusableReason::Incomplete, missing(service, &parts), parts, None));
    }
    let elsewhere = rest.iter().find_map(service_of).filter(|other| *other != service.id());
    let detail = match elsewhere.and_then(registry::facts) {
        Some(other) => format!("it is for {}, and incomplete", other.name.english),
        None => missing(service, &parts),
    };
    Err(refusal(UnusableReason::NothingFound, detail, Vec::new(), None))
}

/// The other service that could be asked about it.
fn whole_elsewhere(service: &dyn Service, pasted: &Pasted) -> Option<&'static dyn Service> {
    let mut others = registry::all().iter().copied().filter(|other| other.id() != service.id());
    others.find(|other| other.detect(&pasted.fields).enough)
}

impl From<ImportError> for UnusableReason {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Empty => Self::Empty,
            ImportError::TooLong => Self::TooLong,
            ImportError::ControlCharacters => Self::ControlCharacters,
            ImportError::Damaged(_) => Self::Damaged,
            ImportError::OtherSites => Self::OtherSites,
            ImportError::Shortened => Self::Shortened,
            ImportError::WithoutCookies => Self::WithoutCookies,
            ImportError::NothingFound | ImportError::SeveralAccounts(_) => Self::NothingFound,
        }
    }
}

/// Names the most important part that is not there.
fn missing(service: &'static dyn Service, parts: &[DetectedPart]) -> String {
    let needed = |part: &&DetectedPart| !part.found && is_needed(part.part);
    let names: Vec<_> = parts.iter().filter(needed).map(|part| name(part.part)).collect();
    match names[..] {
        [] => format!("there is no credential of {} in it", service.facts().name.english),
        _ => format!("{} is missing", names.join(" and ")),
    }
}

fn is_needed(part: CredentialPart) -> bool {
    match part {
        CredentialPart::AccountId | CredentialPart::MusicKey | CredentialPart::Session => true,
        CredentialPart::CsrfToken | CredentialPart::RefreshToken => false,
    }
}

fn name(part: CredentialPart) -> &'static str {
    match part {
        CredentialPart::AccountId => "the account number (uin)",
        CredentialPart::MusicKey => "the key (qm_keyst or musickey)",
        CredentialPart::Session => "MUSIC_U",
        CredentialPart::CsrfToken => "__csrf",
        CredentialPart::RefreshToken => "the refresh token",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;
    use proptest::prelude::*;
    use tunekey_services::netease::Netease;
    use tunekey_services::qqmusic::QqMusic;
    use tunekey_services::{
        AccountId, Credential, Fields, Grant, HttpError, Inspection, ServiceFacts, netease, qqmusic,
    };

    use super::*;
    use crate::fake_service::{Answers, FakeService, context};

    /// What the service says when it is asked whose a credential is.
    #[derive(Debug, Clone, Copy)]
    enum Verdict {
        Known,
        Refused,
        Offline,
    }

    /// A service that is asked about credentials and nothing else.
    #[derive(Debug)]
    struct Gate {
        verdict: Verdict,
        asked: AtomicU32,
    }

    impl Gate {
        fn that_says(verdict: Verdict) -> &'static FakeService<Self> {
            Box::leak(Box::new(FakeService(Self { verdict, asked: AtomicU32::new(0) })))
        }
    }

    #[async_trait]
    impl Answers for Gate {
        fn facts(&self) -> &'static ServiceFacts {
            Netease.facts()
        }
        fn detect(&self, fields: &CookieMap) -> Detection {
            Netease.detect(fields)
        }
        async fn import(&self, fields: &CookieMap) -> Result<Grant, ServiceError> {
            let doing = "checking the credential";
            assert!(fields.get("MUSIC_U").is_some(), "a repeated check needs all that was recognised");
            self.asked.fetch_add(1, Ordering::Relaxed);
            match self.verdict {
                Verdict::Known => Ok(Grant {
                    credential: Credential {
                        account: AccountId::new(netease::ID, "320000017"),
                        issued_at: Timestamp::UNIX_EPOCH,
                        expires_at: None,
                        fields: Fields::default(),
                    },
                    inspection: Inspection::default(),
                }),
                Verdict::Refused => Err(ServiceError::Rejected { doing, code: 301 }),
                Verdict::Offline => Err(ServiceError::Http { doing, source: HttpError::Interrupted }),
            }
        }
    }

    #[tokio::test]
    async fn the_service_is_asked_only_once_the_person_has_said_go() {
        let gate = Gate::that_says(Verdict::Known);
        let mut paste = PasteAttempt::new(gate, context());
        paste.give(Input::Go);
        assert!(
            matches!(paste.next().await, Ok(Progress::Ask(Question::Paste { unusable: None, .. }))),
            "there is nothing to go on with"
        );
        paste.give(Input::Text("MUSIC_U=00A1".into()));
        let asked = paste.next().await;
        assert!(matches!(asked, Ok(Progress::Ask(Question::Detected(_)))), "it asks first: {asked:?}");
        assert_eq!(gate.0.asked.load(Ordering::Relaxed), 0, "nothing was sent before");
        paste.give(Input::Go);
        assert!(matches!(paste.next().await, Ok(Progress::Granted(_))), "the service knows it");
        assert_eq!(gate.0.asked.load(Ordering::Relaxed), 1, "once");
    }

    #[tokio::test]
    async fn another_text_takes_the_place_of_the_first_even_when_it_is_of_no_use() {
        let gate = Gate::that_says(Verdict::Known);
        let mut paste = PasteAttempt::new(gate, context());
        paste.give(Input::Text("MUSIC_U=00A1".into()));
        paste.give(Input::Text("nothing".into()));
        paste.give(Input::Go);
        let asked = paste.next().await;
        assert!(matches!(asked, Ok(Progress::Ask(Question::Paste { unusable: Some(_), .. }))), "{asked:?}");
        assert_eq!(gate.0.asked.load(Ordering::Relaxed), 0, "the first text is gone");
    }

    #[tokio::test]
    async fn a_check_that_the_network_cut_off_can_be_repeated() {
        let gate = Gate::that_says(Verdict::Offline);
        let mut paste = PasteAttempt::new(gate, context());
        paste.give(Input::Text("MUSIC_U=00A1".into()));
        paste.give(Input::Go);
        for _ in 0..2 {
            let error = paste.next().await.expect_err("there is no network");
            assert!(error.may_pass(), "asking whose it is may be repeated: {error}");
        }
        assert_eq!(gate.0.asked.load(Ordering::Relaxed), 2, "with the same fields");
    }

    /// What somebody may give, in the wrong order or not.
    fn inputs() -> impl Strategy<Value = Vec<Option<String>>> {
        let text = prop_oneof![
            "\\PC{0,60}",
            prop::sample::select(vec![
                "MUSIC_U=00A1; __csrf=c",
                "uin=10001; qm_keyst=Q_H_L_1",
                "{\"MUSIC_U\": \"a\\r\\nb\"}",
                "MUSIC_U=",
            ])
            .prop_map(str::to_owned),
            prop::collection::vec(any::<u8>(), 0..60)
                .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        ];
        // Without a text it is "go on".
        prop::collection::vec(prop::option::of(text), 0..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

        #[test]
        fn nothing_is_granted_that_the_service_refuses(inputs in inputs()) {
            let gate = Gate::that_says(Verdict::Refused);
            let mut paste = PasteAttempt::new(gate, context());
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let mut detected = false;
            for input in inputs {
                let goes_on = input.is_none() && detected;
                paste.give(input.map_or(Input::Go, |text| Input::Text(text.into())));
                match runtime.block_on(paste.next()) {
                    Ok(Progress::Ask(Question::Paste { .. })) => detected = false,
                    Ok(Progress::Ask(Question::Detected(_))) => detected = true,
                    Err(ServiceError::Rejected { .. }) => {
                        prop_assert!(goes_on, "the service was asked without the person's word");
                        break;
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                prop_assert_eq!(gate.0.asked.load(Ordering::Relaxed), 0, "only after the person's word");
            }
        }
    }

    fn judged(text: &str) -> Result<Detected, String> {
        let service = &Netease;
        let all = judge(service, &text.into()).map_err(|refusal| refusal.detail)?;
        let [one] = &all[..] else { panic!("it is one account") };
        match PasteAttempt::new(service, context()).detected(one.clone()) {
            State::Detected { detected, .. } => Ok(detected),
            _ => panic!("it is recognised"),
        }
    }

    #[tokio::test]
    async fn of_several_accounts_the_one_that_is_chosen_is_gone_on_with() {
        let gate = Gate::that_says(Verdict::Known);
        let mut paste = PasteAttempt::new(gate, context());
        let (one, other) = ("a1".repeat(128), "b2".repeat(128));
        paste.give(Input::Text(format!("A=\"MUSIC_U={one}\"\nB=\"MUSIC_U={other}; MUSIC_R_U=r\"").into()));
        let asked = paste.next().await.expect("a question");
        let Progress::Ask(Question::WhichAccount { accounts }) = asked else { panic!("{asked:?}") };
        assert_eq!(accounts.iter().map(|account| account.renewable).collect::<Vec<_>>(), [false, true]);
        paste.give(Input::Go);
        paste.give(Input::Account(2));
        assert!(
            matches!(paste.next().await, Ok(Progress::Ask(Question::WhichAccount { .. }))),
            "neither a word nor a place that is not there chooses"
        );
        paste.give(Input::Account(1));
        let asked = paste.next().await.expect("a question");
        let Progress::Ask(Question::Detected(detected)) = asked else { panic!("{asked:?}") };
        assert!(detected.renewable, "it is the second");
        assert_eq!(gate.0.asked.load(Ordering::Relaxed), 0, "nothing was sent yet");
    }

    #[test]
    fn several_accounts_of_qq_music_are_named_by_their_numbers() {
        let service = &QqMusic;
        let text = "uin=o0010001; qm_keyst=Q_H_L_a\nuin=10002; qm_keyst=Q_H_L_b; refresh_key=r";
        let all = judge(service, &text.into()).expect("two accounts");
        let named: Vec<_> = all.iter().map(|pasted| account(service, pasted)).collect();
        let of = |number: &str, renewable| PastedAccount { account: Some(number.to_owned()), renewable };
        assert_eq!(named, [of("10001", false), of("10002", true)]);
    }

    #[test]
    fn why_a_text_is_of_no_use_is_told_apart() {
        let unusable = |text: &str| judge(&Netease, &text.into()).expect_err(text).unusable;
        let other = unusable("uin=10001; qm_keyst=Q_H_L_canary");
        assert_eq!((other.reason, other.other), (UnusableReason::OtherService, Some(qqmusic::ID)));
        let partial = unusable("__csrf=c1; MUSIC_R_U=r1");
        assert_eq!((partial.reason, partial.other), (UnusableReason::Incomplete, None));
        assert_eq!(partial.parts.iter().map(|part| part.found).collect::<Vec<_>>(), [false, true, true]);
        let recording = r#"{"log": {"entries": [{"request": {"url": "https://music.163.com/",
            "headers": [{"name": "Accept", "value": "*/*"}], "cookies": []}}]}}"#;
        for (text, reason) in [
            ("", UnusableReason::Empty),
            ("MUSIC_U=00A1B2C3…; __csrf=c", UnusableReason::Shortened),
            (recording, UnusableReason::WithoutCookies),
            ("hello", UnusableReason::NothingFound),
            ("qm_keyst=Q_H_L_k", UnusableReason::NothingFound),
            ("{\"MUSIC_U\": \"a", UnusableReason::Damaged),
            ("MUSIC_U=\u{1b}a", UnusableReason::ControlCharacters),
            ("Set-Cookie: MUSIC_U=a; Domain=evil.example", UnusableReason::OtherSites),
        ] {
            assert_eq!(unusable(text).reason, reason, "{text}");
        }
    }

    #[test]
    fn a_session_is_recognised_with_its_parts() {
        let detected = judged("MUSIC_U=00A1; __csrf=c; os=pc").expect("it is enough");
        assert_eq!((detected.fields, detected.renewable), (3, false));
        let renewable = |text| judged(text).expect("it is enough").renewable;
        assert!(renewable("MUSIC_U=00A1; MUSIC_R_U=r"), "the refresh token renews it");
        assert!(!renewable("MUSIC_U=00A1; MUSIC_R_U="), "an empty one does not");
    }

    #[test]
    fn what_is_wrong_is_named_and_no_value_with_it() {
        for (text, wanted) in [
            ("__csrf=canary-c; NMTID=canary-n", "MUSIC_U is missing"),
            ("  ", "there is nothing in it"),
            ("{\"MUSIC_U\": \"canary", "it looks like JSON but is incomplete or damaged"),
            ("just words about a canary", "there are no cookies in it"),
            ("{\"MUSIC_U\": \"canary\\r\\nX-Evil: 1\"}", "there are control characters in it"),
            ("MUSIC_U=canary\u{1b}", "there are control characters in it"),
            ("uin=10001; qm_keyst=Q_H_L_canary", "it is for QQ Music"),
            ("Set-Cookie: MUSIC_U=canary; Domain=evil.example", "it holds cookies of other sites only"),
        ] {
            let detail = judged(text).expect_err("it is not enough");
            assert_eq!(detail, wanted, "{text}");
            assert!(!detail.contains("canary"), "no value may be repeated");
        }
    }
}
