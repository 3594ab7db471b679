//! `tunekey sign-in` and `tunekey import`: follow a sign-in to its end, draw its code, put its questions.

use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::pin::{Pin, pin};

use atomic_write_file::AtomicWriteFile;
use serde_json::{Value, json};
use tunekey_core::account::{AccountId, Method, ServiceId};
use tunekey_core::problem::{Language, Problem, ProblemCode};
use tunekey_core::qr::QrCode;
use tunekey_core::secret::Secret;
use tunekey_core::service::{self, Input, PastedAccount};
use tunekey_core::sign_in::{Answer, Others, SignIn, SignInStep};
use tunekey_core::tunekey::TuneKey;

use crate::args::QrTarget;
use crate::commands::without_picture;
use crate::failure::Failure;
use crate::output::Output;
use crate::questions::{self, Reply};
use crate::typed::{self, Source};
use crate::words;

/// The modules of a code in a PNG: big enough for a phone held over a small picture.
const PNG_MODULE_PIXELS: u32 = 8;
/// The white border that scanners need around a code (ISO 18004).
const QUIET_MODULES: u32 = 4;

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
        None => crate::import::service_of(&text, wanted.as_ref(), output.language)?,
    };
    follow(tunekey, Way { service, method: Method::Paste, wanted, qr: None, text: Some(text) }, output).await
}

/// How to sign in.
struct Way {
    service: ServiceId,
    method: Method,
    /// The account that is to be signed in again; any when `None`.
    wanted: Option<AccountId>,
    qr: Option<QrTarget>,
    /// What is pasted, when it was read before.
    text: Option<Secret>,
}

async fn follow(tunekey: &TuneKey, mut way: Way, output: Output) -> Result<(), Failure> {
    let mut sign_in = tunekey.sign_in(way.service, way.method, way.wanted.clone());
    // One for all: Ctrl-C between two waits must not be lost.
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let (mut finishing, mut interrupted) = (false, false);
    loop {
        let step = match unless_interrupted(sign_in.next(), interrupt.as_mut()).await {
            Ok(step) => step,
            // Half a sign-in would be a lost one: the first Ctrl-C waits for what comes of it, the second does not.
            Err(_) if finishing && !interrupted => {
                interrupted = true;
                interrupt.set(tokio::signal::ctrl_c());
                output.note(output.language.pick(
                    "What comes of it is kept. Press Ctrl-C again not to wait for it.",
                    "登录结果仍会保存。再按一次 Ctrl-C 则不再等待。",
                ));
                continue;
            }
            Err(problem) => return Err(problem.into()),
        };
        let Some(step) = step else { return Err(Problem::new(ProblemCode::Unexpected).into()) };
        finishing = step.cannot_be_cancelled();
        show(&step, &way, output)?;
        if let Some(end) = end_of(&step, &way, output.language) {
            return end;
        }
        if !step.waits_for_answer() {
            continue;
        }
        let answer = if interrupted {
            Err(Problem::new(ProblemCode::Cancelled))
        } else {
            let answer = unless_interrupted(answer(&step, &mut way, output), interrupt.as_mut()).await;
            answer.and_then(|answer| answer)
        };
        match answer {
            Ok(answer) => sign_in.answer(answer),
            Err(problem) => {
                if matches!(step, SignInStep::AskOtherAccount { .. }) {
                    decline(&mut sign_in).await;
                }
                let told = reason(&step) == Some(&problem);
                return Err(Failure { problem, next: None, told });
            }
        }
    }
}

/// Waits for something that Ctrl-C gives up.
async fn unless_interrupted<T>(
    waiting: impl Future<Output = T>,
    interrupt: Pin<&mut impl Future>,
) -> Result<T, Problem> {
    tokio::select! {
        result = waiting => Ok(result),
        _ = interrupt => Err(Problem::new(ProblemCode::Cancelled)),
    }
}

/// Drops the other account and waits until the service has been told: this process is about to end.
async fn decline(sign_in: &mut SignIn) {
    sign_in.answer(Answer::Again);
    // The machine starts over when it is done with that. A second Ctrl-C waits no longer.
    drop(unless_interrupted(sign_in.next(), pin!(tokio::signal::ctrl_c())).await);
}

