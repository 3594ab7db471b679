//! What the answers of `/v1` look like. Times are RFC 3339 in UTC. Members may be added, none goes away.

use serde::Serialize;
use tunekey_core::{
    Account, AccountId, DeliveryId, DeliveryOutcome, DeliveryRecord, DeliveryState, DeliveryStatus, Health,
    KeyStatus, Membership, Method, ServiceId, ServiceInfo, StoreState,
};

use crate::failure::{Failure, ProblemBody};

/// The time as the core's JSON has it everywhere.
type Timestamp = jiff::Timestamp;

/// A service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct ServiceShape {
    /// Its id, such as `qqmusic`.
    #[cfg_attr(test, schema(value_type = String))]
    id: ServiceId,
    /// Its name in Latin letters.
    name: String,
    /// The ways to sign in that can be used here, best first.
    #[cfg_attr(test, schema(value_type = Vec<String>))]
    methods: Vec<Method>,
    /// The formats of its cookies.
    formats: Vec<String>,
}

impl From<ServiceInfo> for ServiceShape {
    fn from(info: ServiceInfo) -> Self {
        let formats = tunekey_core::Format::all().filter(|format| format.suits(info.id));
        let formats = formats.map(|format| format.to_string()).collect();
        // A page needs a window.
        let methods = info.methods.into_iter().filter(|method| !method.shows_page()).collect();
        Self { id: info.id, name: info.name, methods, formats }
    }
}

/// An account, and the state of its key without the key.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct AccountShape {
    /// `service:uid`.
    #[cfg_attr(test, schema(value_type = String, example = "qqmusic:10001"))]
    id: AccountId,
    /// The service.
    #[cfg_attr(test, schema(value_type = String))]
    service: ServiceId,
    /// The service's number for it, as text: some have 19 digits.
    uid: String,
    /// The name that the service shows.
    nickname: String,
    /// The person's own name for it.
    label: Option<String>,
    /// How it was signed in.
    #[cfg_attr(test, schema(value_type = String))]
    method: Method,
    /// How it is doing.
    health: HealthShape,
    /// Which save of its credential is the current one: another key has a larger number.
    generation: u64,
    /// When the service says that its key ends.
    #[cfg_attr(test, schema(value_type = Option<String>, format = DateTime))]
    expires_at: Option<Timestamp>,
    /// When TuneKey means to renew it.
    #[cfg_attr(test, schema(value_type = Option<String>, format = DateTime))]
    renew_at: Option<Timestamp>,
    /// Whether TuneKey can renew it; null until its credential has been looked at.
    renewable: Option<bool>,
    /// When the service last accepted its key.
    #[cfg_attr(test, schema(value_type = Option<String>, format = DateTime))]
    proven_at: Option<Timestamp>,
    /// What it has paid for, if the service has said so.
    membership: Option<MembershipShape>,
}

impl AccountShape {
    /// An account with the state of its key.
    pub(crate) fn new(account: Account, status: &KeyStatus) -> Self {
        Self {
            id: account.id,
            service: account.service,
            uid: account.uid,
            nickname: account.nickname,
            label: account.label,
            method: account.method,
            health: status.health.into(),
            generation: status.generation.number(),
            expires_at: status.expires_at,
            renew_at: status.renew_at,
            renewable: status.renewable,
            proven_at: status.proven_at,
            membership: account.membership.map(MembershipShape::from),
        }
    }
}

/// How an account is doing.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct HealthShape {
    /// `healthy`, `renews_soon`, `warning` or `needs_sign_in`.
    state: &'static str,
    /// Since when, where something is wrong.
    #[cfg_attr(test, schema(value_type = Option<String>, format = DateTime))]
    since: Option<Timestamp>,
    /// What is wrong.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    reason: Option<serde_json::Value>,
}

impl From<Health> for HealthShape {
    fn from(health: Health) -> Self {
        let (state, since, reason) = match health {
            Health::Healthy => ("healthy", None, None),
            Health::RenewsSoon => ("renews_soon", None, None),
            Health::Warning { since, reason } => ("warning", Some(since), serde_json::to_value(reason).ok()),
            Health::NeedsSignIn { since, reason } => {
                ("needs_sign_in", Some(since), serde_json::to_value(reason).ok())
            }
        };
        Self { state, since, reason }
    }
}

