//! `tunekey sign-in` and `tunekey import`: follow a sign-in to its end, show its steps and answer its questions. For
//! `lib.rs`.

mod answers;
mod method;
mod outcome;

use std::future::Future;
use std::pin::{Pin, pin};

use serde_json::json;
use tunekey_browser::InstalledBrowser;
use tunekey_core::{
    Account, AccountId, Delivery, Method, Problem, ProblemCode, QrCode, ServiceId, SignIn, SignInStep,
    TuneKey, UserInput,
};

use self::answers::{ask, prompt_for_text};
use self::method::choose_method;
use self::outcome::result_of;
use crate::args::QrTarget;
use crate::countdown::Countdown;
use crate::failure::Failure;
use crate::import::{Origin, read_cloud};
use crate::interrupt::{note_that_work_continues, unless_interrupted};
use crate::output::Output;
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
