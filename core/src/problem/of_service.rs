//! What a failure of the services crate means to the fronts: one exhaustive match each.

use tunekey_services::{HttpError, InputError, NotTheAnswer, ProxyError, ServiceError, ServiceId};

use super::{Problem, ProblemCode};

impl Problem {
    /// A failed call to a service, as every front may show it.
    pub fn of_service(error: ServiceError, service: ServiceId) -> Self {
        let detail = error.to_string();
        let (code, service_message) = match error {
            ServiceError::InvalidInput { reason, service_message, .. } => {
                return of_input(reason, service_message).with_service(service);
            }
            ServiceError::Http { source, .. } => (source.into(), None),
            ServiceError::NotTheService { got, .. } => (got.into(), None),
            ServiceError::Rejected { .. } => (ProblemCode::Rejected, None),
            ServiceError::RiskControl { service_message, .. } => (ProblemCode::RiskControl, service_message),
            ServiceError::RateLimited { service_message, .. } => (ProblemCode::RateLimited, service_message),
            ServiceError::DeviceLimit { service_message, .. } => (ProblemCode::DeviceLimit, service_message),
            ServiceError::Restricted { service_message, .. } => (ProblemCode::Restricted, service_message),
            ServiceError::ClientTooOld { service_message, .. } => {
                (ProblemCode::ClientTooOld, service_message)
            }
            ServiceError::WrongMethod { service_message, .. } => (ProblemCode::WrongMethod, service_message),
            ServiceError::WrongCode { service_message, .. } => (ProblemCode::WrongCode, service_message),
            ServiceError::ExchangeLost { .. } => (ProblemCode::ExchangeLost, None),
            ServiceError::ForeignCode { .. } => (ProblemCode::ForeignCode, None),
            ServiceError::OtherAccount { .. } => (ProblemCode::Unexpected, None),
            ServiceError::Unexpected { service_message, .. } => (ProblemCode::Unexpected, service_message),
        };
        Self { service_message, ..Self::new(code).with_service(service).with_detail(detail) }
    }
}

/// What is wrong with something that was typed, with what to do about it.
fn of_input(reason: InputError, service_message: Option<String>) -> Problem {
    match reason {
        InputError::CountryCode => Problem::invalid(
            "A country code has one to three digits. Check it.",
            "国家代码为 1 至 3 位数字，请检查。",
        ),
        InputError::OtherCountry => Problem::invalid(
            "The number begins with another country’s code than the one beside it. Correct one of them.",
            "号码开头的国家代码与旁边所选的不一致，请更正其中之一。",
        ),
        InputError::NotDigits => Problem::invalid(
            "There is more than digits in that phone number. Check it.",
            "手机号中有数字以外的内容，请检查。",
        ),
        InputError::MainlandLength => Problem::invalid(
            "A phone number of mainland China has 11 digits. For another country put its code before the \
             number, as in +852 91234567.",
            "中国大陆手机号为 11 位。其他国家或地区请在号码前加国家代码，如 +852 91234567。",
        ),
        InputError::Length => Problem::invalid(
            "A phone number has 5 to 15 digits. Check it.",
            "手机号为 5 至 15 位数字，请检查。",
        ),
        // Nothing was sent, so that nothing can have been wrong.
        InputError::NoTextCode => Problem::invalid(
            "There is no code in that: it has 4 to 8 digits. Type it as the message says.",
            "其中没有验证码：验证码为 4 至 8 位数字，请按短信内容输入。",
        ),
        InputError::Refused { code } => {
            let problem = Problem { service_message, ..Problem::new(ProblemCode::InvalidInput) };
            match code {
                Some(code) => problem.with_detail(format!("code {code}")),
                None => problem,
            }
        }
    }
}

impl From<HttpError> for Problem {
    fn from(error: HttpError) -> Self {
        let problem = Self::new(error.into()).with_detail(error.to_string());
        match error {
            // The value can hold a password: only its place is said.
            HttpError::ProxyUnusable(source) => problem.with_words(
                format!(
                    "{source} names a proxy that TuneKey can’t use, so nothing was sent. Write it as \
                     http://host:port or socks5h://host:port, or choose a proxy, or none, in the settings."
                ),
                format!(
                    "{source} 里的代理 TuneKey 无法使用，因此未发送任何内容。请写成 http://主机:端口 或 \
                     socks5h://主机:端口，或在设置里指定代理或不使用代理。"
                ),
            ),
            _ => problem,
        }
    }
}

impl From<ProxyError> for Problem {
    fn from(error: ProxyError) -> Self {
        match error {
            ProxyError::NotAnAddress => Self::invalid(
                "This is no proxy address. Write it as http://127.0.0.1:7890 or socks5h://127.0.0.1:1080, or use \
             system or none.",
                "这不是代理地址。请写成 http://127.0.0.1:7890 或 socks5h://127.0.0.1:1080，或使用 system、none。",
            ),
            ProxyError::UnknownScheme => Self::invalid(
                "A proxy address starts with http://, https://, socks5:// or socks5h://.",
                "代理地址以 http://、https://、socks5:// 或 socks5h:// 开头。",
            ),
            ProxyError::NoHost => Self::invalid(
                "A proxy address names a host, such as http://127.0.0.1:7890.",
                "代理地址要写明主机，例如 http://127.0.0.1:7890。",
            ),
            ProxyError::Password => Self::invalid(
                "A proxy address with a user name or password can’t be kept. Leave them out, or put the address \
             into the variable HTTPS_PROXY and use system.",
                "带用户名或密码的代理地址无法保存。请去掉它们，或把地址写进环境变量 HTTPS_PROXY 并使用 system。",
            ),
        }
    }
}

