//! `tunekey sign-in` and `tunekey import`: follow a sign-in to its end, show its steps and answer its questions. For
//! `lib.rs`.

use std::future::Future;
use std::pin::{Pin, pin};

use serde_json::json;
use tunekey_browser::InstalledBrowser;
use tunekey_core::{
    Account, AccountId, Alternatives, Delivery, Input, Language, Method, OfficialPage, PastedAccount,
    Problem, ProblemCode, QrCode, Secret, ServiceId, SignIn, SignInStep, StepKind, TuneKey, UserInput,
    display_text, registry,
};

use crate::args::QrTarget;
use crate::countdown::Countdown;
use crate::failure::Failure;
use crate::import::{Origin, read_cloud};
use crate::interrupt::{note_that_work_continues, unless_interrupted};
use crate::output::Output;
use crate::questions::{LineQuestion, ParsedLine};
use crate::request::SignInRequest;
use crate::retry::{self, Retries, RetryDecision};
use crate::stdin::{self, Source};
use crate::steps::{TerminalResizes, draw, oversized_code, show};
use crate::text;

/// Where what a sign-in shows is seen.
#[derive(Debug)]
pub(crate) struct Shows {
    /// Where a code is drawn; in the terminal when `None`.
    pub(crate) qr: Option<QrTarget>,
    /// What shows the service's own page; `None` where nothing can.
    pub(crate) browser: Option<InstalledBrowser>,
}

/// Signs in, by the service's first method if none is named.
///
/// # Errors
/// What the sign-in ended with, `NotFound` or `InvalidInput` when it cannot be started so.
pub(crate) async fn run(
    tunekey: &TuneKey,
    service: ServiceId,
    method: Option<Method>,
    account: Option<&str>,
    shows: Shows,
    output: Output,
) -> Result<(), Failure> {
    let method = choose_method(tunekey, service, method)?;
    let wanted = find_wanted(tunekey, Some(service), account)?;
    let Shows { qr, browser } = shows;
    follow(tunekey, SignInRequest { wanted, qr, browser, ..SignInRequest::new(service, method) }, output)
        .await
}

/// Signs in once more, for a delivery alone.
///
/// # Errors
/// As [`run`]; `InvalidInput` when the delivery has no sign-in of its own.
pub(crate) async fn for_delivery(
    tunekey: &TuneKey,
    delivery: &Delivery,
    method: Option<Method>,
    qr: Option<QrTarget>,
    output: Output,
) -> Result<(), Failure> {
    let service = delivery.account.service;
    let method = choose_method(tunekey, service, method)?;
    let (wanted, delivery) = (Some(delivery.account.clone()), Some(delivery.id.clone()));
    follow(tunekey, SignInRequest { wanted, qr, delivery, ..SignInRequest::new(service, method) }, output)
        .await
}

/// Signs in with a credential from a file, from standard input, or from a CookieCloud.
///
/// # Errors
/// The same, or `InvalidInput` when the text cannot be read or belongs to no service.
pub(crate) async fn import(
    tunekey: &TuneKey,
    service: Option<ServiceId>,
    origin: Origin,
    account: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    let wanted = find_wanted(tunekey, service, account)?;
    let (method, interrupt) = (origin.method(), pin!(tokio::signal::ctrl_c()));
    let text = match origin {
        Origin::Text(source) => {
            if source == Source::StandardInput {
                prompt_for_text(output);
            }
            unless_interrupted(stdin::read_all(source), interrupt).await??
        }
        Origin::Cloud(cloud, password) => {
            let read = read_cloud(tunekey, &cloud, password.as_deref(), output);
            unless_interrupted(read, interrupt).await??
        }
    };
    let service = match service {
        Some(service) => service,
        None => crate::import::service_of(&text, wanted.as_ref())?,
    };
    let request = SignInRequest { wanted, text: Some(text), ..SignInRequest::new(service, method) };
    follow(tunekey, request, output).await
}

