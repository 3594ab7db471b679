//! `tunekey sign-in` and `tunekey import`: follow a sign-in to its end, draw its code, put its questions.

use std::future::Future;
use std::pin::{Pin, pin};

use serde_json::json;
use tunekey_core::{
    Account, AccountId, Alternatives, Answer, Input, Language, Method, PastedAccount, Problem, ProblemCode,
    QrCode, Secret, ServiceId, SignIn, SignInStep, TuneKey, registry,
};

use crate::args::QrTarget;
use crate::commands::without_picture;
use crate::failure::Failure;
use crate::interrupt::{say_that_it_goes_on, unless_interrupted};
use crate::kept::{self, Choice, Tries};
use crate::output::Output;
use crate::questions::{self, Reply};
use crate::steps::{code_that_does_not_fit, draw, resized, show};
use crate::typed::{self, Source};
use crate::way::Way;
use crate::words;

/// Signs in, by the best method if none is named.
pub(crate) async fn run(
    tunekey: &TuneKey,
    service: ServiceId,
    method: Option<Method>,
    account: Option<&str>,
    qr: Option<QrTarget>,
    output: Output,
) -> Result<(), Failure> {
    let method = offered(tunekey, service, method)?;
    let wanted = wanted(tunekey, Some(service), account)?;
    follow(tunekey, Way { service, method, wanted, qr, text: None }, output).await
}

/// Signs in with a credential from elsewhere.
pub(crate) async fn import(
    tunekey: &TuneKey,
    service: Option<ServiceId>,
    source: Source,
    account: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    let wanted = wanted(tunekey, service, account)?;
    if source == Source::StandardInput {
        ask_for_text(output);
    }
    let text = unless_interrupted(typed::all(source), pin!(tokio::signal::ctrl_c())).await??;
    let service = match service {
        Some(service) => service,
        None => crate::import::service_of(&text, wanted.as_ref())?,
    };
    follow(tunekey, Way { service, method: Method::Paste, wanted, qr: None, text: Some(text) }, output).await
}

