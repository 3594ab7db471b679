//! The commands that the page can call, each of them an adapter over one call. `capabilities/main.json` allows each by
//! name. Only `app.rs` uses this file; it may use every other one.
//!
//! The page is ours, and is not believed: a flaw in the web view or in a package that the page is made of would speak
//! with its voice. So beside each command stands what it can do if the page lies. Nothing that it can do sends a
//! credential anywhere but to its own service and to where the person has agreed that it goes, changes whom TuneKey
//! trusts or how it reaches a service, or loses a credential without the person's word in a dialog of the system. What
//! costs something is limited by [`RateLimits`], what is long is refused.
//!
//! All of them are asynchronous, so that none of them runs on the main thread, where waiting would freeze the window.
//!
//! State reaches the page by events only, in the order in which it came about. What a command returns says what became
//! of the request, once, and is never shown as how things stand: results and events travel by different ways and
//! overtake each other, and a state that arrives late would take a newer one back. The exceptions are what the page
//! starts from: [`snapshot`], [`preferences`], [`services`], [`deliveries::delivery_facts`], [`about::about`]; and
//! [`picture`] and [`local_api::api_uses`], which an event says is to be asked for again.

use jiff::Timestamp;
use tauri::ipc::Invoke;
use tauri::{AppHandle, Manager as _, State, Wry};
use tunekey_core::{
    Account, AccountId, CheckOutcome, Clock as _, ConnectionTest, Interaction, Language, Method, Problem,
    ProblemCode, Proxy, RenewalRecord, RenewalTrigger, ServiceId, ServiceInfo, SignInId, SignedOut, Snapshot,
    StoreKind, StoreState, SystemClock, TuneKey, UserInput, png_data_url,
};

use crate::clipboard::Clipboard;
use crate::copying::{self, CopyChoice};
use crate::dialog::confirmation::{self, Question};
use crate::dialog::file;
use crate::events::{self, DesktopEvent};
use crate::local_api::LocalApi;
use crate::preferences::{PreferenceChange, PreferenceFile, Preferences};
use crate::rate_limit::{RateLimit, RateLimits};
use crate::renewal::{self, RenewalSummary};
use crate::sign_in::{self, ShownSignIn, WindowInput};
use crate::single_instance::StartNotice;
use crate::{shutdown, text_file, tray, window};

mod about;
mod cookie_cloud;
mod deliveries;
mod local_api;
mod notifications;

/// What a command returns: what was asked for, or what went wrong, as every front may show it.
type CommandResult<T> = Result<T, Problem>;

/// The longest text that the page may give, in bytes: no name, note or setting is longer.
const TEXT_LIMIT: usize = 2048;

/// A text that the page gives, unless it is longer than [`TEXT_LIMIT`].
///
/// # Errors
/// `InvalidInput` when it is.
fn short_text(text: &str) -> CommandResult<&str> {
    if text.len() <= TEXT_LIMIT {
        return Ok(text);
    }
    Err(Problem::new(ProblemCode::InvalidInput)
        .with_detail(format!("a text of more than {TEXT_LIMIT} bytes")))
}

/// Counts one more call against a limit.
///
/// # Errors
/// `RateLimited` when the page calls more often than that.
fn limited(limit: &RateLimit) -> CommandResult<()> {
    limit.try_take(SystemClock.monotonic())
}

/// Whether something may be copied: only while the window is on the screen.
///
/// # Errors
/// `InvalidInput` when it is not.
fn on_screen(app: &AppHandle) -> CommandResult<()> {
    if window::is_on_screen(app) {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::InvalidInput)
        .with_detail("something was to be copied while the window was not on the screen")
        .with_words(
            "Nothing was copied, because TuneKey’s window isn’t on the screen. Open it, then copy.",
            "TuneKey 窗口未显示在屏幕上，因此没有复制。请先打开窗口再复制。",
        ))
}

