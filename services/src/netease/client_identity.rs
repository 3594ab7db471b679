//! As which of NetEase's own clients we present ourselves.

use serde::{Deserialize, Serialize};

/// As which of NetEase's own clients we present ourselves (protocol: NetEase §0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum NeteaseProfile {
    /// The web site: weapi, type 1.
    Web,
    /// The desktop client: eapi, type 3.
    Pc,
}
