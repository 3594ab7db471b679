//! What a sign-in ends with: the result of the command.

use tunekey_core::{Alternatives, Language, Problem, ProblemCode, SignInStep, StepKind};

use crate::failure::Failure;
use crate::request::SignInRequest;

/// The result of the command, if a step ends it. Nothing is started over by itself: the command can be typed again.
pub(super) fn result_of(
    step: &SignInStep,
    request: &SignInRequest,
    language: Language,
) -> Option<Result<(), Failure>> {
    match step.kind() {
        StepKind::Progress | StepKind::Question | StepKind::PageQuestion => match step {
            SignInStep::PageClosed => Some(Err(page_closed())),
            _ => None,
        },
        StepKind::Done => Some(Ok(())),
        StepKind::Failure => Some(Err(failure_of(step, request, language))),
    }
}

/// The failure when the page was closed before it had brought anything.
fn page_closed() -> Failure {
    Failure::new(
        ProblemCode::Cancelled,
        "The page was closed before you were signed in. Nothing was saved.",
        "登录完成前页面已关闭，没有保存任何内容。",
    )
}

/// The failure that a step of kind [`StepKind::Failure`] stands for.
fn failure_of(step: &SignInStep, request: &SignInRequest, language: Language) -> Failure {
    let problem = |code| Problem::new(code).with_service(request.service);
    match step {
        SignInStep::Expired { scanned: false } => problem(ProblemCode::Expired).into(),
        SignInStep::Expired { scanned: true } => problem(ProblemCode::Expired)
            .with_words(
                "It was not confirmed on the phone: it was declined there, or the time ran out. Nothing was saved; \
                 sign in again for a new code.",
                "手机上没有确认：可能已取消或超时。没有保存任何内容，请重新登录以获取新二维码。",
            )
            .into(),
        SignInStep::Refused => problem(ProblemCode::Refused).into(),
        SignInStep::RiskControl { problem, alternatives } | SignInStep::Failed { problem, alternatives } => {
            let failure = Failure::from(problem.clone());
            match alternative_commands(alternatives, request, language) {
                Some(commands) => failure.with_hint(commands),
                None => failure,
            }
        }
        _ => problem(ProblemCode::Unexpected).into(),
    }
}

/// The commands for the other sign-in options, best first; `None` if there are none.
fn alternative_commands(
    alternatives: &Alternatives,
    request: &SignInRequest,
    language: Language,
) -> Option<String> {
    if alternatives.next.is_empty() {
        return None;
    }
    let again = request.wanted.as_ref().map(|account| format!(" --account {account}")).unwrap_or_default();
    let mut rows = vec![language.pick("Other ways in:", "其他登录方式：").to_owned()];
    for other in &alternatives.next {
        rows.push(format!("  tunekey sign-in {} --method {}{again}", other.service, other.method));
    }
    Some(rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use tunekey_core::{AccountId, Method, ServiceId, SignInOption};

    use super::*;

    fn request_for(wanted: Option<AccountId>) -> SignInRequest {
        SignInRequest { wanted, ..SignInRequest::new(ServiceId::new("qqmusic"), Method::QqScan) }
    }

    #[test]
    fn a_blocked_method_names_the_commands_for_the_alternatives() {
        let next = [Method::WechatScan, Method::Paste];
        let next = next.map(|method| SignInOption { service: ServiceId::new("qqmusic"), method }).to_vec();
        let alternatives = Alternatives { next, blocked: vec![Method::QqScan] };
        let commands = alternative_commands(&alternatives, &request_for(None), Language::English)
            .expect("there are others");
        assert_eq!(
            commands,
            "Other ways in:\n  tunekey sign-in qqmusic --method wechat-scan\n  \
             tunekey sign-in qqmusic --method paste"
        );
        let meant = request_for(Some(AccountId::new(ServiceId::new("qqmusic"), "10001")));
        let commands =
            alternative_commands(&alternatives, &meant, Language::English).expect("there are others");
        assert!(
            commands.contains("wechat-scan --account qqmusic:10001"),
            "the account is still meant: {commands}"
        );
        assert_eq!(
            alternative_commands(&Alternatives::default(), &request_for(None), Language::English),
            None
        );
    }

    #[test]
    fn a_code_that_ended_after_its_scan_is_not_called_expired() {
        let messages = |scanned| {
            let result = result_of(&SignInStep::Expired { scanned }, &request_for(None), Language::English);
            let failure = result.expect("it ends the command").expect_err("nobody is signed in");
            (failure.problem.message(Language::English), failure.problem.message(Language::Chinese))
        };
        let (english, chinese) = messages(true);
        assert!(english.contains("not confirmed on the phone") && chinese.contains("没有确认"), "{english}");
        assert!(messages(false).0.contains("expired"), "{}", messages(false).0);
    }
}
