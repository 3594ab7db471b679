//! The tray icon and its menu. What the menu says, `tray/menu.rs` decides; this shows it and runs its commands.
//! `app.rs` builds the tray, the commands refresh it.

mod menu;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use menu::{Command, Entry, Icon};
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _, Wry};
use tokio::sync::Notify;
use tunekey_core::{Clock as _, Profile, RenewalTrigger, SystemClock, TuneKey};

use crate::events::DesktopEvent;
use crate::local_api::LocalApi;
use crate::notification::{self, Notification};
use crate::preferences::PreferenceFile;
use crate::text::{self, Phrase};
use crate::{copying, renewal, shutdown, window};

/// How often the tray is refreshed without a change: the menu shows relative times.
const REFRESH_INTERVAL: Duration = Duration::from_secs(20);

/// The tray icon. Whether a desktop shows it, `tray_host.rs` knows.
pub(crate) struct Tray {
    icon: TrayIcon,
    shown: Arc<Mutex<Shown>>,
}

/// What the tray shows now.
#[derive(Default)]
struct Shown {
    icon: Option<Icon>,
    entries: Vec<Entry>,
    /// The items that have a text, in the order in which the entries have them.
    texts: Vec<TextItem>,
    /// The commands by the ids of their menu items.
    commands: HashMap<String, Command>,
}

/// An item whose text can change while the menu stays.
enum TextItem {
    Item(MenuItem<Wry>),
    Submenu(Submenu<Wry>),
}

impl Tray {
    /// Adds the icon and its menu to the tray.
    ///
    /// # Errors
    /// When the system does not take them.
    pub(crate) fn build(app: &AppHandle) -> tauri::Result<Self> {
        let shown = Arc::new(Mutex::new(Shown::default()));
        let clicked = shown.clone();
        // On Linux the icon is passed as a file. In the profile, two apps do not write the same one; what is there
        // already was left behind by an app that was killed.
        let icon_dir = app.state::<Profile>().dir().join("tray");
        let _ = std::fs::remove_dir_all(&icon_dir);
        let mut builder = TrayIconBuilder::with_id("tunekey")
            .tooltip("TuneKey")
            .temp_dir_path(icon_dir)
            .icon(icon_image(Icon::Healthy))
            .icon_as_template(cfg!(target_os = "macos"))
            .on_menu_event(move |app, event| {
                let command = lock(&clicked).commands.get(event.id().as_ref()).cloned();
                if let Some(command) = command {
                    run_command(app, command);
                }
            });
        if cfg!(windows) {
            builder = builder.show_menu_on_left_click(false).on_tray_icon_event(|icon, event| {
                use tauri::tray::{MouseButton, MouseButtonState, TrayIconEvent};
                if let TrayIconEvent::Click {
                    button: MouseButton::Left,
                    button_state: MouseButtonState::Up,
                    ..
                } = event
                {
                    window::show(icon.app_handle());
                }
            });
        }
        let tray = Self { icon: builder.build(app)?, shown };
        tray.update(app)?;
        Ok(tray)
    }

    /// Updates the tray until the app ends: after each [`refresh`], and every [`REFRESH_INTERVAL`]. Returns at once.
    pub(crate) fn keep_updated(self, app: &AppHandle) {
        let changed = Arc::new(Notify::new());
        app.manage(RefreshSignal(changed.clone()));
        let (app, tray) = (app.clone(), Arc::new(self));
        tauri::async_runtime::spawn(async move {
            loop {
                // Which of the two it was does not matter: the menu is compared with what is shown.
                let _ = tokio::time::timeout(REFRESH_INTERVAL, changed.notified()).await;
                let (tray, handle) = (tray.clone(), app.clone());
                let shown = app.run_on_main_thread(move || {
                    if let Err(error) = tray.update(&handle) {
                        tracing::warn!(%error, "the tray menu was not changed");
                    }
                });
                if shown.is_err() {
                    return;
                }
            }
        });
    }