/// None of these says anything about a credential.
impl From<HttpError> for ProblemCode {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Connect | HttpError::Tls | HttpError::Interrupted => Self::Offline,
            HttpError::NameNotResolved => Self::NameNotResolved,
            HttpError::Certificate => Self::UntrustedCertificate,
            HttpError::NotTls => Self::NotTheService,
            HttpError::Timeout => Self::Timeout,
            HttpError::TooLarge => Self::Unexpected,
            HttpError::ProxyUnreachable => Self::ProxyUnreachable,
            HttpError::ProxyPassword => Self::ProxyPassword,
            HttpError::ProxyRefused => Self::ProxyRefused,
            HttpError::ProxyUnusable(_) => Self::ProxyUnusable,
            HttpError::BadCertificateFile => Self::ExtraCaUnusable,
            HttpError::NoAuthorities => Self::NoAuthorities,
        }
    }
}

/// A connection that a service ended, or a service that is busy, is no answer of somebody else.
impl From<NotTheAnswer> for ProblemCode {
    fn from(got: NotTheAnswer) -> Self {
        match got {
            NotTheAnswer::ServerError => Self::ServerError,
            NotTheAnswer::Redirect | NotTheAnswer::WebPage | NotTheAnswer::Empty | NotTheAnswer::Other => {
                Self::NotTheService
            }
            NotTheAnswer::Ended | NotTheAnswer::Busy => Self::Offline,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tunekey_services::qqmusic;

    use super::*;
    use crate::problem::Language;

    #[test]
    fn what_came_in_place_of_data_has_a_code_of_its_own() {
        for (got, code) in [
            (NotTheAnswer::Redirect, ProblemCode::NotTheService),
            (NotTheAnswer::WebPage, ProblemCode::NotTheService),
            (NotTheAnswer::Empty, ProblemCode::NotTheService),
            (NotTheAnswer::Other, ProblemCode::NotTheService),
            (NotTheAnswer::ServerError, ProblemCode::ServerError),
            (NotTheAnswer::Ended, ProblemCode::Offline),
            (NotTheAnswer::Busy, ProblemCode::Offline),
        ] {
            assert_eq!(ProblemCode::from(got), code, "{got:?}");
        }
        assert_eq!(ProblemCode::from(HttpError::NotTls), ProblemCode::NotTheService, "as a portal does");
    }

    #[test]
    fn every_cause_has_words_of_its_own_with_a_next_step_in_both_languages() {
        let errors = [
            HttpError::Connect,
            HttpError::NameNotResolved,
            HttpError::Certificate,
            HttpError::NotTls,
            HttpError::Timeout,
            HttpError::ProxyUnreachable,
            HttpError::ProxyPassword,
            HttpError::ProxyRefused,
            HttpError::ProxyUnusable("all_proxy"),
            HttpError::BadCertificateFile,
            HttpError::NoAuthorities,
        ];
        for language in [Language::English, Language::Chinese] {
            let all: HashSet<_> =
                errors.iter().map(|error| Problem::from(*error).message(language)).collect();
            assert_eq!(all.len(), errors.len(), "two of them say the same: {all:#?}");
            for service_message in all {
                let next = ["Check", "Start", "Install", "Choose", "put ", "open ", "Write", "请"];
                assert!(
                    next.iter().any(|step| service_message.contains(step)),
                    "it names no next step: {service_message}"
                );
                assert!(!service_message.contains('{'), "a gap was left: {service_message}");
            }
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_by_its_place() {
        for place in ["https_proxy", "all_proxy"] {
            let problem = Problem::from(HttpError::ProxyUnusable(place));
            for language in [Language::English, Language::Chinese] {
                assert!(problem.message(language).contains(place), "it says where: {problem}");
            }
        }
    }

    #[test]
    fn why_something_typed_is_refused_is_said_in_the_language_of_the_person() {
        let reasons = [
            InputError::CountryCode,
            InputError::OtherCountry,
            InputError::NotDigits,
            InputError::MainlandLength,
            InputError::Length,
            InputError::NoTextCode,
        ];
        for reason in reasons {
            let error = ServiceError::InvalidInput { doing: "testing", reason, service_message: None };
            let problem = Problem::of_service(error, qqmusic::ID);
            assert_eq!(problem.code, ProblemCode::InvalidInput);
            let chinese = problem.message(Language::Chinese);
            assert!(!chinese.contains(|c: char| c.is_ascii_alphabetic()), "{chinese}");
            assert_ne!(problem.message(Language::English), chinese);
        }
    }

    #[test]
    fn a_refusal_of_the_service_keeps_its_words_and_its_code() {
        let reason = InputError::Refused { code: Some(104_400) };
        let service_message = Some("该号码段暂不支持".to_owned());
        let error =
            ServiceError::InvalidInput { doing: "testing", reason, service_message: service_message.clone() };
        let problem = Problem::of_service(error, qqmusic::ID);
        assert_eq!(
            (problem.code, problem.service_message, problem.detail.as_deref()),
            (ProblemCode::InvalidInput, service_message, Some("code 104400"))
        );
    }
}
