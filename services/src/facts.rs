//! What there is to know of a service without asking it: names, colours, ways in, tiers, formats, hosts. Each service's
//! folder declares its own, and fronts show it; none of them knows a service by itself.

use serde::Serialize;

use crate::bilingual::Bilingual;
use crate::credential::Credential;
use crate::format::{FormatName, Scope, Unfit};
use crate::id::ServiceId;
use crate::membership::Tier;
use crate::method::Method;
use crate::secret::Secret;

/// The facts of a service.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ServiceFacts {
    /// Its name in keychain keys, on the command line and in the ledger.
    pub id: ServiceId,
    /// The name that people know.
    pub name: Bilingual,
    /// The same where there is little room.
    pub short_name: Bilingual,
    /// What its own app is called.
    pub app_name: Bilingual,
    /// The company that runs it.
    pub owner: Bilingual,
    /// How long its keys live, such as “QQ Music keys live days”: a clause of a sentence.
    pub key_life: Bilingual,
    /// A neutral mark, never its logo: one path on a grid of 16 pixels, stroked.
    pub icon: &'static str,
    /// The colour behind the mark.
    pub color: Color,
    /// The ways in, best first. That a credential of it can be pasted need not be said.
    pub methods: &'static [MethodFacts],
    /// The paid tiers, lowest first.
    pub tiers: &'static [TierFacts],
    /// What it is to be asked as, where there is a choice.
    pub client_identity: Option<ClientIdentityFacts>,
    /// The formats that only its credentials have.
    pub formats: &'static [OwnFormat],
    /// Whether it tells apart whether it accepts the account and whether the key plays.
    pub has_music_key: bool,
    /// Its web cookies, as they are handed out.
    pub cookie: CookieFacts,
    /// What a pasted text may hold of it.
    pub paste: PasteFacts,
    /// The hosts that it keeps people's pictures on.
    #[serde(skip)]
    pub picture_hosts: &'static [PictureHost],
    /// Where its own sign-in page and the frames in it may go: domains with a leading dot, and all below them.
    #[serde(skip)]
    pub page_hosts: &'static [&'static str],
    /// An address that answers anything at all when the service can be reached; for testing the connection.
    #[serde(skip)]
    pub probe_url: &'static str,
}

impl ServiceFacts {
    /// The ways in, best first.
    pub fn methods(&self) -> impl Iterator<Item = Method> {
        self.methods.iter().map(|facts| facts.method)
    }

    /// What is known of a tier; `None` for one that a newer version has seen.
    pub fn tier(&self, tier: Tier) -> Option<&'static TierFacts> {
        self.tiers.iter().find(|facts| facts.tier == tier)
    }

    /// A format of its own.
    pub fn format(&self, name: FormatName) -> Option<&'static OwnFormat> {
        self.formats.iter().find(|format| format.name == name)
    }
}

/// A colour on light and on dark ground, as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Color {
    /// On light ground.
    pub light: &'static str,
    /// On dark ground.
    pub dark: &'static str,
}

/// A way into a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct MethodFacts {
    /// Which.
    pub method: Method,
    /// What scans it or what it needs, in a line.
    pub hint: Bilingual,
    /// For codes: what to open and where to tap to scan one.
    pub scanner: Option<Bilingual>,
}

/// A paid tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct TierFacts {
    /// Which.
    pub tier: Tier,
    /// What it is called.
    pub name: Bilingual,
    /// Whether it is the one above all others.
    pub is_highest: bool,
}

/// As which of its own clients a service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ClientIdentityFacts {
    /// The setting on the command line.
    pub setting: &'static str,
    /// The setting in the settings' file.
    pub key: &'static str,
    /// What it is called.
    pub name: Bilingual,
    /// The choices. The first one is taken where none is made.
    pub options: &'static [ClientIdentityOption],
}

/// A client to be asked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ClientIdentityOption {
    /// The value of the setting.
    pub value: &'static str,
    /// What it is called.
    pub name: Bilingual,
}

/// What the formats for cookies say of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct CookieFacts {
    /// The variable of the `.env` line, such as `QQMUSIC_COOKIE`.
    pub env_name: &'static str,
    /// The domain of the Netscape lines, with its leading dot, such as `.music.163.com`.
    pub domain: &'static str,
    /// The names of the cookies that stand for all of them where a format is shown.
    pub sample: &'static [&'static str],
    /// The names of the cookies that are enough to play.
    #[serde(skip)]
    pub playing: &'static [&'static str],
    /// What Meting and the programs that follow it call the service.
    #[serde(skip)]
    pub platform: &'static str,
    /// Whether the whole of a renewable credential, as it is handed out, holds what renews it.
    pub renews: bool,
}

/// A format that only the credentials of one service have.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct OwnFormat {
    /// Its name on the command line and in the ledger.
    pub name: FormatName,
    /// What it is called.
    pub words: Bilingual,
    /// Whose it is, in a few words of a sentence.
    #[serde(skip)]
    pub about: Bilingual,
    /// How it begins, without a value.
    pub shape: &'static str,
    /// Writes a credential in it. It carries every field of the credential.
    #[serde(skip)]
    #[cfg_attr(feature = "typescript", ts(skip))]
    pub render: fn(&Credential, Scope) -> Result<Secret, Unfit>,
}

/// What a pasted text may hold of a service: names that nothing else has, and those that tools give to the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct PasteFacts {
    /// The names without which there is no credential, for people.
    pub needs: &'static [&'static str],
    /// The site on which its cookies are copied.
    pub site: &'static str,
    /// All domains of the service, and those among them whose cookies win over those of the rest.
    #[serde(skip)]
    pub domains: &'static [&'static str],
    /// See [`Self::domains`].
    #[serde(skip)]
    pub music_domains: &'static [&'static str],
    /// Names as [`Service::detect`](crate::Service::detect) understands them, exactly. The first of several
    /// spellings stands for the others.
    #[serde(skip)]
    pub fields: &'static [(&'static str, FieldKind)],
    /// Other names, in small letters and without what joins words, and what they stand for.
    #[serde(skip)]
    pub aliases: &'static [(&'static str, &'static str, FieldKind)],
    /// What tools put before a name to say whose it is.
    #[serde(skip)]
    pub prefixes: &'static [&'static str],
    /// Words in the names under which tools keep nothing but a session.
    #[serde(skip)]
    pub session_words: &'static [&'static str],
    /// How its keys begin, where they say themselves whose they are.
    #[serde(skip)]
    pub key_beginnings: &'static [&'static str],
    /// What a text has of it that no other has, in small letters.
    #[serde(skip)]
    pub traces: &'static [&'static str],
}

/// What a field of a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A session: hexadecimal digits, as NetEase's `MUSIC_U`.
    Session,
    /// A key that says itself whose it is, as QQ Music's.
    Key,
    /// An account's number.
    Account,
    /// A token against forged requests: 32 hexadecimal digits, as NetEase's `__csrf`.
    Csrf,
    /// Any other: one that is only carried along.
    Other,
}

/// A domain that people's pictures are on, and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureHost {
    /// The domain, without a leading dot.
    pub domain: &'static str,
    /// The query that has the service scale the picture to so many pixels a side, which stand for `{side}`.
    pub scaled: Option<&'static str>,
}

impl PictureHost {
    /// A domain whose pictures come as they are.
    pub const fn unscaled(domain: &'static str) -> Self {
        Self { domain, scaled: None }
    }
}