    /// Shows the icon and the menu of now. Changes only what differs: a menu that is open stays open.
    fn update(&self, app: &AppHandle) -> tauri::Result<()> {
        let preferences = app.state::<PreferenceFile>().current();
        let core = app.state::<TuneKey>();
        let snapshot = core.snapshot();
        let (now, can_copy) = (SystemClock.now(), preferences.tray_copies);
        let language = preferences.language();
        let api = text::api_line(&app.state::<LocalApi>().status(app), now, language);
        let entries = menu::entries(&snapshot, core.store_kind(), api, now, can_copy, language);
        let icon = menu::icon(&snapshot);
        let mut shown = lock(&self.shown);
        if shown.icon != Some(icon) {
            self.icon.set_icon_with_as_template(Some(icon_image(icon)), cfg!(target_os = "macos"))?;
            shown.icon = Some(icon);
        }
        if shown.entries == entries {
            return Ok(());
        }
        if same_shape(&shown.entries, &entries) {
            let mut texts = Vec::new();
            collect_texts(&entries, &mut texts);
            for (item, text) in shown.texts.iter().zip(texts) {
                item.set(text)?;
            }
        } else {
            let mut builder = MenuBuilder { app, texts: Vec::new(), commands: HashMap::new() };
            let menu = Menu::new(app)?;
            for item in builder.items(&entries)? {
                menu.append(&*item)?;
            }
            self.icon.set_menu(Some(menu))?;
            (shown.texts, shown.commands) = (builder.texts, builder.commands);
        }
        shown.entries = entries;
        Ok(())
    }
}

/// Wakes the task of [`Tray::keep_updated`]. The app manages one, once there is a tray.
struct RefreshSignal(Arc<Notify>);

/// Has the tray updated. Returns at once; does nothing before there is a tray.
pub(crate) fn refresh(app: &AppHandle) {
    if let Some(signal) = app.try_state::<RefreshSignal>() {
        signal.0.notify_one();
    }
}

fn lock(shown: &Mutex<Shown>) -> std::sync::MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the command of a menu item. Never waits: this is the main thread.
fn run_command(app: &AppHandle, command: Command) {
    let core = app.state::<TuneKey>().inner().clone();
    match command {
        // The menu may be one that is being replaced.
        Command::Copy(_) if !app.state::<PreferenceFile>().current().tray_copies => {}
        Command::Copy(account) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { copying::copy_and_notify(&app, account).await });
        }
        Command::Renew(account) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                // When it works, the account's line says so. When it does not, nothing in the menu would.
                if let Err(problem) = core.renew(&account, RenewalTrigger::Manual).await {
                    let accounts = core.snapshot().accounts;
                    if accounts.iter().any(|known| known.id == account && known.health.needs_sign_in()) {
                        // `alerts.rs` notifies of that.
                        return;
                    }
                    let language = app.state::<PreferenceFile>().current().language();
                    let title = Phrase::NotRenewed.text(language);
                    notification::show(&app, Notification::plain(title, problem.message(language)));
                }
            });
        }
        Command::RenewAll => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                let summary = renewal::renew_all(&core).await;
                if summary.failed > 0 {
                    let language = app.state::<PreferenceFile>().current().language();
                    let worked = summary.renewed + summary.unchanged;
                    let text = text::renewed(worked, summary.failed, language);
                    let title = Phrase::NotRenewed.text(language);
                    notification::show(&app, Notification::plain(title, text));
                }
            });
        }
        Command::SignIn(account) => window::open(app, DesktopEvent::open_sign_in(account)),
        Command::Open => window::show(app),
        Command::Quit => shutdown::quit(app),
    }
}

/// Builds menu items from entries, and collects their texts and commands.
struct MenuBuilder<'a> {
    app: &'a AppHandle,
    texts: Vec<TextItem>,
    commands: HashMap<String, Command>,
}

impl MenuBuilder<'_> {
    fn items(&mut self, entries: &[Entry]) -> tauri::Result<Vec<Box<dyn IsMenuItem<Wry>>>> {
        entries.iter().map(|entry| self.item(entry)).collect()
    }

    fn item(&mut self, entry: &Entry) -> tauri::Result<Box<dyn IsMenuItem<Wry>>> {
        Ok(match entry {
            Entry::Status(text) => {
                let item = MenuItem::new(self.app, escape_mnemonics(text), false, None::<&str>)?;
                self.texts.push(TextItem::Item(item.clone()));
                Box::new(item)
            }
            Entry::Command { command, text } => {
                let item = MenuItem::new(self.app, escape_mnemonics(text), true, None::<&str>)?;
                self.commands.insert(item.id().as_ref().to_owned(), command.clone());
                self.texts.push(TextItem::Item(item.clone()));
                Box::new(item)
            }
            Entry::Submenu { text, entries } => {
                let submenu = Submenu::new(self.app, escape_mnemonics(text), true)?;
                self.texts.push(TextItem::Submenu(submenu.clone()));
                for item in self.items(entries)? {
                    submenu.append(&*item)?;
                }
                Box::new(submenu)
            }
            Entry::Separator => Box::new(PredefinedMenuItem::separator(self.app)?),
        })
    }
}

