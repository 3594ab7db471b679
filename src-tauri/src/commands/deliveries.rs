//! The commands about deliveries. For `commands.rs`, whose rules they keep.
//!
//! A delivery is where a page that lies would send a cookie to, or what it would have run. So each new one, each change
//! of one and each hand-over is asked about in a dialog of the system that names the target. After that it stands in
//! the ledger, where the page cannot change it, and what the page starts goes where the person has agreed to and
//! nowhere else. The secrets of a target come from the clipboard: the page says when, and never has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use tauri::{AppHandle, Manager as _, State};
use tunekey_core::{
    Account, AccountId, Delivery, DeliveryDraft, DeliveryFacts, DeliveryId, DeliveryRecord, DeliveryScope,
    Language, Method, Preset, PresetAnswers, Problem, ProblemCode, SignInId, TuneKey,
};

use super::{CommandResult, declined, limited, short_text};
use crate::clipboard::Clipboard;
use crate::dialog::confirmation::{self, Question};
use crate::dialog::file;
use crate::preferences::PreferenceFile;
use crate::rate_limit::RateLimits;
use crate::sign_in::ShownSignIn;
use crate::target_secrets::TargetSecrets;

/// The most answers that the page may give: no preset asks for more.
const ANSWER_LIMIT: usize = 32;

/// What the page asks for in a new delivery.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(deny_unknown_fields)]
pub(super) struct NewDelivery {
    /// What it is set up as.
    preset: String,
    /// The answers to what that asks for; the secrets are not among them.
    #[cfg_attr(feature = "typescript", ts(type = "Record<string, string>"))]
    answers: PresetAnswers,
    /// The person's own name for it.
    label: Option<String>,
    /// How much of the credential goes there, and who renews it then.
    scope: DeliveryScope,
}

/// If the page lies: it learns what every installation offers.
#[tauri::command(async)]
pub(super) fn delivery_facts() -> DeliveryFacts {
    DeliveryFacts::all()
}

/// The text goes from the clipboard to Rust, and waits there for the delivery that it belongs to. False while another is
/// being read.
///
/// If the page lies: a text from the clipboard waits here until another takes its place. It goes nowhere but to the
/// target of a delivery that the person agrees to. The page learns that there was one.
#[tauri::command]
pub(super) async fn paste_delivery_secret(
    clipboard: State<'_, Clipboard>,
    secrets: State<'_, TargetSecrets>,
    limits: State<'_, RateLimits>,
    name: String,
) -> CommandResult<bool> {
    limited(&limits.outside)?;
    let name = short_text(&name)?;
    let Some(text) = clipboard.read().await? else { return Ok(false) };
    secrets.keep(name, &text)?;
    Ok(true)
}

/// If the page lies: a secret that was pasted has to be pasted again.
#[tauri::command(async)]
pub(super) fn drop_delivery_secrets(secrets: State<'_, TargetSecrets>) {
    secrets.clear();
}

/// The path of a file that the person chooses in the system's dialog; `None` when they choose none.
///
/// If the page lies: a dialog opens, one at a time, and the page learns the path that the person chooses in it. Nothing
/// is read or written.
#[tauri::command]
pub(super) async fn choose_delivery_file(
    app: AppHandle,
    preferences: State<'_, PreferenceFile>,
    limits: State<'_, RateLimits>,
    exists: bool,
) -> CommandResult<Option<String>> {
    limited(&limits.outside)?;
    let language = preferences.current().language();
    let Some(path) = file::choose_target(&app, language, exists).await else { return Ok(None) };
    path.into_os_string().into_string().map(Some).map_err(|_| {
        Problem::new(ProblemCode::InvalidInput).with_detail("the file’s name is not valid Unicode")
    })
}

/// If the page lies: the system asks the person, and names where the cookie would go or what would be run; they say no.
///
/// # Errors
/// `Cancelled` when the person has said no; as [`TuneKey::add_delivery`].
#[tauri::command]
pub(super) async fn add_delivery(
    app: AppHandle,
    core: State<'_, TuneKey>,
    secrets: State<'_, TargetSecrets>,
    account: AccountId,
    delivery: NewDelivery,
) -> CommandResult<DeliveryId> {
    let NewDelivery { preset, answers, label, scope } = delivery;
    check_length(&answers)?;
    let mut draft = Preset::by_name(short_text(&preset)?)?.draft(&answers, scope)?;
    draft.label = label.as_deref().map(short_text).transpose()?.map(str::to_owned);
    let given = secrets.of(&draft.target);
    core.check_delivery(&account, &draft, &given, None)?;
    ask_to_deliver(&app, &account, &draft).await?;
    let id = core.add_delivery(&account, draft, given).await?.id;
    secrets.clear();
    Ok(id)
}

/// If the page lies: as [`add_delivery`]. A change hands nothing over; what has a sign-in of its own keeps one.
///
/// # Errors
/// `Cancelled` when the person has said no; as [`TuneKey::change_delivery`].
#[tauri::command]
pub(super) async fn change_delivery(
    app: AppHandle,
    core: State<'_, TuneKey>,
    secrets: State<'_, TargetSecrets>,
    delivery: DeliveryId,
    answers: PresetAnswers,
) -> CommandResult<()> {
    check_length(&answers)?;
    let delivery = known(&core, &delivery)?;
    let scope = match delivery.scope {
        DeliveryScope::OwnSignIn => DeliveryScope::OwnSignIn,
        DeliveryScope::PlayingOnly | DeliveryScope::Renewable => DeliveryScope::PlayingOnly,
    };
    let draft = Preset::redraft(&delivery, &answers, scope)?;
    let given = secrets.of(&draft.target);
    core.check_delivery(&delivery.account, &draft, &given, Some(&delivery))?;
    ask_to_deliver(&app, &delivery.account, &draft).await?;
    core.change_delivery(&delivery.id, draft, given).await?;
    secrets.clear();
    Ok(())
}

