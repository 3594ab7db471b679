//! The questions of a sign-in, put to the person or the script, and their answers.

use tunekey_core::{
    AccountId, Input, Language, OfficialPage, PastedAccount, Problem, ProblemCode, Secret, SignInStep,
    TuneKey, UserInput, display_text,
};

use crate::failure::Failure;
use crate::output::Output;
use crate::questions::{LineQuestion, ParsedLine};
use crate::request::SignInRequest;
use crate::stdin::{self, Source};
use crate::steps::show;

/// Asks the person or the script a step's question and returns the answer.
///
/// # Errors
/// When the input ends before the answer, or the question is declined.
pub(super) async fn ask(
    tunekey: &TuneKey,
    step: &SignInStep,
    request: &mut SignInRequest,
    output: Output,
) -> Result<UserInput, Failure> {
    match step {
        SignInStep::AskPaste { problem, .. } => {
            if let Some(text) = request.text.take() {
                return Ok(UserInput::Answer(Input::Text(text)));
            }
            match problem {
                // Only a terminal has more after its end.
                Some(problem) if output.json || !stdin::is_terminal() => return Err(problem.clone().into()),
                Some(_) | None => {}
            }
            prompt_for_text(output);
            return Ok(UserInput::Answer(Input::Text(stdin::read_all(Source::StandardInput).await?)));
        }
        // `--account` names the one that is meant.
        SignInStep::AskWhichAccount { accounts } => {
            if let Some(index) = position_of(request.wanted.as_ref(), accounts) {
                return Ok(UserInput::Answer(Input::Account(index)));
            }
        }
        SignInStep::AskPage { page } => return visit(page, request, tunekey, output).await,
        // The command itself is the consent.
        SignInStep::AskToGoOn { .. } => return Ok(UserInput::Answer(Input::Go)),
        _ => {}
    }
    let Some(question) = LineQuestion::of(step, request.method) else {
        return Err(Problem::new(ProblemCode::Unexpected).into());
    };
    loop {
        output.prompt(&question.prompt(output.language));
        let Some(line) = stdin::read_line().await? else {
            // The prompt's line is still open.
            output.note("");
            return Err(end_of_input(step));
        };
        let from_script = output.json || !stdin::is_terminal();
        match question.parse(exposed(&line), from_script) {
            ParsedLine::Input(input) => return Ok(input),
            ParsedLine::Decline => {
                return Err(match step {
                    SignInStep::AskWhichAccount { .. } | SignInStep::AskNewAccount { .. } => {
                        Problem::new(ProblemCode::Cancelled).into()
                    }
                    _ => other_account(step),
                });
            }
            ParsedLine::Unrecognised => show(step, request, output)?,
        }
    }
}

/// Shows the service's own page in a browser, until it has brought what it was opened for or is closed.
async fn visit(
    page: &OfficialPage,
    request: &SignInRequest,
    tunekey: &TuneKey,
    output: Output,
) -> Result<UserInput, Failure> {
    let Some(browser) = &request.browser else {
        return Err(Problem::new(ProblemCode::Unexpected).with_service(request.service).into());
    };
    let name = browser.name();
    let name = display_text::escaped(&name);
    output.note(&match output.language {
        Language::English => {
            format!("Sign in on the page that {name} opens. Its profile is thrown away afterwards.")
        }
        Language::Chinese => format!("请在 {name} 打开的页面中登录。其配置会在之后丢弃。"),
    });
    Ok(UserInput::Answer(browser.visit(page, &tunekey.settings().proxy).await?))
}

/// The index of the account that is to be signed in again among those of a pasted text.
fn position_of(wanted: Option<&AccountId>, accounts: &[PastedAccount]) -> Option<usize> {
    let wanted = wanted?;
    accounts.iter().position(|account| account.account.as_deref() == Some(wanted.uid.as_str()))
}

#[expect(clippy::disallowed_methods, reason = "an answer is parsed here, and handed on as a secret again")]
fn exposed(line: &Secret) -> &str {
    line.expose()
}

/// Says on a terminal how to paste.
pub(super) fn prompt_for_text(output: Output) {
    if stdin::is_terminal() {
        output.note(output.language.pick(
            "Paste the cookie, then press Enter and Ctrl-D. It is not shown.",
            "请粘贴 Cookie，然后按回车和 Ctrl-D。内容不会显示。",
        ));
    }
}

/// The failure when the input ends before a question is answered: what was wrong with the last answer, if there was one.
fn end_of_input(step: &SignInStep) -> Failure {
    let (english, chinese) = match step {
        SignInStep::AskOtherAccount { .. } => return other_account(step),
        SignInStep::AskWhichAccount { accounts } => return several_accounts(accounts),
        SignInStep::AskPhoneNumber { .. } => {
            ("The input ended before the phone number came.", "输入已结束，但没有收到手机号。")
        }
        SignInStep::AskTextCode { .. } => {
            ("The input ended before the code came.", "输入已结束，但没有收到验证码。")
        }
        _ => ("The input ended before the answer came.", "输入已结束，但没有收到回答。"),
    };
    if let Some(problem) = step.problem() {
        return problem.clone().into();
    }
    if stdin::is_terminal() {
        return Problem::new(ProblemCode::Cancelled).into();
    }
    Failure::new(ProblemCode::InvalidInput, english, chinese)
}

/// The failure when a pasted text holds several accounts and nobody says which one to take.
fn several_accounts(accounts: &[PastedAccount]) -> Failure {
    let named: Vec<&str> = accounts.iter().filter_map(|account| account.account.as_deref()).collect();
    let listed = |separator| if named.is_empty() { String::new() } else { named.join(separator) };
    let count = accounts.len();
    Failure::new(
        ProblemCode::InvalidInput,
        format!("It holds {count} accounts: {}. Import one at a time.", listed(", ")),
        format!("其中有 {count} 个账号：{}。请一次导入一个。", listed("、")),
    )
}

/// The failure when another account signed in than the one that was meant.
fn other_account(step: &SignInStep) -> Failure {
    let problem = Problem::new(ProblemCode::OtherAccount);
    let problem = match step {
        SignInStep::AskOtherAccount { account, wanted, .. } => problem
            .with_service(account.service)
            .with_detail(format!("{account} signed in where {wanted} was meant")),
        _ => problem,
    };
    problem.into()
}

#[cfg(test)]
mod tests {
    use tunekey_core::ServiceId;

    use super::*;

    #[test]
    fn input_that_ends_says_what_was_wrong_before_it_says_that_it_ended() {
        let wrong = Problem::new(ProblemCode::WrongCode);
        let step = SignInStep::AskPhoneNumber { problem: Some(wrong.clone()), wait_until: None };
        assert_eq!(end_of_input(&step), wrong.into());
    }

    #[test]
    fn input_that_ends_keeps_no_other_account() {
        let step = SignInStep::AskOtherAccount {
            account: AccountId::new(ServiceId::new("qqmusic"), "10002"),
            nickname: None,
            known: false,
            wanted: AccountId::new(ServiceId::new("qqmusic"), "10001"),
        };
        assert_eq!(end_of_input(&step).problem.code, ProblemCode::OtherAccount);
    }
}
