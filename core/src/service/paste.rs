//! A sign-in with a credential that the person already has: recognised here, checked with the service, then
//! saved like any other.

use async_trait::async_trait;

use super::{
    Attempt, Context, CredentialPart, Input, Progress, Question, Recognised, Recognition, Service,
    ServiceError,
};
use crate::account::ServiceId;
use crate::http::CookieMap;
use crate::import;
use crate::problem::{Problem, ProblemCode};
use crate::secret::Secret;

/// From a pasted text to a credential that the service has confirmed.
pub(super) struct Paste {
    service: &'static dyn Service,
    context: Context,
    state: State,
}

enum State {
    Asked {
        problem: Option<Problem>,
    },
    Recognised {
        fields: CookieMap,
        recognised: Recognised,
    },
    /// Kept until the service has answered: a request that failed can be repeated.
    Adopting {
        fields: CookieMap,
    },
}

impl Paste {
    pub(super) fn new(service: &'static dyn Service, context: Context) -> Self {
        Self { service, context, state: State::Asked { problem: None } }
    }
}

#[async_trait]
impl Attempt for Paste {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        match &self.state {
            State::Asked { problem } => Ok(Progress::Ask(Question::Paste { problem: problem.clone() })),
            State::Recognised { recognised, .. } => {
                Ok(Progress::Ask(Question::Recognised(recognised.clone())))
            }
            State::Adopting { fields } => {
                let grant = self.service.adopt(&self.context, fields).await?;
                Ok(Progress::Granted(Box::new(grant)))
            }
        }
    }

    fn give(&mut self, input: Input) {
        match input {
            // The text itself is wiped from memory here.
            Input::Text(text) => {
                self.state = match judge(self.service, &text) {
                    Ok((fields, recognised)) => State::Recognised { fields, recognised },
                    Err(problem) => State::Asked { problem: Some(problem) },
                };
            }
            Input::Go => {
                if let State::Recognised { fields, .. } = &mut self.state {
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

/// What the text holds for this service, or what is wrong with it. It says what is missing, never what is there.
fn judge(service: &'static dyn Service, text: &Secret) -> Result<(CookieMap, Recognised), Problem> {
    let problem = |detail: String| {
        Problem::new(ProblemCode::InvalidInput).with_service(service.id()).with_detail(detail)
    };
    let pasted = import::read(text).map_err(|error| problem(error.to_string()))?;
    let Recognition { parts, enough, renewable } = service.recognise(&pasted.fields);
    if !enough {
        return Err(problem(match import::service_of(&pasted).filter(|other| *other != service.id()) {
            Some(other) => format!("it is for {}", english(other)),
            None => missing(service, &pasted.fields),
        }));
    }
    let fields = u32::try_from(pasted.fields.iter().count()).unwrap_or(u32::MAX);
    Ok((pasted.fields, Recognised { format: pasted.format, fields, parts, renewable }))
}

/// Names the most important part that is not there.
fn missing(service: &'static dyn Service, fields: &CookieMap) -> String {
    let parts = service.recognise(fields).parts;
    let needed = |part: &&super::RecognisedPart| !part.found && is_needed(part.part);
    let names: Vec<_> = parts.iter().filter(needed).map(|part| name(part.part)).collect();
    match names[..] {
        [] => format!("there is no credential of {} in it", english(service.id())),
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

fn english(service: ServiceId) -> &'static str {
    match service {
        ServiceId::QqMusic => "QQ Music",
        ServiceId::Netease => "NetEase Cloud Music",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::account::{AccountId, Method, Renewability};
    use crate::clock::SystemClock;
    use crate::credential::{Credential, Fields};
    use crate::http::{Http, HttpError, HttpOptions, Limits};
    use crate::service::{CookiePairs, Device, ExportFacts, Grant, Inspection, Renewal, by_id};
    use crate::settings::{NeteaseProfile, Proxy};

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
        fn that_says(verdict: Verdict) -> &'static Self {
            Box::leak(Box::new(Self { verdict, asked: AtomicU32::new(0) }))
        }

        fn asked(&self) -> u32 {
            self.asked.load(Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl Service for Gate {
        fn id(&self) -> ServiceId {
            ServiceId::Netease
        }
        fn methods(&self) -> &'static [Method] {
            &[Method::Paste]
        }
        fn begin(&self, _: Method, _: Context) -> Result<Box<dyn Attempt>, ServiceError> {
            unreachable!("the test begins by itself")
        }
        fn recognise(&self, fields: &CookieMap) -> Recognition {
            by_id(ServiceId::Netease).recognise(fields)
        }
        async fn adopt(&self, _: &Context, fields: &CookieMap) -> Result<Grant, ServiceError> {
            let doing = "checking the credential";
            assert!(fields.get("MUSIC_U").is_some(), "a repeated check needs all that was recognised");
            self.asked.fetch_add(1, Ordering::Relaxed);
            match self.verdict {
                Verdict::Known => Ok(Grant {
                    credential: Credential {
                        account: AccountId::new(ServiceId::Netease, "320000017"),
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
        async fn inspect(&self, _: &Context, _: &Credential) -> Result<Inspection, ServiceError> {
            unreachable!("only whose it is is asked")
        }
        async fn renew(&self, _: &Context, _: &Credential) -> Result<Renewal, ServiceError> {
            unreachable!("only whose it is is asked")
        }
        async fn sign_out(&self, _: &Context, _: &Credential) -> Result<(), ServiceError> {
            unreachable!("only whose it is is asked")
        }
        fn key_field(&self) -> &'static str {
            "musickey"
        }
        fn renewability(&self, _: &Credential) -> Renewability {
            Renewability::NotRenewable
        }
        fn renew_at(&self, _: &Credential) -> Option<Timestamp> {
            None
        }
        fn cookie(&self, _: &Credential) -> CookiePairs {
            Vec::new()
        }
        fn export(&self) -> ExportFacts {
            by_id(ServiceId::Netease).export()
        }
        fn front_door(&self) -> &'static str {
            "https://example.invalid/"
        }
    }

    fn context() -> Context {
        let options = HttpOptions { proxy: Proxy::None, extra_ca: None, limits: Limits::default() };
        Context {
            http: Http::new(&options).expect("a client can be made"),
            clock: Arc::new(SystemClock),
            device: Device { id: "A".repeat(52).into() },
            netease_profile: NeteaseProfile::Web,
        }
    }

    #[tokio::test]
    async fn the_service_is_asked_only_once_the_person_has_said_go() {
        let gate = Gate::that_says(Verdict::Known);
        let mut paste = Paste::new(gate, context());
        paste.give(Input::Go);
        assert!(
            matches!(paste.next().await, Ok(Progress::Ask(Question::Paste { problem: None }))),
            "there is nothing to go on with"
        );
        paste.give(Input::Text("MUSIC_U=00A1".into()));
        let asked = paste.next().await;
        assert!(matches!(asked, Ok(Progress::Ask(Question::Recognised(_)))), "it asks first: {asked:?}");
        assert_eq!(gate.asked(), 0, "nothing was sent before");
        paste.give(Input::Go);
        assert!(matches!(paste.next().await, Ok(Progress::Granted(_))), "the service knows it");
        assert_eq!(gate.asked(), 1, "once");
    }

    #[tokio::test]
    async fn another_text_takes_the_place_of_the_first_even_when_it_is_of_no_use() {
        let gate = Gate::that_says(Verdict::Known);
        let mut paste = Paste::new(gate, context());
        paste.give(Input::Text("MUSIC_U=00A1".into()));
        paste.give(Input::Text("nothing".into()));
        paste.give(Input::Go);
        let asked = paste.next().await;
        assert!(matches!(asked, Ok(Progress::Ask(Question::Paste { problem: Some(_) }))), "{asked:?}");
        assert_eq!(gate.asked(), 0, "the first text is gone");
    }

    #[tokio::test]
    async fn a_check_that_the_network_cut_off_can_be_repeated() {
        let gate = Gate::that_says(Verdict::Offline);
        let mut paste = Paste::new(gate, context());
        paste.give(Input::Text("MUSIC_U=00A1".into()));
        paste.give(Input::Go);
        for _ in 0..2 {
            let error = paste.next().await.expect_err("there is no network");
            assert!(error.may_pass(), "asking whose it is may be repeated: {error}");
        }
        assert_eq!(gate.asked(), 2, "with the same fields");
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
            let mut paste = Paste::new(gate, context());
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let mut recognised = false;
            for input in inputs {
                let goes_on = input.is_none() && recognised;
                paste.give(input.map_or(Input::Go, |text| Input::Text(text.into())));
                match runtime.block_on(paste.next()) {
                    Ok(Progress::Ask(Question::Paste { .. })) => recognised = false,
                    Ok(Progress::Ask(Question::Recognised(_))) => recognised = true,
                    Err(ServiceError::Rejected { .. }) => {
                        prop_assert!(goes_on, "the service was asked without the person's word");
                        break;
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                prop_assert_eq!(gate.asked(), 0, "only after the person's word");
            }
        }
    }

    fn judged(text: &str) -> Result<Recognised, String> {
        judge(by_id(ServiceId::Netease), &text.into())
            .map(|(_, recognised)| recognised)
            .map_err(|problem| problem.detail.expect("it says what is wrong"))
    }

    #[test]
    fn a_session_is_recognised_with_its_parts() {
        let recognised = judged("MUSIC_U=00A1; __csrf=c; os=pc").expect("it is enough");
        assert_eq!((recognised.fields, recognised.renewable), (3, false));
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