/// All commands.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        snapshot,
        picture,
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
        cookie_cloud::read_cookie_cloud,
        copy_cookie,
        clear_clipboard,
        renew,
        renew_all,
        check,
        sign_out,
        forget,
        set_label,
        set_note,
        deliveries::delivery_facts,
        deliveries::paste_delivery_secret,
        deliveries::drop_delivery_secrets,
        deliveries::choose_delivery_file,
        deliveries::add_delivery,
        deliveries::change_delivery,
        deliveries::set_delivery_label,
        deliveries::switch_delivery,
        deliveries::test_delivery,
        deliveries::send_delivery,
        deliveries::preview_delivery,
        deliveries::remove_delivery,
        deliveries::start_own_sign_in,
        set_setting,
        choose_extra_ca,
        test_connection,
        preferences,
        set_preferences,
        notifications::channel_kinds,
        notifications::add_channel,
        notifications::change_channel,
        notifications::switch_channel,
        notifications::test_channel,
        notifications::remove_channel,
        notifications::set_quiet_hours,
        notifications::set_alert_hours,
        notifications::set_ping,
        notifications::set_ping_minutes,
        notifications::remove_ping,
        notifications::test_ping,
        local_api::switch_local_api,
        local_api::copy_api_address,
        local_api::api_uses,
        local_api::add_api_token,
        local_api::copy_api_token,
        local_api::drop_api_token,
        local_api::revoke_api_token,
        keychain_retry,
        about::about,
        about::starts_at_login,
        about::set_start_at_login,
        about::open_releases,
        quit,
    ]
}

/// The page asks for this at its start, and once more when it listens for events: what is to be opened is opened from
/// then on.
///
/// If the page lies: it learns what it shows anyway, names, numbers and states; no secret is among them.
#[tauri::command(async)]
fn snapshot(
    app: AppHandle,
    core: State<'_, TuneKey>,
    notice: State<'_, StartNotice>,
    api: State<'_, LocalApi>,
    listens: bool,
) -> Snapshot {
    let mut snapshot = core.snapshot();
    if snapshot.notice.is_none() {
        snapshot.notice.clone_from(&notice.0);
    }
    if listens {
        window::on_page_listening(&app);
        api.tell();
    }
    snapshot
}

/// The picture that an account has now, as a `data:` URL.
///
/// If the page lies: it learns the pictures that it shows anyway. They come from memory, and an account that is not here
/// has none.
#[tauri::command(async)]
fn picture(core: State<'_, TuneKey>, account: AccountId) -> Option<String> {
    core.picture(&account).map(|png| png_data_url(&png))
}

/// If the page lies: it learns what every installation offers.
#[tauri::command(async)]
fn services(core: State<'_, TuneKey>) -> Vec<ServiceInfo> {
    core.services()
}

/// If the page lies: it cancels a sign-in that can be cancelled, and shows a code that somebody has to scan. There is
/// one at a time, and so many in a minute. An account that does not exist is simply never the one that signs in.
#[tauri::command(async)]
fn start_sign_in(
    app: AppHandle,
    shown: State<'_, ShownSignIn>,
    limits: State<'_, RateLimits>,
    service: ServiceId,
    method: Method,
    wanted: Option<AccountId>,
) -> CommandResult<SignInId> {
    limited(&limits.requests)?;
    shown.start(&app, service, method, wanted)
}

/// If the page lies: as [`start_sign_in`]. A credential that has come and was not kept yet is ended at its service.
#[tauri::command(async)]
fn new_code(core: State<'_, TuneKey>, limits: State<'_, RateLimits>, id: SignInId) -> CommandResult<()> {
    limited(&limits.requests)?;
    core.answer_sign_in(id, UserInput::Again);
    Ok(())
}

/// If the page lies: a sign-in has to be started again. What was confirmed is saved all the same.
#[tauri::command(async)]
fn cancel_sign_in(shown: State<'_, ShownSignIn>, id: SignInId) {
    shown.cancel(id);
}

/// If the page lies: it can have a text code sent to a number, as often as the service and the day's limit allow, and
/// keep an account that came while another was meant or that is new: that account's own credential, in this keychain.
/// It cannot give an address, cookies or a text. Numbers and codes longer than any are not taken.
#[tauri::command(async)]
fn answer_sign_in(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    id: SignInId,
    answer: WindowInput,
) -> CommandResult<()> {
    limited(&limits.requests)?;
    core.answer_sign_in(id, answer.into());
    Ok(())
}

/// If the page lies: the system's browser opens the address that the service asks for, now and a few times more. The
/// page can name none, and learns none.
#[tauri::command(async)]
fn open_captcha(core: State<'_, TuneKey>, limits: State<'_, RateLimits>, id: SignInId) -> CommandResult<()> {
    limited(&limits.outside)?;
    sign_in::open_captcha(&core, id)
}

/// If the page lies: the service's page, which the person has opened, comes to the front.
#[tauri::command(async)]
fn show_page(shown: State<'_, ShownSignIn>, id: SignInId) {
    shown.show_page(id);
}

