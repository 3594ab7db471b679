//! What can be wrong with what a vkeys client gives.

use axum::http::StatusCode;

/// What is wrong with the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// For people.
    pub(super) why: &'static str,
}

impl Wrong {
    /// One of them cannot be used.
    pub(super) const fn value(why: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, why }
    }

    /// They name nothing that could be renewed.
    pub(super) const fn nothing(why: &'static str) -> Self {
        Self { status: StatusCode::NOT_FOUND, why }
    }

    /// Each could be used, and they do not belong together.
    pub(super) const fn together(why: &'static str) -> Self {
        Self { status: StatusCode::CONFLICT, why }
    }
}

/// The body is neither a form nor a JSON object of texts, numbers and flags.
pub(super) const UNREADABLE: Wrong = Wrong::value("无法读取请求参数");

/// A part of a credential holds what none has.
pub(super) const UNFIT: Wrong = Wrong::value("参数含有凭据中不会出现的字符");

/// `save` is neither true nor false.
pub(super) const NO_FLAG: Wrong = Wrong::value("参数 save 应为 true 或 false");
