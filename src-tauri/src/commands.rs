//! What the window can ask for: each command is one call. `capabilities/main.json` allows each by name.
//!
//! All of them are asynchronous, so that none of them runs on the main thread, where waiting would freeze the window.
//!
//! State reaches the page by events only, in the order in which it came about. What a command answers says what
//! became of the request, once, and is never shown as how things stand: answers and events travel by different ways
//! and overtake each other, and a state that arrives late would take a newer one back. The exceptions are what the
//! page starts from: [`snapshot`], [`preferences`], [`services`], [`about`].

use serde::Serialize;
use tauri::ipc::Invoke;
use tauri::{AppHandle, State, Wry};
use tunekey_core::account::{
    AccountId, CheckOutcome, Method, RenewalOutcome, RenewalRecord, RenewalTrigger, ServiceId,
};
use tunekey_core::export::Format;
use tunekey_core::problem::{Problem, ProblemCode};
use tunekey_core::sign_in::Answer as SignInAnswer;
use tunekey_core::tunekey::{KeychainState, Reach, ServiceInfo, SignedOut, Snapshot, TuneKey};
use tunekey_core::vault::keychain::Patience;

use crate::app::Desktop;
use crate::copying;
use crate::events::{self, DesktopEvent};
use crate::preferences::{PreferenceChange, Preferences};
use crate::sign_in::WindowAnswer;
use crate::{file_dialog, quitting, text_file, tray, window, words};

/// What a command answers: what was asked for, or what went wrong, as every front may show it.
type Answer<T> = Result<T, Problem>;

/// All commands.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        snapshot,
        services,
        start_sign_in,
        new_code,
        cancel_sign_in,
        answer_sign_in,
        open_captcha,
        show_page,
        paste_from_clipboard,
        paste_from_file,
        paste_elsewhere,
        copy_cookie,
        clear_clipboard,
        renew,
        renew_all,
        check,
        sign_out,
        forget,
        set_label,
        set_note,
        set_setting,
        choose_extra_ca,
        test_connection,
        preferences,
        set_preferences,
        keychain_retry,
        about,
        quit,
    ]
}

/// The page asks for this once it listens for events: what is to be opened is opened from then on.
#[tauri::command(async)]
fn snapshot(app: AppHandle, desktop: State<'_, Desktop>) -> Snapshot {
    let snapshot = desktop.core.snapshot();
    window::page_listens(&app);
    snapshot
}

#[tauri::command(async)]
fn services(desktop: State<'_, Desktop>) -> Vec<ServiceInfo> {
    desktop.core.services()
}

#[tauri::command(async)]
fn start_sign_in(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    service: ServiceId,
    method: Method,
    wanted: Option<AccountId>,
) -> u32 {
    desktop.sign_ins.start(&app, service, method, wanted)
}

#[tauri::command(async)]
fn new_code(desktop: State<'_, Desktop>, id: u32) {
    desktop.sign_ins.answer(id, SignInAnswer::Again);
}

#[tauri::command(async)]
fn cancel_sign_in(desktop: State<'_, Desktop>, id: u32) {
    desktop.sign_ins.cancel(id);
}

#[tauri::command(async)]
fn answer_sign_in(desktop: State<'_, Desktop>, id: u32, answer: WindowAnswer) {
    desktop.sign_ins.answer(id, answer.into());
}

#[tauri::command(async)]
fn open_captcha(desktop: State<'_, Desktop>, id: u32) -> Answer<()> {
    desktop.sign_ins.open_captcha(id)
}

#[tauri::command(async)]
fn show_page(desktop: State<'_, Desktop>, id: u32) {
    desktop.sign_ins.show_page(id);
}

/// The text goes from the clipboard to the core. It never passes through the window.
#[tauri::command]
async fn paste_from_clipboard(desktop: State<'_, Desktop>, id: u32) -> Answer<()> {
    desktop.sign_ins.is_running(id)?;
    let text = desktop.clipboard.text().await?;
    desktop.sign_ins.paste(id, text);
    Ok(())
}

/// The same with a file that the person chooses in the system's dialog: the page can name none.
#[tauri::command]
async fn paste_from_file(app: AppHandle, desktop: State<'_, Desktop>, id: u32) -> Answer<()> {
    desktop.sign_ins.is_running(id)?;
    let language = desktop.preferences.current().language();
    let Some(path) = file_dialog::choose_text(&app, language).await else { return Ok(()) };
    let text = text_file::read(path).await?;
    desktop.sign_ins.paste(id, text);
    Ok(())
}

/// Takes what was pasted to the service that it is for, as a new sign-in.
#[tauri::command]
async fn paste_elsewhere(app: AppHandle, desktop: State<'_, Desktop>, id: u32) -> Answer<u32> {
    desktop.sign_ins.paste_elsewhere(&app, id)
}

#[tauri::command]
async fn copy_cookie(app: AppHandle, account: AccountId, format: Option<Format>) -> Answer<()> {
    copying::copy(&app, account, format).await.map(drop)
}

#[tauri::command]
async fn clear_clipboard(desktop: State<'_, Desktop>) -> Answer<()> {
    desktop.clipboard.clear().await;
    Ok(())
}

