//! Copies a cookie from the core straight to the clipboard: it never passes through the page. The commands and the tray
//! use this.

use serde::Deserialize;
use tauri::{AppHandle, Manager as _};
use tunekey_core::{Account, AccountId, Format, Problem, Scope, TuneKey};

use crate::clipboard::{ClipContent, Clipboard, SecretCopy};
use crate::events::DesktopEvent;
use crate::notification::{self, Click, Notification};
use crate::preferences::PreferenceFile;
use crate::text::{self, Phrase};
use crate::window;

/// How a cookie is to be copied, where it is not as the account usually is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(deny_unknown_fields)]
pub(crate) struct CopyChoice {
    /// The shape to copy it in.
    pub(crate) format: Format,
    /// How much of the credential it carries.
    pub(crate) scope: Scope,
    /// Whether the account keeps its own format all the same.
    pub(crate) once: bool,
}

impl CopyChoice {
    /// The format that becomes the account's own, if one does. A minimal copy is for one place, and changes nothing for
    /// the others.
    fn new_own_format(self) -> Option<Format> {
        (self.scope == Scope::Full && !self.once).then_some(self.format)
    }
}

/// What somebody is told who has copied a cookie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CopyNotice {
    /// Whether the cookie no longer works.
    is_dead: bool,
    /// After how many seconds it is cleared.
    seconds: u32,
}

/// Copies an account's cookie: in the account's own format, or as chosen. A chosen format becomes the account's own,
/// unless the choice is for once. The page is told by an event.
///
/// # Errors
/// Those of [`TuneKey::export`], and those of [`Clipboard::write`].
pub(crate) async fn copy(
    app: &AppHandle,
    account: AccountId,
    choice: Option<CopyChoice>,
) -> Result<CopyNotice, Problem> {
    let core = app.state::<TuneKey>();
    let scope = choice.map_or(Scope::Full, |choice| choice.scope);
    let copied = core.export(&account, choice.map(|choice| choice.format), scope).await?;
    let seconds = core.settings().clipboard_seconds;
    let content = ClipContent::Cookie {
        account: account.clone(),
        format: copied.format,
        scope: copied.scope,
        health: copied.health,
    };
    app.state::<Clipboard>().write(SecretCopy { text: copied.text.clone(), content, seconds }).await?;
    core.note_copied(&account, &copied).await;
    if let Some(format) = choice.and_then(CopyChoice::new_own_format)
        && let Err(problem) = core.set_format(&account, format).await
    {
        // The cookie is on the clipboard: that the choice is not remembered is no reason to say otherwise.
        tracing::warn!(code = ?problem.code, "the format was not remembered");
    }
    Ok(CopyNotice { is_dead: copied.health.needs_sign_in(), seconds })
}

/// Copies an account's cookie in its own format, and shows a notification of the result.
pub(crate) async fn copy_and_notify(app: &AppHandle, account: AccountId) {
    let name = {
        let snapshot = app.state::<TuneKey>().snapshot();
        snapshot
            .accounts
            .iter()
            .find(|known| known.id == account)
            .map(Account::short_name)
            .unwrap_or_default()
    };
    let result = copy(app, account.clone(), None).await;
    let language = app.state::<PreferenceFile>().current().language();
    match result {
        Ok(CopyNotice { is_dead: true, .. }) => {
            let (title, text) = text::copied_dead(&name, language);
            let click = Click {
                label: Phrase::SignInAgain.text(language).to_owned(),
                opens: DesktopEvent::open_sign_in(account),
                fallback: Phrase::SignInFromTray.text(language).to_owned(),
            };
            notification::show(app, Notification { title, text, click: Some(click) });
        }
        Ok(CopyNotice { seconds, .. }) => {
            let (title, text) = text::copied(&name, seconds, language);
            notification::show(app, Notification::plain(title, text));
        }
        Err(problem) => {
            let title = Phrase::NotCopied.text(language);
            notification::show(app, Notification::plain(title, problem.message(language)));
            // The notification may go unseen, and what helps, such as unlocking the keychain, is in the window.
            window::open(app, DesktopEvent::open_account(account));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_full_copy_that_is_not_for_once_changes_the_accounts_own_format() {
        let becomes = |scope, once| CopyChoice { format: Format::Json, scope, once }.new_own_format();
        assert_eq!(becomes(Scope::Full, false), Some(Format::Json));
        assert_eq!(becomes(Scope::Full, true), None, "it was for once");
        assert_eq!(becomes(Scope::Minimal, false), None, "the next copy would be a full one");
        assert_eq!(becomes(Scope::Minimal, true), None);
    }

    #[test]
    fn the_page_can_name_a_format_and_a_scope_that_exist_and_nothing_else() {
        let read = serde_json::from_value::<CopyChoice>;
        assert!(read(json!({ "format": "json", "scope": "minimal", "once": true })).is_ok());
        for lie in [
            json!({ "format": "json", "scope": "everything", "once": true }),
            json!({ "format": "../../x", "scope": "full", "once": true }),
            json!({ "format": "json", "scope": "full", "once": true, "path": "/tmp/x" }),
            json!({ "format": "json" }),
        ] {
            assert!(read(lie.clone()).is_err(), "{lie}");
        }
    }
}
