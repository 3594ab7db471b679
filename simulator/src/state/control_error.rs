//! Why an operation of the control side was refused. For the state's operations and whoever calls them.

use crate::state::code::CodeState;

/// Why an operation of the control side was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// No code has this id.
    #[error("no code has the id {0}")]
    NoSuchCode(u64),
    /// No code shown has this text in its picture.
    #[error("no code carries this text")]
    UnknownText,
    /// No captcha has this id.
    #[error("no check has the id {0}")]
    NoSuchCaptcha(u64),
    /// No account has this id.
    #[error("no account has the id {0:?}")]
    NoSuchAccount(String),
    /// The account is another service's than the code, or its owner does not have the app that scans the code.
    #[error("the account {0:?} cannot scan this code")]
    WrongService(String),
    /// The operation is not allowed in the code's present state.
    #[error("a code that is {0:?} cannot be changed like that")]
    WrongState(CodeState),
    /// The settings named a key that does not exist, or gave it a value of the wrong kind.
    #[error("settings: {0}")]
    Settings(String),
    /// The fault names no request that the simulator knows.
    #[error("no request is called {0:?}")]
    UnknownRequest(String),
}
