//! The command that reads a browser's cookies from its CookieCloud. For `commands.rs`, whose rules it keeps.

use tauri::{AppHandle, Manager as _, State};
use tunekey_core::{CookieCloud, Problem, SignInId, TuneKey};

use super::{CommandResult, declined, limited, short_text};
use crate::dialog::confirmation::{self, Question};
use crate::preferences::PreferenceFile;
use crate::rate_limit::RateLimits;
use crate::sign_in::{self, ShownSignIn};
use crate::target_secrets::TargetSecrets;

/// What the password is called among what was pasted.
const PASSWORD: &str = "cookiecloud-password";

/// Reads what plays of our services' cookies, and gives it to the sign-in as if it had been pasted. The password was
/// pasted before; the page has neither.
///
/// If the page lies: the system asks the person, naming the host that would be asked, who says no. What comes from
/// there is checked with the service that issued it.
///
/// # Errors
/// `Cancelled` when the person has said no; `InvalidInput` without a password; as [`TuneKey::read_cookie_cloud`].
#[tauri::command]
pub(super) async fn read_cookie_cloud(
    app: AppHandle,
    secrets: State<'_, TargetSecrets>,
    id: SignInId,
    url: String,
    uuid: String,
    plain: bool,
) -> CommandResult<()> {
    let core = app.state::<TuneKey>();
    sign_in::ensure_under_way(&core, id)?;
    let (url, uuid) = (short_text(&url)?.to_owned(), short_text(&uuid)?.to_owned());
    let cloud = CookieCloud { url, uuid, allows_plain_http: plain };
    let host = cloud.checked_host()?;
    let password = secrets.named(PASSWORD).ok_or_else(no_password)?;
    limited(&app.state::<RateLimits>().outside)?;
    let language = app.state::<PreferenceFile>().current().language();
    if !confirmation::confirmed(&app, Question::read_cookies(&host, plain, language)).await {
        return Err(declined());
    }
    let text = core.read_cookie_cloud(&cloud, &password).await?;
    secrets.clear();
    app.state::<ShownSignIn>().paste(&core, id, text);
    Ok(())
}

fn no_password() -> Problem {
    Problem::invalid("Paste the extension’s password first.", "请先粘贴扩展中的密码。")
}
