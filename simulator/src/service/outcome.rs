//! What a handler returns: the reply, whether the request was refused, and what the connection becomes afterwards.

use crate::http::reply::Reply;
use crate::http::upgrade::Upgrade;

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    /// Why the request was refused; `None` when it was granted.
    pub(crate) refusal: Option<Refusal>,
    /// What the connection is used for after the reply, a 101.
    pub(crate) upgrade: Option<Box<dyn Upgrade>>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It broke this rule of the protocol: the client is at fault.
    BrokenRule(String),
    /// It was correct but came too late, or the person refused: nobody is at fault.
    Declined,
}

impl Outcome {
    /// The request broke `rule` of the protocol, and is answered with `reply`.
    pub(crate) fn broken_rule(rule: impl Into<String>, reply: Reply) -> Self {
        Self { reply, refusal: Some(Refusal::BrokenRule(rule.into())), upgrade: None }
    }

    /// The request was correct, and is answered with a `reply` that says no.
    pub(crate) fn declined(reply: Reply) -> Self {
        Self { reply, refusal: Some(Refusal::Declined), upgrade: None }
    }

    /// The handshake is answered with `reply`; after it the connection is used for `upgrade`.
    pub(crate) fn upgraded(reply: Reply, upgrade: Box<dyn Upgrade>) -> Self {
        Self { reply, refusal: None, upgrade: Some(upgrade) }
    }
}

impl From<Reply> for Outcome {
    /// The request was granted.
    fn from(reply: Reply) -> Self {
        Self { reply, refusal: None, upgrade: None }
    }
}