/// The text goes from the clipboard to the core. It never passes through the window.
///
/// If the page lies: it learns whether a credential is on the clipboard, of which account and in which form, and can
/// have it kept here. One is read at a time, and so many in a minute.
#[tauri::command]
async fn paste_from_clipboard(
    core: State<'_, TuneKey>,
    shown: State<'_, ShownSignIn>,
    clipboard: State<'_, Clipboard>,
    limits: State<'_, RateLimits>,
    id: SignInId,
) -> CommandResult<()> {
    sign_in::ensure_under_way(&core, id)?;
    limited(&limits.outside)?;
    let Some(text) = clipboard.read().await? else { return Ok(()) };
    shown.paste(&core, id, text);
    Ok(())
}

/// The same with a file that the person chooses in the system's dialog: the page can name none.
///
/// If the page lies: a dialog opens, one at a time, and only the person chooses in it.
#[tauri::command]
async fn paste_from_file(
    app: AppHandle,
    core: State<'_, TuneKey>,
    shown: State<'_, ShownSignIn>,
    preferences: State<'_, PreferenceFile>,
    limits: State<'_, RateLimits>,
    id: SignInId,
) -> CommandResult<()> {
    sign_in::ensure_under_way(&core, id)?;
    limited(&limits.outside)?;
    let language = preferences.current().language();
    let Some(path) = file::choose_text(&app, language).await else { return Ok(()) };
    let text = text_file::read(path).await?;
    shown.paste(&core, id, text);
    Ok(())
}

/// Takes what was pasted to the service that it is for, as a new sign-in.
///
/// If the page lies: a credential that was pasted is checked with the service that issued it, and no other.
#[tauri::command]
async fn paste_elsewhere(
    app: AppHandle,
    shown: State<'_, ShownSignIn>,
    limits: State<'_, RateLimits>,
    id: SignInId,
) -> CommandResult<SignInId> {
    limited(&limits.requests)?;
    shown.paste_elsewhere(&app, id)
}

/// If the page lies: a cookie gets to the clipboard, where other programs read it; the account then says that it was
/// copied, and its own format may be another of those that exist. How much is copied is one of two, never a list of
/// fields. It does so only while the window is on the screen, for as long as the setting says, and so many times in a
/// minute. The page itself cannot read the clipboard.
#[tauri::command]
async fn copy_cookie(
    app: AppHandle,
    limits: State<'_, RateLimits>,
    account: AccountId,
    choice: Option<CopyChoice>,
) -> CommandResult<()> {
    limited(&limits.outside)?;
    on_screen(&app)?;
    copying::copy(&app, account, choice).await.map(drop)
}

/// If the page lies: our own text leaves the clipboard early. Other people's stays.
#[tauri::command]
async fn clear_clipboard(clipboard: State<'_, Clipboard>) -> CommandResult<()> {
    clipboard.clear().await;
    Ok(())
}

/// If the page lies: a key is renewed before it is due, with its own service, so many times in a minute; the new one is
/// kept as every new one is.
#[tauri::command]
async fn renew(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    account: AccountId,
) -> CommandResult<RenewalRecord> {
    limited(&limits.requests)?;
    core.renew(&account, RenewalTrigger::Manual).await
}

/// If the page lies: as [`renew`], for each account. The rounds have a pace of their own: whoever has many accounts asks
/// for no more of them than who has two.
#[tauri::command]
async fn renew_all(core: State<'_, TuneKey>, limits: State<'_, RateLimits>) -> CommandResult<RenewalSummary> {
    limited(&limits.rounds)?;
    Ok(renewal::renew_all(&core).await)
}

/// If the page lies: as [`renew`].
#[tauri::command]
async fn check(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    account: AccountId,
) -> CommandResult<CheckOutcome> {
    limited(&limits.requests)?;
    core.check(&account).await
}

/// If the page lies: the system asks the person, who says no. A session that is ended cannot be had back.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
async fn sign_out(app: AppHandle, core: State<'_, TuneKey>, account: AccountId) -> CommandResult<SignedOut> {
    ask_to_remove(&app, &account, |account, _, _, language| Question::sign_out(account, language)).await?;
    core.sign_out(&account).await
}

/// If the page lies: as [`sign_out`].
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
async fn forget(app: AppHandle, core: State<'_, TuneKey>, account: AccountId) -> CommandResult<()> {
    ask_to_remove(&app, &account, Question::forget).await?;
    core.forget(&account).await
}

/// Asks whether to remove an account, in a dialog that the page has no part in.
///
/// # Errors
/// `Cancelled` when the person has said no, `NotFound` when there is no such account, `RateLimited`.
async fn ask_to_remove(
    app: &AppHandle,
    id: &AccountId,
    question: fn(&Account, StoreKind, Timestamp, Language) -> Question,
) -> CommandResult<()> {
    let account = app.state::<TuneKey>().snapshot().accounts.into_iter().find(|account| account.id == *id);
    let account =
        account.ok_or_else(|| Problem::new(ProblemCode::NotFound).with_detail("there is no such account"))?;
    limited(&app.state::<RateLimits>().outside)?;
    let language = app.state::<PreferenceFile>().current().language();
    let tools = deliveries::tools_with_own_sign_in(&app.state::<TuneKey>(), id, language);
    let store = app.state::<TuneKey>().store_kind();
    let question = question(&account, store, SystemClock.now(), language).with_own_sign_ins(&tools, language);
    if confirmation::confirmed(app, question).await { Ok(()) } else { Err(declined()) }
}

