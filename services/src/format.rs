//! What the services' own formats and the shared ones have in common.

use serde::{Deserialize, Serialize};

use crate::name::name;

name! {
    /// A format that only the credentials of one service have, which [its facts](crate::facts::OwnFormat) describe.
    FormatName, 15
}

/// How much of a credential an export carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All that the service's own clients keep as cookies, for tools that renew the key themselves.
    #[default]
    Full,
    /// Only what is needed to play: for a place that one does not control. It never renews.
    Minimal,
}

/// A value that the format cannot carry without its reader seeing another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit;
