//! `tunekey sign-in`: draws the code and follows the sign-in to its end.

use std::io::Write as _;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use serde_json::{Value, json};
use tunekey_core::account::{Method, ServiceId};
use tunekey_core::problem::{Language, Problem, ProblemCode};
use tunekey_core::qr::QrCode;
use tunekey_core::sign_in::SignInStep;
use tunekey_core::tunekey::TuneKey;

use crate::args::QrTarget;
use crate::commands::without_picture;
use crate::output::Output;
use crate::words;

/// The modules of a code in a PNG: big enough for a phone held over a small picture.
const PNG_MODULE_PIXELS: u32 = 8;
/// The white border that scanners need around a code (ISO 18004).
const QUIET_MODULES: u32 = 4;

pub(crate) async fn run(
    tunekey: &TuneKey,
    service: ServiceId,
    method: Option<Method>,
    qr: Option<QrTarget>,
    output: Output,
) -> Result<(), Problem> {
    let offered = tunekey.services().into_iter().find(|offer| offer.id == service);
    let methods = offered.map(|offer| offer.methods).unwrap_or_default();
    let method = method
        .or_else(|| methods.first().copied())
        .filter(|method| methods.contains(method))
        .ok_or_else(|| {
            let names: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
            Problem::new(ProblemCode::NotFound)
                .with_service(service)
                .with_detail(format!("{service} offers {}", names.join(", ")))
        })?;
    let mut sign_in = tunekey.sign_in(service, method, None);
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    let mut saving = false;
    loop {
        let step = tokio::select! {
            step = sign_in.next() => step,
            // Once there is something to save, Ctrl-C waits for it: half a sign-in would be a lost one.
            _ = &mut interrupt, if !saving => return Err(Problem::new(ProblemCode::Cancelled)),
        };
        let Some(step) = step else { return Err(Problem::new(ProblemCode::Unexpected)) };
        saving = matches!(step, SignInStep::Saving);
        let end = end_of(&step, service);
        show(&step, service, method, qr.as_ref(), output)?;
        if let Some(end) = end {
            return end;
        }
    }
}

/// Whether a step ends the command, and how: nobody is there to answer it.
fn end_of(step: &SignInStep, service: ServiceId) -> Option<Result<(), Problem>> {
    match step {
        SignInStep::Done { .. } => Some(Ok(())),
        SignInStep::Expired => Some(Err(Problem::new(ProblemCode::Expired).with_service(service))),
        SignInStep::Refused => Some(Err(Problem::new(ProblemCode::Refused).with_service(service))),
        SignInStep::RiskControl { problem, .. } | SignInStep::Failed { problem, .. } => {
            Some(Err(problem.clone()))
        }
        SignInStep::Preparing
        | SignInStep::ShowCode { .. }
        | SignInStep::Scanned { .. }
        | SignInStep::Exchanging
        | SignInStep::Saving => None,
    }
}

fn show(
    step: &SignInStep,
    service: ServiceId,
    method: Method,
    qr: Option<&QrTarget>,
    output: Output,
) -> Result<(), Problem> {
    if let (SignInStep::ShowCode { code, .. }, Some(QrTarget::Png(file))) = (step, qr) {
        write_png(code, file)?;
    }
    if output.json {
        output.line(&as_json(step, qr).to_string());
        return Ok(());
    }
    let language = output.language;
    match step {
        SignInStep::Preparing => output.note(language.pick("Getting a code…", "正在获取二维码…")),
        SignInStep::ShowCode { code, valid_until, .. } => {
            match qr {
                Some(QrTarget::Png(file)) => output.line(&file.display().to_string()),
                Some(QrTarget::Terminal) | None => output.line(&code.terminal()),
            }
            output.note(&format!(
                "{} {} {}",
                scan_with(service, method, language),
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
        SignInStep::Exchanging => {
            output.note(language.pick("Confirmed, getting your credential…", "已确认，正在换取凭据…"));
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
        SignInStep::Expired
        | SignInStep::Refused
        | SignInStep::RiskControl { .. }
        | SignInStep::Failed { .. } => {}
    }
    Ok(())
}

fn scan_with(service: ServiceId, method: Method, language: Language) -> &'static str {
    match (method, service) {
        (Method::QqScan, _) => language.pick("Scan with QQ.", "请用 QQ 扫码。"),
        (Method::AppScan, ServiceId::Netease) => {
            language.pick("Scan with the NetEase Cloud Music app.", "请用网易云音乐 App 扫码。")
        }
        (Method::AppScan, ServiceId::QqMusic) => {
            language.pick("Scan with the QQ Music app.", "请用 QQ 音乐 App 扫码。")
        }
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