#[tauri::command]
async fn renew(desktop: State<'_, Desktop>, account: AccountId) -> Answer<RenewalRecord> {
    desktop.core.renew(&account, RenewalTrigger::Manual).await
}

#[tauri::command]
async fn renew_all(desktop: State<'_, Desktop>) -> Answer<RenewalSummary> {
    Ok(renew_every_account(&desktop.core).await)
}

#[tauri::command]
async fn check(desktop: State<'_, Desktop>, account: AccountId) -> Answer<CheckOutcome> {
    desktop.core.check(&account).await
}

#[tauri::command]
async fn sign_out(desktop: State<'_, Desktop>, account: AccountId) -> Answer<SignedOut> {
    desktop.core.sign_out(&account).await
}

#[tauri::command]
async fn forget(desktop: State<'_, Desktop>, account: AccountId) -> Answer<()> {
    desktop.core.forget(&account).await
}

#[tauri::command(async)]
fn set_label(desktop: State<'_, Desktop>, account: AccountId, label: &str) -> Answer<()> {
    desktop.core.set_label(&account, label)
}

#[tauri::command(async)]
fn set_note(desktop: State<'_, Desktop>, account: AccountId, note: &str) -> Answer<()> {
    desktop.core.set_note(&account, note)
}

#[tauri::command(async)]
fn set_setting(desktop: State<'_, Desktop>, key: &str, value: &str) -> Answer<()> {
    desktop.core.set_setting(key, value).map(drop)
}

#[tauri::command]
async fn choose_extra_ca(app: AppHandle, desktop: State<'_, Desktop>) -> Answer<()> {
    let language = desktop.preferences.current().language();
    let Some(path) = file_dialog::choose_certificate(&app, language).await else { return Ok(()) };
    let path = path.to_str().ok_or_else(|| {
        Problem::new(ProblemCode::InvalidInput).with_detail("the file’s name is not valid Unicode")
    })?;
    desktop.core.set_setting("extra-ca", path).map(drop)
}

#[tauri::command]
async fn test_connection(desktop: State<'_, Desktop>) -> Answer<Vec<Reach>> {
    Ok(desktop.core.reach().await)
}

#[tauri::command(async)]
fn preferences(desktop: State<'_, Desktop>) -> Preferences {
    desktop.preferences.current()
}

#[tauri::command(async)]
fn set_preferences(app: AppHandle, desktop: State<'_, Desktop>, change: PreferenceChange) {
    desktop.preferences.change(change, |preferences| {
        app.set_theme(window::theme(preferences));
        events::emit(&app, &DesktopEvent::Preferences { preferences: preferences.clone() });
    });
    tray::look_again(&app);
}

/// Answers what this try has found, to be said. What is shown comes by an event.
#[tauri::command]
async fn keychain_retry(desktop: State<'_, Desktop>) -> Answer<KeychainState> {
    Ok(desktop.core.probe_keychain(Patience::User).await)
}

/// What the window says of the app, and needs to know of the computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
struct About {
    /// TuneKey's version.
    version: String,
    /// Its licence, as an SPDX expression.
    licence: String,
    /// Which system this is: it decides the names of the keychain and of the modifier keys.
    os: Os,
    /// The computer's locale, such as `zh-CN`.
    locale: String,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
enum Os {
    /// Linux and the BSDs.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Win,
}

#[tauri::command(async)]
fn about() -> About {
    let os = if cfg!(target_os = "macos") {
        Os::Mac
    } else if cfg!(windows) {
        Os::Win
    } else {
        Os::Linux
    };
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licence: env!("CARGO_PKG_LICENSE").to_owned(),
        os,
        locale: words::system_locale(),
    }
}

#[tauri::command(async)]
fn quit(app: AppHandle) {
    quitting::quit(&app);
}

/// What the renewals of all accounts have come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) struct RenewalSummary {
    /// How many have a new key.
    pub(crate) renewed: u32,
    /// How many keep the key that they had, because the service said that it works.
    pub(crate) unchanged: u32,
    /// How many renewals did not work; why is in the account's own state.
    pub(crate) failed: u32,
    /// How many were not tried, because only a new sign-in helps.
    skipped: u32,
}

/// Renews every account that a renewal can help, all at once. How each went is in its own state.
pub(crate) async fn renew_every_account(core: &TuneKey) -> RenewalSummary {
    let mut summary = RenewalSummary::default();
    let mut renewals = tokio::task::JoinSet::new();
    for account in core.snapshot().accounts {
        if account.health.needs_sign_in() {
            summary.skipped += 1;
        } else {
            let core = core.clone();
            renewals.spawn(async move { core.renew(&account.id, RenewalTrigger::Manual).await });
        }
    }
    while let Some(renewal) = renewals.join_next().await {
        match renewal.map(|result| result.map(|record| record.outcome)) {
            Ok(Ok(RenewalOutcome::Renewed)) => summary.renewed += 1,
            Ok(Ok(RenewalOutcome::Unchanged)) => summary.unchanged += 1,
            Ok(Ok(RenewalOutcome::Rejected | RenewalOutcome::Failed) | Err(_)) | Err(_) => {
                summary.failed += 1
            }
        }
    }
    summary
}
