//! The paid tiers of an account, as its service reports them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::name;

/// The paid tiers of an account, in the order in which the service ranks them, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Membership {
    /// One entry for each tier that the service has, held or not.
    pub tiers: Vec<TierStatus>,
    /// When the service said so.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub checked_at: Timestamp,
}

/// Whether a tier is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct TierStatus {
    /// Which tier.
    pub tier: Tier,
    /// Whether it holds: the service's flag is set *and* the end is not past.
    pub active: bool,
    /// When it ends or ended; `None` when it was never held or has no end.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub until: Option<Timestamp>,
}

name! {
    /// A paid tier of a service, which [its facts](crate::facts::TierFacts) describe.
    Tier, 31
}