async fn follow(tunekey: &TuneKey, mut way: Way, output: Output) -> Result<(), Failure> {
    let before = tunekey.snapshot().accounts;
    let mut sign_in = tunekey.sign_in(way.service, way.method, way.wanted.clone());
    // One for all: Ctrl-C between two waits must not be lost.
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let (mut finishing, mut interrupted) = (false, false);
    let (mut confirmed, mut tries) = (false, Tries::new());
    let (mut tried_again, mut too_large) = (None, None);
    loop {
        let next = next_step(&mut sign_in, &mut too_large, &way, output);
        let step = match unless_interrupted(next, interrupt.as_mut()).await {
            Ok(step) => step,
            // Half a sign-in would be a lost one: the first Ctrl-C waits for what comes of it, the second does not.
            Err(_) if finishing && !interrupted => {
                interrupted = true;
                interrupt.set(tokio::signal::ctrl_c());
                say_that_it_goes_on(output);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let Some(step) = step else { return Err(Problem::new(ProblemCode::Unexpected).into()) };
        finishing = step.cannot_be_cancelled();
        if let SignInStep::Preparing = step
            && let Some(problem) = tried_again.take()
            && !kept::is_asked(output)
        {
            // What was confirmed is used up, and nobody is there to scan another code.
            return Err(Failure::from(problem).told());
        }
        show(&step, &way, output)?;
        too_large = code_that_does_not_fit(&step, &way, output);
        if let SignInStep::Failed { problem, alternatives } = &step
            && confirmed
            && alternatives.next.is_empty()
        {
            let choice = if interrupted {
                Ok(Choice::GiveUp)
            } else {
                unless_interrupted(tries.next(tunekey, problem, output), interrupt.as_mut()).await
            };
            match choice {
                Ok(Choice::Again) => {
                    sign_in.answer(Answer::Again);
                    tried_again = Some(problem.clone());
                    continue;
                }
                Ok(Choice::GiveUp) => {}
                Err(_) => {
                    interrupted = true;
                    interrupt.set(tokio::signal::ctrl_c());
                    output.note("");
                    say_that_it_goes_on(output);
                }
            }
            drop(sign_in);
            let saved = drain(tunekey, &before, way.service, interrupt.as_mut()).await?;
            return given_up(saved, problem, interrupted, output);
        }
        if let Some(end) = end_of(&step, &way, output.language) {
            return end;
        }
        // From here on the service has heard that it is to issue a credential, until another code is needed.
        confirmed =
            (confirmed || finishing) && way.method.is_new_sign_in() && !matches!(step, SignInStep::Preparing);
        if !step.waits_for_answer() {
            continue;
        }
        let answer = if interrupted {
            Err(Problem::new(ProblemCode::Cancelled).into())
        } else {
            let answer = unless_interrupted(answer(&step, &mut way, output), interrupt.as_mut()).await;
            // The prompt's line is still open.
            answer.inspect_err(|_| output.note("")).and_then(|answer| answer)
        };
        match answer {
            Ok(answer) => sign_in.answer(answer),
            Err(failure) => {
                if matches!(step, SignInStep::AskOtherAccount { .. }) {
                    decline(&mut sign_in).await;
                }
                let told = reason(&step) == Some(&failure.problem);
                return Err(if told { failure.told() } else { failure });
            }
        }
    }
}

/// Waits for what the core makes of a sign-in that nobody follows any more: it tries to save it a few times, then
/// ends it at the service. Gives back the account, if it was saved.
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

/// How a sign-in ends that was confirmed and given up.
fn given_up(
    saved: Option<Account>,
    problem: &Problem,
    interrupted: bool,
    output: Output,
) -> Result<(), Failure> {
    if let Some(account) = saved {
        let account = without_picture(account);
        output.note(output.language.pick("Signed in after all.", "登录最终成功。"));
        output.result(&json!({ "step": "done", "account": account }), || {
            words::line(&account, output.language)
        });
        return Ok(());
    }
    let ended = output.language.pick(
        "Nothing was saved; what was confirmed is given up. Sign in again.",
        "没有保存任何内容，已确认的登录也已放弃，请重新登录。",
    );
    Err(match interrupted {
        true => Failure::from(Problem::new(ProblemCode::Cancelled)),
        // People were told what stands in the way when it did.
        false => Failure::from(problem.clone()).told(),
    }
    .and_next(ended))
}

/// The next step. Until it comes, a code that does not fit is drawn again whenever the terminal changes.
async fn next_step(
    sign_in: &mut SignIn,
    too_large: &mut Option<QrCode>,
    way: &Way,
    output: Output,
) -> Option<SignInStep> {
    loop {
        let Some(code) = too_large.as_ref() else { return sign_in.next().await };
        tokio::select! {
            step = sign_in.next() => return step,
            () = resized() => {
                if draw(code, way, output) {
                    *too_large = None;
                }
            }
        }
    }
}

/// Drops the other account and waits until the service has been told: this process is about to end.
async fn decline(sign_in: &mut SignIn) {
    sign_in.answer(Answer::Again);
    // The machine starts over when it is done with that. A second Ctrl-C waits no longer.
    drop(unless_interrupted(sign_in.next(), pin!(tokio::signal::ctrl_c())).await);
}

/// The method to use, which has to work without a window.
fn offered(tunekey: &TuneKey, service: ServiceId, method: Option<Method>) -> Result<Method, Failure> {
    let offered = tunekey.services().into_iter().find(|offer| offer.id == service);
    let methods = offered.map(|offer| offer.methods).unwrap_or_default();
    if let Some(method) =
        method.or_else(|| methods.first().copied()).filter(|method| methods.contains(method))
    {
        return Ok(method);
    }
    let names: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    let (here, here_in_chinese) = (names.join(", "), names.join("、"));
    let in_the_window = method
        .filter(|method| method.needs_web_view() && registry::by_id(service).methods().contains(method));
    Err(match in_the_window {
        Some(method) => Failure::new(
            ProblemCode::InvalidInput,
            format!("{method} needs TuneKey’s window. On the command line {service} offers: {here}."),
            format!("{method} 只能在 TuneKey 窗口中使用。命令行中 {service} 可用的方式：{here_in_chinese}。"),
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

/// The account that is to be signed in again.
fn wanted(
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

/// What the person, or the program, answers to a step.
async fn answer(step: &SignInStep, way: &mut Way, output: Output) -> Result<Answer, Failure> {
    match step {
        SignInStep::AskPaste { problem, .. } => {
            if let Some(text) = way.text.take() {
                return Ok(Answer::Give(Input::Text(text)));
            }
            match problem {
                // Only a terminal has more after its end.
                Some(problem) if output.json || !typed::at_terminal() => return Err(problem.clone().into()),
                Some(_) | None => {}
            }
            ask_for_text(output);
            Ok(Answer::Give(Input::Text(typed::all(Source::StandardInput).await?)))
        }
        // Who said which account is meant need not say it twice.
        SignInStep::AskWhichAccount { accounts } if place_of(way.wanted.as_ref(), accounts).is_some() => {
            Ok(Answer::Give(Input::Account(place_of(way.wanted.as_ref(), accounts).unwrap_or_default())))
        }
        // Whoever typed the command wants it.
        SignInStep::AskToGoOn { .. } => Ok(Answer::Give(Input::Go)),
        _ => loop {
            if let Some(prompt) = questions::prompt(step, way.method, output.language) {
                output.prompt(&prompt);
            }
            let Some(line) = typed::line().await? else {
                // The prompt's line is still open.
                output.note("");
                return Err(ended(step));
            };
            let by_program = output.json || !typed::at_terminal();
            match questions::reply(step, way.method, said(&line), by_program) {
                Reply::Answer(answer) => return Ok(answer),
                Reply::Decline => {
                    return Err(match step {
                        SignInStep::AskWhichAccount { .. } => Problem::new(ProblemCode::Cancelled).into(),
                        _ => another(step),
                    });
                }
                Reply::NotUnderstood => show(step, way, output)?,
            }
        },
    }
}

/// The place of the account that is to be signed in again among those of a text.
fn place_of(wanted: Option<&AccountId>, accounts: &[PastedAccount]) -> Option<usize> {
    let wanted = wanted?;
    accounts.iter().position(|account| account.account.as_deref() == Some(wanted.uid.as_str()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "an answer is understood here, and handed on as a secret again"
)]
fn said(line: &Secret) -> &str {
    line.expose()
}

fn ask_for_text(output: Output) {
    if typed::at_terminal() {
        output.note(output.language.pick(
            "Paste the cookie, then press Enter and Ctrl-D. It is not shown.",
            "请粘贴 Cookie，然后按回车和 Ctrl-D。内容不会显示。",
        ));
    }
}

/// Why a sign-in ends when there is no more input: the last answer did not do, or there was none.
fn ended(step: &SignInStep) -> Failure {
    let (english, chinese) = match step {
        SignInStep::AskOtherAccount { .. } => return another(step),
        SignInStep::AskWhichAccount { accounts } => return several(accounts),
        SignInStep::AskPhoneNumber { .. } => {
            ("The input ended before the phone number came.", "输入已结束，但没有收到手机号。")
        }
        SignInStep::AskTextCode { .. } => {
            ("The input ended before the code came.", "输入已结束，但没有收到验证码。")
        }
        _ => ("The input ended before the answer came.", "输入已结束，但没有收到回答。"),
    };
    if let Some(problem) = reason(step) {
        return problem.clone().into();
    }
    if typed::at_terminal() {
        return Problem::new(ProblemCode::Cancelled).into();
    }
    Failure::new(ProblemCode::InvalidInput, english, chinese)
}

/// Several accounts in a text, and nobody who says which.
fn several(accounts: &[PastedAccount]) -> Failure {
    let named: Vec<&str> = accounts.iter().filter_map(|account| account.account.as_deref()).collect();
    let listed = |separator| if named.is_empty() { String::new() } else { named.join(separator) };
    let count = accounts.len();
    Failure::new(
        ProblemCode::InvalidInput,
        format!("It holds {count} accounts: {}. Import one at a time.", listed(", ")),
        format!("其中有 {count} 个账号：{}。请一次导入一个。", listed("、")),
    )
}

fn another(step: &SignInStep) -> Failure {
    let problem = Problem::new(ProblemCode::OtherAccount);
    let problem = match step {
        SignInStep::AskOtherAccount { account, wanted, .. } => problem
            .with_service(account.service)
            .with_detail(format!("{account} signed in where {wanted} was meant")),
        _ => problem,
    };
    problem.into()
}

/// Whether a step ends the command, and how: who wants another try types the command again.
fn end_of(step: &SignInStep, way: &Way, language: Language) -> Option<Result<(), Failure>> {
    let problem = |code| Some(Err(Problem::new(code).with_service(way.service).into()));
    match step {
        SignInStep::Done { .. } => Some(Ok(())),
        SignInStep::Expired { scanned: false } => problem(ProblemCode::Expired),
        SignInStep::Expired { scanned: true } => Some(Err(Problem::new(ProblemCode::Expired)
            .with_service(way.service)
            .with_words(
                "It was not confirmed on the phone: it was declined there, or the time ran out. Nothing was saved; \
                 sign in again for a new code.",
                "手机上没有确认：可能已取消或超时。没有保存任何内容，请重新登录以获取新二维码。",
            )
            .into())),
        SignInStep::Refused => problem(ProblemCode::Refused),
        SignInStep::RiskControl { problem, alternatives } | SignInStep::Failed { problem, alternatives } => {
            let failure = Failure::from(problem.clone());
            Some(Err(match next_steps(alternatives, way, language) {
                Some(next) => failure.and_next(next),
                None => failure,
            }))
        }
        // A method with a page is not offered here.
        SignInStep::AskPage { .. } | SignInStep::PageClosed | SignInStep::AskNewAccount { .. } => {
            problem(ProblemCode::Unexpected)
        }
        SignInStep::Preparing
        | SignInStep::ShowCode { .. }
        | SignInStep::Scanned { .. }
        | SignInStep::AskPhoneNumber { .. }
        | SignInStep::Sending
        | SignInStep::AskCaptcha { .. }
        | SignInStep::AskTextCode { .. }
        | SignInStep::AskPaste { .. }
        | SignInStep::AskWhichAccount { .. }
        | SignInStep::AskToGoOn { .. }
        | SignInStep::Exchanging
        | SignInStep::AskOtherAccount { .. }
        | SignInStep::Saving => None,
    }
}

/// The commands to type for the other ways in, best first.
fn next_steps(alternatives: &Alternatives, way: &Way, language: Language) -> Option<String> {
    if alternatives.next.is_empty() {
        return None;
    }
    let again = way.wanted.as_ref().map(|account| format!(" --account {account}")).unwrap_or_default();
    let mut rows = vec![language.pick("Other ways in:", "其他登录方式：").to_owned()];
    for other in &alternatives.next {
        rows.push(format!("  tunekey sign-in {} --method {}{again}", other.service, other.method));
    }
    Some(rows.join("\n"))
}

/// Why a question is asked again.
fn reason(step: &SignInStep) -> Option<&Problem> {
    match step {
        SignInStep::AskPhoneNumber { problem, .. }
        | SignInStep::AskTextCode { problem, .. }
        | SignInStep::AskPaste { problem, .. } => problem.as_ref(),
        SignInStep::AskCaptcha { .. }
        | SignInStep::AskWhichAccount { .. }
        | SignInStep::AskToGoOn { .. }
        | SignInStep::AskOtherAccount { .. }
        | SignInStep::AskPage { .. }
        | SignInStep::PageClosed
        | SignInStep::AskNewAccount { .. }
        | SignInStep::Preparing
        | SignInStep::ShowCode { .. }
        | SignInStep::Scanned { .. }
        | SignInStep::Sending
        | SignInStep::Exchanging
        | SignInStep::Saving
        | SignInStep::Done { .. }
        | SignInStep::Expired { .. }
        | SignInStep::Refused
        | SignInStep::RiskControl { .. }
        | SignInStep::Failed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::SignInOption;

    use super::*;

    fn way(wanted: Option<AccountId>) -> Way {
        Way { service: ServiceId::QqMusic, method: Method::QqScan, wanted, qr: None, text: None }
    }

    #[test]
    fn what_is_barred_names_the_commands_for_the_other_ways() {
        let next = [Method::WechatScan, Method::Paste];
        let next = next.map(|method| SignInOption { service: ServiceId::QqMusic, method }).to_vec();
        let alternatives = Alternatives { next, blocked: vec![Method::QqScan] };
        let said = next_steps(&alternatives, &way(None), Language::English).expect("there are others");
        assert_eq!(
            said,
            "Other ways in:\n  tunekey sign-in qqmusic --method wechat-scan\n  \
             tunekey sign-in qqmusic --method paste"
        );
        let meant = way(Some(AccountId::new(ServiceId::QqMusic, "10001")));
        let said = next_steps(&alternatives, &meant, Language::English).expect("there are others");
        assert!(said.contains("wechat-scan --account qqmusic:10001"), "the account is still meant: {said}");
        assert_eq!(next_steps(&Alternatives::default(), &way(None), Language::English), None);
    }

    #[test]
    fn a_code_that_ended_after_its_scan_is_not_called_expired() {
        let said = |scanned| {
            let end = end_of(&SignInStep::Expired { scanned }, &way(None), Language::English);
            let failure = end.expect("it ends the command").expect_err("nobody is signed in");
            (failure.problem.message(Language::English), failure.problem.message(Language::Chinese))
        };
        let (english, chinese) = said(true);
        assert!(english.contains("not confirmed on the phone") && chinese.contains("没有确认"), "{english}");
        assert!(said(false).0.contains("expired"), "{}", said(false).0);
    }

    #[test]
    fn input_that_ends_says_what_was_wrong_before_it_says_that_it_ended() {
        let wrong = Problem::new(ProblemCode::WrongCode);
        let step = SignInStep::AskPhoneNumber { problem: Some(wrong.clone()), wait_until: None };
        assert_eq!(ended(&step), wrong.into());
    }

    #[test]
    fn input_that_ends_keeps_no_other_account() {
        let step = SignInStep::AskOtherAccount {
            account: AccountId::new(ServiceId::QqMusic, "10002"),
            nickname: None,
            known: false,
            wanted: AccountId::new(ServiceId::QqMusic, "10001"),
        };
        assert_eq!(ended(&step).problem.code, ProblemCode::OtherAccount);
    }
}
