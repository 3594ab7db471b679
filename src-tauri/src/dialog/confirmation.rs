//! A question in a dialog of the system: what the page alone must not decide is asked outside of it, where it can
//! neither draw nor answer. The commands ask.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tauri::{AppHandle, Manager as _};
use tokio::sync::oneshot;
use tunekey_core::{
    Account, ApiScope, Delivery, DeliveryScope, Health, Language, Problem, Proxy, SignInReason, StoreKind,
    Target,
};

use super::DialogLock;
use crate::text::{self, CopyLifetime, Phrase};
use crate::window;

/// A question to be answered with yes or no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    title: String,
    text: String,
    yes: &'static str,
    no: &'static str,
}

impl Question {
    /// Whether to change the proxy.
    pub(crate) fn proxy_change(old: &Proxy, new: &Proxy, language: Language) -> Self {
        let (title, text) =
            text::proxy_change(&proxy_text(old, language), &proxy_text(new, language), language);
        Self { title, text, yes: Phrase::ChangeProxy.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to send messages to a host.
    pub(crate) fn add_channel(kind: &str, host: &str, is_plain: bool, language: Language) -> Self {
        let (title, text) = text::add_channel(kind, host, is_plain, language);
        Self { title, text, yes: Phrase::Allow.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to ping a host.
    pub(crate) fn set_ping(host: &str, is_plain: bool, language: Language) -> Self {
        let (title, text) = text::set_ping(host, is_plain, language);
        Self { title, text, yes: Phrase::Allow.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to remove a way to the person's phone.
    pub(crate) fn remove_channel(name: &str, language: Language) -> Self {
        let (title, text) = text::remove_channel(name, language);
        Self { title, text, yes: Phrase::RemoveChannel.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to make a token that allows that.
    pub(crate) fn make_token(name: &str, scopes: &BTreeSet<ApiScope>, language: Language) -> Self {
        let (title, text) = text::make_token(name, scopes.iter().copied(), language);
        Self { title, text, yes: Phrase::MakeToken.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to revoke a token.
    pub(crate) fn revoke_token(name: &str, language: Language) -> Self {
        let (title, text) = text::revoke_token(name, language);
        Self { title, text, yes: Phrase::RevokeToken.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to end a session at its service, and remove the account here.
    pub(crate) fn sign_out(account: &Account, language: Language) -> Self {
        let service = language.service_name(account.service);
        let (title, text) = text::sign_out(&account.short_name(), service, language);
        Self { title, text, yes: Phrase::SignOut.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to remove an account here.
    pub(crate) fn forget(account: &Account, store: StoreKind, now: Timestamp, language: Language) -> Self {
        let service = language.service_name(account.service);
        let (title, text) =
            text::forget(&account.short_name(), service, copy_lifetime(account), store, now, language);
        Self { title, text, yes: Phrase::Forget.text(language), no: Phrase::Cancel.text(language) }
    }

    /// Whether to send a credential to a target.
    ///
    /// # Errors
    /// `InvalidInput` when the dialog cannot show all of the target.
    pub(crate) fn deliver(
        account: &Account,
        target: &Target,
        scope: DeliveryScope,
        language: Language,
    ) -> Result<Self, Problem> {
        let service = language.service_name(account.service);
        let target = shown(target, language)?;
        let (title, text) = text::deliver(&account.short_name(), service, &target, scope, language);
        let yes = match scope {
            DeliveryScope::PlayingOnly => Phrase::Deliver,
            DeliveryScope::Renewable => Phrase::HandOver,
            DeliveryScope::OwnSignIn => Phrase::Allow,
        };
        Ok(Self { title, text, yes: yes.text(language), no: Phrase::Cancel.text(language) })
    }

    /// Whether to ask a host for a browser's cookies.
    pub(crate) fn read_cookies(host: &str, is_plain: bool, language: Language) -> Self {
        let (title, text) = text::read_cookies(host, is_plain, language);
        Self { title, text, yes: Phrase::Allow.text(language), no: Phrase::Cancel.text(language) }
    }

    /// The same, with what stays with tools that have a sign-in of their own, if there are some.
    pub(crate) fn with_own_sign_ins(mut self, tools: &[String], language: Language) -> Self {
        if !tools.is_empty() {
            self.text.push_str(&text::own_sign_ins_stay(tools, language));
        }
        self
    }

    /// Whether to remove a delivery.
    pub(crate) fn remove_delivery(account: &Account, delivery: &Delivery, language: Language) -> Self {
        let target = text::target(&delivery.target, language).unwrap_or_else(|| delivery.target.summary());
        let (title, text) = text::remove_delivery(&account.short_name(), &target, language);
        Self { title, text, yes: Phrase::Forget.text(language), no: Phrase::Cancel.text(language) }
    }
}

/// All of a target.
///
/// # Errors
/// `InvalidInput` when it is too long to be looked at.
fn shown(target: &Target, language: Language) -> Result<String, Problem> {
    text::target(target, language).ok_or_else(|| {
        Problem::invalid(
            "That is too long to be confirmed here. Set it up with `tunekey delivery add`, or put what is long into a script.",
            "内容过长，无法在此确认。请用 `tunekey delivery add` 设置，或把较长的内容写进脚本。",
        )
    })
}

/// Asks the person. False when they say no, while another dialog is open, or when the dialog cannot be shown.
pub(crate) async fn confirmed(app: &AppHandle, question: Question) -> bool {
    let lock = app.state::<DialogLock>();
    let Some(_open) = lock.try_acquire() else { return false };
    let (reply, receiver) = oneshot::channel();
    let handle = app.clone();
    // The dialog has to be made on the main thread, and must not be waited for there.
    if app.run_on_main_thread(move || show(&handle, question, reply)).is_err() {
        return false;
    }
    // A dialog that goes away without a reply is no yes.
    receiver.await.unwrap_or(false)
}

/// Shows the question. The Enter key says no at first: the page chooses when a dialog opens, and the person may be
/// typing.
#[cfg(target_os = "linux")]
fn show(app: &AppHandle, question: Question, reply: oneshot::Sender<bool>) {
    use gtk::prelude::{Cast as _, DialogExt as _, GtkWindowExt as _, MessageDialogExt as _, WidgetExt as _};

    let window = app.get_webview_window(window::LABEL).and_then(|window| window.gtk_window().ok());
    let Question { title, text, yes, no } = question;
    let dialog = gtk::MessageDialog::new(
        window.map(|window| window.upcast::<gtk::Window>()).as_ref(),
        gtk::DialogFlags::MODAL | gtk::DialogFlags::DESTROY_WITH_PARENT,
        gtk::MessageType::Warning,
        gtk::ButtonsType::None,
        &title,
    );
    dialog.set_title(&title);
    dialog.set_secondary_text(Some(&text));
    dialog.add_button(no, gtk::ResponseType::Cancel);
    dialog.add_button(yes, gtk::ResponseType::Accept);
    dialog.set_default_response(gtk::ResponseType::Cancel);
    let reply = std::cell::Cell::new(Some(reply));
    dialog.connect_response(move |dialog, response| {
        if let Some(reply) = reply.take() {
            // Nobody waits any more when the app is ending.
            let _ = reply.send(response == gtk::ResponseType::Accept);
            dialog.close();
        }
    });
    dialog.show_all();
}

/// Shows the question.
#[cfg(not(target_os = "linux"))]
fn show(app: &AppHandle, question: Question, reply: oneshot::Sender<bool>) {
    let Question { title, text, yes, no } = question;
    let mut dialog = rfd::AsyncMessageDialog::new()
        .set_level(rfd::MessageLevel::Warning)
        .set_title(title)
        .set_description(text)
        .set_buttons(rfd::MessageButtons::OkCancelCustom(yes.to_owned(), no.to_owned()));
    if let Some(window) = app.get_webview_window(window::LABEL) {
        dialog = dialog.set_parent(&window);
    }
    let shown = dialog.show();
    tauri::async_runtime::spawn(async move {
        let is_yes = match shown.await {
            rfd::MessageDialogResult::Ok => true,
            rfd::MessageDialogResult::Custom(answer) => answer == yes,
            _ => false,
        };
        // Nobody waits any more when the app is ending.
        let _ = reply.send(is_yes);
    });
}

/// How long copies of an account's cookie work on when it is removed here only.
fn copy_lifetime(account: &Account) -> CopyLifetime {
    match (&account.health, account.life.expires_at) {
        (Health::NeedsSignIn { reason: SignInReason::Rejected, .. }, _) => CopyLifetime::Dead,
        (_, Some(end)) => CopyLifetime::Until(end),
        (_, None) => CopyLifetime::UntilRevoked,
    }
}

/// A proxy setting as it is shown: without a user name or password that its address may hold.
fn proxy_text(proxy: &Proxy, language: Language) -> String {
    match proxy {
        Proxy::System => Phrase::ProxySystem.text(language).to_owned(),
        Proxy::None => Phrase::NoProxy.text(language).to_owned(),
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
        let english = Question::proxy_change(&Proxy::System, &manual, Language::English);
        assert!(english.text.contains("as the system says"), "{english:?}");
        assert!(english.text.contains("socks5h://127.0.0.1:7890"), "{english:?}");
        let chinese = Question::proxy_change(&manual, &Proxy::None, Language::Chinese);
        assert!(chinese.text.contains("socks5h://127.0.0.1:7890"), "{chinese:?}");
        assert!(chinese.text.contains("直接连接"), "{chinese:?}");
    }

    #[test]
    fn a_password_in_a_proxy_address_is_not_shown() {
        for address in ["http://me:canary@proxy:3128", "http://canary@proxy:3128", "canary"] {
            let text = proxy_text(&Proxy::Manual(address.to_owned()), Language::English);
            assert!(!text.contains("canary") && text.contains("•••"), "{text}");
        }
    }
}