/// The method to use, which has to work without a window.
fn offered(tunekey: &TuneKey, service: ServiceId, method: Option<Method>) -> Result<Method, Problem> {
    let offered = tunekey.services().into_iter().find(|offer| offer.id == service);
    let methods = offered.map(|offer| offer.methods).unwrap_or_default();
    if let Some(method) =
        method.or_else(|| methods.first().copied()).filter(|method| methods.contains(method))
    {
        return Ok(method);
    }
    let names: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    let here = names.join(", ");
    let in_the_window =
        method.filter(|method| method.needs_web_view() && service::by_id(service).methods().contains(method));
    Err(match in_the_window {
        Some(method) => Problem::new(ProblemCode::InvalidInput).with_detail(format!(
            "{method} needs TuneKey’s window; on the command line {service} offers {here}"
        )),
        None => Problem::new(ProblemCode::NotFound).with_detail(format!("{service} offers {here}")),
    }
    .with_service(service))
}

/// The account that is to be signed in again.
fn wanted(
    tunekey: &TuneKey,
    service: Option<ServiceId>,
    account: Option<&str>,
) -> Result<Option<AccountId>, Problem> {
    let Some(name) = account else { return Ok(None) };
    let account = tunekey.find(name)?;
    match service.filter(|service| *service != account.service) {
        Some(service) => Err(Problem::new(ProblemCode::InvalidInput)
            .with_detail(format!("{account} is no account of {service}"))),
        None => Ok(Some(account)),
    }
}

