//! Why something was not done, as every route says it: a code, a sentence in the caller's language, details. Which
//! problem has which HTTP status, the core says.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_LANGUAGE, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tunekey_core::{ApiScope, Language, Problem, ProblemCode};

/// Why something was not done.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// It was not even tried.
    Refused(Refusal),
    /// It did not work.
    Problem(Box<Problem>),
}

/// Why a request is refused before anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The `Host` is none of ours: the name may be somebody's who leads it here.
    Host,
    /// A page of another origin asks.
    Origin,
    /// There is no token that is known.
    Token,
    /// The token does not allow it: it lacks that.
    Scope(ApiScope),
    /// There is no such route.
    Route,
    /// The route does not take the method.
    Method,
    /// The body is too large.
    TooLarge,
    /// The body did not come in time, or the answer did not.
    TooSlow,
    /// Too many are served already.
    Busy,
    /// The request cannot be understood.
    Malformed,
}

impl Refusal {
    /// The HTTP status.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin | Self::Scope(_) => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Route => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Host => "host_refused",
            Self::Origin => "origin_refused",
            Self::Token => "token_missing",
            Self::Scope(_) => "scope_missing",
            Self::Route => "no_such_route",
            Self::Method => "no_such_method",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Busy => "busy",
            Self::Malformed => "malformed",
        }
    }

    fn words(self, language: Language) -> Cow<'static, str> {
        let words = match self {
            Self::Scope(scope) => return scope_missing(scope, language).into(),
            Self::Host => language.pick(
                "This name leads here, but is not one that was given with --host.",
                "该主机名不在允许范围内，请用 --host 指定。",
            ),
            Self::Origin => language.pick(
                "Pages of other origins may not ask, unless their origin was given with --allow-origin.",
                "其他来源的网页不能访问，除非用 --allow-origin 允许。",
            ),
            Self::Token => language.pick(
                "A token is needed: `tunekey token add` makes one. Send it as `Authorization: Bearer …`.",
                "需要令牌：用 `tunekey token add` 新建，并以 `Authorization: Bearer …` 发送。",
            ),
            Self::Route => language.pick("There is nothing here.", "这里没有内容。"),
            Self::Method => language.pick("Not with this method.", "不支持该请求方法。"),
            Self::TooLarge => language.pick("The body is larger than 64 KiB.", "请求体超过 64 KiB。"),
            Self::TooSlow => language.pick("It took too long.", "耗时过长。"),
            Self::Busy => language.pick("Too many are served already.", "同时服务的请求已达上限。"),
            Self::Malformed => language.pick("This can’t be understood.", "无法理解该请求。"),
        };
        words.into()
    }
}

/// What a token lacks, and how to get one that does not.
fn scope_missing(scope: ApiScope, language: Language) -> String {
    match language {
        Language::English => format!(
            "This token doesn’t allow that: it lacks the scope {scope}. Make one that has it, with `tunekey token add NAME \
             --scope {scope}` or in TuneKey’s window under Settings, Security."
        ),
        Language::Chinese => format!(
            "该令牌缺少 {scope} 权限。请用 `tunekey token add 名称 --scope {scope}` 新建，或在 TuneKey 窗口的「设置」→「安全」中新建。"
        ),
    }
}

impl Failure {
    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::Problem(problem) => status_of(problem.code),
        }
    }

    /// What is said of it.
    pub(crate) fn body(&self, language: Language) -> ProblemBody {
        match self {
            Self::Refused(refusal) => ProblemBody {
                code: refusal.code().to_owned(),
                message: refusal.words(language).into_owned(),
                details: ProblemDetails::default(),
            },
            Self::Problem(problem) => ProblemBody {
                code: name_of(problem.code),
                message: problem.message(language),
                details: ProblemDetails {
                    service: problem.service.map(|service| service.to_string()),
                    detail: problem.detail.clone(),
                    service_message: problem.service_message.clone(),
                },
            },
        }
    }

    /// The whole answer.
    pub(crate) fn response(&self, language: Language) -> Response {
        (self.status(), Json(self.body(language))).into_response()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A handler does not know the caller's language: the failure travels with the answer to where that is known.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What every route says when it does not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct ProblemBody {
    /// What a program acts on.
    pub(crate) code: String,
    /// What to tell the person, by `Accept-Language`.
    pub(crate) message: String,
    /// What else is known.
    pub(crate) details: ProblemDetails,
}