/// If the page lies: a delivery is called something else, in as many letters as any name has.
#[tauri::command]
pub(super) async fn set_delivery_label(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    delivery: DeliveryId,
    label: String,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    core.set_delivery_label(&delivery, short_text(&label)?).await
}

/// If the page lies: nothing goes to a target any more, or again to one that the person has agreed to. A hand-over is
/// asked about again.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
pub(super) async fn switch_delivery(
    app: AppHandle,
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    delivery: DeliveryId,
    enabled: bool,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    if enabled {
        ask_to_hand_over(&app, &known(&core, &delivery)?).await?;
    }
    core.switch_delivery(&delivery, enabled).await
}

/// If the page lies: what plays goes to a target that the person has agreed to, so many times in a minute.
#[tauri::command]
pub(super) async fn test_delivery(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    delivery: DeliveryId,
) -> CommandResult<DeliveryRecord> {
    limited(&limits.requests)?;
    core.test_delivery(&delivery).await
}

/// If the page lies: as [`test_delivery`]. A hand-over is asked about again.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
pub(super) async fn send_delivery(
    app: AppHandle,
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    delivery: DeliveryId,
) -> CommandResult<DeliveryRecord> {
    limited(&limits.requests)?;
    ask_to_hand_over(&app, &known(&core, &delivery)?).await?;
    core.send_delivery(&delivery).await
}

/// If the page lies: it learns what it shows anyway: a text in which everything secret is masked.
#[tauri::command]
pub(super) async fn preview_delivery(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    delivery: DeliveryId,
) -> CommandResult<String> {
    limited(&limits.requests)?;
    core.preview_delivery(&delivery).await
}

/// If the page lies: the system asks the person, who says no.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
pub(super) async fn remove_delivery(
    app: AppHandle,
    core: State<'_, TuneKey>,
    delivery: DeliveryId,
) -> CommandResult<()> {
    let delivery = known(&core, &delivery)?;
    let account = account_of(&core, &delivery.account)?;
    let language = app.state::<PreferenceFile>().current().language();
    ask(&app, Question::remove_delivery(&account, &delivery, language)).await?;
    core.remove_delivery(&delivery.id).await
}

/// Starts a sign-in for a delivery alone; an earlier sign-in is cancelled.
///
/// If the page lies: as `start_sign_in`, for a target that the person has agreed to. What comes of it is theirs to
/// confirm, and goes to that target alone.
///
/// # Errors
/// As [`TuneKey::start_own_sign_in`].
#[tauri::command(async)]
pub(super) fn start_own_sign_in(
    app: AppHandle,
    shown: State<'_, ShownSignIn>,
    limits: State<'_, RateLimits>,
    delivery: DeliveryId,
    method: Method,
) -> CommandResult<SignInId> {
    limited(&limits.requests)?;
    shown.start_for(&app, &delivery, method)
}

/// Asks whether a credential is to go to a target.
async fn ask_to_deliver(app: &AppHandle, account: &AccountId, draft: &DeliveryDraft) -> CommandResult<()> {
    let account = account_of(&app.state::<TuneKey>(), account)?;
    let language = app.state::<PreferenceFile>().current().language();
    ask(app, Question::deliver(&account, &draft.target, draft.scope, language)?).await
}

/// Asks whether a credential is to be handed over, if this delivery does that.
async fn ask_to_hand_over(app: &AppHandle, delivery: &Delivery) -> CommandResult<()> {
    if delivery.scope != DeliveryScope::Renewable {
        return Ok(());
    }
    let account = account_of(&app.state::<TuneKey>(), &delivery.account)?;
    let language = app.state::<PreferenceFile>().current().language();
    ask(app, Question::deliver(&account, &delivery.target, delivery.scope, language)?).await
}

async fn ask(app: &AppHandle, question: Question) -> CommandResult<()> {
    limited(&app.state::<RateLimits>().outside)?;
    if confirmation::confirmed(app, question).await { Ok(()) } else { Err(declined()) }
}

/// What the tools are called that have a sign-in of their own to that account.
pub(super) fn tools_with_own_sign_in(core: &TuneKey, account: &AccountId, language: Language) -> Vec<String> {
    let name = |one: Delivery| match (one.label, Preset::by_name(&one.preset)) {
        (Some(label), _) => label,
        (None, Ok(preset)) => language.of(preset.title).to_owned(),
        (None, Err(_)) => one.preset,
    };
    core.own_sign_ins(account).into_iter().map(name).collect()
}

fn known(core: &TuneKey, id: &DeliveryId) -> CommandResult<Delivery> {
    core.deliveries()
        .into_iter()
        .find(|delivery| delivery.id == *id)
        .ok_or_else(|| Problem::new(ProblemCode::NotFound).with_detail("there is no such delivery"))
}

fn account_of(core: &TuneKey, id: &AccountId) -> CommandResult<Account> {
    core.snapshot()
        .accounts
        .into_iter()
        .find(|account| account.id == *id)
        .ok_or_else(|| Problem::new(ProblemCode::NotFound).with_detail("there is no such account"))
}

/// Whether answers are no longer than any are.
fn check_length(answers: &BTreeMap<String, String>) -> CommandResult<()> {
    if answers.len() > ANSWER_LIMIT {
        return Err(Problem::new(ProblemCode::InvalidInput).with_detail("more answers than any preset takes"));
    }
    answers.iter().try_for_each(|(name, answer)| short_text(name).and(short_text(answer)).map(drop))
}