impl TextItem {
    fn set(&self, text: &str) -> tauri::Result<()> {
        match self {
            Self::Item(item) => item.set_text(escape_mnemonics(text)),
            Self::Submenu(submenu) => submenu.set_text(escape_mnemonics(text)),
        }
    }
}

/// The texts of the entries, in the order in which [`MenuBuilder`] collects their items.
fn collect_texts<'a>(entries: &'a [Entry], texts: &mut Vec<&'a str>) {
    for entry in entries {
        match entry {
            Entry::Status(text) | Entry::Command { text, .. } => texts.push(text),
            Entry::Submenu { text, entries } => {
                texts.push(text);
                collect_texts(entries, texts);
            }
            Entry::Separator => {}
        }
    }
}

/// Whether two menus are equal but for their texts.
fn same_shape(a: &[Entry], b: &[Entry]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_kind(a, b))
}

fn same_kind(a: &Entry, b: &Entry) -> bool {
    match a {
        Entry::Status(_) => matches!(b, Entry::Status(_)),
        Entry::Separator => matches!(b, Entry::Separator),
        Entry::Command { command, .. } => {
            matches!(b, Entry::Command { command: other, .. } if other == command)
        }
        Entry::Submenu { entries, .. } => {
            matches!(b, Entry::Submenu { entries: others, .. } if same_shape(entries, others))
        }
    }
}

/// The text of a menu item with `&` escaped, which would mark the shortcut.
fn escape_mnemonics(text: &str) -> String {
    text.replace('&', "&&")
}

#[cfg(not(target_os = "macos"))]
fn icon_image(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Healthy => tauri::include_image!("../icons/tray/healthy.png"),
        Icon::Renewing => tauri::include_image!("../icons/tray/refreshing.png"),
        Icon::NeedsAttention => tauri::include_image!("../icons/tray/needs-attention.png"),
        Icon::NeedsSignIn => tauri::include_image!("../icons/tray/needs-sign-in.png"),
        Icon::Locked => tauri::include_image!("../icons/tray/locked.png"),
    }
}

/// Templates: the menu bar colours them itself.
#[cfg(target_os = "macos")]
fn icon_image(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Healthy => tauri::include_image!("../icons/tray/healthy-template.png"),
        Icon::Renewing => tauri::include_image!("../icons/tray/refreshing-template.png"),
        Icon::NeedsAttention => tauri::include_image!("../icons/tray/needs-attention-template.png"),
        Icon::NeedsSignIn => tauri::include_image!("../icons/tray/needs-sign-in-template.png"),
        Icon::Locked => tauri::include_image!("../icons/tray/locked-template.png"),
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::{AccountId, ServiceId};

    use super::*;

    fn refresh(uid: &str, text: &str) -> Entry {
        let command = Command::Renew(AccountId::new(ServiceId::new("netease"), uid));
        Entry::Command { command, text: text.to_owned() }
    }

    #[test]
    fn a_menu_that_differs_in_texts_only_is_changed_in_place() {
        let one = [Entry::Status("Renews in 2 h".to_owned()), refresh("1", "Renew"), Entry::Separator];
        let two = [Entry::Status("Renews in 1 h".to_owned()), refresh("1", "续期"), Entry::Separator];
        assert!(same_shape(&one, &two));
    }

    #[test]
    fn a_menu_for_another_account_is_made_anew() {
        assert!(
            !same_shape(&[refresh("1", "Renew")], &[refresh("2", "Renew")]),
            "or a click would hit the wrong one"
        );
        assert!(!same_shape(&[refresh("1", "Renew")], &[]), "and so is one of another length");
    }

    #[test]
    fn the_texts_are_in_the_order_in_which_the_items_are_made() {
        let entries = [
            Entry::Status("a".to_owned()),
            Entry::Submenu { text: "b".to_owned(), entries: vec![refresh("1", "c"), Entry::Separator] },
            refresh("1", "d"),
        ];
        let mut texts = Vec::new();
        collect_texts(&entries, &mut texts);
        assert_eq!(texts, ["a", "b", "c", "d"]);
    }

    #[test]
    fn an_ampersand_in_a_nickname_is_shown_and_marks_no_shortcut() {
        assert_eq!(escape_mnemonics("Tom & Jerry"), "Tom && Jerry");
    }
}
