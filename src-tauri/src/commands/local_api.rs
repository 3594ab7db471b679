//! The commands with which the page switches the local API and says who may use it. For `commands.rs`, whose rules they
//! keep. A token never passes through the page: it goes from the core to the clipboard.

use std::collections::BTreeSet;

use tauri::{AppHandle, Manager as _, State};
use tunekey_core::{ApiScope, Language, Problem, ProblemCode, TuneKey};

use super::{CommandResult, declined, limited, on_screen, short_text};
use crate::api_status::ApiVisit;
use crate::clipboard::{ClipContent, Clipboard, SecretCopy};
use crate::dialog::confirmation::{self, Question};
use crate::local_api::{self, LocalApi};
use crate::preferences::{LOCAL_API_PORTS, PreferenceFile};
use crate::rate_limit::RateLimits;

/// How many of the newest uses the page gets.
const SHOWN: usize = 200;

/// How it stands then comes by an event.
///
/// If the page lies: programs of this computer that the person has given tokens are answered, at another port perhaps,
/// or are not any more. Nobody else is, and no other computer. The window and the tray say so.
///
/// # Errors
/// `InvalidInput` when something else has the port.
#[tauri::command]
pub(super) async fn switch_local_api(
    app: AppHandle,
    limits: State<'_, RateLimits>,
    on: bool,
    port: u16,
) -> CommandResult<()> {
    limited(&limits.writes)?;
    if !LOCAL_API_PORTS.contains(&port) {
        return Err(Problem::invalid(
            "A port is a number from 1024 to 65535.",
            "端口是 1024 到 65535 之间的数字。",
        ));
    }
    local_api::switch(&app, on, port).await
}

/// If the page lies: the address stands on the clipboard, as it stands in the page. It is no secret.
#[tauri::command]
pub(super) async fn copy_api_address(app: AppHandle, limits: State<'_, RateLimits>) -> CommandResult<()> {
    limited(&limits.outside)?;
    on_screen(&app)?;
    let address = app.state::<LocalApi>().status(&app).address;
    let address =
        address.ok_or_else(|| Problem::invalid("Switch the local API on first.", "请先开启本地接口。"))?;
    app.state::<Clipboard>().write_open(address).await
}

/// Who asked for what, the newest first. Asked for again when the news says that somebody has asked something.
///
/// If the page lies: it learns the names that the person has given to programs, and what those asked: no value is among
/// it.
#[tauri::command]
pub(super) async fn api_uses(core: State<'_, TuneKey>) -> CommandResult<Vec<ApiVisit>> {
    let mut uses = core.api_uses().await?;
    uses.sort_by_key(|one| std::cmp::Reverse(one.at));
    Ok(uses.into_iter().take(SHOWN).map(ApiVisit::from).collect())
}

/// Makes a token, and keeps it for [`copy_api_token`].
///
/// If the page lies: the system asks the person, naming what the token would allow, who says no.
///
/// # Errors
/// `Cancelled` when the person has said no; `InvalidInput` for a name that is empty or taken, or for nothing to allow.
#[tauri::command]
pub(super) async fn add_api_token(
    app: AppHandle,
    core: State<'_, TuneKey>,
    name: String,
    scopes: BTreeSet<ApiScope>,
) -> CommandResult<()> {
    let name = core.check_api_token(short_text(&name)?, scopes.clone()).await?;
    ask(&app, Question::make_token(&name, &scopes, language(&app))).await?;
    let token = core.add_api_token(&name, scopes).await?;
    app.state::<LocalApi>().keep_token(&app, name, token);
    app.state::<LocalApi>().tell();
    Ok(())
}

/// Copies the token that was just made straight to the clipboard, where it is marked as a secret and cleared as a
/// cookie is.
///
/// If the page lies: a token that the person has agreed to stands on the clipboard, where other programs read it, while
/// the window is on the screen and for ten minutes after it was made.
///
/// # Errors
/// `NotFound` when it is not kept any more.
#[tauri::command]
pub(super) async fn copy_api_token(
    app: AppHandle,
    core: State<'_, TuneKey>,
    limits: State<'_, RateLimits>,
) -> CommandResult<()> {
    limited(&limits.outside)?;
    on_screen(&app)?;
    let (name, token) = app.state::<LocalApi>().kept_token().ok_or_else(no_token)?;
    let seconds = core.settings().clipboard_seconds;
    let copy = SecretCopy { text: token, content: ClipContent::Token { name }, seconds };
    app.state::<Clipboard>().write(copy).await.map(drop)
}

/// If the page lies: a token that was just made can be copied no more; another one can be made.
#[tauri::command(async)]
pub(super) fn drop_api_token(api: State<'_, LocalApi>) {
    api.drop_token();
}

/// If the page lies: the system asks the person, who says no.
///
/// # Errors
/// `Cancelled` when the person has said no; `NotFound` when there is no such token.
#[tauri::command]
pub(super) async fn revoke_api_token(
    app: AppHandle,
    core: State<'_, TuneKey>,
    name: String,
) -> CommandResult<()> {
    let name = short_text(&name)?;
    let tokens = core.list_api_tokens().await?;
    if !tokens.iter().any(|token| token.name == name) {
        return Err(no_token());
    }
    ask(&app, Question::revoke_token(name, language(&app))).await?;
    core.revoke_api_token(name).await?;
    let api = app.state::<LocalApi>();
    if api.kept_token().is_some_and(|(kept, _)| kept == name) {
        api.drop_token();
    }
    api.tell();
    Ok(())
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

fn no_token() -> Problem {
    Problem::new(ProblemCode::NotFound)
        .with_detail("there is no such token")
        .with_words("This token isn’t here any more. Make a new one.", "该令牌已不存在，请新建一个。")
}
