//! The commands with which the page sets up how the person is told. As all commands: what each can do if the page lies
//! stands beside it. A channel is a way out of this computer, so that nothing goes to a new address before the person
//! has said so outside of the page; no message has a credential in it, whatever the address.

use std::collections::BTreeMap;

use tauri::{AppHandle, Manager as _, State};
use tunekey_core::{
    Channel, ChannelDraft, ChannelFacts, ChannelId, ChannelKind, ChannelRecord, Language, Problem,
    QuietHours, Secret, TuneKey,
};

use super::{CommandResult, declined, limited, short_text};
use crate::dialog::confirmation::{self, Question};
use crate::preferences::PreferenceFile;
use crate::rate_limit::RateLimits;

/// If the page lies: it learns what every installation offers.
#[tauri::command(async)]
pub(crate) fn channel_kinds() -> Vec<ChannelFacts> {
    TuneKey::channel_kinds()
}

/// If the page lies: the system asks the person, naming the kind and the host, who says no. What the page could send
/// with it are texts that it has itself, of which no credential is one; to a network of the person's own without
/// encryption only when they have read that.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
pub(crate) async fn add_channel(
    app: AppHandle,
    core: State<'_, TuneKey>,
    kind: ChannelKind,
    label: Option<String>,
    values: BTreeMap<String, String>,
    plain: bool,
) -> CommandResult<()> {
    let language = language(&app);
    for text in label.iter().chain(values.keys()).chain(values.values()) {
        short_text(text)?;
    }
    let values = values.into_iter().map(|(key, value)| (key, Secret::new(value))).collect();
    let draft = ChannelDraft { kind, label, language, values, allows_plain_http: plain };
    let host = draft.checked_host()?;
    ask(&app, Question::add_channel(language.of(kind.facts().name), &host, plain, language)).await?;
    core.add_channel(draft).await.map(drop)
}

/// If the page lies: as [`add_channel`]. Secrets that the page does not give stay, and go to no host that the person
/// has not read.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
pub(crate) async fn change_channel(
    app: AppHandle,
    core: State<'_, TuneKey>,
    channel: ChannelId,
    label: Option<String>,
    values: BTreeMap<String, String>,
    plain: bool,
) -> CommandResult<()> {
    let language = language(&app);
    for text in label.iter().chain(values.keys()).chain(values.values()) {
        short_text(text)?;
    }
    let known = core.find_channel(channel.as_str())?;
    let values = values.into_iter().map(|(key, value)| (key, Secret::new(value))).collect();
    let draft = ChannelDraft { label, values, allows_plain_http: plain, ..ChannelDraft::of(&known) };
    let host = core.check_channel_change(&channel, &draft).await?;
    ask(&app, Question::add_channel(language.of(known.kind.facts().name), &host, plain, language)).await?;
    core.change_channel(&channel, draft).await.map(drop)
}

/// If the page lies: the person hears of nothing there, or of what is wrong once more than they wanted.
#[tauri::command]
pub(crate) async fn switch_channel(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    channel: ChannelId,
    enabled: bool,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    core.switch_channel(&channel, enabled).await
}

/// If the page lies: a message that says that it is a test goes where the person has allowed messages, so many times in
/// a minute.
#[tauri::command]
pub(crate) async fn test_channel(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    channel: ChannelId,
) -> CommandResult<ChannelRecord> {
    limited(&limits.requests)?;
    core.test_channel(&channel).await
}

/// If the page lies: the system asks the person, who says no.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
pub(crate) async fn remove_channel(
    app: AppHandle,
    core: State<'_, TuneKey>,
    channel: ChannelId,
) -> CommandResult<()> {
    let language = language(&app);
    let name = name(&core.find_channel(channel.as_str())?, language);
    ask(&app, Question::remove_channel(&name, language)).await?;
    core.remove_channel(&channel).await
}

/// If the page lies: messages come at other hours. A day has at least a minute for them.
#[tauri::command]
pub(crate) async fn set_quiet_hours(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    hours: Option<String>,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    let hours = hours.map(|text| short_text(&text)?.parse::<QuietHours>().map_err(|_| no_hours()));
    core.set_quiet_hours(hours.transpose()?).await
}

/// If the page lies: the person hears of some things sooner or later, within a week.
#[tauri::command]
pub(crate) async fn set_alert_hours(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    renewal: Option<u32>,
    keychain: Option<u32>,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    core.set_alert_hours(renewal, keychain).await
}

/// If the page lies: the system asks the person, naming the host, who says no. Nothing of the accounts goes there.
///
/// # Errors
/// `Cancelled` when the person has said no.
#[tauri::command]
pub(crate) async fn set_ping(
    app: AppHandle,
    core: State<'_, TuneKey>,
    address: String,
    minutes: u32,
    plain: bool,
) -> CommandResult<()> {
    short_text(&address)?;
    let (language, address) = (language(&app), Secret::new(address));
    let host = TuneKey::checked_ping_host(&address, minutes, plain)?;
    ask(&app, Question::set_ping(&host, plain, language)).await?;
    core.set_ping(&address, minutes, plain).await
}

/// If the page lies: an address that the person has allowed is called more or less often, at most every five minutes.
#[tauri::command]
pub(crate) async fn set_ping_minutes(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
    minutes: u32,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    core.set_ping_minutes(minutes).await
}

/// If the page lies: the address is not called any more, which is what it is there to notice.
#[tauri::command]
pub(crate) async fn remove_ping(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    core.remove_ping().await
}

/// If the page lies: an address that the person has allowed is called, so many times in a minute.
#[tauri::command]
pub(crate) async fn test_ping(
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
) -> CommandResult<ChannelRecord> {
    limited(&limits.requests)?;
    core.test_ping().await
}

/// Asks the person in a dialog that the page has no part in.
///
/// # Errors
/// `Cancelled` when they have said no, `RateLimited`.
async fn ask(app: &AppHandle, question: Question) -> CommandResult<()> {
    limited(&app.state::<RateLimits>().outside)?;
    if confirmation::confirmed(app, question).await { Ok(()) } else { Err(declined()) }
}

fn language(app: &AppHandle) -> Language {
    app.state::<PreferenceFile>().current().language()
}

/// What a channel is called.
fn name(channel: &Channel, language: Language) -> String {
    channel.label.clone().unwrap_or_else(|| language.of(channel.kind.facts().name).to_owned())
}

fn no_hours() -> Problem {
    Problem::invalid("Quiet hours are written as 22:00-08:00.", "免打扰时段的写法如 22:00-08:00。")
}
