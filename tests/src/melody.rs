//! A service that does not exist, as its folder would be: what a new one has to declare, and nothing else. For
//! `with-melody.rs` and `new_service.rs`.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde_json::json;
use tunekey_services::facts::{
    ClientIdentityFacts, ClientIdentityOption, Color, CookieFacts, FieldKind, MethodFacts, OwnFormat,
    PasteFacts, TierFacts,
};
use tunekey_services::{
    AccountId, Attempt, Bilingual, Context, CookieMap, CookiePairs, Credential, CredentialPart, DetectedPart,
    Detection, FormatName, Grant, Inspection, Membership, Method, Progress, QrCode, Renewability, Renewal,
    RenewalWindow, Scope, Secret, Service, ServiceError, ServiceFacts, ServiceId, Tier, TierStatus,
    UnchangedReason, Unfit,
};

/// Melody.
pub const ID: ServiceId = ServiceId::new("melody");

/// Who signs in by a code.
pub const UID: &str = "70001";

const KEY: &str = "MELODY_KEY";
const NUMBER: &str = "melody_uid";
const GOLD: Tier = Tier::new("melody_gold");

/// As which client it is asked.
const CLIENT: ClientIdentityFacts = ClientIdentityFacts {
    setting: "melody-client",
    key: "melody_client",
    name: Bilingual::new("Melody client", "旋律客户端"),
    options: &[
        ClientIdentityOption { value: "phone", name: Bilingual::new("Phone", "手机") },
        ClientIdentityOption { value: "desk", name: Bilingual::new("Desk", "桌面") },
    ],
};

static FACTS: ServiceFacts = ServiceFacts {
    id: ID,
    name: Bilingual::new("Melody", "旋律音乐"),
    short_name: Bilingual::new("Melody", "旋律"),
    app_name: Bilingual::new("Melody", "旋律音乐"),
    owner: Bilingual::new("Nobody", "虚构公司"),
    key_life: Bilingual::new("Melody keys live hours", "旋律密钥以小时计"),
    icon: "M3 13 8 3l5 10Z",
    color: Color { light: "#6a4fb3", dark: "#7a5fc3" },
    methods: &[MethodFacts {
        method: Method::AppScan,
        hint: Bilingual::new("The Melody app", "用旋律音乐 App"),
        scanner: Some(Bilingual::new("Open Melody, tap Scan", "打开旋律音乐，点「扫一扫」")),
    }],
    tiers: &[TierFacts { tier: GOLD, name: Bilingual::new("Gold note", "金音符"), is_highest: true }],
    client_identity: Some(CLIENT),
    formats: &[OwnFormat {
        name: FormatName::new("melodytool"),
        words: Bilingual::new("melody-tool", "melody-tool"),
        about: Bilingual::new("the file of melody-tool", "melody-tool 的文件"),
        shape: "{ \"key\": … }",
        render,
    }],
    has_music_key: false,
    cookie: CookieFacts {
        env_name: "MELODY_COOKIE",
        domain: ".melody.example",
        sample: &[KEY],
        playing: &[KEY],
        platform: "melody",
        renews: true,
    },
    paste: PasteFacts {
        needs: &[KEY],
        site: "melody.example",
        domains: &["melody.example"],
        music_domains: &[],
        fields: &[(KEY, FieldKind::Key), (NUMBER, FieldKind::Account)],
        aliases: &[],
        prefixes: &["melody"],
        session_words: &[],
        key_beginnings: &["ML_"],
        traces: &["melody_key"],
    },
    picture_hosts: &[],
    page_hosts: &[],
    probe_url: "https://melody.example/",
};

/// The file of a tool that only this service has.
fn render(credential: &Credential, _: Scope) -> Result<Secret, Unfit> {
    let text = |name| credential.field(name).map_or("", Secret::expose);
    Ok(Secret::new(json!({ "key": text(KEY), "client": text("client") }).to_string()))
}

/// The service that does not exist.
#[derive(Debug, Clone, Copy)]
pub struct Melody;

#[async_trait]
impl Service for Melody {
    fn facts(&self) -> &'static ServiceFacts {
        &FACTS
    }

    fn begin(&self, _: Method, context: Context) -> Result<Box<dyn Attempt>, ServiceError> {
        Ok(Box::new(Scan { context, next: 0 }))
    }

    fn detect(&self, fields: &CookieMap) -> Detection {
        let has = |name| fields.get(name).is_some();
        let part = |part, name| DetectedPart { part, found: has(name) };
        Detection {
            parts: vec![part(CredentialPart::AccountId, NUMBER), part(CredentialPart::MusicKey, KEY)],
            enough: has(NUMBER) && has(KEY),
            renewable: true,
        }
    }

    fn account_in(&self, fields: &CookieMap) -> Option<u64> {
        fields.get(NUMBER)?.expose().parse().ok()
    }

    async fn import(&self, context: &Context, fields: &CookieMap) -> Result<Grant, ServiceError> {
        let uid = self.account_in(fields).unwrap_or_default().to_string();
        Ok(grant(context, &uid, fields.get(KEY).cloned().unwrap_or_default()))
    }

    async fn inspect(&self, context: &Context, _: &Credential) -> Result<Inspection, ServiceError> {
        let tiers = vec![TierStatus { tier: GOLD, active: true, until: None }];
        let membership = Membership { tiers, checked_at: context.clock.now() };
        Ok(Inspection { nickname: Some("Ada".to_owned()), avatar: None, membership: Some(membership) })
    }

    async fn renew(&self, _: &Context, _: &Credential) -> Result<Renewal, ServiceError> {
        Ok(Renewal::Unchanged { reason: UnchangedReason::NotReissued })
    }

    async fn sign_out(&self, _: &Context, _: &Credential) -> Result<(), ServiceError> {
        Ok(())
    }

    fn renewability(&self, _: &Credential) -> Renewability {
        Renewability::Renewable
    }

    fn key_field(&self) -> &'static str {
        KEY
    }

    fn renewal_window(&self, credential: &Credential) -> Option<RenewalWindow> {
        let latest = credential.issued_at.checked_add(SignedDuration::from_hours(1)).ok()?;
        Some(RenewalWindow::closing_at(credential.issued_at, latest))
    }

    fn cookie(&self, credential: &Credential) -> CookiePairs {
        let key = credential.field(KEY).cloned().unwrap_or_default();
        vec![(KEY.to_owned(), key), (NUMBER.to_owned(), credential.account.uid.as_str().into())]
    }
}

/// A code that is scanned and confirmed at once.
struct Scan {
    context: Context,
    next: usize,
}

#[async_trait]
impl Attempt for Scan {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        self.next += 1;
        Ok(match self.next {
            1 => Progress::Code {
                code: QrCode::from_text("https://melody.example/scan").expect("it is short"),
                life: Duration::from_secs(60),
            },
            2 => Progress::Scanned { nickname: Some("Ada".to_owned()), avatar: None },
            3 => Progress::Authorised,
            _ => Progress::Granted(Box::new(grant(&self.context, UID, "ML_of_a_scan".into()))),
        })
    }
}

fn grant(context: &Context, uid: &str, key: Secret) -> Grant {
    let client = Secret::from(context.client_identities.of(&CLIENT));
    let credential = Credential {
        account: AccountId::new(ID, uid),
        issued_at: context.clock.now(),
        expires_at: None,
        fields: [(KEY, key), ("client", client)].into_iter().collect(),
    };
    Grant { credential, inspection: Inspection::default() }
}