/// Shows the steps of a sign-in and answers its questions until it ends.
async fn follow(tunekey: &TuneKey, mut request: SignInRequest, output: Output) -> Result<(), Failure> {
    let before = tunekey.snapshot().accounts;
    let mut sign_in = match &request.delivery {
        Some(delivery) => tunekey.start_own_sign_in(delivery, request.method)?,
        None => tunekey.start_sign_in(request.service, request.method, request.wanted.clone())?,
    };
    // One for all: Ctrl-C between two waits must not be lost.
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let (mut finishing, mut interrupted) = (false, false);
    let (mut confirmed, mut retries) = (false, Retries::new());
    let (mut retried, mut oversized, mut countdown) =
        (None, None, Countdown::of(&SignInStep::Preparing, output));
    let mut resizes = TerminalResizes::listen();
    loop {
        let next = next_step(&mut sign_in, &mut oversized, &mut resizes, &countdown, &request, output);
        let next = unless_interrupted(next, interrupt.as_mut()).await;
        countdown.end();
        let step = match next {
            Ok(step) => step,
            // Half a sign-in would be a lost one: the first Ctrl-C waits for what comes of it, the second does not.
            Err(_) if finishing && !interrupted => {
                interrupted = true;
                interrupt.set(tokio::signal::ctrl_c());
                note_that_work_continues(output);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let Some(step) = step else { return Err(Problem::new(ProblemCode::Unexpected).into()) };
        finishing = step.cannot_be_cancelled();
        if let SignInStep::Preparing = step
            && let Some(problem) = retried.take()
            && !retry::is_interactive(output)
        {
            // What was confirmed is used up, and no person is there to scan another code.
            return Err(Failure::from(problem).reported());
        }
        show(&step, &request, output)?;
        oversized = oversized_code(&step, &request, output);
        countdown = Countdown::of(&step, output);
        if let SignInStep::Failed { problem, alternatives } = &step
            && confirmed
            && alternatives.next.is_empty()
        {
            let decision = if interrupted {
                Ok(RetryDecision::GiveUp)
            } else {
                unless_interrupted(retries.wait(tunekey, problem, output), interrupt.as_mut()).await
            };
            match decision {
                Ok(RetryDecision::Retry) => {
                    sign_in.answer(UserInput::Again);
                    retried = Some(problem.clone());
                    continue;
                }
                Ok(RetryDecision::GiveUp) => {}
                Err(_) => {
                    interrupted = true;
                    interrupt.set(tokio::signal::ctrl_c());
                    output.note("");
                    note_that_work_continues(output);
                }
            }
            drop(sign_in);
            let saved = drain(tunekey, &before, request.service, interrupt.as_mut()).await?;
            return finish_abandoned(saved, problem, interrupted, output);
        }
        if let Some(result) = result_of(&step, &request, output.language) {
            return result;
        }
        // From here on the service has heard that it is to issue a credential, until another code is needed.
        confirmed = (confirmed || finishing)
            && request.method.is_new_sign_in()
            && !matches!(step, SignInStep::Preparing);
        if !step.waits_for_answer() {
            continue;
        }
        let answer = if interrupted {
            Err(Problem::new(ProblemCode::Cancelled).into())
        } else {
            let answer =
                unless_interrupted(ask(tunekey, &step, &mut request, output), interrupt.as_mut()).await;
            // The prompt's line is still open.
            answer.inspect_err(|_| output.note("")).and_then(|answer| answer)
        };
        match answer {
            Ok(answer) => sign_in.answer(answer),
            Err(failure) => {
                if matches!(step, SignInStep::AskOtherAccount { .. } | SignInStep::AskNewAccount { .. }) {
                    decline(&mut sign_in).await;
                }
                let is_reported = step.problem() == Some(&failure.problem);
                return Err(if is_reported { failure.reported() } else { failure });
            }
        }
    }
}

/// Waits until the core has saved a sign-in that nobody follows any more, or has ended it at the service after a few
/// tries. Returns the account if it was saved.
async fn drain(
    tunekey: &TuneKey,
    before: &[Account],
    service: ServiceId,
    interrupt: Pin<&mut impl Future>,
) -> Result<Option<Account>, Failure> {
    unless_interrupted(tunekey.drain(), interrupt).await?;
    let is_as_before = |account: &Account| {
        before.iter().any(|old| old.id == account.id && old.life.issued_at == account.life.issued_at)
    };
    let now = tunekey.snapshot().accounts.into_iter();
    Ok(now.filter(|account| account.service == service).find(|account| !is_as_before(account)))
}

/// The result of a sign-in that was confirmed and then given up.
fn finish_abandoned(
    saved: Option<Account>,
    problem: &Problem,
    interrupted: bool,
    output: Output,
) -> Result<(), Failure> {
    if let Some(account) = saved {
        output.note(output.language.pick("Signed in after all.", "登录最终成功。"));
        output.result(&json!({ "step": "done", "account": account }), || {
            text::account_line(&account, output.language)
        });
        return Ok(());
    }
    let hint = output.language.pick(
        "Nothing was saved; what was confirmed is given up. Sign in again.",
        "没有保存任何内容，已确认的登录也已放弃，请重新登录。",
    );
    Err(match interrupted {
        true => Failure::from(Problem::new(ProblemCode::Cancelled)),
        // The problem was printed when it came up.
        false => Failure::from(problem.clone()).reported(),
    }
    .with_hint(hint))
}

/// Waits for the next step. Draws a code that does not fit again whenever the terminal's size changes.
async fn next_step(
    sign_in: &mut SignIn,
    oversized: &mut Option<QrCode>,
    resizes: &mut TerminalResizes,
    countdown: &Countdown,
    request: &SignInRequest,
    output: Output,
) -> Option<SignInStep> {
    loop {
        let resized = async {
            match oversized.as_ref() {
                Some(code) => {
                    resizes.next().await;
                    code
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            step = sign_in.next() => return step,
            () = countdown.tick() => {}
            code = resized => {
                if draw(code, request, output) {
                    *oversized = None;
                }
            }
        }
    }
}

/// Drops an account that was not meant, and waits until its credential is ended at the service, because this process is
/// about to end.
async fn decline(sign_in: &mut SignIn) {
    sign_in.answer(UserInput::Again);
    // The machine starts over when it is done with that. A second Ctrl-C waits no longer.
    drop(unless_interrupted(sign_in.next(), pin!(tokio::signal::ctrl_c())).await);
}

/// The method to use: the named one, or the service's first.
///
/// # Errors
/// `InvalidInput` when it needs a browser and there is none, `NotFound` when the service does not have it.
fn choose_method(tunekey: &TuneKey, service: ServiceId, method: Option<Method>) -> Result<Method, Failure> {
    let offered = tunekey.services().into_iter().find(|offer| offer.id == service);
    let methods = offered.map(|offer| offer.methods).unwrap_or_default();
    if method == Some(Method::CookieCloud) {
        return Err(Failure::new(
            ProblemCode::InvalidInput,
            "The cookies of a browser are imported: `tunekey import --cookiecloud URL --uuid UUID`.",
            "浏览器的 Cookie 请用导入：`tunekey import --cookiecloud URL --uuid UUID`。",
        ));
    }
    if let Some(method) =
        method.or_else(|| methods.first().copied()).filter(|method| methods.contains(method))
    {
        return Ok(method);
    }
    let names: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    let (here, here_in_chinese) = (names.join(", "), names.join("、"));
    let needs_browser = method.filter(|method| method.shows_page() && offers(service, *method));
    Err(match needs_browser {
        Some(method) if !InstalledBrowser::CAN_BE_LED => Failure::new(
            ProblemCode::InvalidInput,
            format!(
                "Not on Windows yet: on the command line, {method} can’t be shown here. TuneKey’s window shows it. Here {service} \
                 offers: {here}."
            ),
            format!(
                "Windows 的命令行暂不支持 {method}，请在 TuneKey 窗口中使用。此处 {service} 可用的方式：{here_in_chinese}。"
            ),
        ),
        Some(method) => Failure::new(
            ProblemCode::InvalidInput,
            format!(
                "{method} needs a screen and Chromium, Chrome, Edge or Brave, or TuneKey’s window. If yours was not found, name it: \
                 --browser FILE. Without one {service} offers: {here}."
            ),
            format!(
                "{method} 需要屏幕和 Chromium、Chrome、Edge 或 Brave，也可在 TuneKey 窗口中使用。如未找到浏览器，请用 --browser 指定。\
                 没有浏览器时 {service} 可用的方式：{here_in_chinese}。"
            ),
        ),
        None => {
            let method = method.map_or("", Method::as_str);
            Failure::new(
                ProblemCode::NotFound,
                format!("{service} has no sign-in by {method}. It offers: {here}."),
                format!("{service} 没有 {method} 这种登录方式。可用的方式：{here_in_chinese}。"),
            )
        }
    })
}

/// Whether the service has a way in, in this front or in another.
fn offers(service: ServiceId, method: Method) -> bool {
    registry::facts(service).is_some_and(|facts| facts.methods().any(|offered| offered == method))
}

/// The account that is to be signed in again, if one is named.
///
/// # Errors
/// When there is no such account, or it belongs to another service.
fn find_wanted(
    tunekey: &TuneKey,
    service: Option<ServiceId>,
    account: Option<&str>,
) -> Result<Option<AccountId>, Failure> {
    let Some(name) = account else { return Ok(None) };
    let account = tunekey.find(name)?;
    match service.filter(|service| *service != account.service) {
        Some(service) => Err(Failure::new(
            ProblemCode::InvalidInput,
            format!("{account} is no account of {service}. Leave --account out, or name one of {service}."),
            format!("{account} 不是 {service} 的账号。请去掉 --account，或改为 {service} 的账号。"),
        )),
        None => Ok(Some(account)),
    }
}

/// Asks the person or the script a step's question and returns the answer.
///
/// # Errors
/// When the input ends before the answer, or the question is declined.
async fn ask(
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

fn prompt_for_text(output: Output) {
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

/// The result of the command, if a step ends it. Nothing is started over by itself: the command can be typed again.
fn result_of(step: &SignInStep, request: &SignInRequest, language: Language) -> Option<Result<(), Failure>> {
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
    use tunekey_core::SignInOption;

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
