//! The accounts on this computer: everything that is true without a screen.
//!
//! Every front calls [`TuneKey`] and sees nothing below it. What talks to the services is the crate
//! `tunekey-services`; what of it crosses to the fronts is re-exported here.

/// The log targets that are ours: a front lets nothing else into its log.
pub const LOG_TARGETS: [&str; 2] = ["tunekey_core", "tunekey_services"];

mod access;
mod account;
mod accounts;
mod alternatives;
mod attempts;
mod avatar;
mod commit;
mod delivery;
mod description;
mod disk;
mod evidence;
mod export;
mod extra_ca;
#[cfg(test)]
mod fake_service;
#[cfg(test)]
mod fuzz;
pub mod hardening;
mod hold;
pub mod import;
mod lease;
mod ledger;
mod notify;
mod outbound;
mod problem;
mod profile;
mod proof;
mod quota;
mod renewal;
mod schedule;
mod settings;
mod short_id;
mod sign_in;
mod sign_ins;
mod store;
#[cfg(test)]
mod test_server;
mod timing;
mod tunekey;
mod vault;

pub use access::{ApiCaller, ApiScope, ApiToken, ApiTokens, ApiUse};
pub use account::{
    Account, Busy, CheckOutcome, CopyRecord, Health, KeyLifetime, Light, LightKind, PictureId, Proof,
    ProvingCall, RenewalOutcome, RenewalRecord, RenewalTrigger, SignInReason, WarningReason,
};
pub use alternatives::{Alternatives, SignInOption};
pub use delivery::{
    AnswerKind, BodyKind, CloudCipher, CommandTarget, CookieCloudTarget, DeliveredKey, Delivery,
    DeliveryDraft, DeliveryFacts, DeliveryId, DeliveryNotice, DeliveryOutcome, DeliveryRecord, DeliveryScope,
    DeliveryState, DeliveryStatus, FileContent, FileTarget, HttpHeader, HttpMethod, HttpTarget, MetingTarget,
    OpenListTarget, PlacedValue, Preset, PresetAnswers, PresetGroup, PresetQuestion, QinglongTarget, Replace,
    Signature, Success, Target, presets,
};
pub use export::{Export, Format};
pub use ledger::{AccountLock, AccountRecord, HandedOut, Ledger, LedgerFile, Section};
pub use notify::{
    Channel, ChannelDraft, ChannelFacts, ChannelField, ChannelFields, ChannelId, ChannelKind, ChannelRecord,
    Incident, IncidentKind, Message, NotificationSettings, Notifications, Ping, QuietHours, Stage, Urgency,
};
pub use problem::{Language, Problem, ProblemCode, ProblemStatus, Words};
pub use profile::{Profile, StoreChoice};
pub use settings::Settings;
pub use sign_in::{ProgramStep, SignInId, SignInStatus, SignInStep, SignInSteps, StepKind, UserInput};
pub use sign_ins::SignIn;
pub use store::{
    AskPassphrase, DatabaseError, DatabaseUrl, Interaction, NamedSlot, PassphraseQuestion, SecretKind,
    SecretStore, SharedAccount, SharedStore, SharedStoreState, SlotName, StoreError, StoreKind, StoreState,
    StoreTarget, SystemKeychain, UnknownStore,
};
pub use tunekey::{
    Alert, ApiAccess, ApiTokensRead, Check, ConnectionTest, CookieCloud, Event, ExportedCookie, Finding,
    KeyStatus, Level, NewIdentity, RejectionOutcome, ServiceInfo, Setup, SignedOut, Snapshot, StoreInfo,
    StoreMoved, SystemProxyInfo, TuneKey, UnkeptCredential, UnkeptSignIn, make_identity,
};
pub use tunekey_services::picture::data_url as png_data_url;
pub use tunekey_services::{
    AccountId, Bilingual, Clock, CookieMap, Credential, CredentialPart, Detected, DetectedPart, Fields,
    FormatName, Http, HttpOptions, Ink, Input, Limits, Membership, Method, Navigation, OfficialPage,
    PageCookie, PageGoal, PageRequest, PasteFormat, PastedAccount, PrivateAddress, Proxy, QUIET_ZONE, QrCode,
    Renewability, Scope, Secret, Service, ServiceFacts, ServiceId, SystemClock, Tier, TierStatus,
    UnchangedReason, Unusable, UnusableReason, display_text, registry,
};
pub use vault::{Generation, SaveError, StoredCredential, Vault, VaultError};
