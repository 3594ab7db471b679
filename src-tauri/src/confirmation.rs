//! The system's own question: what the page alone must not decide is asked outside of it, where it can neither draw
//! nor answer.

use tauri::{AppHandle, Manager as _};
use tokio::sync::oneshot;
use tunekey_core::{Account, Language, Proxy};

use crate::app::Desktop;
use crate::file_dialog::OneDialog;
use crate::window;
use crate::words::{self, Word, word};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    title: String,
    text: String,
    yes: &'static str,
    no: &'static str,
}

impl Question {
    /// Whether to reach the services by another way.
    pub(crate) fn route(old: &Proxy, new: &Proxy, language: Language) -> Self {
        let (title, text) = words::route_changes(&route(old, language), &route(new, language), language);
        Self { title, text, yes: word(Word::ChangeRoute, language), no: word(Word::Cancel, language) }
    }

    /// Whether to end a session at its service, and remove the account here.
    pub(crate) fn sign_out(account: &Account, language: Language) -> Self {
        let service = words::service_name(account.service, language);
        let (title, text) = words::sign_out(&named(account), service, language);
        Self { title, text, yes: word(Word::SignOut, language), no: word(Word::Cancel, language) }
    }

    /// Whether to remove an account here.
    pub(crate) fn forget(account: &Account, language: Language) -> Self {
        let service = words::service_name(account.service, language);
        let (title, text) = words::forget(&named(account), service, language);
        Self { title, text, yes: word(Word::Forget, language), no: word(Word::Cancel, language) }
    }
}

/// Asks the person. A second question while one is open is answered with no.
pub(crate) async fn confirmed(app: &AppHandle, question: Question) -> bool {
    let desktop = app.state::<Desktop>();
    let Some(_only) = OneDialog::open(&desktop.dialogs) else { return false };
    let (said, answer) = oneshot::channel();
    let handle = app.clone();
    let yes = question.yes;
    // The dialog has to be made on the main thread, and must not be waited for there.
    let made = app.run_on_main_thread(move || {
        let Question { title, text, yes, no } = question;
        let mut dialog = rfd::AsyncMessageDialog::new()
            .set_level(rfd::MessageLevel::Warning)
            .set_title(title)
            .set_description(text)
            .set_buttons(rfd::MessageButtons::OkCancelCustom(yes.to_owned(), no.to_owned()));
        if let Some(window) = handle.get_webview_window(window::LABEL) {
            dialog = dialog.set_parent(&window);
        }
        let shown = dialog.show();
        tauri::async_runtime::spawn(async move {
            // Nobody waits any more when the app is ending.
            let _ = said.send(shown.await);
        });
    });
    if made.is_err() {
        return false;
    }
    match answer.await {
        Ok(rfd::MessageDialogResult::Ok) => true,
        Ok(rfd::MessageDialogResult::Custom(said)) => said == yes,
        _ => false,
    }
}

fn named(account: &Account) -> String {
    crate::tray::menu::name(account)
}

/// A way to the services, without a password that its address may hold.
fn route(proxy: &Proxy, language: Language) -> String {
    match proxy {
        Proxy::System => word(Word::RouteSystem, language).to_owned(),
        Proxy::None => word(Word::RouteDirect, language).to_owned(),
        Proxy::Manual(address) => match address.parse::<tauri::Url>() {
            Ok(mut address) => {
                if !address.username().is_empty() || address.password().is_some() {
                    // An address that takes no user has none to hide.
                    let _ = address.set_username("•••");
                    let _ = address.set_password(None);
                }
                let text = address.as_str().trim_end_matches('/');
                text.replace("%E2%80%A2%E2%80%A2%E2%80%A2", "•••")
            }
            Err(_) => "•••".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_route_names_the_old_and_the_new_one_in_the_persons_language() {
        let manual = Proxy::Manual("socks5h://127.0.0.1:7890".to_owned());
        let english = Question::route(&Proxy::System, &manual, Language::English);
        assert!(english.text.contains("as the system says"), "{english:?}");
        assert!(english.text.contains("socks5h://127.0.0.1:7890"), "{english:?}");
        let chinese = Question::route(&manual, &Proxy::None, Language::Chinese);
        assert!(chinese.text.contains("socks5h://127.0.0.1:7890"), "{chinese:?}");
        assert!(chinese.text.contains("直接连接"), "{chinese:?}");
    }

    #[test]
    fn a_password_in_a_proxy_address_is_not_shown() {
        for address in ["http://me:canary@proxy:3128", "http://canary@proxy:3128", "canary"] {
            let route = route(&Proxy::Manual(address.to_owned()), Language::English);
            assert!(!route.contains("canary") && route.contains("•••"), "{route}");
        }
    }
}