/// What the person, or the program, answers to a step.
async fn answer(step: &SignInStep, way: &mut Way, output: Output) -> Result<Answer, Problem> {
    match step {
        SignInStep::AskPaste { problem, .. } => {
            if let Some(text) = way.text.take() {
                return Ok(Answer::Give(Input::Text(text)));
            }
            match problem {
                // Only a terminal has more after its end.
                Some(problem) if output.json || !typed::at_terminal() => return Err(problem.clone()),
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
            if let Some(prompt) = questions::prompt(step, output.language) {
                output.prompt(&prompt);
            }
            let Some(line) = typed::line().await? else {
                // The prompt's line is still open.
                output.note("");
                return Err(ended(step));
            };
            let by_program = output.json || !typed::at_terminal();
            match questions::reply(step, said(&line), by_program) {
                Reply::Answer(answer) => return Ok(answer),
                Reply::Decline => {
                    return Err(match step {
                        SignInStep::AskWhichAccount { .. } => Problem::new(ProblemCode::Cancelled),
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
fn ended(step: &SignInStep) -> Problem {
    let wanted = match step {
        SignInStep::AskOtherAccount { .. } => return another(step),
        SignInStep::AskWhichAccount { accounts } => return several(accounts),
        SignInStep::AskPhoneNumber { .. } => "the phone number",
        SignInStep::AskTextCode { .. } => "the code",
        _ => "the answer",
    };
    if let Some(problem) = reason(step) {
        return problem.clone();
    }
    if typed::at_terminal() {
        return Problem::new(ProblemCode::Cancelled);
    }
    Problem::new(ProblemCode::InvalidInput).with_detail(format!("the input ended before {wanted} came"))
}

/// Several accounts in a text, and nobody who says which.
fn several(accounts: &[PastedAccount]) -> Problem {
    let named: Vec<&str> = accounts.iter().filter_map(|account| account.account.as_deref()).collect();
    let which = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
    let detail = format!("it holds {} accounts{which}; import one at a time", accounts.len());
    Problem::new(ProblemCode::InvalidInput).with_detail(detail)
}

fn another(step: &SignInStep) -> Problem {
    let problem = Problem::new(ProblemCode::OtherAccount);
    match step {
        SignInStep::AskOtherAccount { account, wanted, .. } => problem
            .with_service(account.service)
            .with_detail(format!("{account} signed in where {wanted} was meant")),
        _ => problem,
    }
}

/// Whether a step ends the command, and how: who wants another try types the command again.
fn end_of(step: &SignInStep, way: &Way, language: Language) -> Option<Result<(), Failure>> {
    let problem = |code| Some(Err(Problem::new(code).with_service(way.service).into()));
    match step {
        SignInStep::Done { .. } => Some(Ok(())),
        SignInStep::Expired => problem(ProblemCode::Expired),
        SignInStep::Refused => problem(ProblemCode::Refused),
        SignInStep::RiskControl { problem, others } | SignInStep::Failed { problem, others } => {
            let next = next_steps(others, way, language);
            Some(Err(Failure { problem: problem.clone(), next, told: false }))
        }
        // A method with a page is not offered here.
        SignInStep::AskPage { .. } | SignInStep::PageClosed => problem(ProblemCode::Unexpected),
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
fn next_steps(others: &Others, way: &Way, language: Language) -> Option<String> {
    if others.next.is_empty() {
        return None;
    }
    let again = way.wanted.as_ref().map(|account| format!(" --account {account}")).unwrap_or_default();
    let mut rows = vec![language.pick("Other ways in:", "其他登录方式：").to_owned()];
    for other in &others.next {
        rows.push(format!("  tunekey sign-in {} --method {}{again}", other.service, other.method));
    }
    Some(rows.join("\n"))
}

fn show(step: &SignInStep, way: &Way, output: Output) -> Result<(), Problem> {
    let qr = way.qr.as_ref();
    if let (SignInStep::ShowCode { code, .. }, Some(QrTarget::Png(file))) = (step, qr) {
        write_png(code, file)?;
    }
    if output.json {
        output.line(&as_json(step, qr).to_string());
        return Ok(());
    }
    let language = output.language;
    match step {
        SignInStep::Preparing => match way.method {
            Method::QqScan | Method::WechatScan | Method::AppScan => {
                output.note(language.pick("Getting a code…", "正在获取二维码…"));
            }
            Method::Phone | Method::OfficialPage | Method::Paste => {}
        },
        SignInStep::ShowCode { code, valid_until, .. } => {
            match qr {
                Some(QrTarget::Png(file)) => output.line(&file.display().to_string()),
                Some(QrTarget::Terminal) | None => output.line(&code.terminal()),
            }
            output.note(&format!(
                "{} {} {}",
                scan_with(way.service, way.method, language),
                language.pick("Valid until", "有效期至"),
                words::time(*valid_until),
            ));
        }
        SignInStep::Scanned { nickname, .. } => output.note(&format!(
            "{}{} {}",
            language.pick("Scanned", "已扫码"),
            nickname.as_ref().map(|name| format!(" ({name})")).unwrap_or_default(),
            language.pick("— confirm on your phone.", "，请在手机上确认登录。"),
        )),
        SignInStep::AskPhoneNumber { problem, wait_until } => {
            told(problem.as_ref(), output);
            if let Some(at) = wait_until {
                output.note(&format!("{} {}", language.pick("Wait until", "请等到"), words::clock(*at)));
            }
        }
        SignInStep::Sending => output.note(language.pick("Asking for a code…", "正在请求验证码…")),
        SignInStep::AskCaptcha { address } => {
            output.note(language.pick(
                "The service wants a check first. Open this address in your browser:",
                "对方要求先完成安全验证，请在浏览器中打开：",
            ));
            output.line(address.as_str());
        }
        SignInStep::AskTextCode { sent_to, problem, .. } => {
            told(problem.as_ref(), output);
            output.note(&format!("{} {sent_to}", language.pick("A code was sent to", "验证码已发送至")));
        }
        SignInStep::AskPaste { unusable: Some(unusable), .. } => {
            output.note(&words::unusable(unusable, language));
        }
        SignInStep::AskPaste { problem, .. } => told(problem.as_ref(), output),
        SignInStep::AskWhichAccount { accounts } => {
            output.note(&words::pasted_accounts(accounts, language));
        }
        SignInStep::AskToGoOn { recognised } => output.note(&words::recognised(recognised, language)),
        SignInStep::Exchanging => output.note(match way.method {
            Method::Paste => language.pick("Checking it with the service…", "正在向对方服务核对…"),
            Method::QqScan | Method::WechatScan | Method::AppScan | Method::Phone | Method::OfficialPage => {
                language.pick("Confirmed, getting your credential…", "已确认，正在换取凭据…")
            }
        }),
        SignInStep::AskOtherAccount { account, nickname, wanted, .. } => {
            let name = nickname.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            output.note(&match language {
                Language::English => format!("{account}{name} signed in, but {wanted} was meant."),
                Language::Chinese => format!("登录的是 {account}{name}，而不是 {wanted}。"),
            });
        }
        SignInStep::Saving => output.note(language.pick("Saving to the keychain…", "正在存入系统密钥环…")),
        SignInStep::Done { account, known } => {
            output.note(if *known {
                language.pick("Signed in; its credential was replaced.", "登录成功，已更新凭据。")
            } else {
                language.pick("Signed in.", "登录成功。")
            });
            output.line(&words::line(account, language));
        }
        // What ends the command is said once, by `main`.
        SignInStep::AskPage { .. }
        | SignInStep::PageClosed
        | SignInStep::Expired
        | SignInStep::Refused
        | SignInStep::RiskControl { .. }
        | SignInStep::Failed { .. } => {}
    }
    Ok(())
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
        | SignInStep::Preparing
        | SignInStep::ShowCode { .. }
        | SignInStep::Scanned { .. }
        | SignInStep::Sending
        | SignInStep::Exchanging
        | SignInStep::Saving
        | SignInStep::Done { .. }
        | SignInStep::Expired
        | SignInStep::Refused
        | SignInStep::RiskControl { .. }
        | SignInStep::Failed { .. } => None,
    }
}

/// Says why a question is asked again.
fn told(problem: Option<&Problem>, output: Output) {
    if let Some(problem) = problem {
        output.note(&problem.message(output.language));
    }
}

fn scan_with(service: ServiceId, method: Method, language: Language) -> &'static str {
    match (method, service) {
        (Method::QqScan, _) => language.pick("Scan with QQ.", "请用 QQ 扫码。"),
        (Method::WechatScan, _) => language.pick("Scan with WeChat.", "请用微信扫码。"),
        (Method::AppScan, ServiceId::Netease) => {
            language.pick("Scan with the NetEase Cloud Music app.", "请用网易云音乐 App 扫码。")
        }
        (Method::AppScan, ServiceId::QqMusic) => {
            language.pick("Scan with the QQ Music app.", "请用 QQ 音乐 App 扫码。")
        }
        // These show no code.
        (Method::Phone | Method::OfficialPage | Method::Paste, _) => "",
    }
}

fn as_json(step: &SignInStep, qr: Option<&QrTarget>) -> Value {
    if let SignInStep::Done { account, known } = step {
        return json!({ "step": "done", "account": without_picture(*account.clone()), "known": known });
    }
    let mut object = serde_json::to_value(step).unwrap_or_default();
    if let (SignInStep::ShowCode { code, .. }, Some(fields)) = (step, object.as_object_mut()) {
        match qr {
            None => {}
            Some(QrTarget::Terminal) => {
                drop(fields.insert("code".to_owned(), Value::String(code.terminal())))
            }
            Some(QrTarget::Png(file)) => {
                fields.remove("code");
                fields.insert("png".to_owned(), Value::String(file.display().to_string()));
            }
        }
    }
    // The person's own to open; for programs, too, it is said nowhere else.
    if let (SignInStep::AskCaptcha { address }, Some(fields)) = (step, object.as_object_mut()) {
        fields.insert("address".to_owned(), Value::String(address.as_str().to_owned()));
    }
    if let (SignInStep::Scanned { .. }, Some(fields)) = (step, object.as_object_mut()) {
        fields.remove("avatar");
    }
    object
}

/// Writes the picture in one go, so that whoever watches the file never sees half a code.
fn write_png(code: &QrCode, file: &Path) -> Result<(), Problem> {
    let cannot = |_| {
        Problem::new(ProblemCode::InvalidInput).with_detail(format!("{} can’t be written", file.display()))
    };
    let mut target = AtomicWriteFile::open(file).map_err(cannot)?;
    target.write_all(&code.png(PNG_MODULE_PIXELS, QUIET_MODULES)).map_err(cannot)?;
    target.commit().map_err(cannot)
}

#[cfg(test)]
mod tests {
    use tunekey_core::sign_in::WayIn;

    use super::*;

    fn way(wanted: Option<AccountId>) -> Way {
        Way { service: ServiceId::QqMusic, method: Method::QqScan, wanted, qr: None, text: None }
    }

    #[test]
    fn what_is_barred_names_the_commands_for_the_other_ways() {
        let next = [Method::WechatScan, Method::Paste];
        let next = next.map(|method| WayIn { service: ServiceId::QqMusic, method }).to_vec();
        let others = Others { next, barred: vec![Method::QqScan] };
        let said = next_steps(&others, &way(None), Language::English).expect("there are others");
        assert_eq!(
            said,
            "Other ways in:\n  tunekey sign-in qqmusic --method wechat-scan\n  \
             tunekey sign-in qqmusic --method paste"
        );
        let meant = way(Some(AccountId::new(ServiceId::QqMusic, "10001")));
        let said = next_steps(&others, &meant, Language::English).expect("there are others");
        assert!(said.contains("wechat-scan --account qqmusic:10001"), "the account is still meant: {said}");
        assert_eq!(next_steps(&Others::default(), &way(None), Language::English), None);
    }

    #[test]
    fn input_that_ends_says_what_was_wrong_before_it_says_that_it_ended() {
        let wrong = Problem::new(ProblemCode::WrongCode);
        let step = SignInStep::AskPhoneNumber { problem: Some(wrong.clone()), wait_until: None };
        assert_eq!(ended(&step), wrong);
    }

    #[test]
    fn input_that_ends_keeps_no_other_account() {
        let step = SignInStep::AskOtherAccount {
            account: AccountId::new(ServiceId::QqMusic, "10002"),
            nickname: None,
            known: false,
            wanted: AccountId::new(ServiceId::QqMusic, "10001"),
        };
        assert_eq!(ended(&step).code, ProblemCode::OtherAccount);
    }
}
