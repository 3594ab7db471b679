//! Prints the steps of a sign-in, for people or as JSON. For `sign_in.rs`.

use serde_json::Value;
use tunekey_core::{
    Language, Method, Problem, ProblemCode, ProgramStep, QUIET_ZONE, QrCode, ServiceId, SignInStep,
    display_text,
};

use crate::args::QrTarget;
use crate::failure::Failure;
use crate::output::{Canvas, Output};
use crate::request::SignInRequest;
use crate::{qr_code, text};

/// Prints a step, and writes its code to the file that was asked for.
///
/// # Errors
/// `InvalidInput` when that file cannot be written.
pub(crate) fn show(step: &SignInStep, request: &SignInRequest, output: Output) -> Result<(), Failure> {
    let qr = request.qr.as_ref();
    if let (SignInStep::ShowCode { code, .. }, Some(QrTarget::Png(file))) = (step, qr) {
        qr_code::write_png(code, file)?;
    }
    if output.json {
        output.line(&as_json(step, qr).to_string());
        return Ok(());
    }
    let language = output.language;
    match step {
        SignInStep::Preparing => match request.method {
            Method::QqScan | Method::WechatScan | Method::AppScan => {
                output.note(language.pick("Getting a code…", "正在获取二维码…"));
            }
            Method::Phone | Method::OfficialPage | Method::Paste | Method::CookieCloud => {}
        },
        SignInStep::ShowCode { code, valid_until, .. } => {
            match qr {
                Some(QrTarget::Png(file)) => output.line(&display_text::escaped(&file.display().to_string())),
                Some(QrTarget::Text) => output.line(&text_of(code)?),
                Some(QrTarget::Terminal) | None => drop(draw(code, request, output)),
            }
            output.note(&format!(
                "{}{} {}",
                scan_instruction(request.service, request.method, language),
                language.pick(" Valid until", "有效期至"),
                text::time(*valid_until),
            ));
        }
        SignInStep::Scanned { nickname, .. } => output.note(&format!(
            "{}{} {}",
            language.pick("Scanned", "已扫码"),
            nickname.as_ref().map(|name| format!(" ({})", name)).unwrap_or_default(),
            language.pick("— confirm on your phone.", "，请在手机上确认登录。"),
        )),
        SignInStep::AskPhoneNumber { problem, wait_until } => {
            print_problem(problem.as_ref(), output);
            if let Some(at) = wait_until {
                output.note(&format!("{} {}", language.pick("Wait until", "请等到"), text::time_of_day(*at)));
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
            print_problem(problem.as_ref(), output);
            output.note(&format!("{} {sent_to}", language.pick("A code was sent to", "验证码已发送至")));
        }
        SignInStep::AskPaste { unusable: Some(unusable), .. } => {
            output.note(&text::unusable(unusable, language));
        }
        SignInStep::AskPaste { problem, .. } => print_problem(problem.as_ref(), output),
        SignInStep::AskWhichAccount { accounts } => {
            output.note(&text::pasted_accounts(accounts, language));
        }
        SignInStep::AskToGoOn { detected } => output.note(&text::detected(detected, language)),
        SignInStep::Exchanging => output.note(match request.method {
            Method::Paste | Method::CookieCloud => {
                language.pick("Checking it with the service…", "正在向对方服务核对…")
            }
            Method::QqScan | Method::WechatScan | Method::AppScan | Method::Phone | Method::OfficialPage => {
                language.pick("Confirmed, getting your credential…", "已确认，正在换取凭据…")
            }
        }),
        SignInStep::AskOtherAccount { account, nickname, wanted, .. } => {
            let name = nickname.as_ref().map(|name| format!(" ({})", name)).unwrap_or_default();
            output.note(&match language {
                Language::English => format!("{account}{name} signed in, but {wanted} was meant."),
                Language::Chinese => format!("登录的是 {account}{name}，而不是 {wanted}。"),
            });
        }
        SignInStep::AskNewAccount { account, nickname, .. } => {
            let name = nickname.as_ref().map(|name| format!(" ({})", name)).unwrap_or_default();
            output.note(&match language {
                Language::English => format!("{account}{name} has signed in."),
                Language::Chinese => format!("登录的是 {account}{name}。"),
            });
        }
        SignInStep::Saving => output.note(language.pick("Saving the credential…", "正在保存凭据…")),
        SignInStep::Done { account, known } => {
            output.note(if *known {
                language.pick("Signed in again.", "已重新登录，凭据已更新。")
            } else {
                language.pick("Signed in.", "登录成功。")
            });
            output.line(&text::account_line(account, language));
        }
        // What asks says where the page is; `main` prints what ends the command.
        SignInStep::AskPage { .. }
        | SignInStep::PageClosed
        | SignInStep::Expired { .. }
        | SignInStep::Refused
        | SignInStep::RiskControl { .. }
        | SignInStep::Failed { .. } => {}
    }
    Ok(())
}

/// Prints why a question is asked again.
fn print_problem(problem: Option<&Problem>, output: Output) {
    if let Some(problem) = problem {
        output.note(&problem.message(output.language));
    }
}

fn scan_instruction(service: ServiceId, method: Method, language: Language) -> String {
    match method {
        Method::QqScan => language.pick("Scan with QQ.", "请用 QQ 扫码。").to_owned(),
        Method::WechatScan => language.pick("Scan with WeChat.", "请用微信扫码。").to_owned(),
        Method::AppScan => {
            let name = language.service_name(service);
            match language {
                Language::English => format!("Scan with the {name} app."),
                Language::Chinese => format!("请用{} App 扫码。", text::after_han(name)),
            }
        }
        // These show no code.
        Method::Phone | Method::OfficialPage | Method::Paste | Method::CookieCloud => String::new(),
    }
}

/// A step as programs read it. A code is given in the form that was asked for, if one was.
fn as_json(step: &SignInStep, qr: Option<&QrTarget>) -> Value {
    let mut object = serde_json::to_value(ProgramStep::from(step)).unwrap_or_default();
    if let (SignInStep::ShowCode { code, .. }, Some(qr), Some(fields)) = (step, qr, object.as_object_mut()) {
        match qr {
            QrTarget::Terminal => {
                let lines = code.terminal(Canvas::ink(), QUIET_ZONE);
                drop(fields.insert("code".to_owned(), Value::String(lines)));
            }
            QrTarget::Text => {
                fields.remove("code");
                fields.remove("code_png");
                let text = text_of(code).map_or(Value::Null, Value::String);
                drop(fields.insert("text".to_owned(), text));
            }
            QrTarget::Png(file) => {
                fields.remove("code");
                fields.insert("png".to_owned(), Value::String(file.display().to_string()));
            }
        }
    }
    object
}

/// What a code says: whoever asked for the text may have what the picture would have shown.
///
/// # Errors
/// `Unexpected` when the service has drawn it so that it cannot be read.
#[expect(clippy::disallowed_methods, reason = "the text of the code is what was asked for")]
fn text_of(code: &QrCode) -> Result<String, Failure> {
    let text = code.text().map_err(|error| {
        Failure::from(Problem::new(ProblemCode::Unexpected).with_detail(format!("reading the code: {error}")))
    })?;
    Ok(display_text::escaped(text.expose()).into_owned())
}

/// The code of a step, if it was drawn in a terminal that is too small for it.
pub(crate) fn oversized_code(step: &SignInStep, request: &SignInRequest, output: Output) -> Option<QrCode> {
    match step {
        SignInStep::ShowCode { code, .. }
            if !output.json && !matches!(request.qr, Some(QrTarget::Png(_) | QrTarget::Text)) =>
        {
            let overflow = qr_code::render(code, Canvas::of_standard_output()).overflow;
            overflow.map(|_| code.clone())
        }
        _ => None,
    }
}

/// Draws a code into the terminal, with what to do when it does not fit. Returns whether it fits.
pub(crate) fn draw(code: &QrCode, request: &SignInRequest, output: Output) -> bool {
    let rendered = qr_code::render(code, Canvas::of_standard_output());
    if let Some(lines) = &rendered.lines {
        output.line(lines);
    }
    if let Some(overflow) = rendered.overflow {
        output.note(&qr_code::overflow_message(overflow, request.service, request.method, output.language));
    }
    rendered.overflow.is_none()
}

/// The changes of the terminal's size from when this was made: one that comes while a code is drawn is not lost.
#[derive(Debug)]
pub(crate) struct TerminalResizes {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl TerminalResizes {
    /// Listens from now on.
    pub(crate) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::window_change()).ok(),
        }
    }

    /// Waits for the next change, for ever where no signal tells of it.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals {
            signals.recv().await;
            return;
        }
        std::future::pending().await
    }
}