/// What else is known of a problem.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct ProblemDetails {
    /// The service it happened with.
    service: Option<String>,
    /// What was being done and what came: technical English, without secrets.
    detail: Option<String>,
    /// The service's own words.
    service_message: Option<String>,
}

/// The name of a code, as JSON has it everywhere.
pub(crate) fn name_of(code: ProblemCode) -> String {
    serde_json::to_value(code).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The HTTP status of a problem, as the core's table has it.
pub(crate) fn status_of(code: ProblemCode) -> StatusCode {
    StatusCode::from_u16(code.status().http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The language that the caller likes best of those that there are; the first of equals.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let quality = |range: &str| -> f32 {
        let stated = range.split_once(";q=").map(|(_, quality)| quality.trim().parse().unwrap_or(0.0));
        stated.unwrap_or(1.0)
    };
    let mut best = (Language::English, 0.0);
    for range in wanted.split(',').map(str::trim) {
        let known = range.starts_with("zh") || range.starts_with("en");
        if known && quality(range) > best.1 {
            best = (Language::from_locale(range), quality(range));
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(wanted: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, wanted.parse().expect("a header"));
        language_of(&headers)
    }

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        for (wanted, is) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::English),
            ("de,zh;q=0.5,en;q=0.4", Language::Chinese),
            ("*", Language::English),
            ("zh;q=nonsense", Language::English),
        ] {
            assert_eq!(language(wanted), is, "{wanted}");
        }
        assert_eq!(language_of(&HeaderMap::new()), Language::English);
    }

    #[test]
    fn every_refusal_says_something_else_in_both_languages_and_is_no_success() {
        let all = [
            Refusal::Host,
            Refusal::Origin,
            Refusal::Token,
            Refusal::Scope(ApiScope::Cookie),
            Refusal::Route,
            Refusal::Method,
            Refusal::TooLarge,
            Refusal::TooSlow,
            Refusal::Busy,
            Refusal::Malformed,
        ];
        for refusal in all {
            assert!(refusal.status().is_client_error() || refusal.status().is_server_error());
            assert_ne!(refusal.words(Language::English), refusal.words(Language::Chinese), "{refusal:?}");
            assert_eq!(all.iter().filter(|other| other.code() == refusal.code()).count(), 1, "{refusal:?}");
        }
    }

    #[test]
    fn whoever_lacks_a_scope_hears_which_and_how_to_get_it() {
        for scope in ApiScope::ALL {
            for language in [Language::English, Language::Chinese] {
                let words = Refusal::Scope(scope).words(language);
                assert!(words.contains(&format!("--scope {scope}")), "{words}");
            }
        }
    }

    #[test]
    fn every_problem_is_an_error_in_http_too() {
        for code in ProblemCode::sentences(tunekey_core::StoreKind::Keychain).into_keys() {
            let status = status_of(code);
            assert_eq!(status.as_u16(), code.status().http_status, "{code:?}");
            assert!(status.is_client_error() || status.is_server_error(), "{code:?}");
        }
    }

    #[test]
    fn a_problem_keeps_its_code_its_words_and_what_is_known_of_it() {
        let problem = Problem::new(ProblemCode::NotFound).with_detail("there is no account x");
        let failure = Failure::from(problem);
        assert_eq!(failure.status(), StatusCode::NOT_FOUND);
        let body = failure.body(Language::Chinese);
        assert_eq!(
            (body.code.as_str(), body.details.detail.as_deref()),
            ("not_found", Some("there is no account x"))
        );
        assert!(body.message.contains("没有找到"), "{}", body.message);
    }
}