/// The person has said no: nothing has changed.
fn declined() -> Problem {
    Problem::new(ProblemCode::Cancelled)
}

/// If the page lies: an account is called something else, in as many letters as any name has; its number and the
/// service's own name for it stay, and so do those by which the command line finds it.
#[tauri::command]
async fn set_label(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    account: AccountId,
    label: String,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    core.set_label(&account, short_text(&label)?).await
}

/// If the page lies: a note says something else, cut as every note is.
#[tauri::command]
async fn set_note(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    account: AccountId,
    note: String,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    core.set_note(&account, short_text(&note)?).await
}

/// If the page lies: it changes what a person can change back and what leads no credential elsewhere: the usual format,
/// how long the clipboard lasts within its bounds, whether keys are renewed by themselves, as which client we present
/// ourselves. Whom to trust besides the system it can only take away. Another way to the services is asked about in a
/// dialog of the system.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
async fn set_setting(
    app: AppHandle,
    core: State<'_, TuneKey>,
    preferences: State<'_, PreferenceFile>,
    limits: State<'_, RateLimits>,
    key: String,
    value: String,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    let (key, value) = (short_text(&key)?, short_text(&value)?);
    match key {
        "extra-ca" if !value.is_empty() => {
            return Err(Problem::new(ProblemCode::InvalidInput).with_detail(
                "from the window a certificate authority is only chosen in the system’s dialog",
            ));
        }
        "proxy" => {
            let (old, new) = (core.settings().proxy, Proxy::parse(value)?);
            if old != new {
                limited(&limits.outside)?;
                let language = preferences.current().language();
                if !confirmation::confirmed(&app, Question::proxy_change(&old, &new, language)).await {
                    return Err(declined());
                }
            }
        }
        _ => {}
    }
    core.set_setting(key, value).await.map(drop)
}

/// If the page lies: a dialog opens, one at a time, and only the person chooses in it. What the page has written to the
/// disk lies in the profile, and nothing from there is taken.
#[tauri::command]
async fn choose_extra_ca(
    app: AppHandle,
    core: State<'_, TuneKey>,
    preferences: State<'_, PreferenceFile>,
    limits: State<'_, RateLimits>,
) -> CommandResult<()> {
    limited(&limits.outside)?;
    let language = preferences.current().language();
    let Some(path) = file::choose_certificate(&app, language).await else { return Ok(()) };
    let path = path.to_str().ok_or_else(|| {
        Problem::new(ProblemCode::InvalidInput).with_detail("the file’s name is not valid Unicode")
    })?;
    core.set_setting("extra-ca", path).await.map(drop)
}

/// If the page lies: each service is asked for its front page, so many times in a minute.
#[tauri::command]
async fn test_connection(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
) -> CommandResult<Vec<ConnectionTest>> {
    limited(&limits.requests)?;
    Ok(core.reach().await)
}

/// If the page lies: it learns how it looks.
#[tauri::command(async)]
fn preferences(preferences: State<'_, PreferenceFile>) -> Preferences {
    preferences.current()
}

/// If the page lies: the window looks different, opens elsewhere, or closes for good. It can let the tray copy again,
/// which any program of this user could then ask for; that program could also read the keychain.
#[tauri::command(async)]
fn set_preferences(
    app: AppHandle,
    preferences: State<'_, PreferenceFile>,
    limits: State<'_, RateLimits>,
    change: PreferenceChange,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    preferences.change(change, |preferences| {
        app.set_theme(window::theme(preferences));
        events::emit(&app, &DesktopEvent::Preferences { preferences: preferences.clone() });
    });
    tray::refresh(&app);
    Ok(())
}

/// Returns what this try has found, to be said. What is shown comes by an event.
///
/// If the page lies: the system asks the person to unlock the keychain, so many times in a minute.
#[tauri::command]
async fn keychain_retry(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
) -> CommandResult<StoreState> {
    limited(&limits.requests)?;
    Ok(core.probe_store(Interaction::Allowed).await)
}

/// If the page lies: the app ends, in order.
#[tauri::command(async)]
fn quit(app: AppHandle) {
    shutdown::quit(&app);
}