/// What an account has paid for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct MembershipShape {
    /// The tiers of the service, lowest first.
    tiers: Vec<TierShape>,
    /// When the service said so.
    #[cfg_attr(test, schema(value_type = String, format = DateTime))]
    checked_at: Timestamp,
}

/// A tier.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct TierShape {
    /// Which.
    tier: String,
    /// Whether it is held.
    active: bool,
    /// When it ends or ended.
    #[cfg_attr(test, schema(value_type = Option<String>, format = DateTime))]
    until: Option<Timestamp>,
}

impl From<Membership> for MembershipShape {
    fn from(membership: Membership) -> Self {
        let tier = |status: tunekey_core::TierStatus| TierShape {
            tier: status.tier.as_str().to_owned(),
            active: status.active,
            until: status.until,
        };
        Self { tiers: membership.tiers.into_iter().map(tier).collect(), checked_at: membership.checked_at }
    }
}

/// A cookie.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct CookieShape {
    /// Whose.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) account: AccountId,
    /// Its format.
    pub(crate) format: String,
    /// Whether it is `full` or `minimal`.
    pub(crate) scope: &'static str,
    /// The value.
    pub(crate) value: String,
    /// Of which generation the key in it is.
    pub(crate) generation: u64,
    /// When the key in it ends.
    #[cfg_attr(test, schema(value_type = Option<String>, format = DateTime))]
    pub(crate) expires_at: Option<Timestamp>,
    /// Whether it holds what renews the key.
    pub(crate) renews: bool,
}

/// What came of a renewal, a check or a report.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct OutcomeShape {
    /// Of a renewal `renewed` or `unchanged`; of a check `valid` or `renewed`; of a report `newer`, `accepted` or
    /// `renewed`.
    pub(crate) outcome: String,
    /// The account as it is now.
    pub(crate) account: AccountShape,
}

/// A delivery.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct DeliveryShape {
    /// Which.
    #[cfg_attr(test, schema(value_type = String))]
    id: DeliveryId,
    /// Whose credential.
    #[cfg_attr(test, schema(value_type = String))]
    account: AccountId,
    /// What it was set up as.
    preset: String,
    /// The person's own name for it.
    label: Option<String>,
    /// How it stands: `off`, `waiting`, `delivered`, `handed_over`, `taken_back` or `failing`.
    #[cfg_attr(test, schema(value_type = String))]
    state: DeliveryState,
    /// How the last one went.
    last: Option<DeliveryRecordShape>,
}

impl From<DeliveryStatus> for DeliveryShape {
    fn from(status: DeliveryStatus) -> Self {
        let delivery = status.delivery;
        Self {
            id: delivery.id,
            account: delivery.account,
            preset: delivery.preset,
            label: delivery.label,
            state: status.state,
            last: delivery.last.map(DeliveryRecordShape::from),
        }
    }
}

/// How a delivery went.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct DeliveryRecordShape {
    /// When it ended.
    #[cfg_attr(test, schema(value_type = String, format = DateTime))]
    at: Timestamp,
    /// What it came to.
    #[cfg_attr(test, schema(value_type = String))]
    outcome: DeliveryOutcome,
    /// Why it failed.
    problem: Option<ProblemBody>,
}

impl From<DeliveryRecord> for DeliveryRecordShape {
    fn from(record: DeliveryRecord) -> Self {
        let problem =
            record.problem.map(|problem| Failure::from(problem).body(tunekey_core::Language::English));
        Self { at: record.at, outcome: record.outcome, problem }
    }
}

/// The whole state, at the beginning of the events.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct SnapshotShape {
    /// The accounts, oldest first.
    pub(crate) accounts: Vec<AccountShape>,
    /// The deliveries, oldest first.
    pub(crate) deliveries: Vec<DeliveryShape>,
    /// Whether the store of the credentials can be used.
    #[cfg_attr(test, schema(value_type = String))]
    pub(crate) store: StoreState,
}
